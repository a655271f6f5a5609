"""Registers integrations with Django."""

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    name = "apps.integrations"
    label = "integrations"

    def ready(self) -> None:
        from apps.integrations import panels, reactions

        panels.register_panels()
        reactions.register()
