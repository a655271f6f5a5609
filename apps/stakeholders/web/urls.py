"""Addresses of the stakeholder pages."""

from django.urls import path

from apps.stakeholders.web.views import initiatives

app_name = "stakeholders"
urlpatterns = [
    path("initiatives/", initiatives.listing, name="initiatives"),
]
