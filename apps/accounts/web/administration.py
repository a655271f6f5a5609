"""People and roles: read by administrators and auditors, changed by administrators."""

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts import actions, queries
from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.accounts.web.forms import KeyForm, PersonForm, RoleForm, ServiceForm
from apps.accounts.web.people import PersonRequest, signed_in
from apps.accounts.web.tables import PEOPLE
from apps.accounts.web.views import made_from, put_on
from apps.kernel.answers import went
from apps.kernel.exports import asked, export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import NotAllowed, NotFound, Refusal


@require_GET
@signed_in
def people(request: PersonRequest) -> HttpResponseBase:
    """Everyone, found by handle or name, with their roles."""
    _require_may_look(request.user)
    search = request.GET.get("search", "").replace("\0", "")
    rows = queries.people(search=search).prefetch_related("role_grants")
    if kind := asked(request):
        return export(PEOPLE, kind, rows.order_by("handle"))
    page = page_by_key(
        rows,
        order=("handle",),
        after=request.GET.get("after", ""),
        before=request.GET.get("before", ""),
    )
    may_manage = request.user.may(Capability.MANAGE_PEOPLE)
    return render(request, "accounts/people.html", {"page": page, "search": search, "may_manage": may_manage})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def new_person(request: PersonRequest) -> HttpResponse:
    """Add someone who will sign in."""
    return _new(request, PersonForm, "accounts/new_person.html", actions.add_person)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def new_service(request: PersonRequest) -> HttpResponse:
    """Add a program that will call the API."""
    return _new(request, ServiceForm, "accounts/new_service.html", actions.add_service)


@require_GET
@signed_in
def person(request: PersonRequest, handle: str) -> HttpResponse:
    """One person: roles, keys of a service identity, and what happened to them."""
    _require_may_look(request.user)
    return _person_page(request, _found(handle))


@require_POST
@signed_in
def activity(request: PersonRequest, handle: str) -> HttpResponse:
    """End someone's access, or let them back in."""
    at = timezone.now()
    if request.POST.get("active") == "yes":
        someone = actions.reactivate_person(handle=handle, reactivator=request.user, at=at)
        messages.success(request, f"{someone} may sign in again.")
    else:
        someone = actions.deactivate_person(handle=handle, deactivator=request.user, at=at)
        messages.success(request, f"{someone} is signed out everywhere and may not come back.")
    return went(request, "accounts:person", handle)


@require_POST
@signed_in
def grant(request: PersonRequest, handle: str) -> HttpResponse:
    """Give a role."""
    role = request.POST.get("role", "")
    actions.grant_role(handle=handle, role=role, granter=request.user, at=timezone.now())
    messages.success(request, f"{handle} is {role.replace('_', ' ')} now.")
    return went(request, "accounts:person", handle)


@require_POST
@signed_in
def revoke(request: PersonRequest, handle: str, role: str) -> HttpResponse:
    """Take a role back."""
    actions.revoke_role(handle=handle, role=role, revoker=request.user, at=timezone.now())
    messages.success(request, f"{handle} is no longer {role.replace('_', ' ')}.")
    return went(request, "accounts:person", handle)


@never_cache
@require_POST
@signed_in
def service_key(request: PersonRequest, handle: str) -> HttpResponse:
    """Make a key for a service identity; this answer is the only page that shows its token."""
    request.user.require(Capability.MANAGE_PEOPLE, to="make keys for service identities")
    service, form = _found(handle), KeyForm(request.POST)
    new = made_from(form, owner=service, maker=request.user) if form.is_valid() else None
    return _person_page(request, service, form=form, new=new, status=201 if new else 422)


def _new(
    request: PersonRequest, form_class: type[forms.Form], template: str, add: Callable[..., Person]
) -> HttpResponse:
    """Show the form; once it is sent, add and go to the page of whoever was added."""
    request.user.require(Capability.MANAGE_PEOPLE, to="add people")
    form = form_class(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            added = add(adder=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            put_on(form, refusal)
        else:
            messages.success(request, f"{added} is added. Give the roles they need.")
            return went(request, "accounts:person", added.handle)
    return render(request, template, {"form": form}, status=422 if form.errors else 200)


def _person_page(
    request: PersonRequest,
    someone: Person,
    *,
    form: KeyForm | None = None,
    new: actions.NewKey | None = None,
    status: int = 200,
) -> HttpResponse:
    surroundings = {
        "someone": someone,
        "grants": someone.role_grants.select_related("granted_by").order_by("role"),
        "keys": queries.keys_of(someone),
        "entries": queries.history_of(someone),
        "may_manage": request.user.may(Capability.MANAGE_PEOPLE),
        "role_form": RoleForm(),
        "key_form": form or KeyForm(),
        "new": new,
        "now": timezone.now(),
    }
    return render(request, "accounts/person.html", surroundings, status=status)


def _require_may_look(viewer: Person) -> None:
    if not (viewer.may(Capability.MANAGE_PEOPLE) or viewer.may(Capability.READ_RESTRICTED)):
        raise NotAllowed(
            "Only administrators and auditors see who holds which role.",
            next_step="Ask an administrator for what you need to know.",
        )


def _found(handle: str) -> Person:
    someone = queries.people().filter(handle=handle.replace("\0", "")).first()
    if someone is None:
        raise NotFound("There is no one of this handle.", next_step="Look in the list of people.")
    return someone
