"""Registers the change advisory board with Django."""

from django.apps import AppConfig


class CabConfig(AppConfig):
    name = "apps.cab"
    label = "cab"

    def ready(self) -> None:
        from apps.cab import panels, reactions  # noqa: F401  # subscribing is importing

        panels.register_panels()
