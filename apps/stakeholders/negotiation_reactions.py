"""Whom the area tells, and when its checks run again. Each reaction is idempotent by entry."""

from apps.accounts.models import Person
from apps.clusters import checks
from apps.clusters import events as map_events
from apps.journal.actions import subscribe
from apps.journal.models import Entry
from apps.notify.actions.telling import tell
from apps.stakeholders import events
from apps.stakeholders.models import ThresholdAgreement, ThresholdOffer
from apps.stakeholders.queries import threshold_checks
from apps.stakeholders.queries.thresholds import people_of
from apps.stakeholders.rules.negotiating import Side
from apps.stakeholders.states import AgreementState


def register() -> None:
    """The checks that this area keeps."""
    checks.register(
        checks.Check(threshold_checks.CHECKER, threshold_checks.VERSION, threshold_checks.evaluated),
        events.ThresholdFloorAdopted,
        events.ThresholdsInForce,
        map_events.ClusterFounded,
        map_events.ClusterDescribed,
    )


@subscribe("stakeholders.thresholds_offered", events.ThresholdsOffered)
def tell_of_offer(entry: Entry) -> None:
    """Tell the other side of an offer that still stands."""
    offer = ThresholdOffer.objects.select_related("agreement__cluster", "author").get(pk=entry.data["offer_id"])
    agreement = offer.agreement
    is_last = not agreement.offers.filter(number__gt=offer.number).exists()
    if agreement.state != AgreementState.NEGOTIATING or not is_last:
        return
    which = "proposes thresholds" if offer.number == 1 else "makes a counter-proposal on the thresholds"
    tell(
        people_of(Side(offer.side).other, agreement.cluster),
        entry=entry,
        kind="agreement",
        title=f"{offer.author} {which} for {agreement.cluster}",
        body=offer.note,
        url=agreement.get_absolute_url(),
        at=entry.at,
    )


@subscribe("stakeholders.thresholds_signed", events.ThresholdsSigned)
def tell_of_signature(entry: Entry) -> None:
    """Tell the other side that one signature lacks only theirs; when none lacks, the agreement itself is told."""
    agreement = ThresholdAgreement.objects.select_related("cluster").get(pk=entry.data["agreement_id"])
    offer = ThresholdOffer.objects.get(pk=entry.data["offer_id"])
    if agreement.state != AgreementState.NEGOTIATING or offer.signatures.count() != 1:
        return
    tell(
        people_of(Side(entry.data["side"]).other, agreement.cluster),
        entry=entry,
        kind="agreement",
        title=f"Offer {offer.number} on the thresholds of {agreement.cluster} waits for your side's signature",
        url=agreement.get_absolute_url(),
        at=entry.at,
    )


@subscribe("stakeholders.thresholds_agreed", events.ThresholdsAgreed)
def tell_of_agreement(entry: Entry) -> None:
    """Tell both sides what is agreed, and from when."""
    agreement = ThresholdAgreement.objects.select_related("cluster", "offer").get(pk=entry.data["agreement_id"])
    assert agreement.offer is not None  # a constraint says so
    days = f"From {agreement.offer.effective_on:%-d %B %Y}, to be reviewed by {agreement.offer.review_on:%-d %B %Y}."
    tell(
        _both_sides(agreement),
        entry=entry,
        kind="agreement",
        title=f"Thresholds of {agreement.cluster} are agreed",
        body=days,
        url=agreement.get_absolute_url(),
        at=entry.at,
    )


@subscribe("stakeholders.thresholds_broken_off", events.ThresholdNegotiationBrokenOff)
def tell_of_breaking_off(entry: Entry) -> None:
    """Tell both sides that nothing is negotiated any more, and why."""
    agreement = ThresholdAgreement.objects.select_related("cluster").get(pk=entry.data["agreement_id"])
    tell(
        _both_sides(agreement),
        entry=entry,
        kind="agreement",
        title=f"The negotiation on the thresholds of {agreement.cluster} was broken off",
        body=entry.data["reason"],
        url=agreement.get_absolute_url(),
        at=entry.at,
    )


def _both_sides(agreement: ThresholdAgreement) -> list[Person]:
    people = {one.pk: one for side in Side for one in people_of(side, agreement.cluster)}
    return list(people.values())
