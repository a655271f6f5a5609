"""The signed-in person as the type of a request, and the decorators that make it true."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponseBase

from apps.accounts import rules
from apps.accounts.models import Person
from apps.kernel.answers import door

P = ParamSpec("P")
V = TypeVar("V", bound=Callable[..., HttpResponseBase])
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


class PersonRequest(HttpRequest):
    """A request whose user is known to be a person."""

    user: Person


def own(view: V) -> V:
    """Mark a page whose writes are the viewer's own (inbox, feeds, saved views): they are an auditor's too."""
    view.is_own = True  # type: ignore[attr-defined]  # read by `signed_in`, which stands above it
    return view


def at_home(view: Callable[Concatenate[PersonRequest, P], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page of one's own account: asks others to sign in, and answers refusals with their sentence (see `door`)."""

    @login_required
    @door
    @wraps(view)
    def for_people(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    return for_people


def signed_in(view: Callable[Concatenate[PersonRequest, P], HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A page of the federation: as `at_home`, it takes a role to see anything here, and auditors send nothing to it.

    What a page keeps for its viewer alone is marked with `own`.
    """

    @at_home
    @wraps(view)
    def for_members(request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        rules.require_reader(request.user.capabilities)
        if request.method not in SAFE_METHODS and not getattr(view, "is_own", False):
            rules.require_writer(request.user.roles)
        return view(request, *args, **kwargs)

    return for_members
