"""Tables of the area, one module a subject."""

from apps.stakeholders.models.thresholds import (
    ThresholdAgreement,
    ThresholdFloor,
    ThresholdOffer,
    ThresholdSignature,
)

__all__ = [
    "ThresholdAgreement",
    "ThresholdFloor",
    "ThresholdOffer",
    "ThresholdSignature",
]
