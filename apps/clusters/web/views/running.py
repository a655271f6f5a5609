"""Where everything runs, and the dependencies whose end is not known yet."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters import actions
from apps.clusters.models import Component, LooseEnd, Placement
from apps.clusters.queries import running as queries
from apps.clusters.web.forms import LooseEndFilterForm, RunningFilterForm
from apps.clusters.web.tables import LOOSE_ENDS, PLACEMENTS, RUNNING
from apps.kernel.answers import went
from apps.kernel.exports import asked as asked_for
from apps.kernel.exports import export
from apps.kernel.paging import Page, page_by_key


@require_GET
@signed_in
def page(request: PersonRequest) -> HttpResponseBase:
    """Every component with the sites it runs at, or every host with what it runs."""
    form = RunningFilterForm(request.GET, person=request.user)
    asked = dict(form.cleaned_data) if form.is_valid() else {}
    has_hosts = asked.pop("show", "") == "hosts"
    rows, order = _hosts(request, asked) if has_hosts else _components(request, asked)
    if kind := asked_for(request):
        return export(PLACEMENTS if has_hosts else RUNNING, kind, rows.order_by(*order))
    context = {
        "form": form,
        "has_hosts": has_hosts,
        "page": _paged(request, rows, order),
        "count": rows.count(),
        "loads": queries.site_loads(request.user),
        "crumbs": _crumbs("Where it runs"),
    }
    return render(request, "clusters/running.html", context, status=200 if form.is_valid() else 422)


@require_GET
@signed_in
def loose_ends(request: PersonRequest) -> HttpResponseBase:
    """Dependencies of catalogues with an end that the map does not know."""
    form = LooseEndFilterForm(request.GET, person=request.user)
    asked = form.cleaned_data if form.is_valid() else {}
    rows: QuerySet[LooseEnd] = queries.loose_ends(
        request.user, text=asked.get("q", ""), cluster=asked.get("cluster", "")
    )
    order = ("consumer_name", "provider_name", "pk")
    if kind := asked_for(request):
        return export(LOOSE_ENDS, kind, rows.order_by(*order))
    context = {
        "form": form,
        "page": _paged(request, rows, order),
        "count": rows.count(),
        "may_drop": request.user.may(Capability.IMPORT),
        "crumbs": _crumbs("Loose ends"),
    }
    return render(request, "clusters/loose_ends.html", context, status=200 if form.is_valid() else 422)


@require_POST
@signed_in
def drop(request: PersonRequest, pk: int) -> HttpResponse:
    """Forget a loose end."""
    actions.drop_loose_end(loose_end_id=pk, person=request.user, at=timezone.now())
    return went(request, "clusters:loose_ends")


def _components(request: PersonRequest, asked: dict[str, str]) -> tuple[QuerySet[Component], tuple[str, ...]]:
    found = queries.running(
        request.user,
        text=asked.get("q", ""),
        **{name: asked.get(name, "") for name in ("cluster", "site", "places")},
    )
    return found, ("name", "pk")


def _hosts(request: PersonRequest, asked: dict[str, str]) -> tuple[QuerySet[Placement], tuple[str, ...]]:
    found = queries.placements(request.user, text=asked["q"], **{name: asked[name] for name in ("cluster", "site")})
    return found, ("site", "host", "pk")


def _paged(request: PersonRequest, rows: QuerySet[Any], order: Sequence[str]) -> Page:
    return page_by_key(rows, order=order, after=request.GET.get("after", ""), before=request.GET.get("before", ""))


def _crumbs(label: str) -> list[dict[str, str]]:
    return [{"label": "Clusters", "url": reverse("clusters:list")}, {"label": label}]
