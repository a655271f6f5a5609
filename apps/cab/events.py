"""What the board's area tells others: frozen, past tense, ids only. A hidden ballot's choice is never in an event."""

from dataclasses import dataclass
from typing import ClassVar

from apps.journal.events import Event


@dataclass(frozen=True)
class ChangeProposed(Event):
    words: ClassVar[str] = "proposed the change"
    change_id: int


@dataclass(frozen=True)
class ChangeEdited(Event):
    words: ClassVar[str] = "edited the change"
    change_id: int
    revision: int
    is_material: bool
    fields: list[str]


@dataclass(frozen=True)
class FileAttached(Event):
    words: ClassVar[str] = "attached a file"
    change_id: int
    attachment_id: int


@dataclass(frozen=True)
class FileRemoved(Event):
    words: ClassVar[str] = "removed a file"
    change_id: int
    sha256: str


@dataclass(frozen=True)
class FileRestored(Event):
    words: ClassVar[str] = "brought a removed file back"
    change_id: int
    attachment_id: int
    sha256: str


@dataclass(frozen=True)
class ChangeSubmitted(Event):
    words: ClassVar[str] = "submitted it"
    change_id: int
    revision: int


@dataclass(frozen=True)
class AssessmentSkipped(Event):
    """An emergency: nobody assessed it before its board got it."""

    words: ClassVar[str] = "sent it straight to the board, without an assessment"
    change_id: int
    revision: int


@dataclass(frozen=True)
class ImplementedFirst(Event):
    words: ClassVar[str] = "began the work before the decision"
    change_id: int
    round_id: int
    reason: str


@dataclass(frozen=True)
class RetroactivelyApproved(Event):
    words: ClassVar[str] = "approved the work after the fact"
    change_id: int
    round_id: int


@dataclass(frozen=True)
class RetroactivelyRejected(Event):
    words: ClassVar[str] = "refused the work after the fact: the change is unauthorized"
    change_id: int
    round_id: int
    reason: str


@dataclass(frozen=True)
class RetroactiveApprovalReminded(Event):
    words: ClassVar[str] = "reminded of the decision after the fact"
    change_id: int
    round_id: int


@dataclass(frozen=True)
class RetroactiveApprovalEscalated(Event):
    words: ClassVar[str] = "told the chair that the decision after the fact is late"
    change_id: int
    round_id: int


@dataclass(frozen=True)
class RetroactiveApprovalLapsed(Event):
    """An alert: work was done, and nobody decided about it in time."""

    words: ClassVar[str] = "let the decision after the fact lapse"
    change_id: int
    round_id: int
    severity: str
    sentence: str


@dataclass(frozen=True)
class AssessmentBegun(Event):
    words: ClassVar[str] = "began the assessment"
    change_id: int
    risk: int


@dataclass(frozen=True)
class RiskRaised(Event):
    words: ClassVar[str] = "raised the risk"
    change_id: int
    from_risk: int
    to_risk: int


@dataclass(frozen=True)
class RiskRecomputed(Event):
    words: ClassVar[str] = "saw the risk computed anew"
    change_id: int
    from_risk: int
    to_risk: int
    reason: str


@dataclass(frozen=True)
class ChangesRequested(Event):
    words: ClassVar[str] = "asked for changes"
    change_id: int
    reason: str = ""


@dataclass(frozen=True)
class RoundOpened(Event):
    words: ClassVar[str] = "opened a round"
    change_id: int
    round_id: int
    board_id: int
    revision: int


@dataclass(frozen=True)
class RoundKeptOpen(Event):
    words: ClassVar[str] = "kept the round open until the board has met"
    change_id: int
    round_id: int
    closes_at: str  # ISO 8601


@dataclass(frozen=True)
class VoteCast(Event):
    words: ClassVar[str] = "voted"
    change_id: int
    round_id: int
    ballot_id: int
    voter_id: int


@dataclass(frozen=True)
class RoundDecided(Event):
    words: ClassVar[str] = "completed the decision"
    change_id: int
    round_id: int
    verdict: str


@dataclass(frozen=True)
class RoundInvalidated(Event):
    words: ClassVar[str] = "made the ballots invalid by a material edit"
    change_id: int
    round_id: int


@dataclass(frozen=True)
class RoundLapsed(Event):
    words: ClassVar[str] = "ended the round without a quorum"
    change_id: int
    round_id: int


@dataclass(frozen=True)
class ChangeAuthorized(Event):
    words: ClassVar[str] = "authorized the change"
    change_id: int
    round_id: int


@dataclass(frozen=True)
class ChangeAuthorizedByPolicy(Event):
    words: ClassVar[str] = "authorized the change by policy, without a board"
    change_id: int
    handover_id: int


@dataclass(frozen=True)
class ChangeRefusedByPolicy(Event):
    words: ClassVar[str] = "refused the change by policy, without a board"
    change_id: int
    handover_id: int


@dataclass(frozen=True)
class ChangeRejected(Event):
    words: ClassVar[str] = "rejected the change"
    change_id: int
    round_id: int


@dataclass(frozen=True)
class ChangeScheduled(Event):
    words: ClassVar[str] = "scheduled the change"
    change_id: int


@dataclass(frozen=True)
class FreezeAcknowledged(Event):
    """Somebody goes on with the change in spite of a soft freeze."""

    words: ClassVar[str] = "acknowledged the freeze"
    change_id: int
    freeze_id: int
    reason: str


@dataclass(frozen=True)
class FreezeExceptionRequested(Event):
    words: ClassVar[str] = "asked for an exception from a freeze"
    change_id: int
    exception_id: int
    freeze_id: int
    reason: str


@dataclass(frozen=True)
class FreezeExceptionGranted(Event):
    words: ClassVar[str] = "granted an exception from a freeze"
    change_id: int
    exception_id: int
    freeze_id: int
    reason: str


@dataclass(frozen=True)
class FreezeExceptionDenied(Event):
    words: ClassVar[str] = "denied an exception from a freeze"
    change_id: int
    exception_id: int
    freeze_id: int
    reason: str


@dataclass(frozen=True)
class FreezeExceptionWithdrawn(Event):
    words: ClassVar[str] = "withdrew the request for an exception"
    change_id: int
    exception_id: int
    freeze_id: int


@dataclass(frozen=True)
class FreezeExceptionExpired(Event):
    """Nobody decided in time, there is nothing to decide any more, or what was granted is another change now."""

    words: ClassVar[str] = "let an exception from a freeze expire"
    change_id: int
    exception_id: int
    freeze_id: int
    reason: str


@dataclass(frozen=True)
class ImplementationStarted(Event):
    words: ClassVar[str] = "started the implementation"
    change_id: int


@dataclass(frozen=True)
class ImplementationFinished(Event):
    words: ClassVar[str] = "finished the implementation"
    change_id: int
    outcome: str
    review_id: int


@dataclass(frozen=True)
class ChangeHeld(Event):
    words: ClassVar[str] = "put it on hold"
    change_id: int
    reason: str = ""


@dataclass(frozen=True)
class ChangeReleased(Event):
    words: ClassVar[str] = "released the hold"
    change_id: int


@dataclass(frozen=True)
class ChangeCancelled(Event):
    words: ClassVar[str] = "cancelled the change"
    change_id: int
    reason: str = ""


@dataclass(frozen=True)
class EvidenceOffered(Event):
    words: ClassVar[str] = "offered evidence for a condition"
    change_id: int
    condition_id: int


@dataclass(frozen=True)
class ConditionMet(Event):
    words: ClassVar[str] = "confirmed a condition"
    change_id: int
    condition_id: int


@dataclass(frozen=True)
class ConditionWaived(Event):
    words: ClassVar[str] = "waived a condition"
    change_id: int
    condition_id: int


@dataclass(frozen=True)
class ConflictFound(Event):
    """Also when one comes back, or when an acceptance no longer fits; one entry for each change in it."""

    words: ClassVar[str] = "found a conflict"
    change_id: int
    conflict_id: int
    kind: str


@dataclass(frozen=True)
class ConflictAccepted(Event):
    words: ClassVar[str] = "accepted a conflict"
    change_id: int
    conflict_id: int
    reason: str


@dataclass(frozen=True)
class ConflictResolved(Event):
    words: ClassVar[str] = "saw a conflict resolved"
    change_id: int
    conflict_id: int
    kind: str


@dataclass(frozen=True)
class UnauthorizedChangeOpened(Event):
    """Drift was seen that no change covers: the cluster's owner explains it."""

    words: ClassVar[str] = "reported drift that no change covers"
    change_id: int
    observation_id: int


@dataclass(frozen=True)
class DriftObserved(Event):
    words: ClassVar[str] = "reported drift on it"
    change_id: int
    observation_id: int


@dataclass(frozen=True)
class DriftExplained(Event):
    words: ClassVar[str] = "explained the observed drift"
    change_id: int
    resolution: str
    reason: str


@dataclass(frozen=True)
class ReviewBegun(Event):
    words: ClassVar[str] = "began the review"
    change_id: int
    review_id: int


@dataclass(frozen=True)
class ReviewReminded(Event):
    words: ClassVar[str] = "reminded of the review"
    change_id: int
    review_id: int


@dataclass(frozen=True)
class ReviewEscalated(Event):
    words: ClassVar[str] = "escalated the overdue review"
    change_id: int
    review_id: int


@dataclass(frozen=True)
class ReviewCompleted(Event):
    words: ClassVar[str] = "completed the review"
    change_id: int
    review_id: int


@dataclass(frozen=True)
class CheckAdded(Event):
    """A finding of the change's review comes up on the next similar changes."""

    words: ClassVar[str] = "made a check of a finding"
    change_id: int
    check_id: int


@dataclass(frozen=True)
class CheckAnswered(Event):
    words: ClassVar[str] = "answered a check"
    change_id: int
    check_id: int


@dataclass(frozen=True)
class CheckRetired(Event):
    words: ClassVar[str] = "retired a check"
    change_id: int
    check_id: int
    reason: str


@dataclass(frozen=True)
class StandardChangeProposed(Event):
    words: ClassVar[str] = "proposed to change a standard"
    change_id: int
    proposal_id: int
    owner_id: int


@dataclass(frozen=True)
class StandardProposalOverdue(Event):
    words: ClassVar[str] = "saw a proposal for a standard overdue"
    change_id: int
    proposal_id: int


@dataclass(frozen=True)
class StandardProposalClosed(Event):
    words: ClassVar[str] = "closed a proposal for a standard"
    change_id: int
    proposal_id: int
    outcome: str


@dataclass(frozen=True)
class ChangeClosed(Event):
    words: ClassVar[str] = "closed the change"
    change_id: int


@dataclass(frozen=True)
class BoardFounded(Event):
    words: ClassVar[str] = "founded the board"
    board_id: int


@dataclass(frozen=True)
class BoardRulesChanged(Event):
    words: ClassVar[str] = "changed the board's rules"
    board_id: int
    fields: list[str]


@dataclass(frozen=True)
class SeatFilled(Event):
    words: ClassVar[str] = "filled a seat"
    board_id: int
    seat_id: int
    person_id: int


@dataclass(frozen=True)
class TermEnded(Event):
    words: ClassVar[str] = "ended a term"
    board_id: int
    seat_id: int
    person_id: int


@dataclass(frozen=True)
class VoteDelegated(Event):
    words: ClassVar[str] = "delegated their vote"
    board_id: int
    delegation_id: int
    to_person_id: int


@dataclass(frozen=True)
class DelegationRevoked(Event):
    words: ClassVar[str] = "revoked a delegation"
    board_id: int
    delegation_id: int


@dataclass(frozen=True)
class ImportBegun(Event):
    words: ClassVar[str] = "began an import"
    run_id: int
    source: str
    file_sha256: str
    is_dry: bool


@dataclass(frozen=True)
class ChangesImported(Event):
    words: ClassVar[str] = "imported changes"
    run_id: int
    source: str
    created: int
    updated: int
    rejected: int
    up_to_row: int


@dataclass(frozen=True)
class ImportFinished(Event):
    words: ClassVar[str] = "finished an import"
    run_id: int
    created: int
    updated: int
    unchanged: int
    rejected: int
    reversals: int


@dataclass(frozen=True)
class ImportFailed(Event):
    words: ClassVar[str] = "stopped an import"
    run_id: int
    reason: str


@dataclass(frozen=True)
class TargetSet(Event):
    words: ClassVar[str] = "set a target"
    target_id: int
    metric: str
    direction: str
    value: str


@dataclass(frozen=True)
class TargetWithdrawn(Event):
    words: ClassVar[str] = "withdrew a target"
    target_id: int
    metric: str
    value: str


@dataclass(frozen=True)
class ChangePreauthorized(Event):
    words: ClassVar[str] = "let a published template authorize it"
    change_id: int
    handover_id: int
    template_id: int
    number: int


@dataclass(frozen=True)
class ChangeRecalled(Event):
    words: ClassVar[str] = "took it back to a board: its template was suspended"
    change_id: int
    template_id: int


@dataclass(frozen=True)
class TemplateProposed(Event):
    words: ClassVar[str] = "proposed a template"
    template_id: int
    change_id: int


@dataclass(frozen=True)
class TemplateRevised(Event):
    words: ClassVar[str] = "revised a template"
    template_id: int
    number: int


@dataclass(frozen=True)
class TemplatePublished(Event):
    words: ClassVar[str] = "published a template"
    template_id: int
    number: int


@dataclass(frozen=True)
class TemplateSuspended(Event):
    words: ClassVar[str] = "suspended a template"
    template_id: int
    reason: str
    is_by_record: bool


@dataclass(frozen=True)
class TemplateRetired(Event):
    words: ClassVar[str] = "retired a template"
    template_id: int
    reason: str


@dataclass(frozen=True)
class ModelDrafted(Event):
    words: ClassVar[str] = "drafted a change model"
    model_id: int
    number: int


@dataclass(frozen=True)
class ModelPublished(Event):
    words: ClassVar[str] = "published a change model"
    model_id: int
    number: int


@dataclass(frozen=True)
class ChangeMigrated(Event):
    words: ClassVar[str] = "let it follow another version of its model"
    change_id: int
    from_model_id: int
    to_model_id: int


@dataclass(frozen=True)
class DashboardMade(Event):
    words: ClassVar[str] = "made a dashboard"
    dashboard_id: int


@dataclass(frozen=True)
class DashboardArranged(Event):
    words: ClassVar[str] = "arranged a dashboard"
    dashboard_id: int
    tiles: int


@dataclass(frozen=True)
class DashboardRemoved(Event):
    words: ClassVar[str] = "removed a dashboard"
    dashboard_id: int


@dataclass(frozen=True)
class DashboardShared(Event):
    words: ClassVar[str] = "shared a dashboard by a link"
    dashboard_id: int
    link_id: int


@dataclass(frozen=True)
class DashboardLinkRevoked(Event):
    words: ClassVar[str] = "revoked a dashboard's link"
    dashboard_id: int
    link_id: int


@dataclass(frozen=True)
class ReplayBegun(Event):
    words: ClassVar[str] = "began to replay a version of the policy on past changes"
    replay_id: int
    version_id: int
    digest: str
    months: int


@dataclass(frozen=True)
class ReplayFinished(Event):
    words: ClassVar[str] = "finished the replay of a version of the policy"
    replay_id: int
    version_id: int
    digest: str
    changes: int


@dataclass(frozen=True)
class ReplayCancelled(Event):
    words: ClassVar[str] = "stopped the replay of a version of the policy"
    replay_id: int
    version_id: int


@dataclass(frozen=True)
class SamplingSet(Event):
    words: ClassVar[str] = "set how many automatic approvals are reviewed"
    setting_id: int
    version: int
    share: int
    minimum: int
    days: int
    reason: str


@dataclass(frozen=True)
class SamplingPeriodOpened(Event):
    words: ClassVar[str] = "opened a sampling period and committed to its seed"
    period_id: int
    board_id: int
    setting_id: int
    commitment: str


@dataclass(frozen=True)
class SampleDrawn(Event):
    words: ClassVar[str] = "drew automatic approvals for review and told the seed"
    period_id: int
    board_id: int
    seed: str
    candidates: int
    drawn: int


@dataclass(frozen=True)
class SampledReviewAdded(Event):
    words: ClassVar[str] = "added the change to the reviews of automatic approvals by hand"
    change_id: int
    sampled_id: int
    reason: str


@dataclass(frozen=True)
class SampledReviewOverdue(Event):
    words: ClassVar[str] = "saw the review of an automatic approval overdue"
    change_id: int
    sampled_id: int


@dataclass(frozen=True)
class SampleReviewed(Event):
    words: ClassVar[str] = "reviewed the automatic approval"
    change_id: int
    sampled_id: int
    verdict: str
    reason: str
