"""Every write of the area, one module a subject."""

from apps.stakeholders.actions.authorities import end_authority, record_authority
from apps.stakeholders.actions.initiatives import (
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
    "add_stakeholder",
    "close_initiative",
    "demand_resource",
    "describe_initiative",
    "end_authority",
    "end_influence",
    "involve",
    "open_initiative",
    "record_authority",
    "record_influence",
    "release",
    "withdraw_demand",
]
