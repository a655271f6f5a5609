"""Addresses of the API of integrations."""

from django.urls import URLPattern, URLResolver, path
from rest_framework.routers import SimpleRouter

from apps.integrations.api.asyncapi import AsyncapiCheckView
from apps.integrations.api.isolation import CutOffView, IsolationPlanViewSet
from apps.integrations.api.viewsets import IntegrationViewSet, InterfaceViewSet

router = SimpleRouter()
router.register("interfaces", InterfaceViewSet, basename="interfaces")
router.register("integrations", IntegrationViewSet, basename="integrations")
router.register("isolation-plans", IsolationPlanViewSet, basename="isolation-plans")

urlpatterns: list[URLPattern | URLResolver] = [
    path("integrations/asyncapi-checks/", AsyncapiCheckView.as_view(), name="asyncapi-checks"),
    path("cut-off/", CutOffView.as_view(), name="cut-off"),
    *router.urls,
]
