"""Addresses of the API of integrations."""

from rest_framework.routers import SimpleRouter

from apps.integrations.api.viewsets import IntegrationViewSet, InterfaceViewSet

router = SimpleRouter()
router.register("interfaces", InterfaceViewSet, basename="interfaces")
router.register("integrations", IntegrationViewSet, basename="integrations")

urlpatterns = router.urls
