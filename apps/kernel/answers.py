"""The HTML door's answers: a refusal becomes a fragment for htmx and a page for a plain browser."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from apps.kernel.refusals import Refusal

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def door(view: View) -> View:
    """Answer a refusal raised by `view` with its sentence and next step instead of an error."""

    @wraps(view)
    def answering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            answer: HttpResponseBase = view(request, *args, **kwargs)
        except Refusal as refusal:
            answer = refused(request, refusal)
        return answer

    return cast("View", answering)


def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """The page (or htmx fragment) that says no and what to do next."""
    if is_fragment(request):
        # htmx swaps 422; the refusal goes to the message region whatever the request aimed at.
        response = render(request, "components/refusal.html", {"refusal": refusal}, status=422)
        response["HX-Retarget"], response["HX-Reswap"] = "#messages", "innerHTML"
        return response
    back = request.META.get("HTTP_REFERER", "")
    safe = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return render(
        request, "errors/refusal.html", {"refusal": refusal, "back": back if safe else ""}, status=refusal.status
    )


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asked for a part of a page (a boosted or history request wants the whole)."""
    return request.headers.get("HX-Request") == "true" and "HX-Boosted" not in request.headers


def went(request: HttpRequest, to: str, *args: Any, **kwargs: Any) -> HttpResponse:
    """After a write: a redirect that a plain browser and htmx both follow."""
    response: HttpResponse = redirect(to, *args, **kwargs)
    if is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": response["Location"]})
    return response
