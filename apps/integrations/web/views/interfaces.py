"""The list of interfaces, the page of one, offering and withdrawing it."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.models import ApiDescription, Component
from apps.clusters.queries import standing, visible_component
from apps.clusters.rules import is_editor, require_may_edit
from apps.clusters.web.margin import margin
from apps.integrations import actions, queries
from apps.integrations.queries.apis import proposal
from apps.integrations.web.filters import InterfaceFilter
from apps.integrations.web.forms import EditInterfaceForm, InterfaceForm
from apps.integrations.web.tables import INTERFACES
from apps.integrations.web.views.asking import filtered_by, is_key
from apps.journal.queries import timeline
from apps.kernel.answers import went
from apps.kernel.exports import asked, export
from apps.kernel.paging import PAGE_SIZE, page_by_key
from apps.kernel.refusals import Refusal


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Every interface the person may know of, and how many use it."""
    rows = queries.interfaces_with_uses(request.user)
    found = filtered_by(InterfaceFilter, request, rows)
    if kind := asked(request):
        return export(INTERFACES, kind, found.qs.order_by("name", "pk"))
    page = page_by_key(
        found.qs, order=("name", "pk"), after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    return render(request, "integrations/interfaces.html", {"page": page, "filter": found, "crumbs": _crumbs("")})


@require_GET
@signed_in
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """One interface: what it offers, and who uses it."""
    interface = queries.visible_interface(pk, request.user)
    used = (
        queries.integrations_seen_by(request.user)
        .filter(interface=interface)
        .order_by("consumer__name", "pk")[: PAGE_SIZE + 1]
    )
    context = {
        "interface": interface,
        "crumbs": _crumbs(interface.name),
        "used": used[:PAGE_SIZE],
        "more": len(used) > PAGE_SIZE,
        "may_edit": is_editor(standing(request.user, interface.component)),
        "entries": margin(timeline(interface, limit=30)),
    }
    return render(request, "integrations/interface.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def offer(request: PersonRequest, pk: int) -> HttpResponse:
    """Say that a component offers an interface."""
    component = visible_component(pk, request.user)
    require_may_edit(standing(request.user, component), of=component.name)
    form = InterfaceForm(request.POST or None, initial=_begun(request, component))
    if request.method == "POST" and form.is_valid():
        try:
            interface = actions.offer_interface(
                component_id=pk, offerer=request.user, values=form.cleaned_data, at=timezone.now()
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "integrations:interface", interface.pk)
    context = {
        "form": form,
        "title": f"Interface of {component.name}",
        "crumbs": _crumbs("Offer"),
        "back": component.get_absolute_url(),
    }
    return render(request, "integrations/form.html", context, status=form.answer_status())


@require_http_methods(["GET", "POST"])
@signed_in
def describe(request: PersonRequest, pk: int) -> HttpResponse:
    """Edit an interface; the form carries the version it was drawn from."""
    interface = queries.visible_interface(pk, request.user)
    require_may_edit(standing(request.user, interface.component), of=interface.component.name)
    form = EditInterfaceForm(request.POST or None, initial=vars(interface))
    if request.method == "POST" and form.is_valid():
        changes = dict(form.cleaned_data)
        version = changes.pop("version")
        try:
            actions.describe_interface(
                interface_id=pk, editor=request.user, version=version, changes=changes, at=timezone.now()
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "integrations:interface", pk)
    context = {
        "form": form,
        "title": interface.name,
        "crumbs": _crumbs(interface.name),
        "back": interface.get_absolute_url(),
    }
    return render(request, "integrations/form.html", context, status=form.answer_status())


@require_POST
@signed_in
def withdraw(request: PersonRequest, pk: int) -> HttpResponse:
    """Take an interface back."""
    component_id = queries.visible_interface(pk, request.user).component_id
    actions.withdraw_interface(interface_id=pk, withdrawer=request.user, at=timezone.now())
    return went(request, "clusters:component", component_id)


def _begun(request: PersonRequest, component: Component) -> dict[str, Any]:
    """What the form begins with: ?api=ID, a visible API that a catalogue described; else the component."""
    asked = request.GET.get("api", "")
    pk = int(asked) if is_key(asked) else component.pk
    described = ApiDescription.objects.select_related("component").filter(
        component=pk, component__in=Component.objects.visible_to(request.user)
    )
    found = described.first()
    return proposal(found) if found else {}


def _crumbs(label: str) -> list[dict[str, str]]:
    listed = {"label": "Interfaces", "url": reverse("integrations:interfaces")}
    start = {"label": "Integrations", "url": reverse("integrations:integrations")}
    return [start, listed, {"label": label}] if label else [start, {"label": "Interfaces"}]
