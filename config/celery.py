"""The Celery application: wake-up and muscle, never the truth."""

import os

from celery import Celery
from celery.signals import worker_init
from django.core.exceptions import ImproperlyConfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

app = Celery("concordat")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def _require_durable_database(**_: object) -> None:
    """A worker refuses a database that may lose what it acknowledged, as the web does."""
    from apps.portal.durability import require_durable_database

    try:
        require_durable_database()
    except ImproperlyConfigured as refusal:  # an exception would be logged by Celery, and the worker would go on
        raise SystemExit(str(refusal)) from None
