"""Tables of the area, one module a subject."""

from apps.stakeholders.models.assessments import Assessment
from apps.stakeholders.models.authorities import Authority
from apps.stakeholders.models.calendars import Holiday, WorkingCalendar
from apps.stakeholders.models.engagements import Conversation, Engagement
from apps.stakeholders.models.escalations import (
    Absence,
    CaseAsk,
    CaseParty,
    CaseStep,
    EscalationCase,
    EscalationProtocol,
    ProtocolStep,
    ProtocolVersion,
    Resolution,
    ResolutionSignature,
)
from apps.stakeholders.models.initiatives import Demand, Initiative, Involvement
from apps.stakeholders.models.metrics import (
    Alignment,
    GoingLive,
    IntegrationCost,
    Metric,
    MetricPart,
    MetricQuerySet,
    MetricValue,
    ValueSource,
)
from apps.stakeholders.models.people import Influence, Kind, Stakeholder
from apps.stakeholders.models.rates import ExchangeRate
from apps.stakeholders.models.required_links import RequiredLink
from apps.stakeholders.models.silo_survey import HandOff, SiloAction, SiloAnswer, SiloRound
from apps.stakeholders.models.silos import SiloAssessment, SiloRun, SiloRunQuerySet, SiloStanding, SiloWeighting
from apps.stakeholders.models.thresholds import (
    ThresholdAgreement,
    ThresholdFloor,
    ThresholdOffer,
    ThresholdSignature,
)

__all__ = [
    "Absence",
    "Alignment",
    "Assessment",
    "Authority",
    "CaseAsk",
    "CaseParty",
    "CaseStep",
    "Conversation",
    "Demand",
    "Engagement",
    "EscalationCase",
    "EscalationProtocol",
    "ExchangeRate",
    "GoingLive",
    "HandOff",
    "Holiday",
    "Influence",
    "Initiative",
    "IntegrationCost",
    "Involvement",
    "Kind",
    "Metric",
    "MetricPart",
    "MetricQuerySet",
    "MetricValue",
    "ProtocolStep",
    "ProtocolVersion",
    "RequiredLink",
    "Resolution",
    "ResolutionSignature",
    "SiloAction",
    "SiloAnswer",
    "SiloAssessment",
    "SiloRound",
    "SiloRun",
    "SiloRunQuerySet",
    "SiloStanding",
    "SiloWeighting",
    "Stakeholder",
    "ThresholdAgreement",
    "ThresholdFloor",
    "ThresholdOffer",
    "ThresholdSignature",
    "ValueSource",
    "WorkingCalendar",
]
