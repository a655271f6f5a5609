"""Registers notify with Django."""

from django.apps import AppConfig


class NotifyConfig(AppConfig):
    name = "apps.notify"
    label = "notify"

    def ready(self) -> None:
        from apps.notify import reactions  # noqa: F401  # subscribing is importing
