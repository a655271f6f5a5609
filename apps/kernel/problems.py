"""Refusals on the API: problem details (RFC 9457) with the same sentence the page shows."""

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from apps.kernel.refusals import Invalid, NotAllowed, NotFound, Refusal

PROBLEM_TYPE = "application/problem+json"


def problem(refusal: Refusal, *, headers: dict[str, str] | None = None) -> Response:
    """The answer for `refusal`: type, title, status, detail, the next step and the sentences by field."""
    body: dict[str, Any] = {
        "type": f"about:blank#{refusal.code}",
        "title": HTTPStatus(refusal.status).phrase,
        "status": refusal.status,
        "code": refusal.code,
        "detail": refusal.sentence,
    }
    if refusal.next_step:
        body["next_step"] = refusal.next_step
    if refusal.fields:
        body["errors"] = refusal.fields
    return Response(body, status=refusal.status, headers=headers, content_type=PROBLEM_TYPE)


def answer_exception(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every refusal, ours or the framework's, leaves as a problem; bugs stay exceptions."""
    del context
    refusal = _refusal(error)
    if refusal is None:
        return None
    set_rollback()
    headers = {}
    if isinstance(error, exceptions.APIException):
        if challenge := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = challenge
        if wait := getattr(error, "wait", None):
            headers["Retry-After"] = str(int(wait) + 1)
    return problem(refusal, headers=headers)


def _refusal(error: Exception) -> Refusal | None:
    if isinstance(error, Refusal):
        return error
    if isinstance(error, Http404):
        return NotFound(
            "There is nothing here, or you may not see it.", next_step="Check the address, or ask its owner."
        )
    if isinstance(error, PermissionDenied):
        return NotAllowed("You may not do this.", next_step="Ask an administrator for the role it needs.")
    if isinstance(error, exceptions.ValidationError):
        return Invalid(
            "The body does not fit the schema.",
            next_step="Correct the fields named in “errors”.",
            fields=_flat(error.detail),
        )
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    return None


def _of_framework(error: exceptions.APIException) -> Refusal:
    steps = {
        401: "Send an API key as “Authorization: Bearer …”, or sign in.",
        403: "Ask an administrator for the role or scope it needs.",
        405: "Use one of the methods in the Allow header.",
        406: "Ask for application/json.",
        415: "Send application/json.",
        429: "Wait for the number of seconds in Retry-After.",
    }
    refusal = Refusal(
        str(error.detail),
        next_step=steps.get(error.status_code, "Check the API reference."),
        code=str(error.default_code),
    )
    refusal.status = error.status_code
    return refusal


def _flat(detail: Any, path: str = "") -> dict[str, list[str]]:
    """DRF's nested error detail as "a.b.0" → sentences."""
    if isinstance(detail, dict):
        items = detail.items()
    elif isinstance(detail, list) and any(isinstance(part, dict | list) for part in detail):
        items = dict(enumerate(detail)).items()
    else:
        sentences = detail if isinstance(detail, list) else [detail]
        return {path: [str(sentence) for sentence in sentences]} if sentences else {}
    found: dict[str, list[str]] = {}
    for name, part in items:
        if part:
            found |= _flat(part, f"{path}.{name}" if path else str(name))
    return found
