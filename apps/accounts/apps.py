"""Registers accounts with Django, and what it hears."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "apps.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Start to listen."""
        from apps.accounts import reactions  # noqa: F401  # importing it registers its handlers
