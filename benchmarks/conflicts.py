"""The conflicts of one change beside the bare indexed query: what is planned over its window, by the same index."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.models import Person
from apps.cab.models import Change
from apps.cab.queries.conflicts import PLANNED, found_for
from apps.cab.states import PLANNING
from apps.clusters.models import Cluster, Component, Dependency
from apps.windows.models import Freeze, FreezeCluster, RecurringWindow
from benchmarks.measure import Times

WARM_UP, TURNS = 8, 200
BARE = f"""SELECT c.id, c.implementer_id, c.window_start_at, c.window_end_at FROM cab_change AS c
WHERE c.state IN ({PLANNED}) AND tstzrange(c.window_start_at, c.window_end_at) && tstzrange(%(start)s, %(end)s)
    AND c.id <> %(change)s"""
DAYS = 90  # over which the planned changes lie


@dataclass(frozen=True)
class Compared:
    """Finding all conflicts of a change, beside the bare query; how many changes are near and conflicts found."""

    planned: int
    whole: Times
    bare: Times
    near: float
    found: float
    queries: int


def compared() -> Compared:
    """Find the conflicts of `TURNS` planned changes spread over time, each in turn with the bare query."""
    rows = Change.objects.select_related("cluster", "implementer").defer("search")
    ids = list(Change.objects.filter(state="scheduled").order_by("window_start_at").values_list("pk", flat=True))
    step = max(1, len(ids) // TURNS)
    picked = [rows.get(pk=pk) for pk in ids[::step][:TURNS]]
    for one in picked[:WARM_UP]:
        found_for(one), _bare(one)
    with CaptureQueriesContext(connection) as counted:
        found_for(picked[0])
    turns = [(_timed(lambda one=one: list(found_for(one).rows)), _timed(lambda one=one: _bare(one))) for one in picked]
    return Compared(
        Change.objects.filter(state__in=[*PLANNING]).count(),
        Times(tuple(whole for (whole, _), _ in turns)),
        Times(tuple(bare for _, (bare, _) in turns)),
        sum(near for _, (_, near) in turns) / len(turns),
        sum(found for (_, found), _ in turns) / len(turns),
        len(counted),
    )


def surround() -> None:
    """Put a map, maintenance windows, a blackout and freezes around the changes."""
    _map()
    _windows()
    _freezes()


def plan(number: int) -> None:
    """Make `number` changes planned ones, two hours each, spread over `DAYS` days."""
    with connection.cursor() as cursor:
        cursor.execute(_PLANNED, {"number": number, "days": DAYS})
        cursor.execute("ANALYZE")


def plans(change: Change) -> list[str]:
    """How the database goes about the bare query and the one for pairs of components (EXPLAIN ANALYZE)."""
    with CaptureQueriesContext(connection) as asked:
        found_for(change), _bare(change)
    told = []
    with connection.cursor() as cursor:
        for one in asked.captured_queries:
            cursor.execute("EXPLAIN (ANALYZE, COSTS OFF, SUMMARY ON) " + one["sql"].replace("%", "%%"))
            told.append(one["sql"][:90] + " …\n" + "\n".join(row[0] for row in cursor.fetchall()))
    return told


def _map() -> None:
    """Three dependencies a component, one of them a failover partner."""
    parts = list(Component.objects.order_by("pk").values_list("pk", flat=True))
    Dependency.objects.bulk_create(
        Dependency(consumer_id=pk, provider_id=parts[(n * 5 + hop * 31 + 1) % len(parts)], kind=kind)
        for n, pk in enumerate(parts)
        for hop, kind in enumerate(("calls", "reads", "failover"))
        if pk != parts[(n * 5 + hop * 31 + 1) % len(parts)]
    )


def _windows() -> None:
    """Two nights a week for every cluster, and the turn of the year for all."""
    one = {"zone": "Europe/Berlin", "created_by": Person.objects.earliest("pk"), "created_at": timezone.now()}
    RecurringWindow.objects.bulk_create(
        RecurringWindow(
            name="Nights",
            kind="maintenance",
            cluster=cluster,
            start_local=datetime(2026, 1, 6, 20, 0),  # noqa: DTZ001  # wall clock
            duration_minutes=600,
            rrule="FREQ=WEEKLY;BYDAY=TU,TH",
            **one,
        )
        for cluster in Cluster.objects.all()
    )
    RecurringWindow.objects.create(
        name="Turn of the year",
        kind="blackout",
        start_local=datetime(2025, 12, 23),  # noqa: DTZ001
        duration_minutes=60 * 24 * 10,
        rrule="FREQ=YEARLY",
        **one,
    )


def _freezes() -> None:
    """Four enforced freezes of three days, each of one cluster."""
    now = timezone.now()
    for n, cluster in enumerate(Cluster.objects.order_by("pk")[:4]):
        start = now + timedelta(days=20 * n + 5)
        freeze = Freeze.objects.create(
            name=f"Freeze {n}",
            strength="hard",
            state="enforced",
            start_local=start.replace(tzinfo=None),
            end_local=(start + timedelta(days=3)).replace(tzinfo=None),
            zone="UTC",
            start_at=start,
            end_at=start + timedelta(days=3),
            created_by=Person.objects.earliest("pk"),
            created_at=now,
            previewed_at=now,
            enforced_at=now,
        )
        FreezeCluster.objects.create(freeze=freeze, cluster=cluster)


def _bare(change: Change) -> list[tuple[Any, ...]]:
    facts = {"start": change.window_start_at, "end": change.window_end_at, "change": change.pk}
    with connection.cursor() as cursor:
        cursor.execute(BARE, facts)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _timed(call: Callable[[], list[Any]]) -> tuple[float, int]:
    began = time.perf_counter()
    found = call()
    return time.perf_counter() - began, len(found)


_PLANNED = """
UPDATE cab_change AS c SET state = 'scheduled', outcome = '', window_start_at = p.at,
    window_end_at = p.at + interval '2 hours', window_start_local = p.at AT TIME ZONE 'Europe/Berlin',
    window_end_local = (p.at + interval '2 hours') AT TIME ZONE 'Europe/Berlin', window_zone = 'Europe/Berlin'
FROM (
    SELECT id, now() + interval '1 hour' + (n * 7919 %% %(number)s) * interval '1 day' * %(days)s / %(number)s AS at
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM cab_change WHERE state IN ('closed', 'scheduled')) AS r
    WHERE n <= %(number)s
) AS p
WHERE p.id = c.id
"""
