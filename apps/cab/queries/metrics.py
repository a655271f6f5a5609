"""How changes go: which failed, what undid them, how long restoring took. Each figure comes with its rows.

A change failed when its outcome says so, or when another undid it within seven days (see actions.imports). Time to
restore is the shortest time from its implementation to that of a change that undid it. The median is the usual one
(percentile_cont): between two middle values, their mean.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Aggregate, Count, DurationField, Min, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import TruncMonth

from apps.accounts.models import Person
from apps.cab.models import Change, Reversal
from apps.cab.states import Outcome
from apps.clusters.models import Cluster
from apps.kernel.refusals import Invalid

HERE = "here"  # in an address, stands for changes that no import brought
FAILED = Q(outcome__in=[Outcome.UNSUCCESSFUL, Outcome.BACKED_OUT]) | Q(restored__isnull=False)


class Median(Aggregate):
    """The median of a column; rows without a value do not count."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


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
    median: timedelta | None

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
        return self.median.total_seconds() / 3600 if self.median is not None else None

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


def implemented(person: Person, scope: Scope) -> QuerySet[Change]:
    """Implemented changes of the scope that this person may see, each with `restored`: how long until it was undone."""
    undone = Reversal.objects.filter(undone=OuterRef("pk")).values("undone").annotate(soonest=Min("after"))
    rows = Change.objects.visible_to(person).filter(implemented_at__isnull=False)
    if scope.source:
        rows = rows.filter(source="" if scope.source == HERE else scope.source)
    if scope.cluster:
        rows = rows.filter(cluster__slug=scope.cluster)
    if scope.since:
        rows = rows.filter(implemented_at__gte=datetime.combine(scope.since, time.min, tzinfo=UTC))
    if scope.until:
        rows = rows.filter(implemented_at__lt=datetime.combine(scope.until, time.min, tzinfo=UTC) + timedelta(days=1))
    return rows.annotate(restored=Subquery(undone.values("soonest"), output_field=DurationField()))


def failed(person: Person, scope: Scope) -> QuerySet[Change]:
    """Those of `implemented` that failed, each with `undoings`: what undid it, soonest first."""
    return with_undoings(implemented(person, scope).filter(FAILED), person)


def with_undoings(rows: QuerySet[Change], person: Person) -> QuerySet[Change]:
    """The same changes with what undid each, as far as this person may see it."""
    visible = Change.objects.visible_to(person)
    undoings = Reversal.objects.filter(undoing__in=visible).select_related("undoing").order_by("after", "pk")
    return rows.select_related("cluster").prefetch_related(Prefetch("reversals", undoings, to_attr="undoings"))


def by_source(person: Person, scope: Scope) -> list[Figures]:
    """The figures of each source."""
    groups = _grouped(implemented(person, scope), "source")
    return [_figures(group["source"] or "Recorded here", group, source=group["source"] or HERE) for group in groups]


def by_cluster(person: Person, scope: Scope) -> list[Figures]:
    """The figures of each cluster."""
    groups = _grouped(implemented(person, scope), "cluster__name", "cluster__slug")
    return [_figures(group["cluster__name"], group, cluster=group["cluster__slug"]) for group in groups]


def overall(person: Person, scope: Scope) -> Figures:
    """The figures of the whole scope."""
    group = implemented(person, scope).aggregate(**_MEASURES)
    return _figures("All", group, source=scope.source, cluster=scope.cluster)


def by_month(person: Person, scope: Scope) -> list[tuple[str, Figures]]:
    """The figures of each month (UTC) in which something was implemented, oldest first."""
    rows = implemented(person, scope).annotate(month=TruncMonth("implemented_at", tzinfo=UTC))
    return [
        (f"{group['month']:%Y-%m}", _figures(f"{group['month']:%b %Y}", group)) for group in _grouped(rows, "month")
    ]


def sources(person: Person) -> list[str]:
    """The sources of what this person may see."""
    rows = Change.objects.visible_to(person).exclude(source="").order_by("source")
    return list(rows.values_list("source", flat=True).distinct())


def clusters(person: Person) -> Sequence[Cluster]:
    """The clusters this person may look at."""
    return list(Cluster.objects.visible_to(person).order_by("name"))


_MEASURES: dict[str, Any] = {
    "changes": Count("pk"),
    "failures": Count("pk", filter=FAILED),
    "median": Median("restored", output_field=DurationField()),
}


def _grouped(rows: QuerySet[Change], *names: str) -> list[dict[str, Any]]:
    return list(rows.order_by().values(*names).annotate(**_MEASURES).order_by(*names))


def _figures(name: str, group: Mapping[str, Any], *, source: str = "", cluster: str = "") -> Figures:
    return Figures(name, source, cluster, group["changes"], group["failures"], group["median"])


def _day(name: str, asked: str) -> date | None:
    if not asked:
        return None
    try:
        return date.fromisoformat(asked)
    except ValueError:
        raise Invalid(
            f"“{asked[:20]}” is not a day.", next_step="Write it as 2026-03-02.", fields={name: ["Not a day."]}
        ) from None
