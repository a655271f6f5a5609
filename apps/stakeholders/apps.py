"""Registers the stakeholders with Django."""

from django.apps import AppConfig


class StakeholdersConfig(AppConfig):
    name = "apps.stakeholders"
    label = "stakeholders"

    def ready(self) -> None:
        from apps.stakeholders import (
            escalation_reactions,  # noqa: F401  # subscribing is importing
            measures,
            negotiation_reactions,
            reactions,
            silo_reactions,
        )
        from apps.stakeholders.queries.costs import COST_PER_INTEGRATION

        reactions.register()
        negotiation_reactions.register()
        silo_reactions.register()
        measures.register(COST_PER_INTEGRATION)
