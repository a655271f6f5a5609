"""Addresses of the clusters API."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
