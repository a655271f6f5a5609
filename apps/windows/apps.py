"""Registers windows and freezes with Django."""

from django.apps import AppConfig


class WindowsConfig(AppConfig):
    name = "apps.windows"
    label = "windows"
