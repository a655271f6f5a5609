"""Addresses of the policies API."""

from rest_framework.routers import SimpleRouter

from apps.policies.api.viewsets import PolicyViewSet

router = SimpleRouter()
router.register("policies", PolicyViewSet, basename="policies")

urlpatterns = router.urls
