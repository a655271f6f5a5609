"""Secrets that must be read back: encrypted with the house's own key."""

import base64
import secrets

from cryptography.fernet import Fernet
from django.conf import settings


def new_secret() -> str:
    """A webhook secret in the Standard Webhooks form: "whsec_" and 24 random bytes in base64."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"


def sealed(secret: str) -> str:
    """The secret as it is kept."""
    return _fernet().encrypt(secret.encode()).decode()


def opened(kept: str) -> str:
    """The secret as it signs."""
    return _fernet().decrypt(kept.encode()).decode()


def _fernet() -> Fernet:
    return Fernet(settings.FIELD_ENCRYPTION_KEY.encode())
