"""Addresses of the accounts API."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
