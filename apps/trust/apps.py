"""Registers trust with Django."""

from django.apps import AppConfig


class TrustConfig(AppConfig):
    name = "apps.trust"
    label = "trust"

    def ready(self) -> None:
        from apps.clusters import search
        from apps.trust import reactions
        from apps.trust.queries.kinds import TRUST_DOMAINS

        reactions.register()
        search.register(TRUST_DOMAINS)
