"""The consent items of a meeting, and who has confirmed them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from apps.accounts.models import Person
from apps.cab.models import Ballot, Delegation
from apps.cab.queries.boards import voting_seats
from apps.cab.states import RoundState
from apps.meetings.models import AgendaItem, Meeting
from apps.meetings.states import ItemState


@dataclass(frozen=True)
class Confirmation:
    """One confirmation a person may give: for whose seat; by delegation where it is not their own."""

    voter: Person
    is_delegated: bool


def consent_items(meeting: Meeting) -> list[AgendaItem]:
    """What is still to be decided by consent, in order, with the changes."""
    rows = AgendaItem.objects.filter(meeting=meeting, state=ItemState.LISTED, is_consent=True)
    return list(rows.select_related("change").order_by("position"))


def confirmed_by(meeting: Meeting, items: Sequence[AgendaItem]) -> set[int]:
    """The people whose seats have a ballot on every one of these items."""
    rows = Ballot.objects.filter(
        round__board=meeting.board_id,
        round__state=RoundState.OPEN,
        round__change__in=[one.change_id for one in items],
    )
    found = Counter(rows.values_list("voter", flat=True))
    return {pk for pk, count in found.items() if count == len(items)}


def confirmations_of(
    meeting: Meeting, person: Person, items: Sequence[AgendaItem], *, at: datetime
) -> list[Confirmation]:
    """The confirmations that are still the person's to give: for their own seat, then for those lent to them."""
    if not items:
        return []
    day, given = at.date(), confirmed_by(meeting, items)
    lent = Delegation.objects.filter(board=meeting.board_id, to_person=person).in_force_on(day)
    givers = set(lent.values_list("from_person_id", flat=True))
    seats = [one for one in voting_seats(meeting.board_id, day) if one.person_id not in given]
    own = [Confirmation(one.person, is_delegated=False) for one in seats if one.person_id == person.pk]
    return own + [Confirmation(one.person, is_delegated=True) for one in seats if one.person_id in givers]
