"""Addresses of the cab pages."""

from django.urls import URLPattern

app_name = "cab"
urlpatterns: list[URLPattern] = []
