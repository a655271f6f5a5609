"""`make test`: throw-away servers, everything else as in production."""

import os

from config.settings.base import *

CONCORDAT_REQUIRE_DURABLE = False  # the test servers run without fsync and are thrown away
# Tests that run beside each other have a Redis database each, as they have a PostgreSQL database each.
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")  # gw0, gw1, …
if WORKER:
    REDIS_URL = CELERY_BROKER_URL = f"{REDIS_URL.rpartition('/')[0]}/{int(WORKER[2:]) + 1}"
    CACHES["default"]["LOCATION"] = REDIS_URL
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# A cheap hasher: the cast signs in thousands of times. Argon2 itself is tested by name.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
CONCORDAT_DEMO = True
WHITENOISE_USE_FINDERS = True  # browser tests are served from the sources, nothing is collected
