"""Addresses of the portal's API."""

from rest_framework.routers import SimpleRouter

from apps.portal.api.viewsets import DeliveryViewSet, JournalViewSet

router = SimpleRouter()
router.register("journal", JournalViewSet, basename="journal")
router.register("deliveries", DeliveryViewSet, basename="deliveries")

urlpatterns = router.urls
