"""Shows times in the viewer's own zone."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from apps.accounts.models import Person


class ViewerMiddleware:
    """Activates the signed-in person's zone for the request; UTC for everyone else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        viewer = request.user
        with timezone.override(viewer.tzinfo if isinstance(viewer, Person) else "UTC"):
            return self.get_response(request)
