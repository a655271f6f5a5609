"""Who calls the API: the bearer of a key, or the person whose browser it is."""

from rest_framework.authentication import SessionAuthentication


class BrowserSessionAuthentication(SessionAuthentication):
    """The session of a signed-in person, with CSRF protection."""


class ApiKeyAuthentication(SessionAuthentication):
    """Replaced below by the accounts work."""
