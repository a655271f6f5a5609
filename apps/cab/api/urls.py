"""Addresses of the cab API."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
