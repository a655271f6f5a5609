"""The Celery application: wake-up and muscle, never the truth."""

import os

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.local")

app = Celery("concordat")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def _require_durable_database(**_: object) -> None:
    """A worker refuses a database that may lose what it acknowledged, as the web does."""
    from apps.portal.durability import require_durable_database

    require_durable_database()
