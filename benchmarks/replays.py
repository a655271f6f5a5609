"""A replay of a policy beside its floor: one statement that reads the same facts, decides and writes the same rows."""

import os
import time
from dataclasses import dataclass

from django.db import connection
from django.db.models import F
from django.utils import timezone

from apps.accounts.models import Person, RoleGrant
from apps.accounts.rules import Role
from apps.cab.actions import replays
from apps.cab.models import Change, Replay
from apps.policies import actions as policies
from apps.policies.models import Policy

CHANGES = 45_484  # as many as the public record of puppet holds
MONTHS = 240
AIM_S = 20.0  # of the issue, for so many changes


def _rule(outcome: str, name: str, expression: object = None, **cells: dict[str, object]) -> dict[str, object]:
    is_board = outcome != "approve"
    told = {"kind": "board" if is_board else outcome, "board": outcome if is_board else ""}
    rule = {"name": name, "cells": cells, "outcome": {**told, "reason": "" if is_board else "Of low risk."}}
    return rule | ({"expression": expression} if expression else {})


RULES = [
    _rule("approve", "Light", risk={"to": 2}),
    _rule("cluster", "Weekdays", day={"in": ["weekday"]}, risk={"from": 3}),
    _rule("enterprise", "Weekends", day={"in": ["weekend"]}, risk={"from": 3}),
]
# The same, and two more that only expressions can say, of four facts that differ enough to be asked 7,000 times.
WITH_EXPRESSIONS = [
    *RULES,
    _rule(
        "enterprise",
        "Long for its risk",
        {
            "text": 'risk * 20 + downtime > 100 && !cluster.endsWith("-7")',
            "passes": {"risk": 4, "downtime": 30, "cluster": "cluster-1"},
            "fails": {"risk": 1, "downtime": 10, "cluster": "cluster-1"},
        },
    ),
    _rule(
        "enterprise",
        "Hasty",
        {
            "text": 'type == "emergency" ? downtime > 20 : downtime > risk * 14',
            "passes": {"type": "emergency", "downtime": 21, "risk": 3},
            "fails": {"type": "normal", "downtime": 2, "risk": 3},
        },
        risk={"to": 3},
    ),
]
# What a machine that knew this one policy by heart would do: the same columns read, the same rows written, at once.
FLOOR = """
INSERT INTO bench_replayed (replay_id, change_id, drafted, governed, happened, has_failed, is_certain)
SELECT %(replay)s, c.id,
    CASE WHEN c.risk <= 2 THEN 'approve' WHEN extract(isodow FROM c.window_start_local) < 6 THEN 'cluster'
        ELSE 'enterprise' END,
    CASE WHEN c.type = 'emergency' THEN 'emergency' WHEN c.risk >= 4 THEN 'enterprise'
        WHEN t.clusters > 1 THEN 'cross_cluster' ELSE 'cluster' END,
    coalesce(h.way, ''),
    c.outcome IN ('unsuccessful', 'backed_out') OR EXISTS (SELECT FROM cab_reversal r WHERE r.undone_id = c.id), true
FROM cab_change c JOIN clusters_cluster k ON k.id = c.cluster_id
LEFT JOIN LATERAL (
    SELECT count(DISTINCT p.cluster_id) AS clusters, min(p.tier) AS tier FROM cab_changecomponent x
    JOIN clusters_component p ON p.id = x.component_id WHERE x.change_id = c.id
) t ON true
LEFT JOIN LATERAL (
    SELECT way FROM cab_handover WHERE change_id = c.id ORDER BY id DESC LIMIT 1
) h ON true
WHERE c.state <> 'draft'
"""


@dataclass(frozen=True)
class Asked:
    """Seconds where the draft has two rules more that are asked in bounded children; our processor time, and theirs."""

    seconds: float
    ours: float
    children: float


@dataclass(frozen=True)
class Speed:
    """How many changes, the seconds of the replay (by the clock and of our own processor), and of its floor."""

    changes: int
    seconds: float
    ours: float
    floor: float
    with_expressions: Asked


def speed() -> Speed:
    """Replay a draft on all changes, and what the database alone takes for the same rows right after; then with CEL."""
    replay = _begun(RULES)
    began, used = time.perf_counter(), time.process_time()
    done = replays.work_off(replay_id=replay.pk)
    seconds, ours = time.perf_counter() - began, time.process_time() - used
    floor = _floor(replay)
    Change.objects.update(downtime_minutes=F("number") / 7 % 240)
    replay = _begun(WITH_EXPRESSIONS)
    began, used = time.perf_counter(), os.times()
    replays.work_off(replay_id=replay.pk)
    asked, now = time.perf_counter() - began, os.times()
    own, children = (now.user - used.user, now.children_user - used.children_user)
    return Speed(done.done, seconds, ours, floor, Asked(asked, own, children))


def _begun(rows: list[dict[str, object]]) -> Replay:
    author = Person.objects.earliest("pk")
    RoleGrant.objects.get_or_create(person=author, role=Role.BOARD_CHAIR)
    author = Person.objects.get(pk=author.pk)  # their roles are read once
    now = timezone.now()
    floor = Policy.objects.filter(slug="bench").first() or policies.found_policy(
        founder=author, slug="bench", name="Bench", cluster=None, at=now
    )
    draft = policies.save_draft(policy_id=floor.pk, author=author, rows=rows, at=now)
    return replays.begin_replay(version_id=draft.pk, starter=author, months=MONTHS, minutes={}, at=now)


def _floor(replay: Replay) -> float:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bench_replayed (LIKE cab_replayedchange INCLUDING INDEXES)")
        cursor.execute("ALTER TABLE bench_replayed DROP COLUMN id")
        began = time.perf_counter()
        cursor.execute(FLOOR, {"replay": replay.pk})
        taken = time.perf_counter() - began
        cursor.execute("DROP TABLE bench_replayed")
    return taken
