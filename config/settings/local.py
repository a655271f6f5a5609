"""`make run`: production behaviour on loopback without TLS."""

from config.settings.base import *

SESSION_COOKIE_NAME = "concordat_session"
CONCORDAT_DEMO = True
