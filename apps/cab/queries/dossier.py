"""Everything one page shows about one change to one person, in a handful of queries."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import BigIntegerField, DateField, Exists, F, OuterRef, QuerySet

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab.models import (
    Ballot,
    Change,
    ChangeType,
    Conflict,
    Delegation,
    Observation,
    ReviewCheck,
    Round,
    Seat,
    SeatRole,
    StandardProposal,
)
from apps.cab.queries import changes
from apps.cab.queries.boards import OpenBallot, conditions_shown_to, voting_seats
from apps.cab.queries.boards import standing as standing_of
from apps.cab.queries.change_models import skips_assessment
from apps.cab.queries.checks import checks_on
from apps.cab.queries.conflicts import shown_of, stops_on
from apps.cab.queries.findings import SHOWN as SHOWN_FINDINGS
from apps.cab.queries.findings import shown_findings
from apps.cab.queries.freezes import STOPPABLE, FreezeStop, freezes_before, is_freeze_keeper
from apps.cab.queries.whole import rounds_of, whole
from apps.cab.rules import blockers, exceptions, offers, separation, voting
from apps.cab.rules.revisions import EditVerdict
from apps.cab.states import (
    ChangeState,
    ConditionState,
    ExceptionState,
    ObservationState,
    Outcome,
    RetroactiveState,
    RoundState,
)
from apps.clusters.queries import standing_from
from apps.journal.events import words_for
from apps.journal.models import Entry
from apps.kernel.prepared import Prepared

MOST_ENTRIES = 60  # of the timeline beside the page


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
    conflicts: Sequence[Conflict]  # open and accepted ones this person may know of; those with `freezes` stand there
    conflicts_are_cut: bool  # it meets others in more places than are looked at
    findings: Sequence[dict[str, Any]]  # open ones on what it touches, worst first
    findings_are_cut: bool
    blockers: Sequence[blockers.Blocker]
    freezes: Sequence[FreezeStop]
    acts: Sequence[str]
    timeline: Sequence[dict[str, Any]]
    since_last_look: EditVerdict
    seen: int | None
    is_chair: bool
    seats: Sequence[Seat]
    may_accept: bool  # conflicts
    checks: Sequence[ReviewCheck]  # from earlier reviews, that come up on it
    found_checks: Sequence[ReviewCheck]  # which its own review left behind
    found_proposals: Sequence[StandardProposal]
    observations: Sequence[Observation]  # drift that was seen, the first report first
    may_explain: bool  # the drift it was opened for
    may_ask_exception: bool  # from a freeze
    deciding: frozenset[int]  # ids of the exceptions that are theirs to decide
    may_propose_template: bool  # it went well, so it may be the example of a standard change
    is_barred: bool  # wrote it or carries it out, so never decides it


def dossier(reference: str, person: Person, *, at: datetime) -> Dossier:
    """The dossier of the change with this reference; refused as not found when the person may not see it."""
    change = whole(reference, person)
    rounds = rounds_of(change)
    current = rounds[0] if rounds else None
    open_round = current if current and current.state == RoundState.OPEN else None
    authors = {change.requester_id, change.implementer_id, *(one["id"] for one in change.listed_co_authors)}
    barred = authors | set(change.material_writers)  # as boards.barred_from
    seats = _seats(current, person, at=at) if current else []
    ballots = _ballots(current) if current else []
    quorum = _quorum(current, seats, ballots, barred) if current else None
    is_chair = any(seat.person_id == person.pk and seat.role == SeatRole.CHAIR for seat in seats)
    open_ballots = _open_ballots(open_round, seats, ballots, person, barred)
    conditions = _CONDITIONS(change=change.pk, person=person.pk) if rounds else []
    conflicts = shown_of(change)
    may_begin = (
        change.type == ChangeType.EMERGENCY
        and change.state == ChangeState.AWAITING_AUTHORIZATION
        and open_round is not None
        and open_round.board.allows_implement_first
    )
    stops = freezes_before(change, at=at, may_start_now=may_begin) if change.state in STOPPABLE else []
    asked_checks = checks_on(change) if change.has_checks else []
    found = blockers.blockers(
        changes.blocker_facts_from(
            change,
            freezes=[(one.is_hard, one.verdict.sentence) for one in stops if one.stands],
            has_components=bool(change.listed_components),
            has_open_round=open_round is not None,
            round_lapsed=bool(current and current.state == RoundState.LAPSED),
            open_conditions=sum(one.state == ConditionState.OPEN for one in conditions),
            quorum_unreachable=quorum.unreachable if quorum and open_round else (),
            author_approvers=_author_approvers(change),
            conflicts=conflicts.stops,
            unanswered=[one.question for one in asked_checks if not one.answer],
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
        may_begin_first=may_begin and change.implementer is not None and not any(one.stands for one in stops),
    )
    seen_drift = list(change.observations.with_all().order_by("pk")) if change.was_observed else []
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
        conflicts=[one for one in conflicts.rows if one.freeze_id not in {stop.freeze.pk for stop in stops}],
        conflicts_are_cut=change.conflicts_are_cut,
        findings=shown_findings(change),
        findings_are_cut=len(change.listed_findings) > SHOWN_FINDINGS,
        blockers=found,
        freezes=_with_conflicts(stops, conflicts.rows),
        acts=offers.offers(situation),
        timeline=[_line(entry) for entry in _ENTRIES(change=change.pk)],
        since_last_look=changes.diff(change, change.seen, change.revision)
        if change.seen and change.seen != change.revision
        else EditVerdict(()),
        seen=change.seen,
        is_chair=is_chair,
        seats=seats,
        may_accept=situation.may_assess and situation.may_write,  # who may assess wrote nothing of it
        checks=asked_checks,
        found_checks=list(change.checks_found.select_related("component", "cluster").order_by("pk"))
        if change.has_findings
        else [],
        found_proposals=list(change.standard_proposals.select_related("owner").order_by("pk"))
        if change.has_findings
        else [],
        observations=seen_drift,
        may_explain=situation.owns and person.pk != change.requester_id and _is_unexplained(seen_drift),
        may_ask_exception=(situation.may_write and situation.is_author) or situation.may_do,
        deciding=_deciding(stops, person, is_barred=person.pk in barred),
        may_propose_template=situation.may_write and _is_example(change),
        is_barred=person.pk in barred,
    )


def _with_conflicts(stops: Sequence[FreezeStop], conflicts: Sequence[Conflict]) -> list[FreezeStop]:
    of_freeze = {one.freeze_id: one for one in conflicts}
    return [replace(stop, conflict=of_freeze.get(stop.freeze.pk)) for stop in stops]


def _is_example(change: Any) -> bool:
    """As `actions.standards` asks of it."""
    went_well = change.outcome in {Outcome.SUCCESSFUL, Outcome.SUCCESSFUL_WITH_ISSUES} and not change.was_undone
    is_routine = change.type != ChangeType.EMERGENCY and change.template_version_id is None
    return bool(change.state == ChangeState.CLOSED and went_well and is_routine)


def _is_unexplained(seen: Sequence[Observation]) -> bool:
    return any(one.state == ObservationState.OPEN for one in seen)


def _deciding(stops: Sequence[FreezeStop], person: Person, *, is_barred: bool) -> frozenset[int]:
    """Which of the open requests the person may decide; asks nothing of the database where there is none."""
    waiting = [(stop, one) for stop in stops for one in stop.exceptions if one.state == ExceptionState.REQUESTED]
    is_chair, writes = person.may(Capability.MANAGE_BOARD), person.may(Capability.PROPOSE_CHANGE)
    return frozenset(
        one.pk
        for stop, one in waiting
        if exceptions.may_decide(
            exceptions.Decider(
                person.pk,
                is_keeper=not is_barred and not is_chair and writes and is_freeze_keeper(stop.freeze, person),
                is_chair=is_chair,
                is_barred=is_barred,
            ),
            requested_by_id=one.requested_by_id,
        )
    )


def blockers_of(change: Any, rounds: Sequence[Round], *, at: datetime) -> list[blockers.Blocker]:
    """What stops a change that was read whole, given its rounds with the newest first."""
    last = rounds[0] if rounds else None
    open_round = last if last and last.state == RoundState.OPEN else None
    facts = changes.blocker_facts_from(
        change,
        has_components=bool(change.listed_components),
        has_open_round=open_round is not None,
        round_lapsed=bool(last and last.state == RoundState.LAPSED),
        open_conditions=change.open_conditions or 0,
        quorum_unreachable=standing_of(open_round, change, at=at).quorum.unreachable if open_round else (),
        author_approvers=_author_approvers(change),
        conflicts=stops_on(change),
        at=at,
    )
    return list(blockers.blockers(facts))


def _author_approvers(change: Any) -> list[str]:
    implementer = [change.implementer.handle] if change.implementer else []
    authors = [change.requester.handle, *implementer, *(one["handle"] for one in change.listed_co_authors)]
    both = separation.author_approvers(authors=authors, approvers=change.named_as_approvers)
    return [handle.partition(":")[2] or handle for handle in both]  # without the source that it was recorded by


def _seats(round_: Round, person: Person, *, at: datetime) -> list[Any]:
    return _SEATS(board_id=round_.board_id, person=person.pk, day=at.date())


def _seats_and_loans(board_id: Any, person: Any, day: Any) -> QuerySet[Seat]:
    lent = Delegation.objects.filter(board_id=board_id, to_person=person, from_person=OuterRef("person"))
    return voting_seats(board_id, day).annotate(is_lent=Exists(lent.in_force_on(day)))


_SEATS = Prepared(_seats_and_loans, board_id=BigIntegerField(), person=BigIntegerField(), day=DateField())
_BALLOTS = Prepared(
    lambda round_id: Ballot.objects.filter(round=round_id).select_related("voter", "cast_by").order_by("id"),
    round_id=BigIntegerField(),
)


def _ballots(round_: Round) -> list[Ballot]:
    return _BALLOTS(round_id=round_.pk)


_CONDITIONS = Prepared(
    lambda change, person: conditions_shown_to(change, person).annotate(board_id=F("ballot__round__board_id")),
    change=BigIntegerField(),
    person=BigIntegerField(),
)


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
    may_begin_first: bool,
) -> offers.Situation:
    writes, triages = person.may(Capability.PROPOSE_CHANGE), person.may(Capability.TRIAGE_CHANGE)
    holds = standing_from(person, [*change.held, *change.held_by_teams])
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
        owns=writes and owns,
        has_review=hasattr(change, "review"),
        decides_afterwards=change.retroactive == RetroactiveState.PENDING,
        skips_assessment=skips_assessment(change),
        lapsed_afterwards=change.retroactive == RetroactiveState.LAPSED,
        may_begin_first=may_begin_first and not {one.code for one in found} & blockers.STOPS_ANY_WORK,
    )


_ENTRIES = Prepared(
    lambda change: (
        Entry.objects.filter(subject_type=Change._meta.label_lower, subject_id=change)
        .select_related("actor")
        .only("event", "at", "data", "digest", "actor__name", "actor__handle")
        .order_by("-id")[:MOST_ENTRIES]
    ),
    change=BigIntegerField(),
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
