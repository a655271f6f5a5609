"""Addresses of the journal API."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
