"""The WSGI entry of the web processes."""

import os

from django.core.wsgi import get_wsgi_application

from apps.portal.durability import require_durable_database

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.production")
application = get_wsgi_application()
require_durable_database()
