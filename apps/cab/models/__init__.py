"""Tables and truths of the change advisory board."""

from apps.cab.models.boards import Board, BoardKind, Delegation, Majority, Seat, SeatRole
from apps.cab.models.change_models import ModelVersion
from apps.cab.models.changes import (
    Attachment,
    Change,
    ChangeCategory,
    ChangeComponent,
    ChangeType,
    CoAuthorship,
    LastLook,
    Reversal,
    Revision,
    SavedPage,
    SavedView,
)
from apps.cab.models.checks import CheckHit, ReviewCheck, StandardProposal
from apps.cab.models.conflicts import Conflict, ConflictKind, ConflictOverflow, ConflictRecheck
from apps.cab.models.dashboards import Dashboard, DashboardLink
from apps.cab.models.exceptions import FreezeException
from apps.cab.models.handovers import Handover
from apps.cab.models.imports import ImportedRecord, ImportRejection, ImportRun, NamedApprover
from apps.cab.models.observations import Observation
from apps.cab.models.replays import Replay, ReplayedChange
from apps.cab.models.reviews import Review
from apps.cab.models.rounds import Ballot, Choice, Condition, Round, Verdict
from apps.cab.models.sampling import SampledReview, SamplingCandidate, SamplingPeriod, SamplingSetting
from apps.cab.models.standards import StandardTemplate, TemplateVersion
from apps.cab.models.targets import MetricTarget
from apps.cab.states import ImportState

__all__ = [
    "Attachment",
    "Ballot",
    "Board",
    "BoardKind",
    "Change",
    "ChangeCategory",
    "ChangeComponent",
    "ChangeType",
    "CheckHit",
    "Choice",
    "CoAuthorship",
    "Condition",
    "Conflict",
    "ConflictKind",
    "ConflictOverflow",
    "ConflictRecheck",
    "Dashboard",
    "DashboardLink",
    "Delegation",
    "FreezeException",
    "Handover",
    "ImportRejection",
    "ImportRun",
    "ImportState",
    "ImportedRecord",
    "LastLook",
    "Majority",
    "MetricTarget",
    "ModelVersion",
    "NamedApprover",
    "Observation",
    "Replay",
    "ReplayedChange",
    "Reversal",
    "Review",
    "ReviewCheck",
    "Revision",
    "Round",
    "SampledReview",
    "SamplingCandidate",
    "SamplingPeriod",
    "SamplingSetting",
    "SavedPage",
    "SavedView",
    "Seat",
    "SeatRole",
    "StandardProposal",
    "StandardTemplate",
    "TemplateVersion",
    "Verdict",
]
