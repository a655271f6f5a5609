"""When the demo organisation's boards meet: last week's meeting, today's in session, and those to come."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial
from zoneinfo import ZoneInfo

from apps.accounts.models import Person
from apps.cab.actions import flow, proposing
from apps.cab.models import Board, Change, Choice
from apps.clusters.models import Component
from apps.meetings.actions import agenda, room, session
from apps.meetings.actions import series as series_actions
from apps.meetings.models import AgendaItem, Meeting, MeetingSeries
from apps.meetings.queries.meetings import SECRETARY
from apps.portal.demo import minutes

Step = Callable[[datetime], None]
WEEK, LOCKS = timedelta(days=7), timedelta(hours=2)
HOLIDAYS = (12, 1)  # months with freezes
EVENING = 23  # o'clock: in the evening window of what has none of its own
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")  # as RFC 5545 has them


@dataclass(frozen=True)
class Sitting:
    """A board with its weekly meeting: who was there last week and who is today, the chair first."""

    board: str
    name: str
    place: str
    zone: str
    started: timedelta  # today's, before now
    then: tuple[str, ...]
    now: tuple[str, ...]
    changes: tuple["Row", ...]  # last week's
    waiting: tuple["Row", ...]  # today's
    late: tuple["Row", ...] = ()  # handed in after the lock
    pressing: tuple["Row", ...] = ()  # what an extraordinary meeting was called for, in vain
    minor: tuple["Row", ...] = ()  # of low risk: the first is today's, the others came after the lock


Row = tuple[str, str, str, int]  # title, purpose, components, the risk it is raised to (0: none)


SITTINGS = (
    Sitting("enterprise", "Enterprise board, weekly", "Room Oslo and the board's call", "Europe/Oslo", timedelta(minutes=25), ("marit", "tomas", "rashid", "vera"), ("marit", "tomas", "vera"), (
        ("Move sign-in to the new key store", "The old store's maker ends its support.", "identity/sign-in", 4),
        ("Close the ledger's old interface", "Nobody has called it for a quarter.", "payments/ledger", 4),
    ), (
        ("Give the ledger a third replica", "A site may fail while another is serviced.", "payments/ledger", 5),
        ("Ask for the second factor at every payout over a limit", "Two attempts of fraud in spring.", "payments/payouts", 4),
        ("Retire the staff directory's old protocol", "It sends passwords in the clear.", "identity/staff-directory", 4),
    ), (
        ("Replace the bank's certificate before it expires", "It expires on Sunday; the bank told us yesterday.", "payments/card-gateway", 4),
    ), (
        ("Hold payouts over a limit until the fraud score is back", "Two attempts came through while it was down.", "payments/payouts", 4),
    ), (
        ("Keep the warehouse's daily extracts for a year", "The auditors ask for them.", "data-platform/warehouse", 0),
        ("Send the monthly report as a file one can search", "It was a picture until now.", "data-platform/reporting", 0),
        ("Keep the catalogue's pictures in the newer format", "They are half as large.", "storefront/catalogue", 0),
    )),
    Sitting("cross-cluster", "Cross-cluster board, weekly", "The board's call", "Europe/Amsterdam", timedelta(minutes=10), ("anneke", "lena", "hiro", "tomas"), ("anneke", "lena", "hiro"), (
        ("Checkout asks the fraud score before it takes money", "Disputes doubled in a year.", "storefront/checkout payments/fraud-scoring", 0),
    ), (
        ("Stock levels reach the catalogue every minute", "Customers order what is gone.", "logistics/warehouse-stock storefront/catalogue", 3),
        ("Search learns from the event stream's clicks", "Ranking is a week behind.", "storefront/search-index data-platform/event-stream", 0),
        ("Labels carry the order's number", "The helpdesk searches by it.", "logistics/label-printer storefront/web-shop", 0),
    ), minor=(
        ("Show who owns an extract by name", "Numbers tell nobody anything.", "identity/staff-directory data-platform/warehouse", 0),
        ("Bring the list of teams over every night", "It came once a week.", "identity/staff-directory data-platform/warehouse", 0),
        ("Drop portraits from the nightly copy", "Nobody looks at them there.", "identity/staff-directory data-platform/warehouse", 0),
    )),
)  # fmt: skip


class Appointment:
    """The meetings of one board, told among the stories."""

    def __init__(self, sitting: Sitting, people: dict[str, Person], parts: dict[str, Component], at: datetime) -> None:
        self.sitting, self.people, self.parts, self.at = sitting, people, parts, at
        self.chair = people[sitting.then[0]]
        self.board = Board.objects.get(slug=sitting.board)
        self.mine: list[int] = []
        start = at - sitting.started
        self.start = start - timedelta(minutes=start.minute % 5, seconds=start.second, microseconds=start.microsecond)
        self.steps: deque[tuple[datetime, Step]] = deque(self._steps())

    @property
    def next_at(self) -> datetime:
        """When the next step is taken."""
        return self.steps[0][0]

    def go_on(self) -> None:
        """Take the next step at its time."""
        at, step = self.steps.popleft()
        step(at)

    def _steps(self) -> list[tuple[datetime, Step]]:
        minute, then, quiet = timedelta(minutes=1), self.start - WEEK, _quiet_day(self.at, self.sitting)
        told = [
            (then - timedelta(days=1), self._plan),
            (then - LOCKS, self._lock),
            (then, self._open),
            (then + 2 * minute, self._come_then),
            (then + 5 * minute, self._decide_mine),
            (then + 55 * minute, self._close),
            (self.start - LOCKS, self._lock),
            (self.start, self._open),
            (self.start + 2 * minute, self._come_now),
            (self.start + 4 * minute, self._take_first),
            (self.at, lambda at: agenda.fill_agendas(board_id=self.board.pk, at=at)),
            (then + timedelta(hours=20), self._write_up),
            *self._extraordinary(),
            *self._hand_in(self.sitting.changes, day=9, at=then - timedelta(days=1, hours=6)),
            *self._hand_in(self.sitting.waiting, day=14, at=self.start - timedelta(hours=20)),
            *self._hand_in(self.sitting.minor[:1], day=quiet, at=self.start - timedelta(hours=18), hour=EVENING),
            *self._hand_in(self.sitting.minor[1:2], day=quiet + 2, at=self.start - LOCKS + minute, hour=EVENING),
            *self._hand_in(self.sitting.minor[2:], day=quiet + 4, at=self.start - LOCKS + 2 * minute, hour=EVENING),
            *self._hand_in(self.sitting.late, day=4, at=self.start - LOCKS + 5 * minute),
        ]
        return sorted(told, key=lambda one: one[0])

    def _extraordinary(self) -> list[tuple[datetime, Step]]:
        if not self.sitting.pressing:
            return []
        called, hour = self.start - timedelta(days=2), timedelta(hours=1)
        board, chair, voter, zone = self.board, self.chair, self.people["anneke"], self.sitting.zone
        return [
            *self._hand_in(self.sitting.pressing, day=12, at=called - 2 * hour),
            (called - hour, lambda at: minutes.call(board, chair, start=called, zone=zone, at=at)),
            (called, lambda at: minutes.sit_in_vain(board, chair, voter, at=at)),
        ]

    def _write_up(self, at: datetime) -> None:
        """The next morning: the secretary where the board has one, then the chair, then what turned out wrong."""
        meeting, secretary = Meeting.objects.get(series__board=self.board, start_at=self.start - WEEK), None
        seat = self.board.seats.filter(function=SECRETARY).select_related("person").first()
        if seat is not None:
            secretary = seat.person
            minutes.write(meeting, secretary, at=at)
        minutes.publish(meeting, self.chair, at=at + timedelta(hours=2))
        if secretary is not None:
            minutes.correct(meeting, secretary, at=at + timedelta(hours=26))

    def _hand_in(self, rows: tuple[Row, ...], *, day: int, at: datetime, hour: int = 20) -> list[tuple[datetime, Step]]:
        """Each change in a step of its own: references follow the days on which changes were proposed."""
        return [
            (at + timedelta(minutes=9 * number), partial(self._propose, row, day + number, hour))
            for number, row in enumerate(rows)
        ]

    def _propose(self, row: Row, day: int, hour: int, at: datetime) -> None:
        pk = self._proposed(row, day=day, hour=hour, at=at)
        if row in self.sitting.changes:
            self.mine.append(pk)

    def _proposed(self, row: Row, *, day: int, hour: int, at: datetime) -> int:
        title, purpose, names, risk = row
        components = [self.parts[name] for name in names.split()]
        zone = components[0].cluster.zone
        start = datetime.combine(self.at.astimezone(ZoneInfo(zone)).date() + timedelta(days=day), time(hour))
        content = proposing.Content(
            title=title, purpose=purpose, cluster=components[0].cluster, components=components, implementer=None,
            implementation_plan="1. Announce it.\n2. Switch the second site.\n3. Watch it for an hour, then the first.",
            test_plan="The smoke tests run on the second site.",
            backout_plan="Switch back; the old way stays for a week. Takes ten minutes.",
            window_start=start, window_end=start + timedelta(hours=2), window_zone=zone,
        )  # fmt: skip
        change = proposing.propose_change(requester=self.people["joan"], content=content, at=at)
        flow.submit_change(change_id=change.pk, submitter=self.people["joan"], at=at + timedelta(minutes=1))
        assessor = self.people["tomas"]
        assessed = flow.begin_assessment(change_id=change.pk, assessor=assessor, at=at + timedelta(minutes=2))
        if risk > assessed.risk:
            reason = "It is where everyone signs in or every booking ends."
            flow.raise_risk(
                change_id=change.pk, assessor=assessor, to=risk, reason=reason, at=at + timedelta(minutes=3)
            )
        flow.hand_to_board(change_id=change.pk, assessor=assessor, at=at + timedelta(minutes=4))
        return change.pk

    def _plan(self, at: datetime) -> None:
        local = (self.start - WEEK).astimezone(ZoneInfo(self.sitting.zone)).replace(tzinfo=None)
        values = {
            "name": self.sitting.name, "place": self.sitting.place, "start_local": local, "duration_minutes": 90,
            "zone": self.sitting.zone, "rrule": f"FREQ=WEEKLY;BYDAY={DAYS[local.weekday()]}",
            "lock_minutes": 120, "item_minutes": 12,
        }  # fmt: skip
        series_actions.plan_series(board_id=self.board.pk, planner=self.chair, values=values, at=at)

    def _lock(self, at: datetime) -> None:
        agenda.lock_agenda(meeting_id=self._meeting(at).pk, at=at)

    def _open(self, at: datetime) -> None:
        agenda.fill_agendas(board_id=self.board.pk, at=at)
        session.open_meeting(meeting_id=self._meeting(at).pk, chair=self.chair, at=at)

    def _come_then(self, at: datetime) -> None:
        self._come(self.sitting.then, at)

    def _come_now(self, at: datetime) -> None:
        self._come(self.sitting.now, at)

    def _come(self, handles: tuple[str, ...], at: datetime) -> None:
        for number, handle in enumerate(handles):
            moment = at + timedelta(seconds=20 * number)
            session.join_room(meeting_id=self._meeting(at).pk, person=self.people[handle], at=moment)

    def _decide_mine(self, at: datetime) -> None:
        for number, pk in enumerate(self.mine):
            moment = at + timedelta(minutes=14 * number)
            item = AgendaItem.objects.get(meeting=self._meeting(at), change=pk)
            room.take_item(meeting_id=item.meeting_id, item_id=item.pk, chair=self.chair, at=moment)
            self._vote(item, with_terms=number == 0, at=moment)

    def _vote(self, item: AgendaItem, *, with_terms: bool, at: datetime) -> None:
        for number, handle in enumerate(self.sitting.then):
            change = Change.objects.get(pk=item.change_id)
            if change.state != "awaiting_authorization" or handle == "vera":
                break
            asks = with_terms and number == 1
            session.cast_ballot(
                meeting_id=item.meeting_id, item_id=item.pk, voter=self.people[handle],
                choice=Choice.APPROVE_WITH_CONDITIONS if asks else Choice.APPROVE, revision=change.revision,
                conditions=["Support has the new error messages two days before."] if asks else [],
                at=at + timedelta(minutes=6 + number),
            )  # fmt: skip

    def _close(self, at: datetime) -> None:
        session.close_meeting(meeting_id=self._meeting(at).pk, chair=self.chair, at=at)

    def _take_first(self, at: datetime) -> None:
        first = self._meeting(at).items.filter(state="listed", is_consent=False).order_by("position").first()
        if first is not None:
            room.take_item(meeting_id=first.meeting_id, item_id=first.pk, chair=self.chair, at=at)

    def _meeting(self, at: datetime) -> Meeting:
        series = MeetingSeries.objects.get(board=self.board)
        return Meeting.objects.get(series=series, start_at__lte=at + LOCKS, end_at__gt=at)


def _quiet_day(at: datetime, sitting: Sitting) -> int:
    """How many days ahead nothing is frozen: beyond the holiday season where that is near; a week for each board."""
    ahead = 40 + 7 * SITTINGS.index(sitting)
    return ahead + 40 if (at + timedelta(days=ahead)).month in HOLIDAYS else ahead


def appointments(people: dict[str, Person], parts: dict[str, Component], *, at: datetime) -> list[Appointment]:
    """The boards' meetings, to be told among the stories."""
    return [Appointment(one, people, parts, at) for one in SITTINGS]
