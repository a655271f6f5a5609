"""Questions about windows and freezes: what lies over a range of time, for whom."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet

from apps.accounts.models import Person
from apps.clusters.models import Cluster
from apps.clusters.queries import standing
from apps.clusters.rules import Standing
from apps.kernel.refusals import Invalid, NotFound
from apps.windows.models import Freeze, RecurringWindow, WindowKind
from apps.windows.rules.freezing import Scope
from apps.windows.rules.recurrence import Interval, first_after, occurrences

SHOWN = 5  # next occurrences on the pages
LONGEST_RANGE = timedelta(days=92)  # of one question to the API
MOST_TOLD = 2_000  # occurrences in one answer


@dataclass(frozen=True)
class Occurrence:
    """One time a maintenance window or blackout comes round: [start_at, end_at)."""

    definition: RecurringWindow
    start_at: datetime
    end_at: datetime

    @property
    def is_blackout(self) -> bool:
        """Whether nothing may change in it."""
        return self.definition.kind == WindowKind.BLACKOUT

    @property
    def window_start_at(self) -> datetime:
        """Its start under the name that planned times have everywhere."""
        return self.start_at

    @property
    def window_end_at(self) -> datetime:
        """Its end under the name that planned times have everywhere."""
        return self.end_at

    @property
    def window_zone(self) -> str:
        """The zone it was written in."""
        return self.definition.zone


def occurrences_between(
    start_at: datetime, end_at: datetime, *, cluster_ids: Collection[int] | None = None, kind: str = ""
) -> list[Occurrence]:
    """Maintenance windows and blackouts that overlap [start_at, end_at), by start; one query.

    `cluster_ids` limits them to those of these clusters and of the federation (None: all).
    """
    definitions = RecurringWindow.objects.in_force().select_related("cluster").order_by("pk")
    if cluster_ids is not None:
        definitions = definitions.governing(set(cluster_ids))
    if kind:
        definitions = definitions.filter(kind=kind)
    return occurrences_of(definitions, between=(start_at, end_at))


def occurrences_of(definitions: Iterable[RecurringWindow], *, between: Interval) -> list[Occurrence]:
    """The occurrences of these definitions that overlap the range, by start."""
    found = [Occurrence(one, start, end) for one in definitions for start, end in expand(one, between=between)]
    return sorted(found, key=lambda one: (one.start_at, one.end_at, one.definition.pk))


def expand(definition: RecurringWindow, *, between: Interval) -> list[Interval]:
    """The occurrences of one definition that overlap the range."""
    return occurrences(
        rule=definition.rrule,
        start_local=definition.start_local,
        duration=timedelta(minutes=definition.duration_minutes),
        zone=definition.zone,
        between=between,
    )


def upcoming(definition: RecurringWindow, *, at: datetime, most: int = SHOWN) -> list[Occurrence]:
    """The next occurrences of one definition, the one that runs now included; none when it is retired."""
    if definition.retired_at:
        return []
    found = first_after(
        rule=definition.rrule,
        start_local=definition.start_local,
        duration=timedelta(minutes=definition.duration_minutes),
        zone=definition.zone,
        after=at,
        most=most,
    )
    return [Occurrence(definition, start, end) for start, end in found]


def told_between(
    person: Person, start_at: datetime, end_at: datetime, *, cluster: str = "", kind: str = ""
) -> list[Occurrence]:
    """What this person may know of within at most 92 days, by start; of one cluster and the federation where named.

    Refuses a longer range, one that ends before it starts, and one that holds more than 2,000 occurrences.
    """
    if not start_at < end_at <= start_at + LONGEST_RANGE:
        raise Invalid(
            f"The range ends after it starts and is at most {LONGEST_RANGE.days} days long.",
            next_step="Ask for a shorter range, several times if need be.",
            fields={"to": ["Out of range."]},
        )
    known = RecurringWindow.objects.visible_to(person)
    if cluster:
        known = known.governing(set(Cluster.objects.filter(slug=cluster).values_list("pk", flat=True)))
    ids = set(known.values_list("pk", flat=True))
    found = [one for one in occurrences_between(start_at, end_at, kind=kind) if one.definition.pk in ids]
    if len(found) > MOST_TOLD:
        raise Invalid(f"More than {MOST_TOLD:,} occurrences lie in this range.", next_step="Ask for a shorter range.")
    return found


def visible_window(pk: int, person: Person) -> RecurringWindow:
    """The window, or a refusal when there is none for this person."""
    found = RecurringWindow.objects.visible_to(person).select_related("cluster", "created_by").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such window that you may see.", next_step="Go back to the list of windows.")
    return found


def standing_for(person: Person, cluster: Cluster | None) -> Standing:
    """What the person is to the cluster; to the federation, what their roles give."""
    return standing(person, cluster) if cluster else Standing(person.capabilities)


def freezes_between(start_at: datetime, end_at: datetime) -> list[Freeze]:
    """Enforced freezes that overlap [start_at, end_at), by start, with the clusters they are limited to."""
    return list(freezes_over(start_at, end_at))


def freezes_over(start_at: Any, end_at: Any) -> QuerySet[Freeze]:
    """The same as a question; the ends may be places in a prepared one where instants will stand."""
    rows = Freeze.objects.enforced().filter(start_at__lt=end_at, end_at__gt=start_at)
    return rows.prefetch_related("scope").order_by("start_at", "pk")


def scope_of(freeze: Freeze) -> Scope:
    """The freeze as the rules read it."""
    return Scope(
        name=freeze.name,
        is_hard=freeze.strength == "hard",
        start_at=freeze.start_at,
        end_at=freeze.end_at,
        cluster_ids=frozenset(one.cluster_id for one in freeze.scope.all()),
        tiers=frozenset(freeze.tiers),
        types=frozenset(freeze.types),
        exemptions=freeze.exemptions,
    )
