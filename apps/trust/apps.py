"""Registers trust with Django."""

from django.apps import AppConfig


class TrustConfig(AppConfig):
    name = "apps.trust"
    label = "trust"

    def ready(self) -> None:
        from apps.trust import reactions

        reactions.register()
