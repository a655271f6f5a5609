"""Which board decides a change, until policies say it (see docs/adr)."""

from dataclasses import dataclass

ENTERPRISE_RISK = 4


@dataclass(frozen=True)
class Route:
    """The kind of board, and why."""

    kind: str
    sentence: str


def route(*, type: str, clusters_touched: int, risk: int) -> Route:  # noqa: A002  # the field's own name
    """The kind of board for a change: emergency first, then reach, then risk.

    `clusters_touched` counts the owning cluster and those of the declared components.
    """
    if type == "emergency":
        return Route("emergency", "Emergency changes go to the emergency board.")
    if risk >= ENTERPRISE_RISK:
        return Route("enterprise", f"Risk {risk} of 5 goes to the enterprise board.")
    if clusters_touched > 1:
        return Route("cross_cluster", f"{clusters_touched} clusters are touched, so the cross-cluster board decides.")
    return Route("cluster", "It stays within one cluster, so that cluster's board decides.")
