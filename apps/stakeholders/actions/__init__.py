"""Every write of the area, one module a subject."""

from apps.stakeholders.actions.assessments import assess
from apps.stakeholders.actions.authorities import end_authority, record_authority
from apps.stakeholders.actions.engagements import (
    drop_engagement,
    log_conversation,
    plan_engagement,
    remind_of_engagements,
)
from apps.stakeholders.actions.initiatives import (
    FIELDS,
    close_initiative,
    demand_resource,
    describe_initiative,
    involve,
    open_initiative,
    release,
    withdraw_demand,
)
from apps.stakeholders.actions.people import add_stakeholder, end_influence, record_influence

__all__ = [
    "FIELDS",
    "add_stakeholder",
    "assess",
    "close_initiative",
    "demand_resource",
    "describe_initiative",
    "drop_engagement",
    "end_authority",
    "end_influence",
    "involve",
    "log_conversation",
    "open_initiative",
    "plan_engagement",
    "record_authority",
    "record_influence",
    "release",
    "remind_of_engagements",
    "withdraw_demand",
]
