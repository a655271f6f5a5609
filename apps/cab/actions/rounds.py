"""Rounds: opening one, casting ballots, and what settles when the quorum is complete."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab import events
from apps.cab.actions.moves import locked_change, move_change, move_condition, move_retroactive, move_round
from apps.cab.models import Ballot, Change, ChangeType, Choice, Condition, Delegation, Round, Verdict
from apps.cab.queries import boards
from apps.cab.queries.conflicts import is_stopped
from apps.cab.queries.freezes import freezes_before
from apps.cab.queries.ways import Route
from apps.cab.rules import retroactive, voting
from apps.cab.rules.ballots import require_fits
from apps.cab.states import ChangeState, ConditionState, RetroactiveState, RoundState
from apps.journal import actions as journal
from apps.journal.events import Event
from apps.kernel.refusals import Conflict, NotAllowed, StaleRevision, WrongState, refusal_from_constraint
from apps.kernel.signs import moment_words
from apps.windows.actions.freezes import keep_freezes_as_they_are


@transaction.atomic
def cast_vote(
    *,
    change_id: int,
    voter: Person,
    choice: str,
    revision: int,
    at: datetime,
    reason: str = "",
    conditions: Sequence[str] = (),
    seat_of: Person | None = None,
) -> Ballot:
    """Record one ballot and settle the change when it completes the quorum.

    `revision` is the one the voter saw: a ballot about an older text is refused. `seat_of` names the person whose seat
    it is when `voter` holds their delegation. Refused: authors and implementers (also by delegation), people without a
    seat, a second ballot of a seat, a round that is closed or over, a reason that is missing where one is needed.
    """
    change = locked_change(change_id)
    round_ = _open_round(change, at=at)
    owner = seat_of or voter
    table = boards.table(round_, change, at=at)  # read once: the lock keeps it as it is
    seat_role, seat_function = _require_may_vote(round_, table, voter=voter, owner=owner, at=at)
    if not round_.revision <= revision <= change.revision:  # later ones differ by administrative edits only
        raise StaleRevision(
            f"You read revision {revision}; the board is deciding revision {round_.revision}.",
            next_step="Look at what changed, then vote.",
        )
    wanted = require_fits(choice, reason=reason, conditions=conditions, choices=Choice.values)
    ballot = Ballot(
        round=round_,
        voter=owner,
        cast_by=voter,
        revision=revision,
        seat_role=seat_role,
        seat_function=seat_function,
        choice=choice,
        reason=reason.strip(),
        cast_at=at,
    )
    try:
        ballot.save(force_insert=True)
    except IntegrityError as error:
        raise refusal_from_constraint(error, Ballot) from error
    Condition.objects.bulk_create(Condition(ballot=ballot, change=change, text=text) for text in wanted)
    event = events.VoteCast(change_id=change.pk, round_id=round_.pk, ballot_id=ballot.pk, voter_id=owner.pk)
    journal.record(event, subject=change, actor=voter, at=at)
    standing = boards.standing_at(replace(table, ballots=(*table.ballots, ballot)), round_)
    _settle(round_, change, standing, actor=voter, at=at)
    return ballot


def give_time_back(change: Change, *, held_at: datetime, at: datetime) -> None:
    """Move an open round's deadline by the time in which nobody could vote. The caller holds the lock and saves."""
    round_ = boards.open_round(change)
    if round_ is None:
        return
    round_.closes_at += at - max(held_at, round_.opened_at)
    round_.save(update_fields=["closes_at"])
    change.deadline_at = round_.closes_at


@transaction.atomic
def keep_open(*, round_id: int, until: datetime, at: datetime) -> Round:
    """Let an open round last at least `until`, for a board that meets then. Never shorter; safe to run twice.

    What cannot wait keeps its deadline: an emergency, and a decision after the fact.
    """
    change = locked_change(Round.objects.values_list("change_id", flat=True).get(pk=round_id))
    round_ = Round.objects.select_for_update(of=("self",)).get(pk=round_id)
    waits = change.type != ChangeType.EMERGENCY and round_.retroactive_at is None
    if round_.state != RoundState.OPEN or round_.closes_at >= until or not waits:
        return round_
    round_.closes_at = change.deadline_at = until
    round_.save(update_fields=["closes_at"])
    change.save(update_fields=["deadline_at"])
    event = events.RoundKeptOpen(change_id=change.pk, round_id=round_.pk, closes_at=until.isoformat())
    journal.record(event, subject=change, actor=None, at=at)
    return round_


def open_round_at(change: Change, *, route: Route, opener: Person | None, at: datetime) -> Round:
    """Open the next round at the route's board, keeping its rules as they are now with what the policies add.

    For actions that hold the change's lock.
    """
    board = route.board
    assert board is not None  # a route to a board names it
    last = change.rounds.order_by("-number").values_list("number", flat=True).first() or 0
    rule = voting.Rule(
        board.quorum_count,
        board.quorum_share,
        tuple(dict.fromkeys([*board.quorum_roles, *route.roles])),
        board.majority,
        people=tuple((one["id"], one["name"]) for one in route.people),
        apart=route.apart,
    )
    round_ = Round.objects.create(
        change=change,
        board=board,
        number=last + 1,
        revision=change.revision,
        rule=rule.as_data() | {"hides_ballots": board.hides_ballots},
        opened_at=at,
        closes_at=at + timedelta(hours=board.decision_hours),
    )
    change.deadline_at = round_.closes_at
    change.save()
    event = events.RoundOpened(change_id=change.pk, round_id=round_.pk, board_id=board.pk, revision=change.revision)
    journal.record(event, subject=change, actor=opener, at=at)
    return round_


@transaction.atomic
def close_overdue_round(*, round_id: int, at: datetime) -> Round:
    """End a round whose deadline has passed: decided when it has a quorum, lapsed when not. Safe to run twice.

    While its change is on hold nobody could vote, so the deadline waits for the release.
    """
    change_id = Round.objects.values_list("change_id", flat=True).get(pk=round_id)
    change = locked_change(change_id)
    round_ = Round.objects.select_for_update(of=("self",)).select_related("board").get(pk=round_id)
    if round_.state != RoundState.OPEN or round_.closes_at > at or change.on_hold:
        return round_
    standing = boards.standing(round_, change, at=at)
    if not _settle(round_, change, standing, actor=None, at=at, is_over=True):
        move_round(round_, RoundState.LAPSED, at=at)
        round_.tally = _tally(standing, "The deadline passed without a quorum.")
        round_.save(update_fields=["state", "closed_at", "tally"])
        change.deadline_at = None
        journal.record(events.RoundLapsed(change_id=change.pk, round_id=round_.pk), subject=change, actor=None, at=at)
        if round_.retroactive_at:
            _alert(round_, change, at=at)
        change.save()
    return round_


def decide_afterwards(round_: Round, change: Change, *, at: datetime) -> None:
    """Let the open round decide after the fact, within the board's retroactive hours. The caller holds the lock."""
    move_retroactive(change, RetroactiveState.PENDING)
    round_.retroactive_at, round_.closes_at = at, at + timedelta(hours=round_.board.retroactive_hours)
    round_.save(update_fields=["retroactive_at", "closes_at"])
    change.deadline_at = round_.closes_at
    change.save()


def _open_round(change: Change, *, at: datetime) -> Round:
    round_ = boards.open_round(change)
    if round_ is None:
        raise WrongState(
            f"No round is open for {change.reference}: it is {change.state.replace('_', ' ')}.",
            next_step="The decision and its ballots are on the change's page.",
            code="round_closed",
        )
    if change.on_hold:
        raise WrongState(f"{change.reference} is on hold.", next_step="Vote when it is released.", code="on_hold")
    if round_.closes_at <= at:
        raise WrongState(
            f"The round closed at {moment_words(round_.closes_at)} UTC.",
            next_step="Ask the chair to open another round.",
            code="round_over",
        )
    return round_


def _require_may_vote(
    round_: Round, table: boards.Table, *, voter: Person, owner: Person, at: datetime
) -> tuple[str, str]:
    seats = {seat.person_id: seat for seat in table.seats}
    voting.require_may_vote(voter_id=owner.pk, cast_by_id=voter.pk, barred=table.barred, seated=seats.keys())
    if owner != voter:
        held = Delegation.objects.filter(board_id=round_.board_id, from_person=owner, to_person=voter)
        if not held.in_force_on(at.date()).exists():
            raise NotAllowed(
                f"{owner} has not delegated their vote to you on this board today.",
                next_step="Ask them to delegate it, or vote for your own seat.",
                code="no_delegation",
            )
        if not owner.may(Capability.VOTE):
            raise NotAllowed(
                f"{owner} may no longer vote, so nobody votes for them.",
                next_step="Ask the chair to fill the seat.",
                code="no_seat",
            )
    voter.require(Capability.VOTE, to="vote")
    if any(ballot.voter_id == owner.pk for ballot in table.ballots):
        raise Conflict(
            "This seat has already voted in this round.",
            next_step="A ballot stands until the round ends; speak with the chair if it was a mistake.",
            code="voted_already",
        )
    return seats[owner.pk].role, seats[owner.pk].function


def _settle(
    round_: Round,
    change: Change,
    standing: boards.Standing,
    *,
    actor: Person | None,
    at: datetime,
    is_over: bool = False,
) -> bool:
    """Close the round if its ballots decide it, and move the change accordingly."""
    rule = voting.Rule.from_data(round_.rule)
    decision = voting.decision(rule, voices=standing.voices, casts=standing.casts, is_over=is_over)
    if decision is None:
        return False
    move_round(round_, RoundState.DECIDED, at=at)
    round_.verdict, round_.tally = decision.verdict, _tally(standing, decision.sentence)
    round_.save(update_fields=["state", "closed_at", "verdict", "tally"])
    event = events.RoundDecided(change_id=change.pk, round_id=round_.pk, verdict=decision.verdict)
    journal.record(event, subject=change, actor=actor, at=at)
    change.decided_at, change.deadline_at = at, None
    _carry_out(decision.verdict, round_, change, actor=actor, at=at)
    return True


def _alert(round_: Round, change: Change, *, at: datetime) -> None:
    """Work was done and nobody decided about it in time: flagged on the change, told outside as an incident is."""
    move_retroactive(change, RetroactiveState.LAPSED)
    event = events.RetroactiveApprovalLapsed(
        change_id=change.pk,
        round_id=round_.pk,
        severity="high",
        sentence=f"{change.reference} was carried out and the {round_.board} did not decide about it in time.",
    )
    journal.record(event, subject=change, actor=None, at=at)


def _carry_out_afterwards(verdict: str, round_: Round, change: Change, *, actor: Person | None, at: datetime) -> None:
    """The work has begun already, so the change keeps its state; what was refused is recorded as unauthorized."""
    named = {"change_id": change.pk, "round_id": round_.pk}
    if verdict in {Verdict.APPROVED, Verdict.APPROVED_WITH_CONDITIONS}:
        move_retroactive(change, RetroactiveState.APPROVED)
        journal.record(events.RetroactivelyApproved(**named), subject=change, actor=actor, at=at)
    else:
        waive_conditions(change, actor=actor, at=at, why="The change was not approved.")
        move_retroactive(change, RetroactiveState.REJECTED)
        against = round_.ballots.filter(choice__in=[Choice.REJECT, Choice.REQUEST_CHANGES]).order_by("pk")
        reasons = list(against.values_list("reason", flat=True))
        why = retroactive.refused_sentence(board=str(round_.board), tally=round_.tally, reasons=reasons)
        change.unauthorized, change.unauthorized_because = True, why
        journal.record(events.RetroactivelyRejected(**named, reason=why), subject=change, actor=actor, at=at)
    change.save()


def _carry_out(verdict: str, round_: Round, change: Change, *, actor: Person | None, at: datetime) -> None:
    if round_.retroactive_at:
        _carry_out_afterwards(verdict, round_, change, actor=actor, at=at)
        return
    if verdict in {Verdict.APPROVED, Verdict.APPROVED_WITH_CONDITIONS}:
        authorize(change, events.ChangeAuthorized(change_id=change.pk, round_id=round_.pk), actor=actor, at=at)
        return
    # Conditions belong to an approval; without one they bind nobody.
    waive_conditions(change, actor=actor, at=at, why="The change was not approved.")
    if verdict == Verdict.REJECTED:
        move_change(change, ChangeState.REJECTED)
        journal.record(
            events.ChangeRejected(change_id=change.pk, round_id=round_.pk), subject=change, actor=actor, at=at
        )
    else:
        move_change(change, ChangeState.CHANGES_REQUESTED)
        journal.record(events.ChangesRequested(change_id=change.pk), subject=change, actor=actor, at=at)
    change.save()


def authorize(change: Change, event: Event, *, actor: Person | None, at: datetime) -> None:
    """Authorize the change, tell it by `event`, and schedule it when nothing is missing. The caller holds the lock."""
    move_change(change, ChangeState.AUTHORIZED)
    change.save()
    journal.record(event, subject=change, actor=actor, at=at)
    schedule_if_ready(change, actor=actor, at=at)


def waive_conditions(change: Change, *, actor: Person | None, at: datetime, why: str) -> None:
    """Close what is open of the change's conditions, because the approval they belonged to is none."""
    for condition in Condition.objects.filter(change=change, state=ConditionState.OPEN).order_by("pk"):
        move_condition(condition, ConditionState.WAIVED, at=at)
        condition.evidence = why
        condition.save(update_fields=["state", "closed_at", "evidence"])
        event = events.ConditionWaived(change_id=change.pk, condition_id=condition.pk)
        journal.record(event, subject=change, actor=actor, at=at)


def schedule_if_ready(change: Change, *, actor: Person | None, at: datetime) -> bool:
    """Put an authorized change into the calendar when it has a window ahead and nothing open that stops it."""
    open_conditions = Condition.objects.filter(change=change, state=ConditionState.OPEN).exists()
    ahead = change.window_end_at is not None and change.window_end_at > at
    if change.state != ChangeState.AUTHORIZED or open_conditions or not ahead or change.on_hold or is_stopped(change):
        return False
    keep_freezes_as_they_are()
    if any(one.stands for one in freezes_before(change, at=at)):
        return False
    move_change(change, ChangeState.SCHEDULED)
    change.save()
    journal.record(events.ChangeScheduled(change_id=change.pk), subject=change, actor=actor, at=at)
    return True


def _tally(standing: boards.Standing, sentence: str) -> dict[str, object]:
    counts = {choice: sum(cast.choice == choice for cast in standing.casts) for choice in Choice.values}
    return {
        "counts": counts,
        "eligible": standing.quorum.eligible,
        "present": standing.quorum.present,
        "sentence": sentence,
    }
