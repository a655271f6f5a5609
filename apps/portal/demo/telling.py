"""The demo organisation: invented, dated relative to today, and showing every state. Built through the house's own actions."""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.hashers import make_password
from django.db import transaction
from guardian.shortcuts import assign_perm

from apps.accounts.models import Person, RoleGrant
from apps.accounts.rules import Role
from apps.cab.actions import boards, conditions, flow, proposing, reviews, rounds
from apps.cab.models import Board, Change, ChangeType, Choice
from apps.cab.states import ChangeState, Outcome
from apps.clusters.models import Cluster, Component, Dependency, Tier
from apps.journal.actions import deliver_due

PASSWORD = "board-of-oak-7"  # noqa: S105  # the demo's own, printed for everyone who starts it
DOMAIN = "halden.example"

# handle → (name, zone, what they are here for, roles)
PEOPLE: dict[str, tuple[str, str, str, tuple[Role, ...]]] = {
    "marit": ("Marit Solberg", "Europe/Oslo", "chairs the enterprise board", (Role.BOARD_MEMBER, Role.BOARD_CHAIR)),
    "tomas": ("Tomás Ferreira", "Europe/Lisbon", "board member, stands for security", (Role.BOARD_MEMBER,)),
    "anneke": ("Anneke Visser", "Europe/Amsterdam", "board member", (Role.BOARD_MEMBER,)),
    "rashid": ("Rashid Karimi", "Asia/Dubai", "board member", (Role.BOARD_MEMBER,)),
    "joan": ("Joan Achebe", "Africa/Lagos", "proposes changes for Payments", (Role.REQUESTER,)),
    "piotr": ("Piotr Zielinski", "Europe/Warsaw", "proposes and carries out changes", (Role.REQUESTER, Role.OPERATOR)),
    "lena": ("Lena Brandt", "Europe/Berlin", "owns the Payments cluster", (Role.CLUSTER_OWNER, Role.BOARD_MEMBER)),
    "hiro": ("Hiro Tanaka", "Asia/Tokyo", "owns the Logistics cluster", (Role.CLUSTER_OWNER, Role.BOARD_MEMBER)),
    "vera": ("Vera Lindqvist", "Europe/Stockholm", "compliance officer", (Role.COMPLIANCE_OFFICER,)),
    "priya": ("Priya Nair", "Asia/Kolkata", "programme manager", (Role.PROGRAMME_MANAGER,)),
    "samuel": ("Samuel Okoro", "Europe/London", "auditor: reads all, writes nothing", (Role.AUDITOR,)),
    "greta": ("Greta Aalto", "Europe/Helsinki", "administrator", (Role.ADMINISTRATOR,)),
}

# slug → (name, purpose, zone, owner, components as (slug, name, kind, tier))
CLUSTERS: dict[str, tuple[str, str, str, str, tuple[tuple[str, str, str, int], ...]]] = {
    "payments": (
        "Payments",
        "Takes money in and pays it out, in eleven countries.",
        "Europe/Berlin",
        "lena",
        (
            ("ledger", "Ledger", "service", 0),
            ("card-gateway", "Card gateway", "service", 1),
            ("payouts", "Payouts", "service", 1),
            ("fraud-scoring", "Fraud scoring", "service", 2),
            ("statement-archive", "Statement archive", "data store", 3),
        ),
    ),
    "logistics": (
        "Logistics",
        "Moves parcels from warehouse to door.",
        "Asia/Tokyo",
        "hiro",
        (
            ("dispatch", "Dispatch", "service", 1),
            ("route-planner", "Route planner", "service", 2),
            ("warehouse-stock", "Warehouse stock", "service", 1),
            ("label-printer", "Label printing", "service", 3),
        ),
    ),
    "storefront": (
        "Storefront",
        "The shop that customers see.",
        "Europe/London",
        "anneke",
        (
            ("web-shop", "Web shop", "website", 1),
            ("catalogue", "Catalogue", "service", 2),
            ("search-index", "Search index", "service", 2),
            ("checkout", "Checkout", "service", 1),
        ),
    ),
    "identity": (
        "Identity",
        "Who somebody is, for customers and staff.",
        "Europe/Oslo",
        "marit",
        (
            ("sign-in", "Sign-in", "service", 0),
            ("staff-directory", "Staff directory", "service", 1),
            ("consent-store", "Consent store", "data store", 1),
        ),
    ),
    "data-platform": (
        "Data platform",
        "Collects what happened and answers questions about it.",
        "Europe/Warsaw",
        "rashid",
        (
            ("event-stream", "Event stream", "service", 1),
            ("warehouse", "Warehouse", "data store", 2),
            ("reporting", "Reporting", "service", 3),
        ),
    ),
}
NEEDS = (
    "storefront/checkout payments/card-gateway", "storefront/checkout identity/sign-in", "storefront/web-shop storefront/catalogue", "storefront/web-shop storefront/checkout",
    "storefront/web-shop storefront/search-index", "storefront/search-index storefront/catalogue", "payments/card-gateway payments/ledger", "payments/card-gateway payments/fraud-scoring",
    "payments/payouts payments/ledger", "payments/statement-archive payments/ledger", "payments/fraud-scoring data-platform/event-stream", "logistics/dispatch logistics/route-planner",
    "logistics/dispatch logistics/warehouse-stock", "logistics/dispatch data-platform/event-stream", "logistics/label-printer logistics/dispatch", "storefront/catalogue logistics/warehouse-stock",
    "data-platform/warehouse data-platform/event-stream", "data-platform/reporting data-platform/warehouse", "identity/consent-store identity/sign-in", "payments/payouts identity/sign-in",
)  # fmt: skip


@dataclass(frozen=True)
class Story:
    """One change and how far it has come. `day` counts from today; the window is in the cluster's zone."""

    title: str
    purpose: str
    components: str
    requester: str
    day: int
    until: str  # the state it reaches, or one of: conditional, lapsed, held, second-round
    type: str = ChangeType.NORMAL
    implementer: str = "piotr"
    start_hour: int = 22
    hours: int = 2
    downtime: int = 0
    backout: str = "Switch back to the release before; the schema stays compatible. Takes ten minutes."
    outcome: str = Outcome.SUCCESSFUL


STORIES = (
    Story("Rotate the card gateway's signing keys", "The keys expire at the end of the month; partners have the new certificates.", "payments/card-gateway", "joan", 4, "awaiting_authorization"),
    Story("Move the ledger to the new storage class", "The old disks leave the contract; the new ones are measured at twice the throughput.", "payments/ledger", "joan", 9, "awaiting_authorization", hours=5, downtime=25),
    Story("Shop and checkout speak the new sign-in protocol", "Identity ends support of the old token format in autumn.", "storefront/web-shop storefront/checkout identity/sign-in", "piotr", 6, "awaiting_authorization", implementer="anneke"),
    Story("Raise the limits of the event stream", "Year-end volumes are forty per cent above last year's.", "data-platform/event-stream logistics/dispatch", "piotr", 3, "conditional", implementer=""),
    Story("Retire the old label templates", "No carrier has asked for them since spring.", "logistics/label-printer", "piotr", 5, "scheduled"),
    Story("Give fraud scoring its own queue", "Scoring slows the gateway down at peaks.", "payments/fraud-scoring", "joan", 1, "scheduled", downtime=5),
    Story("Upgrade the search index to the next major release", "The release in use gets no security fixes after this quarter.", "storefront/search-index", "piotr", 2, "scheduled", hours=3),
    Story("Replace the warehouse's certificate authority", "The old root expires in eight weeks.", "logistics/warehouse-stock logistics/dispatch", "piotr", 0, "implementing"),
    Story("Archive statements older than ten years", "Retention rules ask for it; storage falls by a third.", "payments/statement-archive", "joan", -1, "implemented", outcome=Outcome.SUCCESSFUL_WITH_ISSUES),
    Story("Consent texts in two more languages", "The Baltic launch needs them.", "identity/consent-store", "piotr", -3, "in_review"),
    Story("New route planner release", "Plans winter routes with the snow forecast.", "logistics/route-planner", "piotr", -6, "closed"),
    Story("Tighten the staff directory's password rules", "Asked for by the yearly audit.", "identity/staff-directory", "joan", -12, "closed"),
    Story("Catalogue reads from replicas", "Takes load off the primary before the sale.", "storefront/catalogue", "piotr", -18, "closed", outcome=Outcome.BACKED_OUT),
    Story("Faster payouts on Fridays", "Merchants wait over the weekend today.", "payments/payouts payments/ledger", "joan", -25, "closed", outcome=Outcome.UNSUCCESSFUL),
    Story("Reporting moves to the shared scheduler", "One scheduler less to run.", "data-platform/reporting", "piotr", -33, "closed"),
    Story("Web shop drops the old image format", "Pages get a third lighter.", "storefront/web-shop", "piotr", -40, "closed"),
    Story("Stop the failing payout batch and replay it", "The night's batch stops at the first damaged record; 1,900 merchants wait.", "payments/payouts", "joan", 0, "emergency", type=ChangeType.EMERGENCY, start_hour=6, hours=1, backout=""),
    Story("Open the warehouse to the analysts' new tool", "Analysts ask for it; the tool keeps copies outside the region.", "data-platform/warehouse", "piotr", 8, "rejected"),
    Story("Let partners read stock levels directly", "Partners poll us every minute today.", "logistics/warehouse-stock", "piotr", 10, "changes_requested"),
    Story("Encrypt the consent store's backups with the new key", "The key ceremony is done.", "identity/consent-store", "joan", 7, "submitted"),
    Story("Split checkout from the web shop's release train", "Two teams wait for one another today.", "storefront/checkout storefront/web-shop", "piotr", 13, "assessing"),
    Story("Trial of passkeys for staff", "Half of support calls are about passwords.", "identity/sign-in identity/staff-directory", "joan", 20, "draft"),
    Story("Turn the old reporting cluster off", "Nothing has read from it for a month.", "data-platform/reporting", "piotr", 6, "held"),
    Story("Change the payout file's number format", "A bank asked for it, then withdrew.", "payments/payouts", "joan", 11, "cancelled"),
    Story("Compress the event stream", "Halves the traffic between regions.", "data-platform/event-stream", "piotr", 5, "lapsed"),
    Story("Fail over sign-in to the second site", "The yearly exercise, this time at noon.", "identity/sign-in", "joan", 12, "second-round", start_hour=12, hours=1, downtime=2),
    Story("Monthly operating system patches, Storefront", "As every month; the plan is the standard one.", "storefront/web-shop storefront/catalogue", "piotr", 2, "awaiting_authorization", type=ChangeType.STANDARD, start_hour=3),
)  # fmt: skip


def is_there() -> bool:
    """Whether the demo organisation lives in this database."""
    return Person.objects.filter(handle="marit", email=f"marit@{DOMAIN}").exists()


def build(*, at: datetime) -> Iterator[str]:
    """Build the demo organisation as of `at`, saying each part as it is done."""
    with transaction.atomic():
        people = _people()
        yield f"{len(people)} people"
        parts = _map(people)
        yield f"{len(CLUSTERS)} clusters with {len(parts)} components"
        _boards(people, at)
        yield f"{Board.objects.count()} boards"
    clock = itertools.count()
    for story in STORIES:
        with transaction.atomic():
            _tell(story, people, parts, at=at, minute=next(clock))
    yield f"{len(STORIES)} changes"
    while deliver_due(at=at + timedelta(minutes=1)):
        pass
    yield "the inboxes"


def _people() -> dict[str, Person]:
    password = make_password(PASSWORD)
    people = {}
    for handle, (name, zone, _, roles) in PEOPLE.items():
        person = Person(handle=handle, email=f"{handle}@{DOMAIN}", name=name, zone=zone, password=password)
        person.save()
        RoleGrant.objects.bulk_create(RoleGrant(person=person, role=role) for role in roles)
        people[handle] = person
    return people


def _map(people: dict[str, Person]) -> dict[str, Component]:
    parts = {}
    for slug, (name, purpose, zone, owner, components) in CLUSTERS.items():
        cluster = Cluster.objects.create(slug=slug, name=name, purpose=purpose, zone=zone)
        assign_perm("clusters.own_cluster", people[owner], cluster)
        assign_perm("clusters.operate_cluster", people["piotr"], cluster)
        for part, title, kind, tier in components:
            row = Component(
                cluster=cluster,
                slug=part,
                name=title,
                kind=kind,
                tier=Tier(tier),
                sites=["oslo", "frankfurt"] if tier < Tier.IMPORTANT else ["oslo"],
            )
            row.save()
            parts[f"{slug}/{part}"] = row
    for edge in NEEDS:
        consumer, provider = edge.split()
        Dependency.objects.create(consumer=parts[consumer], provider=parts[provider])
    return parts


def _boards(people: dict[str, Person], at: datetime) -> None:
    since, greta = at.date() - timedelta(days=400), people["greta"]
    payments = Cluster.objects.get(slug="payments")
    rules: tuple[tuple[str, str, Any, dict[str, Any], dict[str, tuple[str, str]]], ...] = (
        ("enterprise", "enterprise", None, {"name": "Enterprise board", "purpose": "Decides what is risky or touches several clusters at once.", "quorum_count": 3, "quorum_share": "0.50", "quorum_roles": ["chair"], "majority": "simple"}, {"marit": ("chair", ""), "tomas": ("voter", "security"), "anneke": ("voter", ""), "rashid": ("voter", ""), "vera": ("adviser", "compliance")}),
        ("cross-cluster", "cross_cluster", None, {"name": "Cross-cluster board", "purpose": "Decides what touches more than one cluster.", "quorum_count": 2, "quorum_roles": ["chair"], "majority": "two_thirds", "decision_hours": 96}, {"anneke": ("chair", ""), "lena": ("voter", "payments"), "hiro": ("voter", "logistics"), "tomas": ("voter", "security")}),
        ("payments", "cluster", payments, {"name": "Payments board", "purpose": "Decides what stays within Payments.", "quorum_count": 2, "quorum_roles": ["security"], "majority": "unanimous", "hides_ballots": False}, {"lena": ("chair", ""), "tomas": ("voter", "security"), "rashid": ("voter", "")}),
        ("emergency", "emergency", None, {"name": "Emergency board", "purpose": "Decides within the hour.", "quorum_count": 1, "majority": "simple", "decision_hours": 4, "hides_ballots": False}, {"marit": ("chair", ""), "lena": ("voter", ""), "hiro": ("voter", ""), "anneke": ("voter", "")}),
    )  # fmt: skip
    for slug, kind, cluster, fields, seats in rules:
        board = boards.found_board(
            founder=greta, slug=slug, kind=kind, cluster=cluster, fields=fields, at=at - timedelta(days=400)
        )
        for handle, (role, function) in seats.items():
            boards.fill_seat(
                board_id=board.pk,
                appointer=greta,
                person=people[handle],
                role=role,
                function=function,
                first_day=since,
                last_day=None,
                at=at - timedelta(days=400),
            )
    enterprise = Board.objects.get(slug="enterprise")
    boards.delegate_vote(
        board_id=enterprise.pk,
        giver=people["rashid"],
        taker=people["anneke"],
        first_day=at.date(),
        last_day=at.date() + timedelta(days=10),
        reason="On leave.",
        at=at,
    )


def _tell(story: Story, people: dict[str, Person], parts: dict[str, Component], *, at: datetime, minute: int) -> None:
    """Write the change down and lead it as far as its story goes, each step at its own time before `at`."""
    components = [parts[name] for name in story.components.split()]
    cluster = components[0].cluster
    zone = ZoneInfo(cluster.zone)
    first = datetime.combine(at.astimezone(zone).date() + timedelta(days=story.day), time(story.start_hour))
    window_at = first.replace(tzinfo=zone)
    # What still waits began lately, so that its round is open; what is over began days before its window.
    waits = story.until in {"awaiting_authorization", "second-round", "emergency", "held"}
    lead = timedelta(hours=5 if story.type == ChangeType.EMERGENCY else 20) if waits else timedelta(days=3)
    begun = (
        min(at, window_at) - lead - timedelta(minutes=7 * minute)
        if not waits
        else at - lead + timedelta(minutes=minute)
    )
    content = proposing.Content(
        title=story.title, type=story.type, purpose=story.purpose, cluster=cluster, components=components,
        implementer=people.get(story.implementer),
        implementation_plan="1. Announce it in the channel.\n2. Take the first node out and change it.\n3. Watch the errors for ten minutes.\n4. Do the rest, one after the other.",
        test_plan="The smoke tests run against the changed node before it takes traffic again." if story.type != ChangeType.EMERGENCY else "",
        communication_plan="Support and the neighbouring clusters know the day before.",
        backout_plan=story.backout,
        window_start=first, window_end=first + timedelta(hours=story.hours), window_zone=cluster.zone, downtime_minutes=story.downtime,
        links=[{"label": "Runbook", "url": "https://runbooks.halden.example/"}],
    )  # fmt: skip
    change = proposing.propose_change(requester=people[story.requester], content=content, at=begun)
    _Teller(change, people, story, begun).until(story.until, at=at, window_at=window_at)


class _Teller:
    """Leads one change from state to state; each step comes hours after the one before."""

    def __init__(self, change: Change, people: dict[str, Person], story: Story, begun: datetime) -> None:
        self.pk, self.people, self.story, self.clock = change.pk, people, story, begun
        self.requester = people[story.requester]
        self.doer = people[story.implementer] if story.implementer else people["piotr"]

    def until(self, end: str, *, at: datetime, window_at: datetime) -> None:
        """Lead it to `end`."""
        way: dict[str, tuple[Callable[[], object], ...]] = {
            "draft": (),
            "submitted": (self._submit,),
            "assessing": (self._assess,),
            "changes_requested": (self._assess, self._send_back),
            "awaiting_authorization": (self._hand_over, lambda: self._vote("approve", most=1)),
            "emergency": (self._hand_over,),
            "lapsed": (self._hand_over, lambda: self._lapse(at)),
            "held": (self._hand_over, self._hold),
            "second-round": (self._hand_over, lambda: self._vote("approve", most=1), self._move_window),
            "cancelled": (self._submit, self._cancel),
            "rejected": (self._hand_over, lambda: self._vote("reject")),
            "conditional": (self._hand_over, lambda: self._vote("approve_with_conditions"), self._evidence),
            "scheduled": (self._authorize,),
        }
        done = (self._authorize, lambda: self._start(window_at, at), self._finish)
        way |= {
            "implementing": done[:2],
            "implemented": done,
            "in_review": (*done, self._begin_review),
            "closed": (*done, self._review),
        }
        for step in way[end]:
            step()

    def _later(self, **more: int) -> datetime:
        self.clock += timedelta(**more) if more else timedelta(hours=1)
        return self.clock

    @property
    def _assessor(self) -> Person:
        authors = {self.story.requester, self.story.implementer}
        return next(self.people[one] for one in ("tomas", "rashid", "marit") if one not in authors)

    def _submit(self) -> None:
        flow.submit_change(change_id=self.pk, submitter=self.requester, at=self._later())

    def _assess(self) -> None:
        self._submit()
        flow.begin_assessment(change_id=self.pk, assessor=self._assessor, at=self._later())

    def _send_back(self) -> None:
        reason = "Say how partners are told when the numbers are late."
        flow.request_changes(change_id=self.pk, assessor=self._assessor, reason=reason, at=self._later())

    def _hold(self) -> None:
        reason = "An auditor asked to keep it for a month."
        flow.hold_change(change_id=self.pk, person=self.requester, reason=reason, at=self._later())

    def _cancel(self) -> None:
        flow.cancel_change(
            change_id=self.pk, person=self.requester, reason="The bank withdrew its wish.", at=self._later()
        )

    def _hand_over(self) -> None:
        self._assess()
        flow.hand_to_board(change_id=self.pk, assessor=self._assessor, at=self._later())

    def _vote(self, choice: str, most: int = 9) -> None:
        """Seats vote until the round is decided, the chair first."""
        change = Change.objects.get(pk=self.pk)
        round_ = change.rounds.select_related("board").order_by("-number")[0]
        authors = {change.requester_id, change.implementer_id}
        seats = round_.board.seats.voting().select_related("person").order_by("role", "-function", "id")
        voters = [seat.person for seat in seats if seat.person_id not in authors]
        if most == 1:
            voters = voters[-1:]  # the chair's ballot is still to come: there is something to decide
        for number, voter in enumerate(voters):
            change.refresh_from_db()
            if change.state != ChangeState.AWAITING_AUTHORIZATION:
                break
            asks = choice == Choice.APPROVE_WITH_CONDITIONS and number == 0
            own = choice if choice == Choice.REJECT or asks else Choice.APPROVE
            reason = "Copies outside the region are not covered by the contract." if own == Choice.REJECT else ""
            wanted = ["Dispatch confirms that its consumers keep up at the new rate."] if asks else []
            rounds.cast_vote(
                change_id=self.pk,
                voter=voter,
                choice=own,
                revision=change.revision,
                reason=reason,
                conditions=wanted,
                at=self._later(minutes=40),
            )

    def _authorize(self) -> None:
        self._hand_over()
        self._vote("approve")

    def _lapse(self, at: datetime) -> None:
        round_ = Change.objects.get(pk=self.pk).rounds.get()
        round_.closes_at = at - timedelta(hours=2)
        round_.save(update_fields=["closes_at"])
        rounds.close_overdue_round(round_id=round_.pk, at=at)

    def _move_window(self) -> None:
        change = Change.objects.get(pk=self.pk)
        assert change.window_end_local is not None
        content = proposing.content_from(
            change,
            window_end=change.window_end_local + timedelta(hours=1),
            test_plan="The second site answers for an hour under real load.",
        )
        proposing.edit_change(
            change_id=self.pk, editor=self.requester, content=content, based_on=change.revision, at=self._later()
        )

    def _evidence(self) -> None:
        condition = Change.objects.get(pk=self.pk).conditions.first()
        if condition:
            conditions.offer_evidence(
                condition_id=condition.pk,
                author=self.requester,
                evidence="Measured on Tuesday: lag under two seconds.",
                at=self._later(),
            )

    def _start(self, window_at: datetime, at: datetime) -> None:
        self.clock = min(window_at, at - timedelta(minutes=30))
        flow.start_implementation(change_id=self.pk, implementer=self.doer, at=self.clock)

    def _finish(self) -> None:
        flow.finish_implementation(
            change_id=self.pk, implementer=self.doer, outcome=self.story.outcome, at=self._later(minutes=70)
        )

    def _begin_review(self) -> None:
        reviews.begin_review(change_id=self.pk, reviewer=self.requester, at=self._later())

    def _review(self) -> None:
        went_well = self.story.outcome == Outcome.SUCCESSFUL
        reviews.complete_review(
            change_id=self.pk, reviewer=self.requester, expected=self.story.purpose,
            happened="As planned." if went_well else "Errors rose after the second node; we went back within twenty minutes.",
            learned="" if went_well else "Watch the first node for an hour, not ten minutes.", at=self._later(hours=20),
        )  # fmt: skip
