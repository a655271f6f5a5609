"""Addresses of the clusters pages."""

from django.urls import URLPattern

app_name = "clusters"
urlpatterns: list[URLPattern] = []
