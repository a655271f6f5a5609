"""Addresses of the notify API."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
