"""Registers clusters with Django."""

from django.apps import AppConfig


class ClustersConfig(AppConfig):
    name = "apps.clusters"
    label = "clusters"

    def ready(self) -> None:
        from apps.clusters import reactions

        reactions.register_checks()
