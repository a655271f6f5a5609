"""Addresses of the stakeholder API."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from apps.stakeholders.api.calendars import AbsenceViewSet, WorkingCalendarViewSet
from apps.stakeholders.api.costs import GoingLiveViewSet, IntegrationCostViewSet
from apps.stakeholders.api.escalations import EscalationCaseViewSet
from apps.stakeholders.api.hand_offs import HandOffBulkView, HandOffViewSet
from apps.stakeholders.api.initiatives import InitiativeViewSet
from apps.stakeholders.api.metrics import AlignmentReportView, MeasuresView, SuccessMetricViewSet
from apps.stakeholders.api.people import AuthorityViewSet, InfluenceViewSet, StakeholderViewSet
from apps.stakeholders.api.protocols import EscalationProtocolViewSet, EscalationSimulationView
from apps.stakeholders.api.rates import ExchangeRateViewSet
from apps.stakeholders.api.required_links import RequiredLinkViewSet
from apps.stakeholders.api.silo_actions import SiloActionViewSet
from apps.stakeholders.api.silo_survey import SiloAnswerViewSet, SiloRoundViewSet
from apps.stakeholders.api.silos import SiloRunViewSet, SiloViewSet, SiloWeightingViewSet
from apps.stakeholders.api.thresholds import (
    ThresholdAgreementViewSet,
    ThresholdFloorViewSet,
    ThresholdQuestionView,
)

router = SimpleRouter()
router.register("initiatives", InitiativeViewSet, basename="initiatives")
router.register("stakeholders", StakeholderViewSet, basename="stakeholders")
router.register("authorities", AuthorityViewSet, basename="authorities")
router.register("influences", InfluenceViewSet, basename="influences")
router.register("threshold-floors", ThresholdFloorViewSet, basename="threshold-floors")
router.register("threshold-agreements", ThresholdAgreementViewSet, basename="threshold-agreements")
router.register("success-metrics", SuccessMetricViewSet, basename="success-metrics")
router.register("integration-costs", IntegrationCostViewSet, basename="integration-costs")
router.register("exchange-rates", ExchangeRateViewSet, basename="exchange-rates")
router.register("goings-live", GoingLiveViewSet, basename="goings-live")
router.register("silos", SiloViewSet, basename="silos")
router.register("silo-runs", SiloRunViewSet, basename="silo-runs")
router.register("silo-rounds", SiloRoundViewSet, basename="silo-rounds")
router.register("silo-answers", SiloAnswerViewSet, basename="silo-answers")
router.register("silo-actions", SiloActionViewSet, basename="silo-actions")
router.register("silo-weights", SiloWeightingViewSet, basename="silo-weights")
router.register("required-links", RequiredLinkViewSet, basename="required-links")
router.register("hand-offs", HandOffViewSet, basename="hand-offs")
router.register("escalation-protocols", EscalationProtocolViewSet, basename="escalation-protocols")
router.register("escalation-cases", EscalationCaseViewSet, basename="escalation-cases")
router.register("absences", AbsenceViewSet, basename="absences")
router.register("working-calendars", WorkingCalendarViewSet, basename="working-calendars")

urlpatterns: list[URLPattern | URLResolver] = [
    path("thresholds/evaluate/", ThresholdQuestionView.as_view(), name="threshold-evaluation"),
    path("escalations/simulate/", EscalationSimulationView.as_view(), name="escalation-simulation"),
    path("alignment-report/", AlignmentReportView.as_view(), name="alignment-report"),
    path("hand-offs/bulk/", HandOffBulkView.as_view(), name="hand-offs-in-bulk"),
    path("measures/", MeasuresView.as_view(), name="measures"),
    *router.urls,
]
