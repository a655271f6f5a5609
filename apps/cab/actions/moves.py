"""The only places where a status is assigned, and the locks every action starts with."""

from datetime import datetime

from django.db.models import BigIntegerField

from apps.cab.models import (
    Change,
    Condition,
    Conflict,
    FreezeException,
    ImportRun,
    Observation,
    Replay,
    Review,
    ReviewCheck,
    Round,
    SampledReview,
    SamplingPeriod,
    StandardProposal,
    StandardTemplate,
)
from apps.cab.queries.change_models import require_allows
from apps.cab.states import (
    CHANGE,
    CHECK,
    CONDITION,
    CONFLICT,
    EXCEPTION,
    IMPORT,
    OBSERVATION,
    PERIOD,
    PROPOSAL,
    REPLAY,
    RETROACTIVE,
    REVIEW,
    ROUND,
    SAMPLED_REVIEW,
    TEMPLATE,
    ChangeState,
    CheckState,
    ConditionState,
    ConflictState,
    ExceptionState,
    ImportState,
    ObservationState,
    PeriodState,
    ProposalState,
    ReplayState,
    RetroactiveState,
    ReviewState,
    RoundState,
    SampledReviewState,
    TemplateState,
)
from apps.kernel.prepared import Prepared
from apps.kernel.refusals import NotFound

_locked = Prepared(
    lambda pk: Change.objects.select_for_update(of=("self",)).select_related("cluster").defer("search").filter(pk=pk),
    pk=BigIntegerField(),
)


def locked_change(change_id: int) -> Change:
    """The change, locked until the transaction ends. Every action locks it first, so none can deadlock another."""
    change: Change | None = next(iter(_locked(pk=change_id)), None)
    if change is None:
        raise NotFound("There is no such change.", next_step="Check the reference, or search for it.")
    return change


def move_change(change: Change, target: ChangeState) -> None:
    """Give the change its next state, as states.py and the change's own model allow. The caller saves."""
    CHANGE.require(change.state, target)
    require_allows(change, target)
    change.state = target


def move_round(round_: Round, target: RoundState, *, at: datetime) -> None:
    """Close the round (every move does), noting when. The caller saves."""
    ROUND.require(round_.state, target)
    round_.state, round_.closed_at = target, at


def move_condition(condition: Condition, target: ConditionState, *, at: datetime) -> None:
    """Close the condition, noting when. The caller saves."""
    CONDITION.require(condition.state, target)
    condition.state, condition.closed_at = target, at


def move_conflict(conflict: Conflict, target: ConflictState, *, at: datetime) -> None:
    """Give the conflict its next state, noting when it ended. The caller saves."""
    CONFLICT.require(conflict.state, target)
    conflict.state = target
    conflict.resolved_at = at if target == ConflictState.RESOLVED else None


def move_retroactive(change: Change, target: RetroactiveState) -> None:
    """Give the decision after the fact its next state. The caller saves the change."""
    RETROACTIVE.require(change.retroactive, target)
    change.retroactive = target


def move_check(check: ReviewCheck, target: CheckState) -> None:
    """Give the check its next state. The caller notes who, when and why, and saves."""
    CHECK.require(check.state, target)
    check.state = target


def move_proposal(proposal: StandardProposal, target: ProposalState, *, at: datetime) -> None:
    """Close the proposal, noting when. The caller says why, and saves."""
    PROPOSAL.require(proposal.state, target)
    proposal.state, proposal.closed_at = target, at


def move_observation(observation: Observation, target: ObservationState) -> None:
    """Give the observed drift its next state. The caller notes who, when and why, and saves."""
    OBSERVATION.require(observation.state, target)
    observation.state = target


def move_exception(exception: FreezeException, target: ExceptionState) -> None:
    """Give the exception its next state. The caller notes who, when and why, and saves."""
    EXCEPTION.require(exception.state, target)
    exception.state = target


def move_template(template: StandardTemplate, target: TemplateState) -> None:
    """Give the template its next state. The caller notes why, and saves."""
    TEMPLATE.require(template.state, target)
    template.state = target


def move_review(review: Review, target: ReviewState, *, at: datetime) -> None:
    """End the review, noting when. The caller saves."""
    REVIEW.require(review.state, target)
    review.state, review.done_at = target, at


def move_period(period: SamplingPeriod, target: PeriodState, *, at: datetime) -> None:
    """End the sampling period, noting when. The caller tells its seed and saves."""
    PERIOD.require(period.state, target)
    period.state, period.drawn_at = target, at


def move_sampled_review(review: SampledReview, target: SampledReviewState, *, at: datetime) -> None:
    """End the review, noting when. The caller notes who and what, and saves."""
    SAMPLED_REVIEW.require(review.state, target)
    review.state, review.reviewed_at = target, at


def move_import(run: ImportRun, target: ImportState, *, at: datetime) -> None:
    """Give the import its next state, noting its end. The caller saves."""
    IMPORT.require(run.state, target)
    run.state = target
    run.finished_at = None if target == ImportState.RUNNING else at


def move_replay(replay: Replay, target: ReplayState, *, at: datetime) -> None:
    """Give the replay its next state, noting its end. The caller saves."""
    REPLAY.require(replay.state, target)
    replay.state = target
    replay.finished_at = None if target == ReplayState.RUNNING else at
