"""The signed-in person as the type of a request, and the decorator that makes it true."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse

from apps.accounts.models import Person
from apps.kernel.answers import door

P = ParamSpec("P")


class PersonRequest(HttpRequest):
    """A request whose user is known to be a person."""

    user: Person


def signed_in(view: Callable[Concatenate[PersonRequest, P], HttpResponse]) -> Callable[..., HttpResponse]:
    """A page for people: asks others to sign in, and answers refusals with their sentence (see kernel.answers.door)."""

    @login_required
    @door
    @wraps(view)
    def for_people(request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        return view(request, *args, **kwargs)

    return for_people
