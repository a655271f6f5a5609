"""The list of integrations, the page of one, declaring, editing and withdrawing it."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.models import Component
from apps.clusters.queries import component_named, standing
from apps.clusters.rules import is_editor, require_may_edit
from apps.clusters.web.margin import margin
from apps.integrations import actions, queries
from apps.integrations.actions.integrations import FIELDS, NEEDS
from apps.integrations.models import Integration
from apps.integrations.queries.decisions import current_decision, with_decisions
from apps.integrations.rules.reading import needs_read
from apps.integrations.web.filters import IntegrationFilter
from apps.integrations.web.forms import EditIntegrationForm, IntegrationForm, WithdrawForm
from apps.integrations.web.tables import INTEGRATIONS
from apps.integrations.web.views.asking import filtered_by, is_key
from apps.journal.queries import timeline
from apps.kernel.answers import went
from apps.kernel.exports import asked, export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Refusal

ORDER = ("consumer__name", "interface__name", "pk")


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Every integration the person may know of, by consumer."""
    found = filtered_by(IntegrationFilter, request, with_decisions(queries.integrations_seen_by(request.user)))
    if kind := asked(request):
        return export(INTEGRATIONS, kind, found.qs.order_by(*ORDER))
    page = page_by_key(found.qs, order=ORDER, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    return render(request, "integrations/list.html", {"page": page, "filter": found})


@require_http_methods(["GET", "POST"])
@signed_in
def declare(request: PersonRequest) -> HttpResponse:
    """Declare an integration; the address may name the consumer and the interface to begin with."""
    form = IntegrationForm(request.POST or None, initial=_begun(request))
    if request.method == "POST" and form.is_valid():
        try:
            integration = actions.declare_integration(
                consumer_id=component_named(form.cleaned_data["consumer"], request.user).pk,
                interface=queries.interface_named(form.cleaned_data["interface"], request.user),
                declarer=request.user,
                values={name: form.cleaned_data[name] for name in FIELDS},
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "integrations:integration", integration.pk)
    context = {
        "form": form,
        "title": "Declare an integration",
        "crumbs": crumbs("Declare"),
        "back": reverse("integrations:integrations"),
    }
    return render(request, "integrations/form.html", context, status=form.answer_status())


@require_GET
@signed_in
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """One integration: who uses what of whom, and what it needs."""
    return page_of(request, queries.visible_integration(pk, request.user))


@require_http_methods(["GET", "POST"])
@signed_in
def describe(request: PersonRequest, pk: int) -> HttpResponse:
    """Edit an integration; the form carries the version it was drawn from."""
    integration = queries.visible_integration(pk, request.user)
    require_may_edit(standing(request.user, integration.consumer), of=integration.consumer.name)
    form = EditIntegrationForm(request.POST or None, initial=vars(integration))
    if request.method == "POST" and form.is_valid():
        changes = dict(form.cleaned_data)
        version = changes.pop("version")
        try:
            actions.describe_integration(
                integration_id=pk, editor=request.user, version=version, changes=changes, at=timezone.now()
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "integrations:integration", pk)
    context = {
        "form": form,
        "title": str(integration),
        "crumbs": crumbs(str(integration)),
        "back": integration.get_absolute_url(),
    }
    return render(request, "integrations/form.html", context, status=form.answer_status())


@require_POST
@signed_in
def withdraw(request: PersonRequest, pk: int) -> HttpResponse:
    """Take an integration back, with the reason."""
    integration, form = queries.visible_integration(pk, request.user), WithdrawForm(request.POST)
    if form.is_valid():
        try:
            actions.withdraw_integration(
                integration_id=pk, withdrawer=request.user, at=timezone.now(), **form.cleaned_data
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:component", integration.consumer_id)
    return page_of(request, integration, withdraw_form=form)


def page_of(request: PersonRequest, integration: Integration, **refused: Any) -> HttpResponse:
    """The page of an integration, with the form that was refused, if one was."""
    form = next(iter(refused.values()), None)
    context = {
        "integration": integration,
        "crumbs": crumbs(str(integration)),
        "needs": needs_read({name: getattr(integration, name) for name in NEEDS}),
        "may_edit": is_editor(standing(request.user, integration.consumer)),
        "decision": current_decision(integration),
        "entries": margin(timeline(integration, limit=30)),
        "withdraw_form": WithdrawForm(),
        "refused": form,
        **refused,
    }
    return render(request, "integrations/integration.html", context, status=form.answer_status() if form else 200)


def crumbs(label: str) -> list[dict[str, str]]:
    """The way to a page below the list."""
    return [{"label": "Integrations", "url": reverse("integrations:integrations")}, {"label": label}]


def _begun(request: PersonRequest) -> dict[str, str]:
    """What the address says to begin with: ?consumer=ID, ?interface=ID; what nobody may know of is left out."""
    begun: dict[str, str] = {}
    consumer, interface = (request.GET.get(name, "") for name in ("consumer", "interface"))
    if is_key(consumer):
        one = Component.objects.visible_to(request.user).select_related("cluster").filter(pk=consumer).first()
        begun |= {"consumer": f"{one.cluster.slug}/{one.slug}"} if one else {}
    if is_key(interface):
        offered = queries.interfaces_seen_by(request.user).filter(pk=interface).first()
        begun |= {"interface": queries.path_of(offered)} if offered else {}
    return begun
