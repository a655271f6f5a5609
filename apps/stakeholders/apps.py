"""Registers the stakeholders with Django."""

from django.apps import AppConfig


class StakeholdersConfig(AppConfig):
    name = "apps.stakeholders"
    label = "stakeholders"

    def ready(self) -> None:
        from apps.stakeholders import negotiation_reactions, reactions

        reactions.register()
        negotiation_reactions.register()
