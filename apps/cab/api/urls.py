"""Addresses of the board's API."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.cab.api.boards import BoardViewSet
from apps.cab.api.calendar import CalendarViewSet
from apps.cab.api.change_models import ModelViewSet
from apps.cab.api.conflicts import ConflictViewSet
from apps.cab.api.dashboards import DashboardViewSet
from apps.cab.api.exceptions import FreezeExceptionViewSet
from apps.cab.api.freezes import FreezeViewSet
from apps.cab.api.levels import LevelComparisonView
from apps.cab.api.metrics import MetricsView, TargetViewSet
from apps.cab.api.observations import ObservationViewSet
from apps.cab.api.replays import PolicyReplays, ReplayViewSet
from apps.cab.api.review_checks import CheckViewSet, StandardProposalViewSet
from apps.cab.api.sampling import BoardSampling, PeriodViewSet, SampledReviewViewSet, SettingViewSet
from apps.cab.api.standards import TemplateViewSet
from apps.cab.api.viewsets import ChangeViewSet, QueueViewSet, ReviewViewSet, VoteViewSet

router = SimpleRouter()
router.register("changes", ChangeViewSet, basename="changes")
router.register("freezes", FreezeViewSet, basename="freezes")
router.register("freeze-exceptions", FreezeExceptionViewSet, basename="freeze-exceptions")
router.register("observations", ObservationViewSet, basename="observations")
router.register("checks", CheckViewSet, basename="checks")
router.register("standard-proposals", StandardProposalViewSet, basename="standard-proposals")
router.register("boards", BoardViewSet, basename="boards")
router.register("calendar", CalendarViewSet, basename="calendar")
router.register("queue", QueueViewSet, basename="queue")
router.register("votes", VoteViewSet, basename="votes")
router.register("reviews", ReviewViewSet, basename="reviews")
router.register("dashboards", DashboardViewSet, basename="dashboards")
router.register("metric-targets", TargetViewSet, basename="metric-targets")
router.register("models", ModelViewSet, basename="models")
router.register("templates", TemplateViewSet, basename="templates")
router.register("conflicts", ConflictViewSet, basename="conflicts")
router.register("replays", ReplayViewSet, basename="replays")
router.register("sampling-settings", SettingViewSet, basename="sampling-settings")
router.register("sampling-periods", PeriodViewSet, basename="sampling-periods")
router.register("sampled-reviews", SampledReviewViewSet, basename="sampled-reviews")

urlpatterns = [
    path("metrics/", MetricsView.as_view(), name="metrics"),
    path("boards/<slug:slug>/sampling/", BoardSampling.as_view({"get": "comparison"}), name="board-sampling"),
    *router.urls,
    path("threshold-agreements/<int:pk>/replay/", LevelComparisonView.as_view(), name="threshold-replay"),
    path(
        "policies/<slug:slug>/replays/",
        PolicyReplays.as_view({"get": "replays", "post": "begin"}),
        name="policy-replays",
    ),
]
