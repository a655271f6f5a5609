"""Who calls the API: the bearer of a key, or the person whose browser it is."""

import hmac
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts import actions
from apps.accounts.api.throttling import WrongKeys
from apps.accounts.models import ApiKey, Person
from apps.kernel.refusals import NotAllowed
from apps.kernel.signs import day_words

SCHEME = "Bearer"


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer cdt_<prefix>_<secret>`. The prefix finds the row, the hash of the secret proves it."""

    def authenticate(self, request: Request) -> tuple[Person, ApiKey] | None:
        """The key's owner and the key; None when the call carries no bearer token, so that a session may speak."""
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != SCHEME.lower():
            return None
        now = timezone.now()
        wrong = WrongKeys(request)
        wrong.require_few()
        try:
            key = _usable(_found(token.strip()), now)
        except AuthenticationFailed:
            wrong.count()
            raise
        actions.note_use_of_key(key=key, at=now)
        return key.person, key

    def authenticate_header(self, request: Request) -> str:
        """What a 401 asks for."""
        del request
        return f'{SCHEME} realm="concordat"'


class BrowserSessionAuthentication(SessionAuthentication):
    """The session of a signed-in person, with CSRF protection."""

    def enforce_csrf(self, request: Request) -> None:
        """Refuse a write that does not prove it came from our own pages."""
        try:
            super().enforce_csrf(request)
        except Exception as error:
            raise NotAllowed(
                "This call uses a browser session but carries no valid CSRF token.",
                next_step="Send the token of the csrftoken cookie as X-CSRFToken, or use an API key.",
                code="csrf_failed",
            ) from error


def _found(token: str) -> ApiKey:
    """The key that `token` proves. One sentence for every way to be wrong: it tells nothing about what exists."""
    brand, _, rest = token.partition("_")
    prefix, _, secret = rest.partition("_")
    well_formed = brand == actions.BRAND and prefix.isascii() and prefix.isalnum() and secret.isascii()
    key = ApiKey.objects.select_related("person").filter(prefix=prefix).first() if well_formed else None
    if key is None or not hmac.compare_digest(key.hash, actions.hash_of(secret)):
        raise AuthenticationFailed("This API key is not known here.")
    return key


def _usable(key: ApiKey, now: datetime) -> ApiKey:
    """The key again, when it and its owner may still be used. Only its holder gets this far, so the reason is told."""
    if key.revoked_at is not None:
        raise AuthenticationFailed("This API key was revoked.")
    if key.expires_at <= now:
        raise AuthenticationFailed(f"This API key expired on {day_words(key.expires_at)}.")
    if not key.person.is_active:
        raise AuthenticationFailed("The owner of this API key is no longer active.")
    return key


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself, untyped
    target_class = "apps.accounts.api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        del auto_schema
        return {"type": "http", "scheme": "bearer", "description": "A key made on the page “API keys”."}


class BrowserSessionScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # registers itself, untyped
    target_class = "apps.accounts.api.authentication.BrowserSessionAuthentication"
    name = "browserSession"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        del auto_schema
        return {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "The session of a signed-in browser; writes also need X-CSRFToken.",
        }
