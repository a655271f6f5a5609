"""What freezes say to changes: which a freeze hits, and which freezes stand in a change's way."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch

from apps.accounts.models import Person
from apps.cab import events
from apps.cab.models import Change, ChangeComponent, FreezeException
from apps.cab.states import ChangeState, ExceptionState
from apps.journal.models import Entry
from apps.kernel.refusals import NotFound
from apps.windows.models import Freeze, Strength
from apps.windows.queries import freezes_between, scope_of, standing_for
from apps.windows.rules.authority import is_keeper
from apps.windows.rules.freezing import FreezeFacts, FreezeVerdict, verdict

MOMENT = timedelta(minutes=1)  # "now" as a range
STOPPABLE = (
    ChangeState.SUBMITTED,
    ChangeState.ASSESSING,
    ChangeState.AWAITING_AUTHORIZATION,
    ChangeState.AUTHORIZED,
    ChangeState.SCHEDULED,
)


@dataclass(frozen=True)
class FreezeStop:
    """One freeze in a change's way; no more when it is soft and acknowledged, or when an exception was granted."""

    freeze: Freeze
    verdict: FreezeVerdict
    is_hard: bool
    is_acknowledged: bool
    exceptions: Sequence[FreezeException] = field(default=())  # of this change from this freeze, the newest first
    conflict: Any = None  # the conflict of the change with it, where one is open or accepted

    @property
    def granted(self) -> FreezeException | None:
        """The exception in force, if one is."""
        return next((one for one in self.exceptions if one.state == ExceptionState.GRANTED), None)

    @property
    def is_open_to_request(self) -> bool:
        """Whether an exception may be asked for: it is hard, and none is asked for or granted."""
        open_ones = {ExceptionState.REQUESTED, ExceptionState.GRANTED}
        return self.is_hard and all(one.state not in open_ones for one in self.exceptions)

    @property
    def stands(self) -> bool:
        """Whether the change cannot go on because of it."""
        return self.granted is None and (self.is_hard or not self.is_acknowledged)


@dataclass(frozen=True)
class FreezeHit:
    """One change that a freeze concerns."""

    change: Change
    verdict: FreezeVerdict


def freezes_before(change: Change, *, at: datetime, may_start_now: bool = False) -> list[FreezeStop]:
    """The enforced freezes that stop or warn the change: over its window and, once it may start, right now."""
    ranges = [*_ranges(change, at), *([(at, at + MOMENT)] if may_start_now else [])]
    found = freezes_between(min(start for start, _ in ranges), max(end for _, end in ranges))
    if not found:
        return []
    known = acknowledged(change) if any(one.strength == Strength.SOFT for one in found) else set()
    asked = _exceptions(change, found)
    stops, facts = [], facts_of(change, *ranges[0])  # asked once: only the time differs
    for freeze in found:
        scope = scope_of(freeze)
        said = [verdict(scope, replace(facts, window_start_at=start, window_end_at=end)) for start, end in ranges]
        stopping = next((one for one in said if one.stops), None)
        if stopping:
            mine = [one for one in asked if one.freeze_id == freeze.pk]
            stops.append(FreezeStop(freeze, stopping, freeze.strength == "hard", freeze.pk in known, mine))
    return stops


def _exceptions(change: Change, freezes: Sequence[Freeze]) -> list[FreezeException]:
    rows = FreezeException.objects.filter(change=change, freeze__in=freezes)
    return list(rows.select_related("requested_by", "decided_by").order_by("-pk"))


def excepted(change: Change) -> dict[int, FreezeException]:
    """The exceptions in force for the change, by the freeze they lift for it."""
    rows = FreezeException.objects.in_force().filter(change=change).select_related("decided_by")
    return {one.freeze_id: one for one in rows}


def hits(freeze: Freeze) -> list[FreezeHit]:
    """Every change on its way whose window the freeze touches and whose scope it is in, exempt ones included."""
    touched = ChangeComponent.objects.select_related("component")
    rows = (
        Change.objects.filter(state__in=STOPPABLE, window_start_at__lt=freeze.end_at, window_end_at__gt=freeze.start_at)
        .select_related("cluster", "requester", "implementer")
        .prefetch_related(Prefetch("touched", queryset=touched), "implementer__role_grants")
        .order_by("window_start_at", "pk")
    )
    scope = scope_of(freeze)
    said = [FreezeHit(one, verdict(scope, facts_of(one, one.window_start_at, one.window_end_at))) for one in rows]
    return [one for one in said if one.verdict.hits]


def hits_shown_to(freeze: Freeze, person: Person) -> tuple[list[FreezeHit], int]:
    """The hits this person may see, and how many more there are."""
    found = hits(freeze)
    seen = set(
        Change.objects.visible_to(person).filter(pk__in=[one.change.pk for one in found]).values_list("pk", flat=True)
    )
    shown = [one for one in found if one.change.pk in seen]
    return shown, len(found) - len(shown)


def _ranges(change: Change, at: datetime) -> list[tuple[datetime, datetime]]:
    """When it would run: in its window; a scheduled one, or one without a window, might also start now."""
    now = (at, at + MOMENT)
    if change.window_start_at is None or change.window_end_at is None:
        return [now]
    planned = (change.window_start_at, change.window_end_at)
    return [planned, now] if change.state == ChangeState.SCHEDULED else [planned]


def facts_of(change: Change, start_at: datetime | None, end_at: datetime | None) -> FreezeFacts:
    """What a freeze asks of the change, were it to run from `start_at` to `end_at`."""
    assert start_at is not None
    assert end_at is not None
    touched = change.touched.all() if _is_fetched(change) else change.touched.select_related("component")
    parts = [one.component for one in touched]
    grants = change.implementer.role_grants.all() if change.implementer and change.implementer.is_active else ()
    return FreezeFacts(
        window_start_at=start_at,
        window_end_at=end_at,
        cluster_ids=frozenset({change.cluster_id, *(one.cluster_id for one in parts)}),
        tiers=frozenset(one.tier for one in parts),
        type=change.type,
        risk=change.risk,
        roles=frozenset(one.role for one in grants),
    )


def _is_fetched(change: Change) -> bool:
    return "touched" in getattr(change, "_prefetched_objects_cache", {})


def acknowledged(change: Change) -> set[int]:
    """The ids of the soft freezes that somebody has acknowledged for the change."""
    entries = Entry.objects.about(change).filter(event=events.FreezeAcknowledged.name())
    return {data["freeze_id"] for data in entries.values_list("data", flat=True)}


def visible_freeze(pk: int, person: Person) -> Freeze:
    """The freeze, or a refusal when there is none for this person."""
    found = Freeze.objects.visible_to(person).select_related("created_by", "previewed_by").filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such freeze that you may see.", next_step="Go back to the list of freezes.")
    return found


def is_freeze_keeper(freeze: Freeze, person: Person) -> bool:
    """Whether they keep every cluster it is limited to, or the federation."""
    clusters = list(freeze.clusters.all())
    if not clusters:
        return is_keeper(standing_for(person, None), of_federation=True)
    return all(is_keeper(standing_for(person, one), of_federation=False) for one in clusters)
