"""Initiatives of the demo organisation: who decides on what they need, where everyone stands, whom to speak to."""

from datetime import datetime, timedelta
from decimal import Decimal

from apps.accounts.models import Person
from apps.clusters import checks
from apps.clusters.actions.checks import ask_for_check
from apps.clusters.models import Cluster
from apps.stakeholders import actions
from apps.stakeholders.models import Authority, Initiative, Stakeholder
from apps.stakeholders.reactions import COVERAGE

# name → (kind, organisation)
OUTSIDERS = {
    "Finance committee": "The enterprise",
    "Workers' council": "The enterprise",
    "Harbour Bank, merchant desk": "Harbour Bank",
}
ACCOUNTS = ("marit", "lena", "hiro", "anneke", "rashid", "tomas", "vera", "priya")

# who, resource, unit, amount, over, first day and last day from today, evidence
AUTHORITIES: tuple[tuple[str, str, str, str, str, int, int | None, str], ...] = (
    ("Finance committee", "budget", "EUR", "2000000", "", -400, None, "Rules of procedure, § 12"),
    ("marit", "budget", "EUR", "250000", "", -300, 200, "Signing policy 2026"),
    ("lena", "budget", "EUR", "120000", "payments", -300, 200, "Signing policy 2026"),
    ("anneke", "budget", "EUR", "80000", "storefront", -300, 200, "Signing policy 2026"),
    ("hiro", "headcount", "", "6", "logistics", -200, 20, "Staffing plan"),
    ("lena", "headcount", "", "4", "payments", -200, None, "Staffing plan"),
    ("rashid", "platform", "vCPU", "400", "data-platform", -200, None, "Platform charter"),
    ("rashid", "data", "", "10", "data-platform", -200, None, "Data access rules"),
    ("tomas", "approval", "", "5", "", -300, -30, "Mandate of the security office, lapsed"),
)
# from whom (who, resource), to whom, how much, days, evidence
DELEGATIONS = ((("lena", "budget"), "priya", "30000", 90, "Deputy during the summer"),)

# who, how, whom, weight
INFLUENCES = (
    ("lena", "reports_to", "marit", "1"),
    ("hiro", "reports_to", "marit", "1"),
    ("anneke", "reports_to", "marit", "1"),
    ("rashid", "reports_to", "anneke", "1"),
    ("priya", "reports_to", "lena", "1"),
    ("tomas", "advises", "marit", "0.8"),
    ("vera", "vetoes", "rashid", "0.5"),
    ("Finance committee", "sponsors", "marit", "0.9"),
    ("Workers' council", "vetoes", "hiro", "0.7"),
)

# who, part, (power, interest, urgency, legitimacy, stance) or None, what it rests on
ON_THE_MAP: tuple[tuple[str, str, tuple[int, int, int, int, int] | None, str], ...] = (
    ("marit", "Sponsor", (90, 80, 60, 90, 2), "She asked for it in the January board."),
    ("lena", "Decider", (60, 85, 80, 80, 1), "Her roadmap names it twice."),
    ("hiro", "Supplier", (50, 35, 30, 70, -1), "He said the season comes first."),
    ("anneke", "Decider", (55, 70, 60, 75, 1), "Checkout waits for it."),
    ("rashid", "Supplier", (40, 60, 40, 65, 0), "He wants to see the load first."),
    ("Finance committee", "Decider", (95, 30, 20, 95, 0), "It has not been on their agenda."),
    ("Workers' council", "Must be heard", (70, 75, 85, 80, -2), "Their letter of last month."),
    ("Harbour Bank, merchant desk", "Those who use it", None, ""),
)
# resource, unit, amount, of, why
NEEDS = (
    ("budget", "EUR", "90000", "payments", "Two teams for a quarter."),
    ("budget", "EUR", "300000", "", "Licences, and the move of the parcel archive."),
    ("headcount", "", "3", "logistics", "People who know the depots."),
    ("platform", "vCPU", "160", "data-platform", "Replay of two years of events."),
    ("approval", "", "1", "", "The security office agrees to the new way."),
)
# whom, about what, days from now, who speaks
PLAN = (
    ("Finance committee", "The licences: what if we pay by use?", 9, "marit"),
    ("Workers' council", "Night shifts at the depots", -2, "hiro"),
    ("rashid", "What the replay costs in capacity", 2, "lena"),
)
# whom, days ago, what was said, who held it
SAID = (
    ("lena", 20, "She pays for two teams if Storefront brings the acceptance tests.", "marit"),
    ("anneke", 12, "Agreed: acceptance tests by the end of the quarter.", "lena"),
)


def open_initiatives(people: dict[str, Person], *, at: datetime) -> int:
    """Record who decides, open three initiatives, map one of them fully, and let the check look at all."""
    began = at - timedelta(days=60)
    known = {one: _add("account", people, began, handle=one) for one in ACCOUNTS}
    for name, organisation in OUTSIDERS.items():
        known[name] = _add("outsider", people, began, name=name, organisation=organisation)
    _record(known, people, at=began)
    clusters = {one.slug: one for one in Cluster.objects.all()}
    one_parcel = _open(
        "One parcel, one payment",
        "A customer pays once, and sees the parcel and the refund in one place.",
        "marit",
        ("payments", "storefront", "logistics", "data-platform"),
        people,
        clusters,
        at=began,
    )
    _map(one_parcel, known, people, clusters, at=at)
    quiet = _open(
        "Keys out of the cellar",
        "The keys that move money live in hardware of two sites.",
        "lena",
        ("treasury", "payments"),
        people,
        clusters,
        at=began,
    )
    actions.demand_resource(
        initiative_id=quiet.pk,
        keeper=people["lena"],
        resource="budget",
        unit="EUR",
        amount=Decimal(60000),
        cluster=clusters["payments"],
        at=began,
    )
    done = _open(
        "One directory of staff",
        "Every cluster reads who works here from Identity.",
        "marit",
        ("identity", "storefront"),
        people,
        clusters,
        at=at - timedelta(days=200),
    )
    actions.close_initiative(
        initiative_id=done.pk,
        keeper=people["marit"],
        reason="Reached: no cluster keeps a list of its own any more.",
        at=at - timedelta(days=30),
    )
    ask_for_check(checker=COVERAGE)
    checks.run(checks.registered()[COVERAGE], at=at)
    return Initiative.objects.count()


def _add(kind: str, people: dict[str, Person], at: datetime, **said: str) -> Stakeholder:
    return actions.add_stakeholder(kind=kind, adder=people["greta"], at=at, **said)


def _record(known: dict[str, Stakeholder], people: dict[str, Person], *, at: datetime) -> None:
    today = at.date() + timedelta(days=60)
    clusters = {one.slug: one for one in Cluster.objects.all()}
    made: dict[tuple[str, str], Authority] = {}
    for who, resource, unit, amount, over, first, last, evidence in AUTHORITIES:
        made[who, resource] = actions.record_authority(
            holder=known[who],
            recorder=people["greta"],
            resource=resource,
            unit=unit,
            amount=Decimal(amount),
            cluster=clusters[over] if over else None,
            first_day=today + timedelta(days=first),
            last_day=today + timedelta(days=last) if last is not None else None,
            evidence=evidence,
            at=at,
        )
    for (giver, resource), taker, amount, days, evidence in DELEGATIONS:
        own = made[giver, resource]
        actions.record_authority(
            holder=known[taker],
            recorder=people[giver],
            resource=resource,
            unit=own.unit,
            amount=Decimal(amount),
            cluster=own.cluster,
            first_day=today,
            last_day=today + timedelta(days=days),
            delegated_from=own,
            evidence=evidence,
            at=at,
        )
    for who, how, whom, weight in INFLUENCES:
        actions.record_influence(
            source=known[who], target=known[whom], kind=how, weight=Decimal(weight), recorder=people["greta"], at=at
        )


def _open(
    name: str,
    purpose: str,
    sponsor: str,
    of: tuple[str, ...],
    people: dict[str, Person],
    clusters: dict[str, Cluster],
    *,
    at: datetime,
) -> Initiative:
    values = {"name": name, "purpose": purpose, "sponsor": people[sponsor]}
    return actions.open_initiative(
        opener=people[sponsor], clusters=[clusters[one] for one in of], values={**values, "power_cut": 35}, at=at
    )


def _map(
    initiative: Initiative,
    known: dict[str, Stakeholder],
    people: dict[str, Person],
    clusters: dict[str, Cluster],
    *,
    at: datetime,
) -> None:
    keeper, marks = people["marit"], ("power", "interest", "urgency", "legitimacy", "stance")
    for resource, unit, amount, of, why in NEEDS:
        actions.demand_resource(
            initiative_id=initiative.pk,
            keeper=keeper,
            resource=resource,
            unit=unit,
            amount=Decimal(amount),
            cluster=clusters[of] if of else None,
            why=why,
            at=at - timedelta(days=50),
        )
    for who, part, said, evidence in ON_THE_MAP:
        actions.involve(
            initiative_id=initiative.pk, stakeholder=known[who], keeper=keeper, part=part, at=at - timedelta(days=45)
        )
        if said:
            assessor = people["lena"] if who == "marit" else keeper
            actions.assess(
                initiative_id=initiative.pk,
                stakeholder=known[who],
                assessor=assessor,
                marks=dict(zip(marks, said, strict=True)),
                evidence=evidence,
                at=at - timedelta(days=40),
            )
    actions.assess(
        initiative_id=initiative.pk,
        stakeholder=known["hiro"],
        assessor=keeper,
        marks={"interest": 45},
        evidence="He came to the second meeting.",
        at=at - timedelta(days=5),
    )
    for whom, what, days, owner in PLAN:
        planned = min(at, at + timedelta(days=days)) - timedelta(days=7)
        actions.plan_engagement(
            initiative_id=initiative.pk,
            stakeholder=known[whom],
            what=what,
            due_on=(at + timedelta(days=days)).date(),
            owner=people[owner],
            planner=keeper,
            at=planned,
        )
    for whom, days, summary, held_by in SAID:
        moment = at - timedelta(days=days)
        actions.log_conversation(
            initiative_id=initiative.pk,
            stakeholder=known[whom],
            held_on=moment.date(),
            summary=summary,
            keeper=people[held_by],
            at=moment,
        )
    actions.remind_of_engagements(at=at)
