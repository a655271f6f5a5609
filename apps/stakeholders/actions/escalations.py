"""Cases: opening them, the clock that climbs the ladder, taking them, and what ends them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from json import dumps
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.accounts.models import Person
from apps.clusters.actions.clusters import save_checked, save_new
from apps.clusters.models import Cluster
from apps.clusters.queries import owning_people
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, WrongState
from apps.stakeholders import events
from apps.stakeholders.actions import ladder
from apps.stakeholders.models import (
    CaseParty,
    EscalationCase,
    EscalationProtocol,
    Resolution,
    ResolutionSignature,
)
from apps.stakeholders.queries import escalations as queries
from apps.stakeholders.rules import escalation as rules
from apps.stakeholders.rules.escalation import ResolutionKind
from apps.stakeholders.rules.initiatives import require_text
from apps.stakeholders.states import CASE, CaseState

SHORTEST_LEFT = timedelta(seconds=1)  # of working time: a clock that was held has a moment left
BATCH = 200


@transaction.atomic
def open_case(
    *,
    protocol: EscalationProtocol,
    title: str,
    reason: str,
    clusters: Collection[Cluster],
    opener: Person | None,
    people: Iterable[Person] = (),
    key: str = "",
    subject_url: str = "",
    at: datetime,
) -> EscalationCase:
    """Bring a conflict up: whoever stands on the first step of the protocol's published version is asked at once.

    `opener` None is a rule (with its `key`). Refuses fewer than two parties, who has no part in it, a protocol that is
    not published, and a second case about the same.
    """
    parties = [*clusters, *people]
    rules.require_parties(len(parties))
    if opener is not None:
        owns_one = any(owning_people([one.pk]).filter(pk=opener.pk).exists() for one in clusters)
        rules.require_may_open(opener.capabilities, owns_one=owns_one)
    version = queries.published_version(protocol)
    if version is None:
        raise WrongState(f"{protocol} is not published.", next_step="Have its draft published, or choose another.")
    EscalationProtocol.objects.select_for_update().get(pk=protocol.pk)  # numbers and keys take turns
    last = EscalationCase.objects.aggregate(last=Max("number"))["last"] or 0
    case = EscalationCase(
        number=last + 1,
        version_of=version,
        title=require_text(title, field="title", most=rules.LONGEST_NAME, what="The title"),
        reason=require_text(reason, field="reason", most=rules.LONGEST_REASON, what="The reason"),
        key=key,
        subject_url=subject_url,
        step=1,
        due_at=at,
        opened_by=opener,
        opened_at=at,
    )
    save_new(case)
    for cluster in clusters:
        save_new(CaseParty(case=case, cluster=cluster))
    for person in people:
        save_new(CaseParty(case=case, person=person))
    ladder.tell(case, events.CaseOpened(case_id=case.pk, key=key), opener, at)
    ladder.enter(case, version, 1, at)
    return case


@transaction.atomic
def escalate(*, case_id: int, at: datetime) -> bool:
    """Take a case whose time is up to its next step; False where it is not due, or somebody was quicker.

    Safe to run twice, beside another, and after a restart: a case is due once, and reaches each step once. However
    late it is noticed, it climbs one step, and that one has its whole time.
    """
    rows = EscalationCase.objects.select_for_update(of=("self",), skip_locked=True)
    case = rows.filter(pk=case_id, state=CaseState.OPEN, due_at__lte=at).first()
    if case is None:
        return False
    ladder.leave(case, at, "no answer in time")
    ladder.enter(case, ladder.version_of(case), case.step + 1, at)
    return True


@transaction.atomic
def watch(*, case_id: int, at: datetime) -> bool:
    """Hold the clock of a case when nobody of its step is on call any more, and let it run on when somebody is."""
    rows = EscalationCase.objects.select_for_update(of=("self",), skip_locked=True)
    case = rows.filter(pk=case_id, state__in=[CaseState.OPEN, CaseState.ON_HOLD]).first()
    if case is None:
        return False
    version = ladder.version_of(case)
    found = ladder.on_call(case, version, case.step, at)
    if case.state == CaseState.OPEN and not found.asked:
        calendar = queries.calendar_for(version)
        assert case.due_at is not None  # a constraint says so
        left = max(calendar.between(at, case.due_at), SHORTEST_LEFT)
        ladder.hold(case, found, left)
        event = events.CaseHeld(case_id=case.pk, step=case.step, reason=case.held_because)
        ladder.tell(case, event, None, at)
        return True
    if case.state == CaseState.ON_HOLD and found.asked:
        ladder.resume(case, version, found, at)
        return True
    return False


def run_clocks(*, at: datetime) -> int:
    """Everything that is due: cases climb, are held, and run on; returns how many. Each is its own transaction."""
    done = 0
    for pk in list(queries.due_cases(at).order_by("due_at").values_list("pk", flat=True)[:BATCH]):
        done += escalate(case_id=pk, at=at)
    running = EscalationCase.objects.filter(state__in=[CaseState.OPEN, CaseState.ON_HOLD]).order_by("pk")
    for pk in list(running.values_list("pk", flat=True)):  # all: one that is never looked at would be held for ever
        done += watch(case_id=pk, at=at)
    return done


@transaction.atomic
def acknowledge(*, case_id: int, person: Person, step: int, at: datetime) -> EscalationCase:
    """Take a case: its clock stops. `step` is the one that was read; refused when the case has moved on since."""
    case = _locked(case_id, person)
    rules.require_current(step, case.step)
    _require_decides(case, person, "acknowledge")
    CASE.require(case.state, CaseState.ACKNOWLEDGED)
    ladder.move(case, CaseState.ACKNOWLEDGED)
    case.due_at, case.acknowledged_by, case.acknowledged_at = None, person, at
    case.save()
    ladder.tell(case, events.CaseAcknowledged(case_id=case.pk, step=case.step), person, at)
    return case


@transaction.atomic
def release(*, case_id: int, person: Person, reason: str, at: datetime) -> EscalationCase:
    """Give a case back that one took: the clock of its step begins anew."""
    case = _locked(case_id, person)
    said = require_text(reason, field="reason", most=rules.LONGEST_REASON, what="The reason")
    if case.state != CaseState.ACKNOWLEDGED:
        raise WrongState("Nobody has taken this case.", next_step="Reload the page.")
    if case.acknowledged_by_id != person.pk:
        raise NotAllowed(f"{case.acknowledged_by} has taken this case.", next_step="Ask them to give it back.")
    event = events.CaseReleased(case_id=case.pk, step=case.step, reason=said)
    ladder.tell(case, event, person, at)
    version = ladder.version_of(case)
    found = ladder.on_call(case, version, case.step, at)
    case.acknowledged_by = case.acknowledged_at = None
    limit = ladder.step_of(version, case.step).limit
    if found.asked:
        ladder.run(case, version, limit, at)
    else:
        ladder.hold(case, found, limit)
    return case


@transaction.atomic
def state_position(
    *,
    case_id: int,
    party_id: int,
    person: Person,
    benefit: Decimal,
    cost: Decimal,
    currency: str,
    evidence: str,
    at: datetime,
) -> CaseParty:
    """Say what the thing in conflict is worth to one's own party: benefit, cost, and what that rests on."""
    case = _locked(case_id, person)
    _require_unfinished(case)
    row = _own_party(case, party_id, person)
    if benefit < 0 or cost < 0 or not (benefit.is_finite() and cost.is_finite()):
        raise Invalid("Benefit and cost are not below nothing.", next_step="Say a loss as a cost.")
    others = set(case.parties.exclude(pk=row.pk).exclude(currency="").values_list("currency", flat=True))
    if others - {currency}:
        raise Invalid(
            f"The other parties count in {', '.join(sorted(others))}.",
            next_step="Say it in the same currency: positions are not converted.",
            fields={"currency": ["Another one than the others."]},
        )
    row.benefit, row.cost, row.currency = benefit, cost, currency
    row.evidence = require_text(evidence, field="evidence", most=300, what="What it rests on")
    save_checked(row)
    ladder.tell(case, events.PositionStated(case_id=case.pk, party_id=row.pk), person, at)
    return row


@transaction.atomic
def propose_resolution(
    *,
    case_id: int,
    person: Person,
    kind: str,
    text: str,
    transfers: Sequence[Mapping[str, Any]] = (),
    at: datetime,
) -> Resolution:
    """Put forward what ends the conflict; both parties sign it. A decision over both ends it at once.

    `transfers` are of parties' ids: giver, taker, amount, currency. Refuses parties, and whoever was not asked.
    """
    case = _locked(case_id, person)
    _require_decides(case, person, "resolve")
    rules.require_transfer(kind, transfers)
    said = _checked_transfers(case, transfers)
    body = require_text(text, field="text", most=rules.LONGEST_REASON, what="What is agreed")
    target = CaseState.RESOLVED if kind == ResolutionKind.OVERRIDE else CaseState.SETTLING
    CASE.require(case.state, target)
    number = (case.resolutions.aggregate(last=Max("number"))["last"] or 0) + 1
    row = Resolution(
        case=case,
        number=number,
        kind=kind,
        text=body,
        transfers=said,
        digest=sha256(dumps([case.number, number, kind, body, said], sort_keys=True).encode()).hexdigest(),
        proposed_by=person,
        proposed_at=at,
    )
    save_new(row)
    event = events.ResolutionProposed(case_id=case.pk, resolution_id=row.pk, digest=row.digest)
    ladder.tell(case, event, person, at)
    ladder.stop(case, at, "somebody proposed a resolution")
    if target == CaseState.RESOLVED:
        _resolve(case, row, person, at)
    else:
        ladder.move(case, target)
        case.acknowledged_by, case.acknowledged_at = person, case.acknowledged_at or at
        case.save()
    return row


@transaction.atomic
def sign_resolution(*, case_id: int, party_id: int, signer: Person, digest: str, at: datetime) -> EscalationCase:
    """Sign for one's party, under the hash of the text that was read; the last party's signature resolves the case."""
    case = _locked(case_id, signer)
    row = _standing_resolution(case)
    rules.require_seen(digest, row.digest)
    party = _own_party(case, party_id, signer)
    if row.signatures.filter(signer=signer).exists():
        raise Conflict("Nobody signs for two parties.", next_step="Ask another owner of the other cluster to sign.")
    save_new(ResolutionSignature(resolution=row, party=party, signer=signer, digest=digest, signed_at=at))
    event = events.ResolutionSigned(case_id=case.pk, resolution_id=row.pk, party_id=party.pk, digest=digest)
    ladder.tell(case, event, signer, at)
    if row.signatures.count() == case.parties.count():
        _resolve(case, row, signer, at)
    return case


@transaction.atomic
def refuse_resolution(*, case_id: int, person: Person, reason: str, at: datetime) -> EscalationCase:
    """Say no for one's party: the case goes back to whoever proposed it. What was signed binds nobody."""
    case = _locked(case_id, person)
    row = _standing_resolution(case)
    if not queries.parties_signed_for_by(person, case):
        raise NotAllowed("Only a party refuses a resolution.", next_step="Tell them what you think of it.")
    row.refused_because = require_text(reason, field="reason", most=rules.LONGEST_REASON, what="The reason")
    row.refused_by, row.refused_at = person, at
    row.save()
    ladder.move(case, CaseState.ACKNOWLEDGED)
    case.save()
    event = events.ResolutionRefused(case_id=case.pk, resolution_id=row.pk, reason=row.refused_because)
    ladder.tell(case, event, person, at)
    return case


@transaction.atomic
def withdraw_case(*, case_id: int, person: Person, reason: str, at: datetime) -> EscalationCase:
    """End a case without a resolution: by who opened it, or an administrator who is no party."""
    case = _locked(case_id, person)
    who = queries.standing_of(person, case)
    if not (who.opened_it or (who.administers and not who.is_party)):
        raise NotAllowed("Only who opened this case withdraws it.", next_step="Ask them, or an administrator.")
    said = require_text(reason, field="reason", most=rules.LONGEST_REASON, what="The reason")
    CASE.require(case.state, CaseState.WITHDRAWN)
    ladder.stop(case, at, "withdrawn")
    ladder.move(case, CaseState.WITHDRAWN)
    case.ended_at, case.end_reason = at, said
    case.save()
    ladder.tell(case, events.CaseWithdrawn(case_id=case.pk, reason=said), person, at)
    return case


def _resolve(case: EscalationCase, row: Resolution, person: Person, at: datetime) -> None:
    ladder.move(case, CaseState.RESOLVED)
    case.ended_at = at
    case.save()
    event = events.CaseResolved(case_id=case.pk, resolution_id=row.pk, kind=row.kind, digest=row.digest)
    ladder.tell(case, event, person, at)


def _require_decides(case: EscalationCase, person: Person, act: str) -> None:
    first = rules.deciding_from(queries.steps_of(ladder.version_of(case)), case.step)
    who = queries.standing_of(person, case)
    rules.require_decides(who, first=first, current=case.step, act=act)


def _require_unfinished(case: EscalationCase) -> None:
    if case.ended_at is not None:
        raise WrongState("This case is over.", next_step="Open another one if the conflict is back.")


def _own_party(case: EscalationCase, party_id: int, person: Person) -> CaseParty:
    found = next((one for one in queries.parties_signed_for_by(person, case) if one.pk == party_id), None)
    if found is None:
        raise NotAllowed("You do not speak for this party.", next_step="Ask an owner of the cluster.")
    return found


def _standing_resolution(case: EscalationCase) -> Resolution:
    if case.state != CaseState.SETTLING:
        raise WrongState("No resolution waits for signatures.", next_step="Reload the page.")
    return case.resolutions.order_by("-number")[0]


def _checked_transfers(case: EscalationCase, transfers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    known = set(case.parties.values_list("pk", flat=True))
    found = []
    for one in transfers:
        amount = Decimal(one["amount"])
        if not {one["giver"], one["taker"]} <= known or one["giver"] == one["taker"] or not amount > 0:
            raise Invalid(
                "A transfer goes from one party of the case to another, above 0.",
                next_step="Correct the amounts.",
                fields={"transfers": ["From one party to another, above 0."]},
            )
        found.append(
            {"giver": one["giver"], "taker": one["taker"], "amount": f"{amount:.2f}", "currency": one["currency"]}
        )
    return found


def _locked(case_id: int, person: Person) -> EscalationCase:
    rows = EscalationCase.objects.visible_to(person).select_for_update(of=("self",))
    case = rows.select_related("acknowledged_by").filter(pk=case_id).first()
    if case is None:
        raise NotFound("There is no such case.", next_step="Go back to the escalations.")
    return case
