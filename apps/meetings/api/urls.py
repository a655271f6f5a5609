"""Addresses of the meetings API."""

from rest_framework.routers import SimpleRouter

from apps.meetings.api.minutes import MinutesViewSet
from apps.meetings.api.viewsets import MeetingViewSet, SeriesViewSet

router = SimpleRouter()
router.register("meetings", MeetingViewSet, basename="meetings")
router.register("minutes", MinutesViewSet, basename="minutes")
router.register("meeting-series", SeriesViewSet, basename="meeting-series")

urlpatterns = router.urls
