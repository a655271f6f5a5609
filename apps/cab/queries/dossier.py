"""Everything one page shows about one change to one person, in a handful of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, F, OuterRef, Subquery
from django.db.models.functions import JSONObject

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab.models import (
    Attachment,
    Ballot,
    Change,
    ChangeComponent,
    CoAuthorship,
    Delegation,
    Handover,
    LastLook,
    NamedApprover,
    Reversal,
    Revision,
    Round,
    Seat,
    SeatRole,
)
from apps.cab.queries import changes
from apps.cab.queries.boards import OpenBallot, conditions_shown_to
from apps.cab.rules import blockers, offers, separation, voting
from apps.cab.rules.revisions import EditVerdict
from apps.cab.states import ConditionState, RoundState
from apps.clusters.queries import standing
from apps.journal import queries as journal
from apps.journal.events import words_for
from apps.journal.models import Entry
from apps.kernel.refusals import NotFound


@dataclass(frozen=True)
class Dossier:
    """One change as one person sees it."""

    change: Any  # a Change with `listed_components`, `listed_co_authors`, `listed_files`, `seen`
    rounds: Sequence[Round]
    round: Round | None  # the open one, else the last
    quorum: voting.Quorum | None
    ballots: Sequence[Ballot]
    hidden_ballots: int
    open_ballots: Sequence[OpenBallot]
    conditions: Sequence[Any]
    blockers: Sequence[blockers.Blocker]
    acts: Sequence[str]
    timeline: Sequence[dict[str, Any]]
    since_last_look: EditVerdict
    seen: int | None
    is_chair: bool
    seats: Sequence[Seat]
    is_barred: bool  # wrote it or carries it out, so never decides it


def dossier(reference: str, person: Person, *, at: datetime) -> Dossier:
    """The dossier of the change with this reference; refused as not found when the person may not see it."""
    change = _change(reference, person)
    rounds = list(Round.objects.filter(change=change).select_related("board").order_by("-number"))
    current = rounds[0] if rounds else None
    open_round = current if current and current.state == RoundState.OPEN else None
    authors = {change.requester_id, change.implementer_id, *(one["id"] for one in change.listed_co_authors)}
    barred = authors | set(change.material_writers)  # as boards.barred_from
    seats = _seats(current, person, at=at) if current else []
    ballots = _ballots(current) if current else []
    quorum = _quorum(current, seats, ballots, barred) if current else None
    is_chair = any(seat.person_id == person.pk and seat.role == SeatRole.CHAIR for seat in seats)
    open_ballots = _open_ballots(open_round, seats, ballots, person, barred)
    conditions = list(conditions_shown_to(change, person).annotate(board_id=F("ballot__round__board_id")))
    found = blockers.blockers(
        changes.blocker_facts_from(
            change,
            has_components=bool(change.listed_components),
            has_open_round=open_round is not None,
            round_lapsed=bool(current and current.state == RoundState.LAPSED),
            open_conditions=sum(one.state == ConditionState.OPEN for one in conditions),
            quorum_unreachable=quorum.unreachable if quorum and open_round else (),
            author_approvers=_author_approvers(change),
            at=at,
        )
    )
    situation = _situation(
        change,
        person,
        authors,
        barred,
        is_chair=is_chair,
        open_ballots=open_ballots,
        open_round=open_round,
        found=found,
    )
    shown = [one for one in ballots if not _is_hidden(current, one, person)]
    return Dossier(
        change=change,
        rounds=rounds,
        round=current,
        quorum=quorum,
        ballots=shown,
        hidden_ballots=len(ballots) - len(shown),
        open_ballots=open_ballots,
        conditions=conditions,
        blockers=found,
        acts=offers.offers(situation),
        timeline=[_line(entry) for entry in journal.timeline(change, limit=60)],
        since_last_look=changes.diff(change, change.seen, change.revision)
        if change.seen and change.seen != change.revision
        else EditVerdict(()),
        seen=change.seen,
        is_chair=is_chair,
        seats=seats,
        is_barred=person.pk in barred,
    )


def find(reference: str, person: Person, rows: Any = None) -> Change:
    """The change with this reference (CHG-1042, any case), or a refusal when there is none for this person."""
    number = reference.upper().removeprefix("CHG-")
    found: Change | None = None
    if number.isascii() and number.isdigit() and len(number) <= 18:  # noqa: PLR2004  # a bigint's safe length
        found = (Change.objects.all() if rows is None else rows).visible_to(person).filter(number=int(number)).first()
    if found is None:
        raise NotFound(
            f"There is no change {reference[:24]} that you may see.", next_step="Check the reference, or search for it."
        )
    return found


def _change(reference: str, person: Person) -> Any:
    components = ChangeComponent.objects.filter(change=OuterRef("pk")).order_by("component__tier", "component__name")
    people = CoAuthorship.objects.filter(change=OuterRef("pk")).order_by("person__name")
    files = Attachment.objects.filter(change=OuterRef("pk")).order_by("pk")
    rows = Change.objects.select_related("cluster", "requester", "implementer", "risk_raised_by", "review").annotate(
        listed_components=ArraySubquery(
            components.values(
                one=JSONObject(
                    id="component_id",
                    name="component__name",
                    tier="component__tier",
                    slug="component__slug",
                    cluster="component__cluster__name",
                    cluster_slug="component__cluster__slug",
                )
            )
        ),
        listed_co_authors=ArraySubquery(
            people.values(one=JSONObject(id="person_id", name="person__name", handle="person__handle"))
        ),
        listed_files=ArraySubquery(
            files.values(one=JSONObject(id="pk", name="name", size="size", sha256="sha256", kind="content_type"))
        ),
        named_as_approvers=ArraySubquery(
            NamedApprover.objects.filter(change=OuterRef("pk")).values_list("person__handle")
        ),
        material_writers=ArraySubquery(
            Revision.objects.filter(change=OuterRef("pk"), is_material=True).values_list("author").distinct()
        ),
        seen=Subquery(LastLook.objects.filter(change=OuterRef("pk"), person=person).values("revision")),
        last_handover=Subquery(
            Handover.objects.filter(change=OuterRef("pk"))
            .order_by("-pk")
            .values(one=JSONObject(way="way", grounds="grounds", revision="revision"))[:1]
        ),
        was_undone=Exists(Reversal.objects.filter(undone=OuterRef("pk"))),
    )
    return find(reference, person, rows)


def _author_approvers(change: Any) -> list[str]:
    implementer = [change.implementer.handle] if change.implementer else []
    authors = [change.requester.handle, *implementer, *(one["handle"] for one in change.listed_co_authors)]
    both = separation.author_approvers(authors=authors, approvers=change.named_as_approvers)
    return [handle.partition(":")[2] or handle for handle in both]  # without the source that it was recorded by


def _seats(round_: Round, person: Person, *, at: datetime) -> list[Any]:
    lent = Delegation.objects.filter(
        board_id=round_.board_id, to_person=person, from_person=OuterRef("person")
    ).in_force_on(at.date())
    seats = Seat.objects.filter(board_id=round_.board_id).filled_on(at.date()).voting().select_related("person")
    return list(seats.annotate(is_lent=Exists(lent)).order_by("role", "person__name"))


def _ballots(round_: Round) -> list[Ballot]:
    return list(Ballot.objects.filter(round=round_).select_related("voter", "cast_by").order_by("id"))


def _is_hidden(round_: Round | None, ballot: Ballot, person: Person) -> bool:
    hides = bool(round_ and round_.state == RoundState.OPEN and round_.rule.get("hides_ballots"))
    return hides and person.pk not in (ballot.voter_id, ballot.cast_by_id)


def _quorum(round_: Round, seats: Sequence[Seat], ballots: Sequence[Ballot], barred: set[int | None]) -> voting.Quorum:
    casts = [voting.Cast(one.voter_id, one.choice, one.seat_role, one.seat_function) for one in ballots]
    voices = [voting.Voice(seat.person_id, seat.role, seat.function) for seat in seats if seat.person_id not in barred]
    seated = {voice.person_id for voice in voices}
    voices += [voting.Voice(one.person_id, one.role, one.function) for one in casts if one.person_id not in seated]
    return voting.quorum(voting.Rule.from_data(round_.rule), voices=voices, casts=casts)


def _open_ballots(
    round_: Round | None, seats: Sequence[Any], ballots: Sequence[Ballot], person: Person, barred: set[int | None]
) -> list[OpenBallot]:
    if round_ is None or person.pk in barred or not person.may(Capability.VOTE):
        return []
    done = {one.voter_id for one in ballots}
    mine = [seat for seat in seats if seat.person_id == person.pk or seat.is_lent]
    return [
        OpenBallot(seat.person, seat, seat.person_id != person.pk)
        for seat in mine
        if seat.person_id not in done and seat.person_id not in barred
    ]


def _situation(
    change: Any,
    person: Person,
    authors: set[int | None],
    barred: set[int | None],
    *,
    is_chair: bool,
    open_ballots: Sequence[OpenBallot],
    open_round: Round | None,
    found: Sequence[blockers.Blocker],
) -> offers.Situation:
    writes, triages = person.may(Capability.PROPOSE_CHANGE), person.may(Capability.TRIAGE_CHANGE)
    holds = standing(person, change.cluster)
    owns, operates = holds.may_own, holds.may_operate
    is_author = person.pk in authors
    involved = person.pk in {change.requester_id, change.implementer_id}
    return offers.Situation(
        state=change.state,
        on_hold=change.on_hold,
        is_author=is_author,
        may_write=writes,
        may_edit=writes and (is_author or owns),
        may_assess=person.pk not in barred and (triages or owns),
        may_do=operates or (writes and involved) or person.may(Capability.IMPLEMENT_CHANGE),
        may_review=writes and (involved or triages or owns),
        may_hold=writes and (is_author or triages),
        is_chair=is_chair or person.may(Capability.MANAGE_BOARD),
        has_ballots=bool(open_ballots),
        has_open_round=open_round is not None,
        is_blocked=bool(found),
        risk=change.risk,
    )


def _line(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "actor": entry.actor,
        "words": words_for(entry.event),
        "detail": entry.data.get("reason", ""),
        "digest": entry.digest,
        "sequence": entry.pk,
    }
