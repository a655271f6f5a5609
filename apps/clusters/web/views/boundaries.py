"""The transfer table with its sites, and the boundary lens."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters import actions
from apps.clusters.models import Site, TransferRule
from apps.clusters.queries import lens as lens_queries
from apps.clusters.rules.places import jurisdictions
from apps.clusters.web.boundary_forms import SiteForm, TransferRuleForm
from apps.clusters.web.forms import RefusableForm
from apps.clusters.web.tables import SITES, TRANSFERS
from apps.kernel.answers import went
from apps.kernel.exports import asked, export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Refusal


@require_http_methods(["GET", "POST"])
@signed_in
def transfers(request: PersonRequest) -> HttpResponseBase:
    """Which data may go from where to where; a POST adds a rule."""
    rows = TransferRule.objects.select_related("made_by")
    if kind := asked(request):
        return export(TRANSFERS, kind, rows.order_by("data_class", "origin", "destination", "pk"))
    form = TransferRuleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.rule_on_transfer(keeper=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:transfers")
    keys = (request.GET.get("after", ""), request.GET.get("before", ""))
    page = page_by_key(rows, order=("data_class", "origin", "destination", "pk"), after=keys[0], before=keys[1])
    return _kept(request, "clusters/transfers.html", form, page=page, places=jurisdictions())


@require_POST
@signed_in
def repeal(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a rule out of the table."""
    actions.repeal_transfer_rule(rule_id=pk, keeper=request.user, at=timezone.now())
    return went(request, "clusters:transfers")


@require_http_methods(["GET", "POST"])
@signed_in
def sites(request: PersonRequest) -> HttpResponseBase:
    """In which jurisdiction each site lies; a POST says it of one."""
    rows = Site.objects.select_related("placed_by")
    if kind := asked(request):
        return export(SITES, kind, rows.order_by("code", "pk"))
    form = SiteForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.place_site(keeper=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:sites")
    keys = (request.GET.get("after", ""), request.GET.get("before", ""))
    page = page_by_key(rows, order=("code", "pk"), after=keys[0], before=keys[1])
    return _kept(request, "clusters/sites.html", form, page=page, places=jurisdictions())


@require_GET
@signed_in
def lens(request: PersonRequest) -> HttpResponse:
    """How the declared clusters sit on the dependencies that really are."""
    return render(request, "clusters/lens.html", {"lens": lens_queries.lens_for(request.user)})


def _kept(request: PersonRequest, template: str, form: RefusableForm, **more: object) -> HttpResponse:
    context = {
        "form": form,
        "may_keep": request.user.may(Capability.MANAGE_BOARD),
        "crumbs": [{"label": "Clusters", "url": reverse("clusters:list")}],
        **more,
    }
    return render(request, template, context, status=form.answer_status())
