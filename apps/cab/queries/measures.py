"""What the board's area offers to success metrics: the figures of the programme, and how long decisions take.

Values are the federation's or a cluster's own, whoever asks; their rows are shown as far as the reader may see them.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from functools import partial
from hashlib import sha256
from typing import Any, cast

from django.db.models import Q

from apps.accounts.models import Person
from apps.cab import events
from apps.cab.models import Change
from apps.cab.queries import programme
from apps.cab.queries.figures import report
from apps.cab.queries.programme import Scope
from apps.cab.rules.metrics import METRICS, Direction, Metric
from apps.cab.states import ChangeState
from apps.clusters.models import Cluster
from apps.journal.models import Entry
from apps.stakeholders.measures import Behind, Measure, Measured
from apps.stakeholders.queries.costs import calendars_of
from apps.stakeholders.rules.business_time import Calendar
from apps.stakeholders.rules.metrics import Course, Period
from apps.stakeholders.rules.survival import Curve, curve

MOST_ROWS = 500  # of one value's page
SECONDS_AN_HOUR = 3_600
Held = list[tuple[datetime, datetime]]  # when a change was on hold, one after the other
SHARES = {"time_to_decision": 0.5, "time_to_decision_p85": 0.85}


class _House:
    """Who asks for values: nobody in particular. It may know of everything, has no seat, and wrote nothing."""

    pk = 0

    @staticmethod
    def may(capability: object) -> bool:
        """Yes."""
        del capability
        return True


HOUSE = cast("Person", _House())


def _scope(cluster: Cluster | None, period: Period) -> Scope:
    return Scope(period.first_on, period.end_on - timedelta(days=1), cluster.slug if cluster else "")


def _end_at(period: Period) -> datetime:
    return datetime.combine(period.end_on, time.min, tzinfo=UTC)


def programme_measured(metric: Metric, cluster: Cluster | None, period: Period) -> Measured:
    """One figure of the programme, as its page says it."""
    found = report(HOUSE, _scope(cluster, period), at=_end_at(period), names_groups=False)
    figure = found.overall.figures[metric.name]
    text = f"{metric.name}:{figure.value}:{figure.rows}"
    digest = sha256(text.encode()).hexdigest()
    if figure.value is None:
        return Measured(None, "No change of this period has anything to measure.", figure.rows, inputs_sha256=digest)
    return Measured(Decimal(str(round(figure.value, 4))), "", figure.rows, inputs_sha256=digest)


def programme_rows(metric: Metric, person: Person, cluster: Cluster | None, period: Period) -> Iterable[Behind]:
    """The changes a figure is taken over, as far as the person may see them."""
    rows = programme.rows_behind(person, _scope(cluster, period), metric, at=_end_at(period))
    for one in rows.order_by("-pk")[:MOST_ROWS]:
        yield Behind(f"{one.reference} {one.title}", one.get_absolute_url(), one.state.replace("_", " "))


@dataclass(frozen=True)
class Waited:
    """A change that was handed in, how long it has waited in working hours, and whether it was decided by then."""

    change: Change
    hours: float
    is_decided: bool


def waited(cluster: Cluster | None, period: Period, rows: Any = None) -> list[Waited]:
    """Changes handed in during the period, followed until it ends: what is undecided by then has waited so long.

    Working hours are those of each change's cluster, and none of them while it was on hold. What was cancelled before a
    decision waited until it was.
    """
    changes = Change.objects.exclude(state=ChangeState.DRAFT) if rows is None else rows
    first = datetime.combine(period.first_on, time.min, tzinfo=UTC)
    changes = changes.filter(submitted_at__gte=first, submitted_at__lt=_end_at(period))
    if cluster:
        changes = changes.filter(cluster=cluster)
    found = list(changes.select_related("cluster").order_by("pk"))
    calendars = calendars_of({one.cluster_id: one.cluster for one in found}.values())
    held = held_times([one.pk for one in found], until=_end_at(period))
    return [_waited(one, calendars[one.cluster_id], held.get(one.pk, []), _end_at(period)) for one in found]


def held_times(change_ids: Collection[int], *, until: datetime) -> dict[int, Held]:
    """When each of these changes was on hold, as the journal tells it; one not released by `until` is held till it."""
    told = (events.ChangeHeld.name(), events.ChangeReleased.name())
    entries = Entry.objects.filter(
        subject_type=Change._meta.label_lower, subject_id__in=change_ids, event__in=told, at__lte=until
    )
    found: dict[int, Held] = {}
    began: dict[int, datetime] = {}
    for change_id, event, at in entries.order_by("pk").values_list("subject_id", "event", "at"):
        if event == events.ChangeHeld.name():
            began.setdefault(change_id, at)
        elif change_id in began:
            found.setdefault(change_id, []).append((began.pop(change_id), at))
    for change_id, at in began.items():
        found.setdefault(change_id, []).append((at, until))
    return found


def _waited(change: Change, calendar: Calendar, held: Held, until: datetime) -> Waited:
    began, decided, gone = change.submitted_at, change.decided_at, change.closed_at
    assert began is not None  # as asked for
    if decided is not None and decided < began:  # handed in again after a decision
        decided = None
    if decided is not None and decided <= until:
        return Waited(change, _hours(_running(calendar, began, decided, held)), is_decided=True)
    left = gone if gone is not None and began <= gone < until and decided is None else until
    return Waited(change, _hours(_running(calendar, began, left, held)), is_decided=False)


def _running(calendar: Calendar, start: datetime, end: datetime, held: Held) -> timedelta:
    """The working time between the two during which the change was not on hold."""
    stood = (calendar.between(max(start, first), min(end, last)) for first, last in held)
    return calendar.between(start, end) - sum(stood, timedelta())


def _hours(duration: timedelta) -> float:
    return duration.total_seconds() / SECONDS_AN_HOUR


def decision_curve(rows: Iterable[Waited]) -> Curve:
    """How the waiting of these changes ends."""
    return curve((round(one.hours, 4), one.is_decided) for one in rows)


def decision_measured(name: str, cluster: Cluster | None, period: Period) -> Measured:
    """The median (or 85th percentile) of the time to a decision by Kaplan and Meier, undecided changes counted."""
    rows = waited(cluster, period)
    found = decision_curve(rows)
    text = "\n".join(f"{one.change.pk}:{one.hours:.4f}:{one.is_decided}" for one in rows)
    digest = sha256(text.encode()).hexdigest()
    share = SHARES[name]
    quantiles = {"median": found.quantile(0.5), "p85": found.quantile(0.85), "p95": found.quantile(0.95)}
    details = {key: f"{value:,.1f} h" if value is not None else "not reached" for key, value in quantiles.items()}
    value = found.quantile(share)
    if value is None:
        reason = (
            f"Fewer than {share:.0%} of {found.count} changes were decided when the period ended."
            if rows
            else "No change was handed in during this period."
        )
        return Measured(None, reason, found.count, found.censored, details, digest)
    return Measured(Decimal(str(round(value, 4))), "", found.count, found.censored, details, digest)


def decision_rows(person: Person, cluster: Cluster | None, period: Period) -> Iterable[Behind]:
    """The changes handed in, the longest wait first."""
    seen = Change.objects.visible_to(person).filter(~Q(state=ChangeState.DRAFT))
    rows = sorted(waited(cluster, period, seen), key=lambda one: (-one.hours, one.change.pk))
    for one in rows[:MOST_ROWS]:
        says = f"{one.hours:,.1f} working hours" + ("" if one.is_decided else ", undecided when the period ended")
        title = f"{one.change.reference} {one.change.title}"
        yield Behind(title, one.change.get_absolute_url(), says, is_open=not one.is_decided)


def measures() -> list[Measure]:
    """Everything this area offers."""
    figures = [
        Measure(
            one.name,
            one.title,
            str(one.unit),
            Course.DOWN if one.direction == Direction.AT_MOST else Course.UP,
            one.meaning,
            partial(programme_measured, one),
            partial(programme_rows, one),
        )
        for one in METRICS.values()
    ]
    told = {"time_to_decision": "the median", "time_to_decision_p85": "85 of 100 came sooner"}
    decisions = [
        Measure(
            name,
            "Time to decision" if name == "time_to_decision" else "Time to decision, slowest 15 %",
            "working hours",
            Course.DOWN,
            "From handing in to the decision, in working hours of the change's cluster, less those it was on hold; "
            f"{words}. Changes handed in "
            "during the period, followed until it ends; those undecided by then count as having waited at least so "
            "long (Kaplan and Meier).",
            partial(decision_measured, name),
            decision_rows,
            version=2,  # of 1, holds counted as waiting
        )
        for name, words in told.items()
    ]
    return [*decisions, *figures]
