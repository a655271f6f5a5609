"""How changes go: which failed, what undid them, how long restoring took. Each figure comes with its rows.

A change failed when its outcome says so, or when another undid it within seven days (see actions.imports). Time to
restore is the shortest time from its implementation to that of a change that undid it. The median is the usual one:
between two middle values, their mean.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, DurationField, Min, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import TruncMonth

from apps.accounts.models import Person
from apps.cab.models import Change, Reversal
from apps.cab.states import Outcome
from apps.clusters.models import Cluster
from apps.kernel.refusals import Invalid

HERE = "here"  # in an address, stands for changes that no import brought
# As a list of ids and not as a lookup for each row: the database hashes it once.
FAILED = Q(outcome__in=[Outcome.UNSUCCESSFUL, Outcome.BACKED_OUT]) | Q(pk__in=Reversal.objects.values("undone"))


@dataclass(frozen=True)
class Scope:
    """Which implemented changes are looked at. `until` is the last day, included; days are of UTC."""

    source: str = ""
    cluster: str = ""
    since: date | None = None
    until: date | None = None

    @classmethod
    def from_address(cls, asked: Mapping[str, str]) -> "Scope":
        """The scope that an address asks for; refuses days that do not exist or run backwards."""
        since, until = _day("since", asked.get("since", "")), _day("until", asked.get("until", ""))
        if since and until and until < since:
            raise Invalid(
                "The period ends before it starts.",
                next_step="Swap the two days.",
                fields={"until": ["Must not be before the first day."]},
            )
        return cls(asked.get("source", "")[:80], asked.get("cluster", "")[:80], since, until)


@dataclass(frozen=True)
class Figures:
    """What came of a group of changes."""

    name: str
    source: str
    cluster: str
    changes: int
    failed: int
    restored: timedelta | None  # the median

    @property
    def rate(self) -> float:
        """The share that failed, in percent."""
        return 100 * self.failed / self.changes if self.changes else 0.0

    @property
    def changes_text(self) -> str:
        """How many there were, as people read it."""
        return f"{self.changes:,}"

    @property
    def failed_text(self) -> str:
        """How many failed, as people read it."""
        return f"{self.failed:,}"

    @property
    def rate_text(self) -> str:
        """The share as people read it."""
        return f"{self.rate:.2f} %"

    @property
    def hours(self) -> float | None:
        """The median time to restore, in hours."""
        return self.restored.total_seconds() / 3600 if self.restored is not None else None

    @property
    def hours_text(self) -> str:
        """The median time as people read it; a dash where nothing was restored."""
        return "–" if self.hours is None else f"{self.hours:.2f} h"

    def as_data(self) -> dict[str, Any]:
        """The figures for a program."""
        return {
            "name": self.name,
            "source": self.source,
            "cluster": self.cluster,
            "changes": self.changes,
            "failed": self.failed,
            "failure_rate_percent": round(self.rate, 2),
            "median_hours_to_restore": None if self.hours is None else round(self.hours, 4),
        }


@dataclass(frozen=True)
class Board:
    """Every figure of one scope."""

    overall: Figures
    sources: list[Figures]
    clusters: list[Figures]
    months: list[tuple[str, Figures]]  # (2026-03, figures), of UTC, oldest first


def implemented(person: Person, scope: Scope) -> QuerySet[Change]:
    """Implemented changes of the scope that this person may see."""
    rows = Change.objects.visible_to(person).filter(implemented_at__isnull=False)
    if scope.source:
        rows = rows.filter(source="" if scope.source == HERE else scope.source)
    if scope.cluster:
        rows = rows.filter(cluster__slug=scope.cluster)
    if scope.since:
        rows = rows.filter(implemented_at__gte=datetime.combine(scope.since, time.min, tzinfo=UTC))
    if scope.until:
        rows = rows.filter(implemented_at__lt=datetime.combine(scope.until, time.min, tzinfo=UTC) + timedelta(days=1))
    return rows


def failed(person: Person, scope: Scope) -> QuerySet[Change]:
    """Those of `implemented` that failed."""
    return implemented(person, scope).filter(FAILED)


def restored(person: Person, scope: Scope) -> QuerySet[Change]:
    """Those of `implemented` that another undid: what the median time to restore is taken over."""
    return implemented(person, scope).filter(pk__in=Reversal.objects.values("undone"))


def with_undoings(rows: QuerySet[Change], person: Person) -> QuerySet[Change]:
    """The same changes with what undid each, as far as this person may see it."""
    visible = Change.objects.visible_to(person)
    undoings = Reversal.objects.filter(undoing__in=visible).select_related("undoing").order_by("after", "pk")
    return rows.select_related("cluster").prefetch_related(Prefetch("reversals", undoings, to_attr="undoings"))


def board(person: Person, scope: Scope) -> Board:
    """Every figure of the scope, from two questions: how many of each group, and how long each restoring took."""
    rows = implemented(person, scope).annotate(month=TruncMonth("implemented_at", tzinfo=UTC)).order_by()
    counted = list(rows.values(*_KEYS).annotate(changes=Count("pk"), failures=Count("pk", filter=FAILED)))
    soonest = Reversal.objects.filter(undone=OuterRef("pk")).values("undone").annotate(soonest=Min("after"))
    undone = rows.filter(pk__in=Reversal.objects.values("undone"))
    times = list(
        undone.values(*_KEYS).annotate(after=Subquery(soonest.values("soonest"), output_field=DurationField()))
    )
    groups = _Groups(counted, times)
    return Board(
        overall=groups.of("All", source=scope.source, cluster=scope.cluster),
        sources=[
            groups.of(one or "Recorded here", source=one or HERE, where=("source", one))
            for one in groups.values("source")
        ],
        clusters=[
            groups.of(names[slug], cluster=slug, where=("cluster__slug", slug))
            for names in [{row["cluster__slug"]: row["cluster__name"] for row in counted}]
            for slug in sorted(names, key=lambda slug: names[slug])
        ],
        months=[
            (f"{month:%Y-%m}", groups.of(f"{month:%b %Y}", where=("month", month))) for month in groups.values("month")
        ],
    )


_KEYS = ("source", "cluster__slug", "cluster__name", "month")


@dataclass(frozen=True)
class _Groups:
    """Counts and restoring times by source, cluster and month, to be summed up in any direction."""

    counted: list[dict[str, Any]]
    restored: list[dict[str, Any]]

    def values(self, key: str) -> list[Any]:
        return sorted({row[key] for row in self.counted})

    def of(self, name: str, *, source: str = "", cluster: str = "", where: tuple[str, Any] | None = None) -> Figures:
        """The figures of the rows in which the column `where[0]` is `where[1]`; without it, of all."""
        counted = [row for row in self.counted if where is None or row[where[0]] == where[1]]
        times = [row["after"] for row in self.restored if where is None or row[where[0]] == where[1]]
        changes, failures = sum(row["changes"] for row in counted), sum(row["failures"] for row in counted)
        return Figures(name, source, cluster, changes, failures, _median(times))


def _median(times: list[timedelta]) -> timedelta | None:
    return timedelta(seconds=median(one.total_seconds() for one in times)) if times else None


def sources(person: Person) -> list[str]:
    """The sources of what this person may see."""
    rows = Change.objects.visible_to(person).exclude(source="").order_by("source")
    return list(rows.values_list("source", flat=True).distinct())


def clusters(person: Person) -> Sequence[Cluster]:
    """The clusters this person may look at."""
    return list(Cluster.objects.visible_to(person).order_by("name"))


def _day(name: str, asked: str) -> date | None:
    if not asked:
        return None
    try:
        return date.fromisoformat(asked)
    except ValueError:
        raise Invalid(
            f"“{asked[:20]}” is not a day.", next_step="Write it as 2026-03-02.", fields={name: ["Not a day."]}
        ) from None
