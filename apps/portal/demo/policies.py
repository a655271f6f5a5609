"""How the demo organisation decides: the enterprise floor, the stricter policy of Payments, and a draft to read."""

from datetime import datetime, timedelta
from typing import Any

from apps.accounts.models import Person
from apps.cab.actions import replays
from apps.clusters.models import Cluster
from apps.policies import actions
from apps.policies.models import Policy, PolicyVersion
from apps.policies.states import VersionState

STANDARD, EMERGENCY, NORMAL = {"in": ["standard"]}, {"in": ["emergency"]}, {"in": ["normal"]}
NOT_STANDARD = {"in": ["normal", "emergency"]}


def _rule(
    name: str, outcome: str, cells: dict[str, Any], *, roles: tuple[str, ...] = (), reason: str = ""
) -> dict[str, Any]:
    is_board = outcome not in {"approve", "refuse"}
    return {
        "name": name,
        "cells": cells,
        "outcome": {
            "kind": "board" if is_board else outcome,
            "board": outcome if is_board else "",
            "roles": list(roles),
            "people": [],
            "may_coincide": True,
            "reason": reason,
        },
    }


_LOW, _HIGH, _ALONE, _SEVERAL = {"to": 3}, {"from": 4}, {"to": 1}, {"from": 2}
_BASE = [
    _rule("Emergency", "emergency", {"type": EMERGENCY}),
    _rule("Risky", "enterprise", {"type": NORMAL, "risk": _HIGH}),
    _rule("Risky, though standard", "enterprise", {"type": STANDARD, "risk": _HIGH}),
    _rule("Several clusters", "cross_cluster", {"type": NORMAL, "risk": _LOW, "clusters_touched": _SEVERAL}),
    _rule(
        "Standard in several clusters", "cross_cluster", {"type": STANDARD, "risk": _LOW, "clusters_touched": _SEVERAL}
    ),
    _rule("Within one cluster", "cluster", {"type": NORMAL, "risk": _LOW, "clusters_touched": _ALONE}),
]
FIRST = [
    *_BASE,
    _rule("Standard, within one cluster", "cluster", {"type": STANDARD, "risk": _LOW, "clusters_touched": _ALONE}),
]
SECOND = [
    *_BASE,
    _rule("Routine", "approve", {"type": STANDARD, "risk": {"to": 2}, "clusters_touched": _ALONE}, reason="A standard change of low risk within one cluster is pre-authorized."),
    _rule("Standard, not so low a risk", "cluster", {"type": STANDARD, "risk": {"from": 3, "to": 3}, "clusters_touched": _ALONE}),
]  # fmt: skip
_YIELDS = {"in": ["enterprise_decides", "prohibited"]}
PAYMENTS = [
    _rule("Emergency", "emergency", {"type": EMERGENCY}),
    _rule("Everything else, with security", "cluster", {"type": {"in": ["standard", "normal"]}}, roles=("security",)),
    _rule("Several clusters", "cross_cluster", {"type": {"in": ["standard", "normal"]}, "clusters_touched": _SEVERAL}),
    _rule("From risk 4", "enterprise", {"type": {"in": ["standard", "normal"]}, "risk": _HIGH}),
    _rule("Long outages", "enterprise", {"type": {"in": ["standard", "normal"]}, "downtime": {"from": 60}}),
    # What Payments and the board have agreed on: the policy reads the level, whatever the thresholds say it is.
    _rule("Where autonomy yields", "enterprise", {"type": {"in": ["standard", "normal"]}, "level": _YIELDS}),
]
# What no column can say: neither the risk nor the outage alone is much, together they are.
LONG = {
    "text": "risk * 30 + downtime > 180",
    "passes": {"risk": 3, "downtime": 120},
    "fails": {"risk": 3, "downtime": 15},
}
DRAFT = [*SECOND, _rule("Long for its risk", "enterprise", {"type": NORMAL, "risk": _LOW}) | {"expression": LONG}, _rule("Confidential data", "enterprise", {"type": NOT_STANDARD, "data_class": {"in": ["confidential", "restricted"]}}, roles=("security",))]  # fmt: skip


def put_in_force(people: dict[str, Person], *, at: datetime) -> int:
    """The floor in its second version with a draft of a third, and Payments' own policy; how many there are."""
    marit, greta, lena = people["marit"], people["greta"], people["lena"]
    began = at - timedelta(days=120)
    floor = actions.found_policy(
        founder=marit, slug="enterprise-floor", name="Enterprise floor", cluster=None, at=began
    )
    _enable(floor, FIRST, "As the fixed rule was.", author=marit, enabler=greta, at=began)
    note = "Routine standard changes need no board; the boards' time goes to what is risky."
    _enable(floor, SECOND, note, author=marit, enabler=greta, at=at - timedelta(days=60))
    payments = Cluster.objects.get(slug="payments")
    own = actions.found_policy(
        founder=lena, slug="payments", name="Payments policy", cluster=payments, at=at - timedelta(days=58)
    )
    note = "Security sits at every table where money moves."
    _enable(own, PAYMENTS, note, author=lena, enabler=marit, at=at - timedelta(days=55))
    note = "Confidential data goes to the enterprise board, with security."
    actions.save_draft(policy_id=floor.pk, author=marit, rows=DRAFT, note=note, at=at - timedelta(days=1))
    return Policy.objects.count()


def replay_the_draft(people: dict[str, Person], *, at: datetime) -> int:
    """The floor's draft on the last year's changes, before anyone puts it in force; how many changes it looked at."""
    draft = PolicyVersion.objects.get(policy__slug="enterprise-floor", state=VersionState.DRAFT)
    begun = replays.begin_replay(version_id=draft.pk, starter=people["marit"], months=12, minutes={}, at=at)
    return replays.work_off(replay_id=begun.pk).done


def _enable(
    policy: Policy, rows: list[dict[str, Any]], note: str, *, author: Person, enabler: Person, at: datetime
) -> None:
    draft = actions.save_draft(policy_id=policy.pk, author=author, rows=rows, note=note, at=at)
    later = at + timedelta(hours=3)
    actions.enable_version(version_id=draft.pk, enabler=enabler, digest=draft.digest, at=later)
