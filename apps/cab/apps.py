"""Registers the change advisory board with Django."""

from django.apps import AppConfig


class CabConfig(AppConfig):
    name = "apps.cab"
    label = "cab"

    def ready(self) -> None:
        from apps.cab import panels, reactions  # noqa: F401  # subscribing is importing
        from apps.cab.queries.measures import measures
        from apps.cab.queries.reach import unmet
        from apps.cab.rules.facts import columns_in
        from apps.policies import facts, reach
        from apps.stakeholders.measures import register
        from apps.stakeholders.queries.rates import enterprise_currency

        panels.register_panels()
        facts.declare(columns_in(enterprise_currency()))
        reach.declare(unmet)
        register(*measures())
