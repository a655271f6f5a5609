"""Conflicts of the demo organisation: one that climbs, one on hold, one taken, one signed by both."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.accounts.models import Person
from apps.clusters.models import Cluster
from apps.stakeholders.actions import escalations as actions
from apps.stakeholders.actions import protocols
from apps.stakeholders.actions.rule_cases import open_cases_by_rule
from apps.stakeholders.models import EscalationCase, EscalationProtocol, WorkingCalendar
from apps.stakeholders.states import CaseState

HOUR = timedelta(hours=1)
# slug → (name, what opens it, steps as (whom, act, hours))
PROTOCOLS: dict[str, tuple[str, str, tuple[tuple[str, str, int], ...]]] = {
    "between-clusters": (
        "Between clusters",
        "pulling_apart",
        (
            ("parties", "notify", 8),
            ("role:programme_manager", "ask", 8),
            ("role:board_chair", "ask", 16),
            ("role:administrator", "hand_over", 8),
        ),
    ),
    "stalled-thresholds": (
        "Stalled thresholds",
        "stalled_negotiation",
        (("parties", "notify", 16), ("role:programme_manager", "ask", 16), ("role:administrator", "hand_over", 16)),
    ),
    "security": (
        "Security against speed",
        "",
        (("person:tomas", "ask", 4), ("role:programme_manager", "ask", 8), ("role:administrator", "hand_over", 8)),
    ),
}
NEXT = (*PROTOCOLS["security"][2][:2], ("role:board_chair", "ask", 8), PROTOCOLS["security"][2][2])


def climb(people: dict[str, Person], *, at: datetime) -> int:
    """Protocols, absences and cases as of `at`; how many cases."""
    marit, greta, tomas = people["marit"], people["greta"], people["tomas"]
    calendar = WorkingCalendar.objects.get(name="Enterprise")
    began = at - timedelta(days=120)
    made = {}
    for slug, (name, trigger, steps) in PROTOCOLS.items():
        row = protocols.make_protocol(slug=slug, name=name, trigger=trigger, calendar=calendar, maker=marit, at=began)
        draft = protocols.write_steps(protocol=row, author=marit, steps=_steps(people, steps), based_on=0, at=began)
        protocols.publish_protocol(
            version_id=draft.pk, publisher=greta, digest=draft.digest, at=began + timedelta(days=2)
        )
        made[slug] = row
    protocols.write_steps(
        protocol=made["security"],
        author=greta,
        steps=_steps(people, NEXT),
        based_on=0,
        at=at - timedelta(days=1),
    )
    _settle(people, made["between-clusters"], at=at)
    open_cases_by_rule(at=at - timedelta(days=4))  # fewer working hours than its steps have, on any day of the week
    _run(at - timedelta(days=1))
    today = at.date()
    protocols.record_absence(
        person=tomas, first_on=today - timedelta(days=1), last_on=today + timedelta(days=8), recorder=tomas,
        at=at - timedelta(days=3),
    )  # fmt: skip
    _opened(
        made["security"],
        people["rashid"],
        "How long sign-in logs are kept",
        "Analysis wants a year of sign-ins; identity wants them gone after thirty days.",
        ("identity", "data-platform"),
        at - timedelta(hours=20),
    )
    _take(people, made["between-clusters"], at=at)
    _run(at)
    return EscalationCase.objects.count()


def _settle(people: dict[str, Person], protocol: EscalationProtocol, *, at: datetime) -> None:
    """The shop wanted dearer fraud checks to go; Payments bore the losses; both signed what it is worth."""
    when = at - timedelta(days=45)
    case = _opened(
        protocol,
        people["anneke"],
        "Who pays for stricter fraud checks",
        "Stricter checks save Payments losses, and cost Storefront orders that are given up.",
        ("storefront", "payments"),
        when,
    )
    shop, payments = case.parties.order_by("pk")
    for party, person, benefit, cost, evidence in (
        (shop, "anneke", "0", "42000", "Orders given up at the check, third quarter"),
        (payments, "lena", "118000", "9000", "Losses from fraud, third quarter"),
    ):
        actions.state_position(
            case_id=case.pk,
            party_id=party.pk,
            person=people[person],
            benefit=Decimal(benefit),
            cost=Decimal(cost),
            currency="EUR",
            evidence=evidence,
            at=when + 2 * HOUR,
        )
    case.refresh_from_db()
    assert case.due_at is not None  # its clock runs
    actions.escalate(case_id=case.pk, at=case.due_at)
    priya = people["priya"]
    taken = case.due_at + HOUR
    actions.acknowledge(case_id=case.pk, person=priya, step=2, at=taken)
    row = actions.propose_resolution(
        case_id=case.pk,
        person=priya,
        kind="transfer",
        text="Payments makes good what the checks cost the shop, each quarter, until the checks are asked of fewer orders.",
        transfers=[{"giver": payments.pk, "taker": shop.pk, "amount": "42000", "currency": "EUR"}],
        at=taken + timedelta(days=2),
    )
    for party, person in ((shop, "anneke"), (payments, "lena")):
        actions.sign_resolution(
            case_id=case.pk,
            party_id=party.pk,
            signer=people[person],
            digest=row.digest,
            at=taken + timedelta(days=3),
        )


def _take(people: dict[str, Person], protocol: EscalationProtocol, *, at: datetime) -> None:
    """One that somebody has taken and is settling."""
    case = _opened(
        protocol,
        people["hiro"],
        "Stock that is told too late",
        "The shop wants stock within seconds; each question to the warehouse slows dispatch down.",
        ("logistics", "storefront"),
        at - timedelta(days=6),
    )
    assert case.due_at is not None  # its clock runs
    actions.escalate(case_id=case.pk, at=case.due_at)
    case.refresh_from_db()
    when = min(case.ladder.get(number=2).asked_at + HOUR, at)
    actions.acknowledge(case_id=case.pk, person=people["priya"], step=2, at=when)


def _opened(
    protocol: EscalationProtocol, opener: Person, title: str, reason: str, slugs: tuple[str, ...], at: datetime
) -> EscalationCase:
    clusters = [Cluster.objects.get(slug=slug) for slug in slugs]
    return actions.open_case(protocol=protocol, title=title, reason=reason, clusters=clusters, opener=opener, at=at)


def _run(until: datetime) -> None:
    """Let the clocks run, each at the instant its time was up."""
    while True:
        due = EscalationCase.objects.filter(state=CaseState.OPEN, due_at__lte=until).order_by("due_at").first()
        if due is None or due.due_at is None:
            return
        actions.escalate(case_id=due.pk, at=due.due_at)


def _steps(people: dict[str, Person], steps: tuple[tuple[str, str, int], ...]) -> list[dict[str, Any]]:
    found = []
    for asks, act, hours in steps:
        kind, _, name = asks.partition(":")
        found.append(
            {
                "asks": kind,
                "act": act,
                "limit": hours * HOUR,
                "role": name if kind == "role" else "",
                "person": people[name] if kind == "person" else None,
            }
        )
    return found
