"""Every write to interfaces, integrations and the decisions on them."""

from apps.integrations.actions.decisions import decide_pattern
from apps.integrations.actions.integrations import declare_integration, describe_integration, withdraw_integration
from apps.integrations.actions.interfaces import describe_interface, offer_interface, withdraw_interface
from apps.integrations.actions.plans import plan_isolation, record_rehearsal, withdraw_isolation_plan

__all__ = [
    "decide_pattern",
    "declare_integration",
    "describe_integration",
    "describe_interface",
    "offer_interface",
    "plan_isolation",
    "record_rehearsal",
    "withdraw_integration",
    "withdraw_interface",
    "withdraw_isolation_plan",
]
