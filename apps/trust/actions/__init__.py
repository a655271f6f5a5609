"""Every write to the trust between clusters."""

from apps.trust.actions.domains import (
    declare_domain,
    describe_domain,
    note_failed_fetch,
    plan_rotation,
    record_token_check,
    take_in_bundle,
)
from apps.trust.actions.links import agree_to_link, end_link, propose_link

__all__ = [
    "agree_to_link",
    "declare_domain",
    "describe_domain",
    "end_link",
    "note_failed_fetch",
    "plan_rotation",
    "propose_link",
    "record_token_check",
    "take_in_bundle",
]
