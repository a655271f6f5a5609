"""What the lockout counts by, and the page it answers with."""

from typing import Any

from allauth.account.adapter import get_adapter
from axes.models import AccessAttempt
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from apps.accounts import queries

LONGEST = 255  # characters that the attempt's column keeps


def name_tried(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """Whom an attempt was for: handle and e-mail address of one person count together, in any case of letters."""
    tried = credentials or {}
    # A person is already known where they confirm their password again.
    name = tried.get("username") or tried.get("email") or tried.get("login") or request.POST.get("login") or ""
    person = queries.person_by_sign_in_name(str(name).replace("\0", "")[:LONGEST])
    return person.handle if person else str(name).lower().replace("\0", "")[:LONGEST]


def address_of(request: HttpRequest) -> str:
    """The caller's address, read from X-Forwarded-For only as far as our own proxies wrote it."""
    return str(get_adapter(request).get_client_ip(request))


def locked_out(request: HttpRequest, response: HttpResponse, credentials: dict[str, Any] | None) -> HttpResponse:
    """Say until when, and what else can be done now."""
    del response
    attempt = (
        AccessAttempt.objects.filter(username=name_tried(request, credentials), ip_address=address_of(request))
        .order_by("-attempt_time")
        .first()
    )
    until = (attempt.attempt_time if attempt else timezone.now()) + settings.AXES_COOLOFF_TIME
    wait_s = max(1, int((until - timezone.now()).total_seconds()))
    answer = render(request, "accounts/locked_out.html", {"until": until}, status=settings.AXES_HTTP_RESPONSE_CODE)
    answer["Retry-After"] = str(wait_s)
    return answer
