"""Addresses of a person's own settings and of the administration of people."""

from django.urls import URLPattern

app_name = "accounts"
urlpatterns: list[URLPattern] = []
