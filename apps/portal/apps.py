"""Registers the portal with Django."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "apps.portal"
    label = "portal"

    def ready(self) -> None:
        """Have `migrate` ask whose database it is."""
        from apps.portal import durability  # noqa: F401  # registering the check is importing
