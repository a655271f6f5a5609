"""Registers clusters with Django."""

from django.apps import AppConfig


class ClustersConfig(AppConfig):
    name = "apps.clusters"
    label = "clusters"

    def ready(self) -> None:
        from apps.clusters import reactions, search
        from apps.clusters.queries import kinds

        reactions.register_checks()
        kinds.register_kinds(search.register)
