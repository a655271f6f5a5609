"""Addresses of the accounts API."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from apps.accounts.api.views import ApiKeyViewSet, MeView, PersonViewSet

router = SimpleRouter()
router.register("people", PersonViewSet, basename="people")
router.register("api-keys", ApiKeyViewSet, basename="api-keys")

urlpatterns = [path("me/", MeView.as_view(), name="me"), *router.urls]
