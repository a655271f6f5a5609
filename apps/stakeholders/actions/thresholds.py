"""Writing and adopting the floor; offering, signing and ending agreements on thresholds."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.accounts.models import Person
from apps.clusters.actions.clusters import save_new
from apps.clusters.models import Cluster
from apps.clusters.queries import standing
from apps.clusters.rules.parts import Standing
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, Invalid, NotFound, StaleRevision, WrongState
from apps.stakeholders import events
from apps.stakeholders.models import ThresholdAgreement, ThresholdFloor, ThresholdOffer, ThresholdSignature
from apps.stakeholders.queries import thresholds as queries
from apps.stakeholders.rules import negotiating as rules
from apps.stakeholders.rules import thresholds as texts
from apps.stakeholders.rules.levels import Threshold
from apps.stakeholders.rules.negotiating import Side
from apps.stakeholders.rules.proofs import Proof
from apps.stakeholders.states import AGREEMENT, FLOOR, AgreementState, FloorState

LONGEST_FLOOR_NOTE = 500  # characters


@transaction.atomic
def write_floor(*, author: Person, thresholds: Any, note: str, at: datetime, based_on: int = 0) -> ThresholdFloor:
    """Write the draft of the next floor, or write it anew; whoever wrote it last is its author.

    `based_on` is the version of the draft that the author saw, 0 where they saw none. Refuses others than those who
    keep the boards, and what is no text of thresholds.
    """
    rules.require_may_write_floor(_standing(author))
    said = _read(thresholds)
    text = note.strip()
    if len(text) > LONGEST_FLOOR_NOTE:
        raise Invalid("The note is too long.", next_step=f"Say in {LONGEST_FLOOR_NOTE} characters what is new.")
    drafts = _locked_floors().filter(state=FloorState.DRAFT)
    floor = drafts.first() or ThresholdFloor(number=_next_floor(), version=0)
    if floor.version != based_on:
        raise StaleRevision("Someone else wrote this draft first.", next_step="Reload it and make your change again.")
    floor.thresholds = texts.data_of(queries.columns(), said)
    floor.digest = texts.digest({"thresholds": floor.thresholds})
    floor.note, floor.written_by, floor.written_at, floor.version = text, author, at, based_on + 1
    floor.save()
    event = events.ThresholdFloorWritten(floor_id=floor.pk, digest=floor.digest)
    journal.record(event, subject=floor, actor=author, at=at)
    return floor


@transaction.atomic
def adopt_floor(*, floor_id: int, adopter: Person, digest: str, at: datetime) -> ThresholdFloor:
    """Put a draft in force in the place of the floor before it. Never by its author.

    `digest` is the hash of what the adopter read. Agreements that ask less from now on stay as they are; the floor
    counts beside them, and the check of thresholds names each with its counter-example.
    """
    floor = _locked_floor(floor_id)
    rules.require_may_adopt(_standing(adopter), wrote_it=adopter.pk == floor.written_by_id)
    FLOOR.require(floor.state, FloorState.IN_FORCE)
    rules.require_seen(digest, floor.digest)
    before = ThresholdFloor.objects.filter(state=FloorState.IN_FORCE).first()
    if before:
        _move_floor(before, FloorState.SUPERSEDED)
        before.ended_at = at
        before.save()
    _move_floor(floor, FloorState.IN_FORCE)
    floor.adopted_by, floor.adopted_at = adopter, at
    floor.save()
    event = events.ThresholdFloorAdopted(
        floor_id=floor.pk, digest=floor.digest, superseded_id=before.pk if before else None
    )
    journal.record(event, subject=floor, actor=adopter, at=at)
    return floor


@transaction.atomic
def discard_floor(*, floor_id: int, person: Person, at: datetime) -> ThresholdFloor:
    """Give up the draft of a floor; its text stays readable."""
    floor = _locked_floor(floor_id)
    rules.require_may_write_floor(_standing(person))
    _move_floor(floor, FloorState.DISCARDED)
    floor.ended_at = at
    floor.save()
    journal.record(events.ThresholdFloorDiscarded(floor_id=floor.pk), subject=floor, actor=person, at=at)
    return floor


@transaction.atomic
def open_negotiation(
    *,
    cluster: Cluster,
    proposer: Person,
    thresholds: Any,
    effective_on: date,
    review_on: date,
    note: str,
    at: datetime,
) -> ThresholdOffer:
    """Propose thresholds for a cluster: its first offer. Either side may.

    A text that asks less than the floor may be offered, as an offer is talk; its page shows the counter-example, and
    nobody can sign it. Refuses who speaks for neither side, and a second negotiation beside an open one.
    """
    side = rules.require_side(standing(proposer, cluster), cluster=cluster.name)
    Cluster.objects.select_for_update().get(pk=cluster.pk)  # proposals for one cluster take turns
    if queries.open_agreement(cluster):
        raise Conflict(
            f"Thresholds of {cluster.name} are being negotiated already.",
            next_step="Make your offer there, or break that negotiation off.",
        )
    numbered = ThresholdAgreement.objects.filter(cluster=cluster).aggregate(last=Max("number"))
    number = (numbered["last"] or 0) + 1
    agreement = ThresholdAgreement(cluster=cluster, number=number, opened_by=proposer, opened_at=at)
    save_new(agreement)
    return _offered(agreement, 1, side, proposer, _read(thresholds), effective_on, review_on, note, at)


@transaction.atomic
def make_offer(
    *,
    agreement_id: int,
    author: Person,
    seen: int,
    thresholds: Any,
    effective_on: date,
    review_on: date,
    note: str,
    at: datetime,
) -> ThresholdOffer:
    """Make the next offer of a negotiation; either side may. Signatures under the offer before it bind nobody.

    `seen` is the number of the last offer the author read. Refuses the same text again: that one is signed instead.
    """
    agreement = _locked(agreement_id, author)
    side = rules.require_side(standing(author, agreement.cluster), cluster=agreement.cluster.name)
    last = _last_offer(agreement)
    if seen != last.number:
        raise StaleRevision(
            "Another offer was made while you wrote yours.", next_step="Read it first; yours is still in the form."
        )
    offer = _offered(agreement, last.number + 1, side, author, _read(thresholds), effective_on, review_on, note, at)
    if offer.digest == last.digest:
        raise Conflict(f"This says the same as offer {last.number}.", next_step="Sign that one instead.")
    return offer


@transaction.atomic
def sign_offer(*, agreement_id: int, signer: Person, digest: str, at: datetime) -> ThresholdAgreement:
    """Sign the last offer for one's side; the second side's signature makes it an agreement.

    `digest` is the hash of the text the signer saw: under another text there is no signature. Refused, with the
    counter-example, while the text asks less than the floor in force. In force at once where its first day has come.
    """
    floor = _floor_kept()
    agreement = _locked(agreement_id, signer)
    side = rules.require_side(standing(signer, agreement.cluster), cluster=agreement.cluster.name)
    offer = _last_offer(agreement)
    rules.require_seen(digest, offer.digest)
    signed = {one.side: one.signer_id for one in offer.signatures.all()}
    mine = next((side for side, signer_id in signed.items() if signer_id == signer.pk), "")
    rules.require_may_sign(
        side, offered_by_side=offer.side, is_author=offer.author_id == signer.pk, has_signed_for=mine
    )
    proof = require_above_floor(queries.thresholds_of(offer), floor)
    save_new(ThresholdSignature(offer=offer, side=side, signer=signer, digest=digest, signed_at=at))
    event = events.ThresholdsSigned(agreement_id=agreement.pk, offer_id=offer.pk, side=side, digest=digest)
    journal.record(event, subject=agreement, actor=signer, at=at)
    if side.other in signed:
        _agreed(agreement, offer, floor, proof, signer, at)
    return agreement


@transaction.atomic
def break_off(*, agreement_id: int, person: Person, reason: str, at: datetime) -> ThresholdAgreement:
    """End a negotiation, or an agreement whose first day has not come; what was in force stays. Either side may."""
    agreement = _locked(agreement_id, person, still_open=False)
    rules.require_side(standing(person, agreement.cluster), cluster=agreement.cluster.name)
    said = rules.require_note(reason, of="Breaking off a negotiation")
    _move(agreement, AgreementState.BROKEN_OFF)
    agreement.ended_at, agreement.end_reason = at, said
    agreement.save()
    event = events.ThresholdNegotiationBrokenOff(agreement_id=agreement.pk, reason=said)
    journal.record(event, subject=agreement, actor=person, at=at)
    return agreement


@transaction.atomic
def bring_into_force(*, agreement_id: int, at: datetime) -> bool:
    """Bring a signed agreement into force on its first day; False where it is not due or somebody was quicker."""
    rows = ThresholdAgreement.objects.select_for_update(of=("self",), skip_locked=True)
    agreement = rows.select_related("cluster", "offer").filter(pk=agreement_id, state=AgreementState.AGREED).first()
    if agreement is None or agreement.offer is None:
        return False
    if agreement.offer.effective_on > queries.today_of(agreement.cluster, at):
        return False
    _begin(agreement, at)
    return True


def require_above_floor(said: tuple[Threshold, ...], floor: ThresholdFloor | None) -> Proof:
    """The proof that a text holds the floor; refuses, with the counter-examples, one that does not."""
    proof = queries.proof_of(said, floor)
    if not proof.holds:
        more = len(proof.examples) - 1
        raise WrongState(
            f"This text asks less than the enterprise floor. {proof.examples[0].sentence}"
            + (f" And {more} more." if more else ""),
            next_step="Make an offer that asks at least as much there, or have the floor changed first.",
            fields={"thresholds": [one.sentence for one in proof.examples]},
            code="below_floor",
        )
    return proof


def _offered(  # what an offer says
    agreement: ThresholdAgreement,
    number: int,
    side: Side,
    author: Person,
    said: tuple[Threshold, ...],
    effective_on: date,
    review_on: date,
    note: str,
    at: datetime,
) -> ThresholdOffer:
    cluster = agreement.cluster
    rules.require_days(effective_on=effective_on, review_on=review_on, today=queries.today_of(cluster, at))
    data = texts.data_of(queries.columns(), said)
    offer = ThresholdOffer(
        agreement=agreement,
        number=number,
        side=side,
        author=author,
        made_at=at,
        thresholds=data,
        effective_on=effective_on,
        review_on=review_on,
        note=rules.require_note(note, of="An offer"),
        digest=texts.digest(queries.said_of(cluster, agreement.number, data, effective_on, review_on)),
    )
    save_new(offer)
    event = events.ThresholdsOffered(
        agreement_id=agreement.pk, offer_id=offer.pk, number=number, side=side, digest=offer.digest
    )
    journal.record(event, subject=agreement, actor=author, at=at)
    return offer


def _agreed(
    agreement: ThresholdAgreement,
    offer: ThresholdOffer,
    floor: ThresholdFloor | None,
    proof: Proof,
    signer: Person,
    at: datetime,
) -> None:
    _move(agreement, AgreementState.AGREED)
    agreement.offer, agreement.floor, agreement.proof, agreement.agreed_at = offer, floor, proof.as_data(), at
    agreement.save()
    event = events.ThresholdsAgreed(
        agreement_id=agreement.pk, offer_id=offer.pk, digest=offer.digest, floor_id=floor.pk if floor else None
    )
    journal.record(event, subject=agreement, actor=signer, at=at)
    if offer.effective_on <= queries.today_of(agreement.cluster, at):
        _begin(agreement, at)


def _begin(agreement: ThresholdAgreement, at: datetime) -> None:
    rows = ThresholdAgreement.objects.select_for_update()
    before = rows.filter(cluster=agreement.cluster, state=AgreementState.IN_FORCE).first()
    if before:
        _move(before, AgreementState.SUPERSEDED)
        before.ended_at = at
        before.save()
    _move(agreement, AgreementState.IN_FORCE)
    agreement.in_force_at = at
    agreement.save()
    event = events.ThresholdsInForce(agreement_id=agreement.pk, superseded_id=before.pk if before else None)
    journal.record(event, subject=agreement, actor=None, at=at)


def _read(data: Any) -> tuple[Threshold, ...]:
    return texts.thresholds_from(queries.columns(), data)


def _last_offer(agreement: ThresholdAgreement) -> ThresholdOffer:
    found = agreement.offers.order_by("-number").first()
    assert found is not None  # a negotiation begins with one
    return found


def _locked(agreement_id: int, person: Person, *, still_open: bool = True) -> ThresholdAgreement:
    rows = ThresholdAgreement.objects.visible_to(person).select_for_update(of=("self",)).select_related("cluster")
    agreement = rows.filter(pk=agreement_id).first()
    if agreement is None:
        raise NotFound("There is no such agreement.", next_step="Go back to the thresholds.")
    if still_open and agreement.state != AgreementState.NEGOTIATING:
        raise WrongState(
            f"This agreement is {agreement.state.replace('_', ' ')}: nothing is negotiated here any more.",
            next_step="Propose the next one on the cluster's thresholds.",
        )
    return agreement


def _locked_floors() -> Any:
    """Floors under their lock: drafts, adoptions and proofs against a floor take turns."""
    list(ThresholdFloor.objects.select_for_update().order_by("pk").values_list("pk", flat=True))
    return ThresholdFloor.objects.select_related("written_by")


def _locked_floor(floor_id: int) -> ThresholdFloor:
    floor: ThresholdFloor | None = _locked_floors().filter(pk=floor_id).first()
    if floor is None:
        raise NotFound("There is no such version of the floor.", next_step="Go back to the thresholds.")
    return floor


def _floor_kept() -> ThresholdFloor | None:
    """The floor in force, kept as it is until this transaction ends: what is proven against it stays true.

    All versions are locked first and the one in force is asked for after: a lock on that row alone would come back
    empty-handed when another version took its place meanwhile.
    """
    found: ThresholdFloor | None = _locked_floors().filter(state=FloorState.IN_FORCE).first()
    return found


def _next_floor() -> int:
    return (ThresholdFloor.objects.aggregate(last=Max("number"))["last"] or 0) + 1


def _move_floor(floor: ThresholdFloor, target: FloorState) -> None:
    FLOOR.require(floor.state, target)
    floor.state = target
    floor.version += 1


def _move(agreement: ThresholdAgreement, target: AgreementState) -> None:
    AGREEMENT.require(agreement.state, target)
    agreement.state = target
    agreement.version += 1


def _standing(person: Person) -> Standing:
    return Standing(person.capabilities)
