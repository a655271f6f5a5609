"""Addresses of the trust API."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.trust.api.viewsets import TokenCheckView, TrustDomainViewSet, TrustLinkViewSet, TrustWayViewSet

router = SimpleRouter()
router.register("trust-domains", TrustDomainViewSet, basename="trust-domains")
router.register("trust-links", TrustLinkViewSet, basename="trust-links")
router.register("trust-ways", TrustWayViewSet, basename="trust-ways")

urlpatterns = [
    path("token-checks/", TokenCheckView.as_view(), name="token-checks"),
    *router.urls,
]
