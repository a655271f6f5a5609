"""What every page does for its viewer: times in their own zone, and a sentence where Django would say nothing."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils import timezone

from apps.accounts.models import Person
from apps.kernel.refusals import Refusal


class ViewerMiddleware:
    """Activates the signed-in person's zone for the request; UTC for everyone else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        viewer = request.user
        with timezone.override(viewer.tzinfo if isinstance(viewer, Person) else "UTC"):
            return self.get_response(request)


class MethodsInWords:
    """Answers a method that a page does not take with a page that says so, where Django's answer is empty.

    People come by: they signed in again on their way to an address that only takes what a form sends, or kept it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self.get_response(request)
        if not isinstance(answer, HttpResponseNotAllowed):
            return answer
        if request.method in {"GET", "HEAD"}:
            sentence, next_step = "There is nothing to read here.", "Open the page above, and send its form again."
        else:
            sentence, next_step = "This page takes nothing that is sent to it.", "Read it, and use the forms on it."
        shown = {"refusal": Refusal(sentence, next_step=next_step), "back": _page_above(request.path)}
        page = render(request, "errors/refusal.html", shown, status=answer.status_code)
        page["Allow"] = answer["Allow"]
        return page


def _page_above(path: str) -> str:
    """The nearest address above this one that is of a page; "" where there is none."""
    while above := path.rstrip("/").rpartition("/")[0]:
        path = f"{above}/"
        try:
            resolve(path)
        except Resolver404:
            continue
        return path
    return ""
