"""Why somebody has no ballot to cast on a change."""

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab.queries.dossier import Dossier
from apps.cab.rules import waiting
from apps.cab.states import RetroactiveState, RoundState


def why_no_ballot(found: Dossier, person: Person) -> str:
    """The sentence for somebody who may not vote on the change now; empty for who may."""
    change, round_ = found.change, found.round
    if "vote" in found.acts:
        return ""
    authors = {change.requester_id, change.implementer_id, *(one["id"] for one in change.listed_co_authors)}
    return waiting.sentence(
        waiting.Onlooker(
            state=change.state,
            on_hold=change.on_hold,
            board=round_.board.name if round_ else "board",
            has_open_round=round_ is not None and round_.state == RoundState.OPEN,
            is_author=person.pk in authors,
            has_seat=any(seat.person_id == person.pk for seat in found.seats) or bool(found.open_ballots),
            may_vote=person.may(Capability.VOTE),
            choice=next((one.get_choice_display() for one in found.ballots if one.voter_id == person.pk), ""),
            implementer=change.implementer.name if change.implementer else "",
            decides_afterwards=change.retroactive == RetroactiveState.PENDING,
        )
    )
