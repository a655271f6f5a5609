"""What meetings do when the board's area speaks: agendas follow what waits. Each reaction is safe to run twice."""

from apps.cab import events as cab
from apps.cab.models import Round
from apps.journal.actions import subscribe
from apps.journal.models import Entry
from apps.meetings import events
from apps.meetings.actions import agenda
from apps.meetings.models import Meeting


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
