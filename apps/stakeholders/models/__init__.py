"""Tables of the area, one module a subject."""

from apps.stakeholders.models.assessments import Assessment
from apps.stakeholders.models.authorities import Authority
from apps.stakeholders.models.engagements import Conversation, Engagement
from apps.stakeholders.models.initiatives import Demand, Initiative, Involvement
from apps.stakeholders.models.people import Influence, Kind, Stakeholder
from apps.stakeholders.models.thresholds import (
    ThresholdAgreement,
    ThresholdFloor,
    ThresholdOffer,
    ThresholdSignature,
)

__all__ = [
    "Assessment",
    "Authority",
    "Conversation",
    "Demand",
    "Engagement",
    "Influence",
    "Initiative",
    "Involvement",
    "Kind",
    "Stakeholder",
    "ThresholdAgreement",
    "ThresholdFloor",
    "ThresholdOffer",
    "ThresholdSignature",
]
