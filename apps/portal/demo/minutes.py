"""What became of the demo organisation's meetings afterwards: minutes written, published, added to, and one draft."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from apps.accounts.models import Person
from apps.cab.actions import rounds
from apps.cab.models import Board, Change
from apps.meetings.actions import agenda, minutes, planning, session
from apps.meetings.models import Meeting, Minutes

WORDS = (
    "The board asked how long a customer would notice the switch. The answer, under a minute, was enough for all; "
    "support asked to see the new error messages first, which became a condition."
)
CORRECTION = "The second site was switched on Tuesday evening, not on Monday as was said in the room."


def write(meeting: Meeting, writer: Person, *, at: datetime) -> None:
    """The secretary says more of the first item that was decided."""
    draft = Minutes.objects.get(meeting=meeting)
    first = draft.sections.filter(facts__outcome="decided").order_by("position").first()
    if first is not None:
        prose = {first.pk: f"{first.prose}\n\n{WORDS}"}
        minutes.edit_minutes(meeting_id=meeting.pk, writer=writer, version=draft.version, prose=prose, at=at)


def publish(meeting: Meeting, chair: Person, *, at: datetime) -> None:
    """The chair publishes the minutes."""
    version = Minutes.objects.get(meeting=meeting).version
    minutes.publish_minutes(meeting_id=meeting.pk, publisher=chair, version=version, at=at)


def correct(meeting: Meeting, author: Person, *, at: datetime) -> None:
    """The secretary corrects what was published."""
    reason = "The operators' log says so."
    minutes.add_addendum(meeting_id=meeting.pk, author=author, text=CORRECTION, reason=reason, at=at)


def call(board: Board, chair: Person, *, start: datetime, zone: str, at: datetime) -> None:
    """Call an extraordinary meeting."""
    local = start.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    values = {
        "name": f"{board.name}, extraordinary", "place": "The board's call", "start_local": local,
        "duration_minutes": 30, "zone": zone, "lock_minutes": 0, "item_minutes": 15,
    }  # fmt: skip
    planning.plan_meeting(board_id=board.pk, planner=chair, values=values, at=at)


def sit_in_vain(board: Board, chair: Person, voter: Person, *, at: datetime) -> None:
    """Only its chair comes: nothing is decided, and its minutes are a draft."""
    agenda.fill_agendas(board_id=board.pk, at=at)
    meeting = Meeting.objects.get(board=board, start_at=at)
    session.open_meeting(meeting_id=meeting.pk, chair=chair, at=at)
    change = Change.objects.filter(agenda_items__meeting=meeting).order_by("pk").first()
    if change is not None:
        moment = at + timedelta(minutes=10)
        rounds.cast_vote(change_id=change.pk, voter=voter, choice="approve", revision=change.revision, at=moment)
    session.close_meeting(meeting_id=meeting.pk, chair=chair, at=at + timedelta(minutes=20))
