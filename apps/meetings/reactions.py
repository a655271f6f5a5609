"""What meetings do when the board's area speaks: agendas follow what waits. Each reaction is safe to run twice."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from apps.accounts.models import Person
from apps.cab import events as cab
from apps.cab.models import Round
from apps.journal.actions import subscribe
from apps.journal.models import Entry
from apps.kernel.signs import moment_words
from apps.meetings import events
from apps.meetings.actions import agenda, inviting
from apps.meetings.actions.planning import locked_board
from apps.meetings.models import Meeting, MeetingSeries
from apps.meetings.queries.calendar import calendar_items, guests_of_series, invitation, meets_with
from apps.meetings.queries.guests import MEMBERSHIP, days_by_person, guests_of, hears_anyway, told_of
from apps.meetings.queries.meetings import chairs_of, minutes_readers, next_times
from apps.meetings.rules.guests import Days
from apps.meetings.states import MeetingState
from apps.notify import feeds, invitations
from apps.notify.actions.telling import settle_notices, tell

feeds.register("meetings", "Meetings of boards I may see", calendar_items)
invitations.register(
    invitation,
    events.SeriesPlanned,
    events.SeriesEdited,
    events.SeriesEnded,
    events.MeetingPlanned,
    events.MeetingMoved,
    events.MeetingCancelled,
    events.MeetingFollowed,
    events.MeetingGuestChanged,
    events.SeriesGuestChanged,
)


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
        agenda.fill_agendas(board_id=board_id, at=entry.heard_at)


@subscribe(
    "meetings.agendas_follow_meetings",
    events.MeetingPlanned,
    events.MeetingFollowed,
    events.MeetingCancelled,
    events.MeetingClosed,
)
def follow_meetings(entry: Entry) -> None:
    """A meeting came, went or follows its series: what waits belongs to the next one now."""
    meeting = Meeting.objects.get(pk=entry.data["meeting_id"])
    agenda.fill_agendas(board_id=meeting.board_id, at=entry.heard_at)


@subscribe("meetings.ballots_elsewhere", cab.VoteCast)
def show_ballot(entry: Entry) -> None:
    """Show the room that speaks of the change a ballot cast elsewhere; those cast in the room are shown already."""
    agenda.note_ballot(change_id=entry.data["change_id"], ballot_id=entry.data["ballot_id"], at=entry.at)


@subscribe(
    "meetings.tell_members", events.MeetingPlanned, events.MeetingMoved, events.MeetingCancelled, events.MeetingFollowed
)
def tell_members(entry: Entry) -> None:
    """Tell the board's members of a meeting that is planned, moved or cancelled by itself; a series is told as one."""
    meeting = Meeting.objects.select_related("board").get(pk=entry.data["meeting_id"])
    locked_board(meeting.board_id)
    words = _words_of(entry, meeting)
    if words and not entry.data.get("with_series"):
        people = _untold(guests_of(meeting, at=entry.at), meeting, entry)
        _tell(people, entry, *words, url=meeting.get_absolute_url())


@subscribe("meetings.tell_of_series", events.SeriesPlanned, events.SeriesEdited, events.SeriesEnded)
def tell_of_series(entry: Entry) -> None:
    """Tell the board's members that a series is planned, meets otherwise from now on, or has ended."""
    series = MeetingSeries.objects.get(pk=entry.data["series_id"])
    locked_board(series.board_id)
    coming = next_times(series, at=entry.at, most=1)
    starts = f"It next starts {_clock(coming[0].window_start_at, series.zone)}." if coming else ""
    did, body = {
        events.SeriesPlanned.name(): ("is planned", starts),
        events.SeriesEdited.name(): ("changed", starts),
        events.SeriesEnded.name(): ("has ended", entry.data.get("reason", "")),
    }[entry.event]
    people = _untold(guests_of_series(series, at=entry.at), series, entry)
    _tell(people, entry, f"{series.name} {did}", body, url=series.get_absolute_url())


def _words_of(entry: Entry, meeting: Meeting) -> tuple[str, str] | None:
    """The title and the body of what members are told; None where their series says it."""
    starts = f"It starts {_clock(meeting.start_at, meeting.zone)}"
    if entry.event == events.MeetingMoved.name():
        return f"{meeting.name} moved", f"{starts} now."
    if entry.event == events.MeetingCancelled.name():
        return f"{meeting.name} is cancelled", entry.data["reason"]
    if meeting.series_id is None and entry.event == events.MeetingFollowed.name():
        return f"{meeting.name} is held although its series changed", f"{starts}; its agenda is locked."
    if meeting.series_id is None:
        return f"{meeting.name} is planned", f"{starts}."
    if entry.event == events.MeetingPlanned.name() and meeting.state == MeetingState.CANCELLED:
        when = _clock(meeting.start_at, meeting.zone)
        return f"{meeting.name} does not take place on {when}", meeting.reason
    return None


def _clock(moment: datetime, zone: str) -> str:
    return f"{moment_words(moment.astimezone(ZoneInfo(zone)))} ({zone})"


def _tell(people: Iterable[Person], entry: Entry, title: str, body: str, *, url: str) -> None:
    tell(people, entry=entry, kind="meeting", title=title, body=body, url=url, at=entry.at, also_who_did_it=True)


def _untold(people: list[Person], thing: Meeting | MeetingSeries, entry: Entry) -> list[Person]:
    """The people; of what was only just planned, without those who came to the board since and were told of it then.

    The board is locked by who asks: what is told of its plans, and of who comes to it, takes turns.
    """
    if entry.event not in (events.MeetingPlanned.name(), events.SeriesPlanned.name()):
        return people
    told = told_of(thing, [one.pk for one in people])
    return [one for one in people if one.pk not in told]


@subscribe("meetings.follow_membership", *MEMBERSHIP)
def follow_membership(entry: Entry) -> None:
    """Somebody's days on a board are other ones: what it has planned comes into their calendar, or goes from it."""
    inviting.follow_membership(because=entry, at=entry.heard_at)


@subscribe("meetings.tell_guest", events.MeetingGuestChanged, events.SeriesGuestChanged)
def tell_guest(entry: Entry) -> None:
    """Tell a member that they are invited to something that was planned before, or are not at it any more."""
    person = Person.objects.get(pk=entry.data["person_id"])
    series_id = entry.data.get("series_id")
    thing: MeetingSeries | Meeting = (
        MeetingSeries.objects.get(pk=series_id) if series_id else Meeting.objects.get(pk=entry.data["meeting_id"])
    )
    locked_board(thing.board_id)
    days = days_by_person(thing.board_id).get(person.pk, Days())
    is_there = meets_with(thing, days, at=entry.at)
    if is_there and hears_anyway(thing, person.pk):
        return
    body = f"Your days on the {thing.board} changed, and your calendar with them."
    title = f"You are invited: {thing.name}" if is_there else f"{thing.name} is not in your calendar any more"
    _tell([person], entry, title, body, url=thing.get_absolute_url())


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
