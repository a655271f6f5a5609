"""A person's own pages: settings and API keys; and the API reference."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts import actions, queries
from apps.accounts.models import Person
from apps.accounts.web.forms import KeyForm, SettingsForm
from apps.accounts.web.people import PersonRequest, at_home
from apps.kernel.answers import went
from apps.kernel.refusals import Refusal


@require_http_methods(["GET", "HEAD", "POST"])
@at_home
def settings_page(request: PersonRequest) -> HttpResponse:
    """Name, time zone, theme and row height; and the way to password, second factors and sessions."""
    person = request.user
    if request.method != "POST":
        now = {name: getattr(person, name) for name in ("name", "zone", "theme", "density")}
        return render(request, "accounts/settings.html", {"form": SettingsForm(initial=now)})
    form = SettingsForm(request.POST)
    if not form.is_valid():
        return render(request, "accounts/settings.html", {"form": form}, status=422)
    name, at = form.cleaned_data.pop("name"), timezone.now()
    actions.rename_self(person=person, name=name, at=at)
    actions.set_preferences(person=person, at=at, **form.cleaned_data)
    messages.success(request, "Your settings are saved.")
    return went(request, "accounts:settings")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@at_home
def keys(request: PersonRequest) -> HttpResponse:
    """Your API keys, and a form for a new one. The answer to that form is the only page that ever shows its token."""
    if request.method != "POST":
        return _keys_page(request, KeyForm())
    form = KeyForm(request.POST)
    if not form.is_valid():
        return _keys_page(request, form, status=422)
    new = made_from(form, owner=request.user, maker=request.user)
    if new is None:
        return _keys_page(request, form, status=422)
    return _keys_page(request, KeyForm(), new=new, status=201)


@require_POST
@at_home
def revoke_key(request: PersonRequest, key_id: int) -> HttpResponse:
    """End one of your keys; an administrator ends anyone's."""
    key = actions.revoke_api_key(key_id=key_id, revoker=request.user, at=timezone.now())
    messages.success(request, f"The key “{key.name}” is revoked. Whatever still uses it is refused from now on.")
    if key.person_id == request.user.pk:
        return went(request, "accounts:keys")
    return went(request, "accounts:person", key.person.handle)


@require_GET
def api_reference(request: HttpRequest) -> HttpResponse:
    """The API reference, self-hosted, for whoever builds a pipeline."""
    return render(request, "accounts/api_reference.html")


def made_from(form: KeyForm, *, owner: Person, maker: Person) -> actions.NewKey | None:
    """The key the form asks for; None leaves the refusal on the form, beside what was typed."""
    at = timezone.now()
    try:
        return actions.make_api_key(
            owner=owner,
            maker=maker,
            name=form.cleaned_data["name"],
            scopes=form.cleaned_data["scopes"],
            expires_at=form.expires_at(at),
            at=at,
        )
    except Refusal as refusal:
        put_on(form, refusal)
        return None


def put_on(form: object, refusal: Refusal) -> None:
    """Write a refusal beside the fields it names, or above the form."""
    for field in refusal.fields or {"": []}:
        form.add_error(field if field in form.fields else None, str(refusal))  # type: ignore[attr-defined]  # a form


def _keys_page(
    request: PersonRequest, form: KeyForm, *, new: actions.NewKey | None = None, status: int = 200
) -> HttpResponse:
    surroundings = {
        "form": form,
        "new": new,
        "keys": queries.keys_of(request.user),
        "now": timezone.now(),
        "public_url": settings.PUBLIC_URL,
    }
    return render(request, "accounts/keys.html", surroundings, status=status)
