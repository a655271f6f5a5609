"""The states of changes, rounds, conditions and reviews, and which may follow which. Pure data."""

from enum import StrEnum

from apps.kernel.machine import Machine


class ChangeState(StrEnum):
    """Where a change request stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ASSESSING = "assessing"
    AWAITING_AUTHORIZATION = "awaiting_authorization"
    AUTHORIZED = "authorized"
    SCHEDULED = "scheduled"
    IMPLEMENTING = "implementing"
    IMPLEMENTED = "implemented"
    IN_REVIEW = "in_review"
    CLOSED = "closed"
    REJECTED = "rejected"
    CHANGES_REQUESTED = "changes_requested"
    CANCELLED = "cancelled"


_S = ChangeState
CHANGE = Machine(
    "change",
    {
        _S.DRAFT: frozenset({_S.SUBMITTED, _S.CANCELLED}),
        # An emergency goes straight to its board; a standard change whose template is published needs none.
        _S.SUBMITTED: frozenset(
            {_S.ASSESSING, _S.AWAITING_AUTHORIZATION, _S.AUTHORIZED, _S.CHANGES_REQUESTED, _S.CANCELLED}
        ),
        _S.ASSESSING: frozenset({_S.AWAITING_AUTHORIZATION, _S.CHANGES_REQUESTED, _S.REJECTED, _S.CANCELLED}),
        # An emergency may begin before its board has decided, where the board allows it.
        _S.AWAITING_AUTHORIZATION: frozenset(
            {_S.AUTHORIZED, _S.REJECTED, _S.CHANGES_REQUESTED, _S.IMPLEMENTING, _S.CANCELLED}
        ),
        # A material edit after the approval leads back to the board: the approval bound to the revision it saw.
        _S.AUTHORIZED: frozenset({_S.SCHEDULED, _S.AWAITING_AUTHORIZATION, _S.CANCELLED}),
        _S.SCHEDULED: frozenset({_S.IMPLEMENTING, _S.AWAITING_AUTHORIZATION, _S.CANCELLED}),
        _S.IMPLEMENTING: frozenset({_S.IMPLEMENTED}),
        # Cancelled only when it was opened for observed drift and nothing had changed.
        _S.IMPLEMENTED: frozenset({_S.IN_REVIEW, _S.CANCELLED}),
        _S.IN_REVIEW: frozenset({_S.CLOSED}),
        _S.CLOSED: frozenset(),
        _S.REJECTED: frozenset(),
        _S.CHANGES_REQUESTED: frozenset({_S.SUBMITTED, _S.CANCELLED}),
        _S.CANCELLED: frozenset(),
    },
)

# Before a board has it, the requester may edit freely; while it decides and until work begins, an edit is weighed
# (material or administrative); from then on the record stands.
FREELY_EDITABLE = frozenset({_S.DRAFT, _S.CHANGES_REQUESTED})
WEIGHED_EDITABLE = frozenset({_S.SUBMITTED, _S.ASSESSING, _S.AWAITING_AUTHORIZATION, _S.AUTHORIZED, _S.SCHEDULED})
OPEN = frozenset(_S) - {_S.CLOSED, _S.REJECTED, _S.CANCELLED}


class Outcome(StrEnum):
    """How the change went; separate from its state."""

    SUCCESSFUL = "successful"
    SUCCESSFUL_WITH_ISSUES = "successful_with_issues"
    UNSUCCESSFUL = "unsuccessful"
    BACKED_OUT = "backed_out"
    NOT_IMPLEMENTED = "not_implemented"


class RetroactiveState(StrEnum):
    """Where the decision about work that began before it stands."""

    NOT_NEEDED = "not_needed"
    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"  # the change is recorded as unauthorized
    LAPSED = "lapsed"  # nobody decided in time: an alert went out


_R = RetroactiveState
RETROACTIVE = Machine(
    "retroactive approval",
    {
        _R.NOT_NEEDED: frozenset({_R.PENDING}),
        _R.PENDING: frozenset({_R.APPROVED, _R.REJECTED, _R.LAPSED}),
        _R.LAPSED: frozenset({_R.PENDING}),  # the chair opens another round
        _R.APPROVED: frozenset(),
        _R.REJECTED: frozenset(),
    },
)


class RoundState(StrEnum):
    """Where one board's round stands."""

    OPEN = "open"
    DECIDED = "decided"
    INVALIDATED = "invalidated"  # a material edit: the ballots were about something else
    LAPSED = "lapsed"  # the deadline passed without a quorum
    WITHDRAWN = "withdrawn"  # the change was cancelled


ROUND = Machine(
    "round",
    {
        RoundState.OPEN: frozenset(
            {RoundState.DECIDED, RoundState.INVALIDATED, RoundState.LAPSED, RoundState.WITHDRAWN}
        ),
        RoundState.DECIDED: frozenset({RoundState.INVALIDATED}),
        RoundState.INVALIDATED: frozenset(),
        RoundState.LAPSED: frozenset(),
        RoundState.WITHDRAWN: frozenset(),
    },
)


class ConditionState(StrEnum):
    """A condition of an approval: open until someone other than its owner confirms it, or the board waives it."""

    OPEN = "open"
    MET = "met"
    WAIVED = "waived"


CONDITION = Machine(
    "condition",
    {
        ConditionState.OPEN: frozenset({ConditionState.MET, ConditionState.WAIVED}),
        ConditionState.MET: frozenset(),
        ConditionState.WAIVED: frozenset(),
    },
)


class ReviewState(StrEnum):
    """A post-implementation review."""

    PLANNED = "planned"
    DONE = "done"


REVIEW = Machine("review", {ReviewState.PLANNED: frozenset({ReviewState.DONE}), ReviewState.DONE: frozenset()})


class ImportState(StrEnum):
    """Where one import of a file stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ConflictState(StrEnum):
    """Where a conflict stands."""

    OPEN = "open"
    ACCEPTED = "accepted"  # with a reason, by somebody who wrote neither change
    RESOLVED = "resolved"  # what it was found from is no longer so


CONFLICT = Machine(
    "conflict",
    {
        ConflictState.OPEN: frozenset({ConflictState.ACCEPTED, ConflictState.RESOLVED}),
        # An acceptance was about the facts as they were: when they move, it is open again.
        ConflictState.ACCEPTED: frozenset({ConflictState.OPEN, ConflictState.RESOLVED}),
        ConflictState.RESOLVED: frozenset({ConflictState.OPEN}),
    },
)
# Whose window counts against another's: what has been handed in and is not done. A draft is its author's own.
PLANNING = (
    ChangeState.SUBMITTED,
    ChangeState.ASSESSING,
    ChangeState.AWAITING_AUTHORIZATION,
    ChangeState.AUTHORIZED,
    ChangeState.SCHEDULED,
    ChangeState.IMPLEMENTING,
)


class ObservationState(StrEnum):
    """What became of drift that somebody or a program has seen."""

    OPEN = "open"  # an unauthorized change, which the cluster's owner explains
    ATTACHED = "attached"  # a change covers it: evidence
    LATENT = "latent"  # accepted as it is
    BACKED_OUT = "backed_out"
    FALSE_ALARM = "false_alarm"


_O = ObservationState
OBSERVATION = Machine(
    "observed drift",
    {
        _O.OPEN: frozenset({_O.ATTACHED, _O.LATENT, _O.BACKED_OUT, _O.FALSE_ALARM}),
        _O.ATTACHED: frozenset(),
        _O.LATENT: frozenset(),
        _O.BACKED_OUT: frozenset(),
        _O.FALSE_ALARM: frozenset(),
    },
)


class CheckState(StrEnum):
    """Whether a check that a review left behind still comes up."""

    IN_FORCE = "in_force"
    RETIRED = "retired"


CHECK = Machine("check", {CheckState.IN_FORCE: frozenset({CheckState.RETIRED}), CheckState.RETIRED: frozenset()})


class ProposalState(StrEnum):
    """What became of a review's proposal to change a standard."""

    OPEN = "open"
    ADOPTED = "adopted"
    DROPPED = "dropped"


PROPOSAL = Machine(
    "proposal for a standard",
    {
        ProposalState.OPEN: frozenset({ProposalState.ADOPTED, ProposalState.DROPPED}),
        ProposalState.ADOPTED: frozenset(),
        ProposalState.DROPPED: frozenset(),
    },
)


class ExceptionState(StrEnum):
    """Where a request to be excepted from a freeze stands."""

    REQUESTED = "requested"
    GRANTED = "granted"
    DENIED = "denied"
    EXPIRED = "expired"  # nobody decided in time, or what was granted is another change now
    WITHDRAWN = "withdrawn"


EXCEPTION = Machine(
    "freeze exception",
    {
        ExceptionState.REQUESTED: frozenset(
            {ExceptionState.GRANTED, ExceptionState.DENIED, ExceptionState.EXPIRED, ExceptionState.WITHDRAWN}
        ),
        # As an approval, it binds to what it saw: a material edit ends it.
        ExceptionState.GRANTED: frozenset({ExceptionState.EXPIRED}),
        ExceptionState.DENIED: frozenset(),
        ExceptionState.EXPIRED: frozenset(),
        ExceptionState.WITHDRAWN: frozenset(),
    },
)


class TemplateState(StrEnum):
    """Where the template of a standard change stands."""

    PROPOSED = "proposed"
    PUBLISHED = "published"  # what is proposed from it is authorized beforehand
    SUSPENDED = "suspended"  # by a person, or by itself when too much of it failed; a board decides meanwhile
    RETIRED = "retired"


TEMPLATE = Machine(
    "template",
    {
        TemplateState.PROPOSED: frozenset({TemplateState.PUBLISHED, TemplateState.RETIRED}),
        TemplateState.PUBLISHED: frozenset({TemplateState.SUSPENDED, TemplateState.RETIRED}),
        TemplateState.SUSPENDED: frozenset({TemplateState.PUBLISHED, TemplateState.RETIRED}),
        TemplateState.RETIRED: frozenset(),
    },
)

_WORKED = frozenset({ImportState.RUNNING, ImportState.DONE, ImportState.FAILED})  # slice by slice, to an end
IMPORT = Machine(
    "import",
    {
        ImportState.WAITING: _WORKED,
        ImportState.RUNNING: _WORKED,
        ImportState.DONE: frozenset(),
        ImportState.FAILED: frozenset(),
    },
)


class ReplayState(StrEnum):
    """Where the replay of a policy's version stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


_REPLAYED = frozenset({ReplayState.RUNNING, ReplayState.DONE, ReplayState.CANCELLED})  # chunk by chunk, to an end
REPLAY = Machine(
    "replay",
    {
        ReplayState.WAITING: _REPLAYED,
        ReplayState.RUNNING: _REPLAYED,
        ReplayState.DONE: frozenset(),
        ReplayState.CANCELLED: frozenset(),
    },
)


class PeriodState(StrEnum):
    """Whether the draw of a sampling period has taken place."""

    OPEN = "open"
    DRAWN = "drawn"


PERIOD = Machine("sampling period", {PeriodState.OPEN: frozenset({PeriodState.DRAWN}), PeriodState.DRAWN: frozenset()})


class SampledReviewState(StrEnum):
    """Where the review of an automatic approval stands."""

    DRAWN = "drawn"
    REVIEWED = "reviewed"


SAMPLED_REVIEW = Machine(
    "sampled review",
    {
        SampledReviewState.DRAWN: frozenset({SampledReviewState.REVIEWED}),
        SampledReviewState.REVIEWED: frozenset(),
    },
)

MACHINES = {
    "change": CHANGE,
    "round": ROUND,
    "check": CHECK,
    "condition": CONDITION,
    "conflict": CONFLICT,
    "freeze exception": EXCEPTION,
    "observed drift": OBSERVATION,
    "proposal for a standard": PROPOSAL,
    "retroactive approval": RETROACTIVE,
    "review": REVIEW,
    "sampled review": SAMPLED_REVIEW,
    "sampling period": PERIOD,
    "template": TEMPLATE,
    "import": IMPORT,
    "replay": REPLAY,
}
