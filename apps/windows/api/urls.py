"""Addresses of the windows API."""

from rest_framework.routers import SimpleRouter

from apps.windows.api.viewsets import WindowViewSet

router = SimpleRouter()
router.register("windows", WindowViewSet, basename="windows")

urlpatterns = router.urls
