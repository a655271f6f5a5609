"""Inviting who comes to a board to what it has planned already, and taking back what they will not be at."""

from datetime import datetime

from django.db import transaction

from apps.accounts.models import Person
from apps.journal import actions as journal
from apps.journal.models import Entry
from apps.meetings import events
from apps.meetings.actions.planning import locked_board
from apps.meetings.models import Meeting, MeetingSeries
from apps.meetings.queries.calendar import looks_alike, meets_with
from apps.meetings.queries.guests import (
    days_before,
    days_by_person,
    hears_anyway,
    series_ahead,
    single_ahead,
    told_of,
    whose_days,
)
from apps.meetings.rules.guests import Days


@transaction.atomic
def follow_membership(*, because: Entry, at: datetime) -> int:
    """Write down what changed for a member whose days on a board are other ones now; returns how many things did.

    `because` is the board's entry about it. One entry each series and each single meeting that lies ahead and stands
    otherwise for the member now: iTIP has one UID a message. Who was never told of it hears only of what they will be
    at, unless a mail that waits in line says it anyway. Once told, running it again tells nothing.
    """
    board_id, person_id = because.data["board_id"], whose_days(because)
    locked_board(board_id)  # a plan made beside this one is told to them, or seen here
    names = [events.MeetingGuestChanged.name(), events.SeriesGuestChanged.name()]
    if Entry.objects.filter(event__in=names, pk__gt=because.pk, data__because_id=because.pk).exists():
        return 0
    person, before = Person.objects.get(pk=person_id), days_before(person_id, because)
    days = days_by_person(board_id).get(person_id, Days())
    things: list[MeetingSeries | Meeting] = [*series_ahead(board_id, at=at), *single_ahead(board_id, at=at)]
    concerned = [
        one
        for one in things
        if (before is None or not looks_alike(one, before, days)) and _concerns(one, person_id, days, at=at)
    ]
    for thing in concerned:
        _note(thing, person, because, at=at)
    return len(concerned)


def _concerns(thing: MeetingSeries | Meeting, person_id: int, days: Days, *, at: datetime) -> bool:
    if meets_with(thing, days, at=at):
        return not hears_anyway(thing, person_id)
    return bool(told_of(thing, [person_id]))


def _note(thing: MeetingSeries | Meeting, person: Person, because: Entry, *, at: datetime) -> None:
    event: events.SeriesGuestChanged | events.MeetingGuestChanged
    if isinstance(thing, MeetingSeries):
        event = events.SeriesGuestChanged(series_id=thing.pk, person_id=person.pk, because_id=because.pk)
    else:
        event = events.MeetingGuestChanged(meeting_id=thing.pk, person_id=person.pk, because_id=because.pk)
    journal.record(event, subject=thing, actor=because.actor, at=at)
