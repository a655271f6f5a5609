"""The signed-in person as the type of a request, and the decorator that makes it true."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase

from apps.accounts import rules
from apps.accounts.models import Person
from apps.kernel.answers import door

P = ParamSpec("P")


class PersonRequest(HttpRequest):
    """A request whose user is known to be a person."""

    user: Person


def at_home(view: Callable[Concatenate[PersonRequest, P], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page of one's own account: asks others to sign in, and answers refusals with their sentence (see `door`)."""

    @login_required
    @door
    @wraps(view)
    def for_people(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    return for_people


def signed_in(view: Callable[Concatenate[PersonRequest, P], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page of the federation: as `at_home`, and it takes a role to see anything here."""

    @at_home
    @wraps(view)
    def for_members(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        rules.require_reader(request.user.capabilities)
        return view(request, *args, **kwargs)

    return for_members
