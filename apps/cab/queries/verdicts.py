"""What a pipeline asks before it deploys: whether this change, or work of this kind, may run in that time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from apps.accounts.models import Person
from apps.cab.models import Change, FreezeException
from apps.cab.queries.freezes import acknowledged, excepted
from apps.windows.models import Freeze, RecurringWindow
from apps.windows.queries import Occurrence, freezes_between, occurrences_between, scope_of
from apps.windows.rules.freezing import FreezeFacts, verdict
from apps.windows.rules.intervals import covers

CLEAR, WARNED, STOPPED = "clear", "warned", "stopped"


@dataclass(frozen=True)
class Reason:
    """One freeze or blackout over the range, what it does to the work, and until when."""

    sentence: str
    effect: str  # clear (spared), warned, stopped
    until: datetime
    freeze: int | None = None
    window: int | None = None
    exemption: str = ""
    exception: int | None = None  # the granted exception that lifts it for this change


@dataclass(frozen=True)
class Verdict:
    """The answer: the strictest effect of all reasons, and whether the time lies in maintenance windows."""

    verdict: str
    start_at: datetime
    end_at: datetime
    reasons: Sequence[Reason]
    in_maintenance_window: bool | None = field(default=None)  # None: no window is defined for what is touched


@dataclass(frozen=True)
class _Passes:
    """What lets one change pass: soft freezes acknowledged for it, and granted exceptions by freeze."""

    acknowledged: set[int]
    excepted: Mapping[int, FreezeException]


def verdict_on(person: Person, facts: FreezeFacts, *, change: Change | None = None) -> Verdict:
    """What freezes and blackouts say to the facts. A fact that is missing decides for the stricter outcome.

    Every freeze counts; one the person may not know of is not named.
    """
    start_at, end_at = facts.window_start_at, facts.window_end_at
    seen = set(Freeze.objects.visible_to(person).values_list("pk", flat=True))
    passes = _Passes(acknowledged(change), excepted(change)) if change else _Passes(set(), {})
    found = [_of_freeze(freeze, facts, seen, passes) for freeze in freezes_between(start_at, end_at)]
    reasons = [one for one in found if one]
    occurring = occurrences_between(start_at, end_at, cluster_ids=facts.cluster_ids or None)
    met = [
        one
        for one in occurring
        if not one.definition.tiers or not facts.tiers or facts.tiers & set(one.definition.tiers)
    ]
    reasons += _of_blackouts([one for one in met if one.is_blackout], person)
    kept = [(one.start_at, one.end_at) for one in met if not one.is_blackout] if facts.cluster_ids else []
    effects = {one.effect for one in reasons}
    strictest = next((one for one in (STOPPED, WARNED) if one in effects), CLEAR)
    return Verdict(strictest, start_at, end_at, reasons, covers(kept, (start_at, end_at)) if kept else None)


def _of_blackouts(found: Sequence[Occurrence], person: Person) -> list[Reason]:
    seen = set(RecurringWindow.objects.visible_to(person).values_list("pk", flat=True)) if found else set()
    return [
        Reason(f"The blackout “{one.definition.name}” holds.", STOPPED, one.end_at, window=one.definition.pk)
        if one.definition.pk in seen
        else Reason("A blackout that you may not see holds.", STOPPED, one.end_at)
        for one in found
    ]


def _of_freeze(freeze: Freeze, facts: FreezeFacts, seen: set[int], passes: _Passes) -> Reason | None:
    said = verdict(scope_of(freeze), facts)
    if not said.hits:
        return None
    effect = STOPPED if freeze.strength == "hard" else WARNED
    exception = passes.excepted.get(freeze.pk)
    if said.is_exempt or exception or (effect == WARNED and freeze.pk in passes.acknowledged):
        effect = CLEAR
    if freeze.pk not in seen:
        return Reason("A freeze that you may not see holds.", effect, freeze.end_at)
    exemption = said.sentence if said.is_exempt else ""
    if exception is None:
        return Reason(said.sentence, effect, freeze.end_at, freeze=freeze.pk, exemption=exemption)
    sentence = f"{said.sentence} Exception {exception.pk}, granted by {exception.decided_by}, lets this change pass."
    return Reason(sentence, effect, freeze.end_at, freeze=freeze.pk, exemption=exemption, exception=exception.pk)
