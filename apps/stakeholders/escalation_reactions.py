"""Whom cases tell: who is asked, the parties, and who keeps protocols when a ladder is used up. Idempotent by entry."""

from collections.abc import Iterable

from apps.accounts.models import Person
from apps.accounts.rules import Role
from apps.journal.actions import subscribe
from apps.journal.models import Entry
from apps.notify.actions.telling import tell
from apps.stakeholders import events
from apps.stakeholders.models import EscalationCase, Resolution
from apps.stakeholders.queries import escalations as queries
from apps.stakeholders.rules.escalation import Act, Asks
from apps.stakeholders.states import CaseState

KIND = "escalation"


@subscribe("stakeholders.case_step_reached", events.CaseStepReached)
def tell_of_step(entry: Entry) -> None:
    """Tell whoever a step asks, while the case stands there and nobody has taken it."""
    _ask(entry, entry.data["asked"])


@subscribe("stakeholders.case_resumed", events.CaseResumed)
def tell_of_resumption(entry: Entry) -> None:
    """Tell whoever came back."""
    _ask(entry, entry.data["asked"])


@subscribe("stakeholders.case_acknowledged", events.CaseAcknowledged)
def tell_of_acknowledgement(entry: Entry) -> None:
    """Tell the parties who has taken the case."""
    case = _case(entry)
    _tell(entry, _parties(case), f"{case.acknowledged_by or entry.actor} has taken {case.reference}", case.title)


@subscribe("stakeholders.resolution_proposed", events.ResolutionProposed)
def tell_of_resolution(entry: Entry) -> None:
    """Ask the parties to read and sign."""
    case, row = _case(entry), Resolution.objects.get(pk=entry.data["resolution_id"])
    if case.state == CaseState.SETTLING:
        _tell(entry, _parties(case), f"{case.reference} waits for your signature or your no", row.text)


@subscribe("stakeholders.resolution_refused", events.ResolutionRefused)
def tell_of_refusal(entry: Entry) -> None:
    """Tell who proposed it."""
    case, row = _case(entry), Resolution.objects.select_related("proposed_by").get(pk=entry.data["resolution_id"])
    _tell(entry, [row.proposed_by], f"A party refused your resolution of {case.reference}", entry.data["reason"])


@subscribe("stakeholders.case_ended", events.CaseResolved, events.CaseWithdrawn)
def tell_of_end(entry: Entry) -> None:
    """Tell everybody who had to do with it."""
    case = _case(entry)
    asked = Person.objects.filter(pk__in=case.ladder.filter(asks__recused_because="").values("asks__person"))
    people = {one.pk: one for one in [*_parties(case), *asked]}
    _tell(entry, people.values(), f"{case.reference} is {case.state}", case.title)


@subscribe("stakeholders.case_exhausted", events.CaseExhausted)
def tell_of_exhaustion(entry: Entry) -> None:
    """Tell chairs and administrators that nobody answered on any step."""
    case = _case(entry)
    keepers = Person.objects.filter(role_grants__role__in=[Role.BOARD_CHAIR, Role.ADMINISTRATOR]).distinct()
    _tell(entry, keepers, f"Nobody answered {case.reference} on any step", case.title)


@subscribe("stakeholders.case_held", events.CaseHeld)
def tell_of_hold(entry: Entry) -> None:
    """Tell who opened it that the clock stands still, and why."""
    case = _case(entry)
    if case.opened_by:
        _tell(entry, [case.opened_by], f"The clock of {case.reference} stands still", entry.data["reason"])


def _ask(entry: Entry, people: list[int]) -> None:
    case = _case(entry)
    if case.state != CaseState.OPEN or case.step != entry.data["step"]:
        return
    step = queries.steps_of(case.version_of)[case.step - 1]
    if step.asks == Asks.PARTIES:
        title = f"{case.reference}: talk to the other party about “{case.title}”"
    else:
        words = {Act.NOTIFY: "know of it", Act.ASK: "you are asked to decide", Act.HAND_OVER: "you take it over"}
        title = f"{case.reference}: {words[step.act]}: {case.title}"
    until = f" The next step follows on {case.due_at:%-d %B %Y %H:%M} UTC." if case.due_at else ""
    _tell(entry, Person.objects.filter(pk__in=people), title, f"{case.reason}{until}")


def _tell(entry: Entry, people: Iterable[Person], title: str, body: str) -> None:
    case = _case(entry)
    seeing = [one for one in people if EscalationCase.objects.visible_to(one).filter(pk=case.pk).exists()]
    tell(seeing, entry=entry, kind=KIND, title=title, body=body, url=case.get_absolute_url(), at=entry.at)


def _case(entry: Entry) -> EscalationCase:
    rows = EscalationCase.objects.select_related("acknowledged_by", "opened_by", "version_of")
    return rows.prefetch_related("version_of__steps").get(pk=entry.data["case_id"])


def _parties(case: EscalationCase) -> list[Person]:
    return list(Person.objects.filter(pk__in=queries.sides_of(case).reasons))
