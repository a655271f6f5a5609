"""Every write to interfaces and integrations."""

from apps.integrations.actions.integrations import declare_integration, describe_integration, withdraw_integration
from apps.integrations.actions.interfaces import describe_interface, offer_interface, withdraw_interface

__all__ = [
    "declare_integration",
    "describe_integration",
    "describe_interface",
    "offer_interface",
    "withdraw_integration",
    "withdraw_interface",
]
