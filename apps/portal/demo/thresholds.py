"""When the autonomy of the demo organisation's clusters yields: the floor, what was agreed, what is still talked about."""

from datetime import datetime, timedelta
from typing import Any

from apps.accounts.models import Person
from apps.clusters import checks
from apps.clusters.actions.checks import ask_for_check
from apps.clusters.models import Cluster
from apps.stakeholders.actions import thresholds as actions
from apps.stakeholders.models import ThresholdAgreement, ThresholdOffer
from apps.stakeholders.queries.thresholds import columns, today_of
from apps.stakeholders.rules.writing import conditions_written

Line = tuple[str, str, str]  # conditions, level, why
FLOOR: tuple[Line, ...] = (
    ("risk ≥ 4", "enterprise_decides", "What may stop the business is decided together."),
    ("downtime ≥ 240", "enterprise_decides", "Half a day without a service is felt in every cluster."),
    ("downtime ≥ 60", "consult", "Somebody else always plans around it."),
    ("clusters touched ≥ 3", "consult", "Three clusters cannot be asked by one."),
    ("type emergency", "notify", "The enterprise hears of every emergency."),
)
NEXT_FLOOR: tuple[Line, ...] = (
    *FLOOR,
    ("blast radius ≥ 3", "consult", "What many need is heard by somebody else."),
    ("open findings ≥ 4", "consult", "So many blockers are more than one cluster's affair."),
)
PAYMENTS: tuple[Line, ...] = (
    *FLOOR[:2],
    ("downtime ≥ 30", "enterprise_decides", "Money that does not move is everybody's."),
    *FLOOR[3:],
    ("tier 0", "consult", "The ledger carries all of us."),
    ("open findings ≥ 2", "notify", "Who leaves blockers standing tells us before the next change."),
)
LOGISTICS: tuple[Line, ...] = (
    *FLOOR,
    ("working hours yes and downtime ≥ 15", "notify", "Lorries wait at the gate."),
    ("cost ≥ 25,000", "consult", "What one depot spends is missed at another."),
)
TREASURY: tuple[Line, ...] = (*FLOOR, ("tier 0", "enterprise_decides", "Keys that move money are never one's own."))
IDENTITY: tuple[Line, ...] = (*FLOOR, ("blast radius ≥ 2", "consult", "Everybody signs in here."))
# The shop wants to decide on long outages by itself: the floor does not let it.
STOREFRONT: tuple[Line, ...] = (
    FLOOR[0],
    ("downtime ≥ 240 and working hours yes", "enterprise_decides", "At night nobody shops."),
    *FLOOR[2:],
)
DATA_ASKED: tuple[Line, ...] = (
    *FLOOR,
    ("data class restricted", "consult", "We hold little of it."),
    ("cost ≥ 100,000", "consult", "Below that it is our own budget."),
)
DATA_OFFERED: tuple[Line, ...] = (
    *FLOOR,
    ("data class ≥ confidential", "consult", "Reports leave the house; what is confidential is looked at."),
    ("cost ≥ 40,000", "consult", "From there on it is weighed against what others could do with it."),
)

# cluster → (text, owner, for the board, days ago it was agreed, days from then to its first day, and to its review)
AGREED: dict[str, tuple[tuple[Line, ...], str, str, int, int, int]] = {
    "payments": (PAYMENTS, "lena", "marit", 130, 2, 300),
    "logistics": (LOGISTICS, "hiro", "marit", 190, 3, 180),  # its review is overdue
    "treasury": (TREASURY, "lena", "greta", 100, 1, 365),
    "identity": (IDENTITY, "marit", "greta", 3, 12, 200),  # its first day is still to come
}


def adopt(people: dict[str, Person], *, at: datetime) -> int:
    """The floor, and agreements that were in force before the policies that read them; how many."""
    marit, greta = people["marit"], people["greta"]
    began = at - timedelta(days=200)
    floor = actions.write_floor(author=marit, thresholds=_text(FLOOR), note="What the board asks of all.", at=began)
    actions.adopt_floor(floor_id=floor.pk, adopter=greta, digest=floor.digest, at=began + timedelta(days=4))
    for slug, (said, owner, board, ago, first, review) in AGREED.items():
        when = at - timedelta(days=ago)
        offer = _proposed(
            slug, people[owner], said, "As we have lived it.", when - timedelta(days=9), (9 + first, 9 + review)
        )
        for signer in (owner, board):
            actions.sign_offer(agreement_id=offer.agreement_id, signer=people[signer], digest=offer.digest, at=when)
        actions.bring_into_force(agreement_id=offer.agreement_id, at=min(at, when + timedelta(days=first + 1)))
    return ThresholdAgreement.objects.count()


def negotiate(people: dict[str, Person], *, at: datetime) -> int:
    """What is still talked about: a counter-proposal, an offer below the floor, a draft floor; how many agreements."""
    marit, greta = people["marit"], people["greta"]
    why = "At night we may close the shop without asking."
    _proposed("storefront", people["anneke"], STOREFRONT, why, at - timedelta(days=4), (20, 200))
    asked = _proposed(
        "data-platform",
        people["rashid"],
        DATA_ASKED,
        "Restricted data is rare here, and large projects are rarer.",
        at - timedelta(days=6),
        (14, 190),
    )
    offer = actions.make_offer(
        agreement_id=asked.agreement_id,
        author=marit,
        seen=1,
        thresholds=_text(DATA_OFFERED),
        effective_on=asked.effective_on,
        review_on=asked.review_on,
        note="Reports are read outside: let confidential data be heard, too, and what costs more than a small project.",
        at=at - timedelta(days=2),
    )
    actions.sign_offer(agreement_id=offer.agreement_id, signer=marit, digest=offer.digest, at=at - timedelta(days=2))
    note = "Blast radius and open findings are known since this autumn; the board wants to hear of them."
    actions.write_floor(author=greta, thresholds=_text(NEXT_FLOOR), note=note, at=at - timedelta(days=1))
    check = checks.registered()["thresholds"]
    ask_for_check(checker=check.name)
    checks.run(check, at=at)
    return ThresholdAgreement.objects.count()


def _proposed(  # what an offer says
    slug: str, proposer: Person, said: tuple[Line, ...], note: str, at: datetime, days: tuple[int, int]
) -> ThresholdOffer:
    cluster = Cluster.objects.get(slug=slug)
    today = today_of(cluster, at)
    return actions.open_negotiation(
        cluster=cluster,
        proposer=proposer,
        thresholds=_text(said),
        effective_on=today + timedelta(days=days[0]),
        review_on=today + timedelta(days=days[1]),
        note=note,
        at=at,
    )


def _text(said: tuple[Line, ...]) -> list[dict[str, Any]]:
    return [{"when": conditions_written(columns(), when), "level": level, "why": why} for when, level, why in said]
