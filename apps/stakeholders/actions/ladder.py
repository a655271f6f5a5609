"""The ladder of a case inside its transaction: whom a step asks, when its clock runs, stands still, and ends."""

from datetime import datetime, timedelta

from apps.accounts.models import Person
from apps.clusters.actions.clusters import save_new
from apps.journal import actions as journal
from apps.journal.events import Event
from apps.stakeholders import events
from apps.stakeholders.models import (
    CaseAsk,
    CaseStep,
    EscalationCase,
    ProtocolVersion,
)
from apps.stakeholders.queries import escalations as queries
from apps.stakeholders.rules import escalation as rules
from apps.stakeholders.rules.escalation import OnCall, Step
from apps.stakeholders.states import CASE, CaseState


def enter(case: EscalationCase, version: ProtocolVersion, number: int, at: datetime) -> None:
    """Ask at a step; at the one after it where everybody is a party; where no step is left, the ladder is used up."""
    steps = queries.steps_of(version)
    while number <= len(steps):
        found = on_call(case, version, number, at)
        row = CaseStep(case=case, number=number, asked_at=at)
        save_new(row)
        _ask(row, found, at)
        case.step = number
        event = events.CaseStepReached(
            case_id=case.pk,
            step=number,
            asked=found.asked,
            recused=tuple(person for person, _ in found.recused),
            held=not found.asked and not found.is_skipped,
        )
        tell(case, event, None, at)
        if found.is_skipped:
            row.left_at, row.outcome = at, "skipped: everybody is a party"
            row.save()
            number += 1
            continue
        if found.asked:
            run(case, version, step_of(version, number).limit, at)
        else:
            hold(case, found, step_of(version, number).limit)
        return
    case.due_at, case.left, case.held_because = None, None, ""
    move(case, CaseState.EXHAUSTED)
    case.save()
    tell(case, events.CaseExhausted(case_id=case.pk), None, at)


def run(case: EscalationCase, version: ProtocolVersion, limit: timedelta, at: datetime) -> None:
    """Let the clock of its step run for `limit` of working time from `at`."""
    if case.state != CaseState.OPEN:
        move(case, CaseState.OPEN)
    case.due_at, case.left, case.held_because = queries.calendar_for(version).after(at, limit), None, ""
    case.save()
    case.ladder.filter(number=case.step).update(due_at=case.due_at)


def hold(case: EscalationCase, found: OnCall, left: timedelta) -> None:
    """Let the clock stand still because nobody of the step is on call; `left` of working time is kept."""
    if case.state != CaseState.ON_HOLD:
        move(case, CaseState.ON_HOLD)
    case.due_at, case.left = None, left
    away = Person.objects.filter(pk__in=found.away).order_by("name").values_list("name", flat=True)
    who = f": {', '.join(away)} away" if found.away else ""
    case.held_because = f"Nobody of step {case.step} is on call{who}."[:300]
    case.save()
    case.ladder.filter(number=case.step).update(due_at=None)


def resume(case: EscalationCase, version: ProtocolVersion, found: OnCall, at: datetime) -> None:
    """Let a held clock run on with what was left, and ask whoever is back."""
    assert case.left is not None  # a constraint says so
    row = case.ladder.get(number=case.step)
    _ask(row, found, at)
    run(case, version, case.left, at)
    tell(case, events.CaseResumed(case_id=case.pk, step=case.step, asked=found.asked), None, at)


def _ask(row: CaseStep, found: OnCall, at: datetime) -> None:
    known = set(row.asks.values_list("person_id", flat=True))
    told = [(person, "") for person in found.asked] + list(found.recused)
    for person, why in told:
        if person not in known:
            save_new(CaseAsk(step=row, person_id=person, recused_because=why, asked_at=at))


def leave(case: EscalationCase, at: datetime, outcome: str) -> None:
    """Say what came of the step it stands on."""
    case.ladder.filter(number=case.step, left_at__isnull=True).update(left_at=at, outcome=outcome)


def stop(case: EscalationCase, at: datetime, outcome: str) -> None:
    """The clock stands still for good."""
    leave(case, at, outcome)
    case.due_at, case.left, case.held_because = None, None, ""


def on_call(case: EscalationCase, version: ProtocolVersion, number: int, at: datetime) -> OnCall:
    """Whom a step of the version would ask at `at`: who stands there, less the parties and those away."""
    step, calendar = step_of(version, number), queries.calendar_for(version)
    return rules.on_call(step, queries.candidates(step, queries.sides_of(case), calendar, at))


def step_of(version: ProtocolVersion, number: int) -> Step:
    """A step of the version by its number, from 1."""
    return queries.steps_of(version)[number - 1]


def version_of(case: EscalationCase) -> ProtocolVersion:
    """The version of the protocol that the case follows, with what its clock needs."""
    rows = ProtocolVersion.objects.select_related("protocol__calendar").prefetch_related("steps")
    return rows.get(pk=case.version_of_id)


def tell(case: EscalationCase, event: Event, actor: Person | None, at: datetime) -> None:
    """Write it into the journal under the case."""
    journal.record(event, subject=case, actor=actor, at=at)


def move(case: EscalationCase, target: CaseState) -> None:
    """To another state that the machine allows; writers save it with what else they changed."""
    CASE.require(case.state, target)
    case.state = target
    case.version += 1
