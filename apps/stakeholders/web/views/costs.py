"""What integrations cost, and which went live when: the two parts of what one costs."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.models import Cluster
from apps.integrations.models import Integration
from apps.kernel.answers import went
from apps.kernel.exports import asked, export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Refusal
from apps.stakeholders.actions import costs as actions
from apps.stakeholders.queries import costs as queries
from apps.stakeholders.web.metric_forms import CostForm, GoingLiveForm, RetireForm
from apps.stakeholders.web.metric_tables import COSTS


@require_GET
@signed_in
def page(request: PersonRequest) -> HttpResponseBase:
    """Every cost the person may know of, the newest first, and what went live."""
    if kind := asked(request):
        return export(COSTS, kind, queries.costs_seen_by(request.user).order_by("-pk"))
    return _page(request)


@require_POST
@signed_in
def record(request: PersonRequest) -> HttpResponse:
    """Write a cost down."""
    form = CostForm(request.POST, **_choices(request))
    return _acted(
        request,
        "cost_form",
        form,
        lambda: actions.record_cost(recorder=request.user, at=timezone.now(), **form.cleaned_data),
    )


@require_POST
@signed_in
def strike(request: PersonRequest, pk: int) -> HttpResponse:
    """Strike a cost out."""
    cost, form = queries.visible_cost(pk, request.user), RetireForm(request.POST)
    return _acted(
        request,
        "strike_form",
        form,
        lambda: actions.strike_cost(cost=cost, keeper=request.user, at=timezone.now(), **form.cleaned_data),
    )


@require_POST
@signed_in
def live(request: PersonRequest) -> HttpResponse:
    """Say that an integration went live."""
    form = GoingLiveForm(request.POST, integrations=_integrations(request))
    return _acted(
        request,
        "live_form",
        form,
        lambda: actions.record_going_live(recorder=request.user, at=timezone.now(), **form.cleaned_data),
    )


def _acted(request: PersonRequest, name: str, form: Any, act: Callable[[], Any]) -> HttpResponse:
    if form.is_valid():
        try:
            act()
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:costs")
    return _page(request, **{name: form})


def _page(request: PersonRequest, **refused: Any) -> HttpResponse:
    rows = queries.costs_seen_by(request.user)
    page = page_by_key(rows, order=("-pk",), after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    form = next(iter(refused.values()), None)
    may_keep = request.user.may(Capability.SET_TARGETS) or request.user.may(Capability.PROPOSE_CHANGE)
    context = {
        "page": page,
        "live": queries.live_seen_by(request.user).order_by("-live_on", "-pk")[:30],
        "may_keep": may_keep,
        "cost_form": CostForm(**_choices(request)) if may_keep else None,
        "live_form": GoingLiveForm(integrations=_integrations(request)) if may_keep else None,
        "refused": form,
        "crumbs": [{"label": "KPIs", "url": reverse("stakeholders:kpis")}, {"label": "Costs of integrations"}],
        **refused,
    }
    return render(request, "stakeholders/costs.html", context, status=form.answer_status() if form else 200)


def _choices(request: PersonRequest) -> dict[str, Any]:
    clusters = Cluster.objects.visible_to(request.user).order_by("name")
    return {"clusters": clusters, "integrations": _integrations(request)}


def _integrations(request: PersonRequest) -> QuerySet[Integration]:
    rows = Integration.objects.visible_to(request.user)
    return rows.select_related("consumer__cluster", "interface__component").order_by("consumer__name", "pk")
