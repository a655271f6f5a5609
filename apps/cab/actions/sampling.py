"""Sampling of automatic approvals: set how much, open periods, draw, add by hand, review, remind."""

import secrets
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab import events
from apps.cab.actions.moves import locked_change, move_period, move_sampled_review
from apps.cab.models import Board, SampledReview, SamplingCandidate, SamplingPeriod, SamplingSetting
from apps.cab.models.sampling import SampleVerdict
from apps.cab.queries import boards
from apps.cab.queries import sampling as queries
from apps.cab.rules import sampling as rules
from apps.cab.states import PeriodState, SampledReviewState
from apps.journal import actions as journal
from apps.kernel.refusals import (
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    StaleRevision,
    WrongState,
    refusal_from_constraint,
)
from apps.notify import secrets as kept

ADDED_DAYS = 14  # for a review that was added by hand: as long as a normal change's own review


@transaction.atomic
def set_sampling(
    *,
    setter: Person,
    board: Board | None,
    share: int,
    minimum: int,
    days: int,
    reason: str,
    based_on: int,
    at: datetime,
) -> SamplingSetting:
    """Set how much of the board's automatic approvals is reviewed; without a board, of every board without its own.

    `share` is in percent (0 to 100, rounded up), `minimum` the least that is drawn in a period of `days` (1 to 92).
    It counts from the next period on; where none is open, one opens now. `based_on` is the version its setter saw (0:
    none). Both zero draws nothing.
    """
    if not queries.may_set(setter, board, at=at):
        raise NotAllowed(
            f"You may not set how much is sampled of {board or 'every board'}.",
            next_step="Ask a programme manager or the board's chair.",
        )
    rules.require_setting(share, minimum, days, reason)
    setting = SamplingSetting(board=board, share=share, minimum=minimum, days=days, reason=reason.strip())
    setting.version, setting.set_by, setting.set_at = based_on + 1, setter, at
    _keep(setting, based_on)
    told = events.SamplingSet(
        setting_id=setting.pk,
        version=setting.version,
        share=share,
        minimum=minimum,
        days=days,
        reason=setting.reason,
    )
    cluster_id = board.cluster_id if board else None
    journal.record(told, subject=board or setting, actor=setter, at=at, cluster_id=cluster_id)
    for one in _boards_under(setting):
        _open(one, at=at)
    return setting


@transaction.atomic
def keep_period(*, period_id: int, at: datetime) -> SamplingPeriod:
    """Draw a period whose time has passed, tell its seed, and open the next one. Safe to run twice and beside another.

    The next period begins at the very instant at which this one ends, so no approval lies in between.
    """
    board_id = SamplingPeriod.objects.values_list("board_id", flat=True).get(pk=period_id)
    board = Board.objects.select_for_update(no_key=True).get(pk=board_id)
    period = SamplingPeriod.objects.select_related("setting").get(pk=period_id)
    period.board = board
    if period.state != PeriodState.OPEN or period.due_at > at:
        return period
    _draw(period, at=at)
    _open(board, at=at)
    return period


def _draw(period: SamplingPeriod, *, at: datetime) -> None:
    """Rank the period's approvals by their digests, and take the first of them. The caller holds the board."""
    found = {one.reference: one for one in queries.candidates_of(period, until=at)}
    seed = kept.opened(period.sealed_seed)
    size = period.draw.size(len(found))
    rows = [
        SamplingCandidate(
            period=period,
            change=found[reference],
            handover_id=found[reference].approval,  # type: ignore[attr-defined]  # annotated by candidates_of
            digest=digest,
            rank=rank,
            is_drawn=rank <= size,
        )
        for rank, (digest, reference) in enumerate(rules.ranked(seed, found), start=1)
    ]
    SamplingCandidate.objects.bulk_create(rows)
    due_at = at + timedelta(days=period.setting.days)
    SampledReview.objects.bulk_create(
        SampledReview(board=period.board, change=one.change, candidate=one, created_at=at, due_at=due_at)
        for one in rows[:size]
    )
    move_period(period, PeriodState.DRAWN, at=at)
    period.seed, period.candidates, period.drawn = seed, len(rows), size
    period.save()
    told = events.SampleDrawn(
        period_id=period.pk, board_id=period.board_id, seed=seed, candidates=period.candidates, drawn=period.drawn
    )
    journal.record(told, subject=period.board, actor=None, at=at)


def _open(board: Board, *, at: datetime) -> None:
    """Open a period and commit to its seed, unless one is open or nothing is to be drawn."""
    setting = queries.setting_of(board)
    if setting is None or not setting.samples or board.sampling_periods.filter(state=PeriodState.OPEN).exists():
        return
    seed = secrets.token_hex(rules.SEED_BYTES)
    period = SamplingPeriod.objects.create(
        board=board,
        setting=setting,
        opened_at=at,
        due_at=at + timedelta(days=setting.days),
        commitment=rules.commitment(seed),
        sealed_seed=kept.sealed(seed),
    )
    told = events.SamplingPeriodOpened(
        period_id=period.pk, board_id=board.pk, setting_id=setting.pk, commitment=period.commitment
    )
    journal.record(told, subject=board, actor=None, at=at)


@transaction.atomic
def add_by_hand(*, change_id: int, board: Board, adder: Person, reason: str, at: datetime) -> SampledReview:
    """Have the board look back at an emergency or a failed change that the draw did not choose; counted apart.

    Refused for who has no vote there and does not manage boards, for what went well or is not finished, and for what
    is reviewed already.
    """
    change = locked_change(change_id)
    on = at.date()
    if not boards.has_voting_seat(adder, board.pk, on=on) and not adder.may(Capability.MANAGE_BOARD):
        raise NotAllowed(
            f"Only who has a vote on the {board} adds to its reviews.", next_step="Ask one of its members to add it."
        )
    reason = rules.require_reason(reason, what="What is added by hand")
    if board.kind not in queries.SAMPLED_KINDS or (why_not := queries.why_not_addable(change, board)):
        raise WrongState(
            why_not if board.kind in queries.SAMPLED_KINDS else f"The {board} has no automatic approvals.",
            next_step="Add an emergency, or a change that failed, to the board of its cluster or the enterprise board.",
        )
    if change.sampled_reviews.exists():
        raise Conflict(
            f"{change.reference} has been drawn or added already.", next_step="Open its review in the board's list."
        )
    due_at = at + timedelta(days=ADDED_DAYS)
    review = SampledReview.objects.create(
        board=board, change=change, added_by=adder, added_because=reason, created_at=at, due_at=due_at
    )
    told = events.SampledReviewAdded(change_id=change.pk, sampled_id=review.pk, reason=reason)
    journal.record(told, subject=change, actor=adder, at=at)
    return review


@transaction.atomic
def review_sample(*, review_id: int, reviewer: Person, verdict: str, reason: str, at: datetime) -> SampledReview:
    """Say what the board would have done, had it been asked, and why. Once; never by who took part in the change."""
    review = _locked(review_id)
    has_seat = boards.has_voting_seat(reviewer, review.board_id, on=at.date())
    rules.require_may_review(
        reviewer.pk, barred=queries.barred_from_review(review), has_seat=has_seat, board=review.board.name
    )
    if verdict not in SampleVerdict.values:
        raise Invalid(
            "A review says what the board would have done.",
            next_step="Choose whether it would have agreed or refused.",
            fields={"verdict": ["Choose agreed or refused."]},
        )
    reason = rules.require_reason(reason, what="A review")
    move_sampled_review(review, SampledReviewState.REVIEWED, at=at)
    review.reviewer, review.verdict, review.reason = reviewer, verdict, reason
    review.save()
    told = events.SampleReviewed(change_id=review.change_id, sampled_id=review.pk, verdict=verdict, reason=reason)
    journal.record(told, subject=review.change, actor=reviewer, at=at)
    return review


@transaction.atomic
def remind_of_sample(*, review_id: int, at: datetime) -> SampledReview:
    """Remind the board once of a review whose time has passed. Safe to run twice."""
    review = _locked(review_id)
    if review.state != SampledReviewState.DRAWN or review.reminded_at is not None or review.due_at > at:
        return review
    review.reminded_at = at
    review.save(update_fields=["reminded_at"])
    told = events.SampledReviewOverdue(change_id=review.change_id, sampled_id=review.pk)
    journal.record(told, subject=review.change, actor=None, at=at)
    return review


def _locked(review_id: int) -> SampledReview:
    """The review, locked after its change as every action does."""
    change_id = SampledReview.objects.filter(pk=review_id).values_list("change_id", flat=True).first()
    if change_id is None:
        raise NotFound("There is no such review.", next_step="Open the board's sampling to see its reviews.")
    change = locked_change(change_id)
    review = SampledReview.objects.select_for_update(of=("self",)).select_related("board").get(pk=review_id)
    review.change = change
    return review


def _keep(setting: SamplingSetting, based_on: int) -> None:
    newest = SamplingSetting.objects.filter(board=setting.board).order_by("-version").first()
    if based_on != (newest.version if newest else 0):
        raise StaleRevision(
            "Someone else changed this setting first.", next_step="Reload it and make your change again."
        )
    try:
        with transaction.atomic():
            setting.save()
    except IntegrityError as error:
        raise refusal_from_constraint(error, SamplingSetting) from error


def _boards_under(setting: SamplingSetting) -> list[Board]:
    """The boards that the setting counts for, in one order, each kept from opening a period at the same time."""
    rows = Board.objects.select_for_update(no_key=True).filter(kind__in=queries.SAMPLED_KINDS).order_by("pk")
    own = SamplingSetting.objects.exclude(board=None).values("board")
    chosen = Q(pk=setting.board_id) if setting.board_id else ~Q(pk__in=own)
    return list(rows.filter(chosen))
