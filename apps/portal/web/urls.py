"""Addresses of the portal's pages."""

from django.urls import path

from apps.portal.web import views

app_name = "portal"
urlpatterns = [path("design", views.design, name="design")]
