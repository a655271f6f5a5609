"""What meetings do when the board's area speaks: agendas follow what waits. Each reaction is safe to run twice."""

from zoneinfo import ZoneInfo

from apps.cab import events as cab
from apps.cab.models import Round, Seat
from apps.journal.actions import subscribe
from apps.journal.models import Entry
from apps.meetings import events
from apps.meetings.actions import agenda
from apps.meetings.models import Meeting
from apps.meetings.queries.calendar import calendar_items
from apps.meetings.queries.meetings import chairs_of, minutes_readers
from apps.notify import feeds
from apps.notify.actions.telling import settle_notices, tell

feeds.register("meetings", "Meetings of boards I may see", calendar_items)


@subscribe(
    "meetings.fill_agendas",
    cab.RoundOpened,
    cab.RoundDecided,
    cab.RoundInvalidated,
    cab.RoundLapsed,
    cab.ChangeCancelled,
    cab.ChangeHeld,
    cab.ChangeReleased,
    cab.RiskRaised,
    cab.RiskRecomputed,
    cab.ConflictFound,
    cab.ConflictAccepted,
    cab.ConflictResolved,
)
def follow_what_waits(entry: Entry) -> None:
    """Bring the agendas of every board that decides the change up to what waits for it now."""
    boards = Round.objects.filter(change=entry.data["change_id"]).order_by("board").values_list("board", flat=True)
    for board_id in boards.distinct():
        agenda.fill_agendas(board_id=board_id, at=entry.at)


@subscribe("meetings.agendas_follow_meetings", events.MeetingPlanned, events.MeetingCancelled, events.MeetingClosed)
def follow_meetings(entry: Entry) -> None:
    """A meeting came or went: what waits belongs to the next one now."""
    meeting = Meeting.objects.get(pk=entry.data["meeting_id"])
    agenda.fill_agendas(board_id=meeting.board_id, at=entry.at)


@subscribe("meetings.ballots_elsewhere", cab.VoteCast)
def show_ballot(entry: Entry) -> None:
    """Show the room that speaks of the change a ballot cast elsewhere; those cast in the room are shown already."""
    agenda.note_ballot(change_id=entry.data["change_id"], ballot_id=entry.data["ballot_id"], at=entry.at)


@subscribe("meetings.tell_members", events.MeetingMoved, events.MeetingCancelled)
def tell_members(entry: Entry) -> None:
    """Tell the board's members that a meeting moved or is cancelled."""
    meeting = Meeting.objects.select_related("board").get(pk=entry.data["meeting_id"])
    seats = Seat.objects.filter(board=meeting.board).filled_on(entry.at.date()).select_related("person")
    start = f"{meeting.start_at.astimezone(ZoneInfo(meeting.zone)):%d %B %Y %H:%M} ({meeting.zone})"
    is_cancelled = entry.event == events.MeetingCancelled.name()
    tell(
        [seat.person for seat in seats],
        entry=entry,
        kind="meeting",
        title=f"{meeting.name} is cancelled" if is_cancelled else f"{meeting.name} moved",
        body=entry.data["reason"] if is_cancelled else f"It starts {start} now.",
        url=meeting.get_absolute_url(),
        at=entry.at,
    )


@subscribe("meetings.tell_of_minutes", events.MinutesReminded, events.MinutesPublished)
def tell_of_minutes(entry: Entry) -> None:
    """Remind the chair of minutes that lie unpublished; when they are published, tell who sits there and who came."""
    meeting = Meeting.objects.select_related("board").get(pk=entry.data["meeting_id"])
    is_published = entry.event == events.MinutesPublished.name()
    if is_published:
        asked = Entry.objects.about(meeting).filter(event=events.MinutesReminded.name())
        settle_notices(entries=asked, kind="meeting", at=entry.at)
    days = entry.data.get("days", 0)
    tell(
        minutes_readers(meeting, at=entry.at) if is_published else chairs_of(meeting.board_id, at=entry.at),
        entry=entry,
        kind="meeting",
        title=f"Minutes of {meeting} are published" if is_published else f"Minutes of {meeting} wait to be published",
        body="" if is_published else f"They have been a draft for {days} days. Read them, then publish them.",
        url=meeting.minutes.get_absolute_url(),
        at=entry.at,
    )
