"""Registers the change advisory board with Django."""

from django.apps import AppConfig


class CabConfig(AppConfig):
    name = "apps.cab"
    label = "cab"

    def ready(self) -> None:
        from apps.cab import panels, reactions  # noqa: F401  # subscribing is importing
        from apps.cab.queries.measures import measures
        from apps.cab.queries.reach import unmet
        from apps.cab.rules.facts import COLUMNS
        from apps.policies import facts, reach
        from apps.stakeholders.measures import register

        panels.register_panels()
        facts.declare(COLUMNS)
        reach.declare(unmet)
        register(*measures())
