"""Registers meetings with Django."""

from django.apps import AppConfig


class MeetingsConfig(AppConfig):
    name = "apps.meetings"
    label = "meetings"

    def ready(self) -> None:
        from apps.meetings import panels, reactions  # noqa: F401  # subscribing is importing

        panels.register_panels()
