"""`make test`: throw-away servers, everything else as in production."""

from config.settings.base import *

CONCORDAT_REQUIRE_DURABLE = False  # the test servers run without fsync and are thrown away
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
# A cheap hasher: the cast signs in thousands of times. Argon2 itself is tested by name.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *PASSWORD_HASHERS]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
CONCORDAT_DEMO = True
