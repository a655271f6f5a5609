"""For the type checker only: reads no environment, starts nothing."""

import os

os.environ.setdefault("SECRET_KEY", "typing-only")
os.environ.setdefault("FIELD_ENCRYPTION_KEY", "typing-only")
os.environ.setdefault("DATABASE_URL", "postgres://typing@localhost/typing")
os.environ.setdefault("REDIS_URL", "redis://localhost")

from config.settings.base import *  # the environment must stand before settings read it
