"""Answers for addresses no area owns and for errors: a page for people, a problem for programs."""

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from apps.kernel.problems import PROBLEM_TYPE

_SENTENCES = {
    400: ("This request could not be read.", "Go back, reload the page and try again."),
    403: (
        "You may not do this, or the page was open for too long.",
        "Reload the page and try again, or ask for the role it needs.",
    ),
    404: ("There is nothing here, or you may not see it.", "Check the address, or search."),
    500: ("Something broke on our side. Nothing was written.", "Try again; if it stays, tell an operator the time."),
}


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400."""
    del exception
    return _answer(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    del exception
    return _answer(request, 403)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form whose token is missing or old."""
    del reason
    return _answer(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    del exception
    return _answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """500. Rendered without the request's context: whatever broke may be in it."""
    return _answer(request, 500)


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    sentence, next_step = _SENTENCES[status]
    if request.path.startswith("/api/"):
        title = HTTPStatus(status).phrase
        body = {
            "type": "about:blank",
            "title": title,
            "status": status,
            "code": title.lower().replace(" ", "_"),
            "detail": sentence,
            "next_step": next_step,
        }
        return JsonResponse(body, status=status, content_type=PROBLEM_TYPE)
    return render(
        None if status == HTTPStatus.INTERNAL_SERVER_ERROR else request,
        f"errors/{status}.html",
        {"sentence": sentence, "next_step": next_step},
        status=status,
    )  # the status itself
