"""What other currencies are worth in the enterprise's."""

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.kernel.answers import went
from apps.kernel.exports import asked, export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Refusal
from apps.stakeholders.actions import rates as actions
from apps.stakeholders.queries import rates as queries
from apps.stakeholders.web.metric_forms import RateForm
from apps.stakeholders.web.metric_tables import RATES

NEWEST = ("-as_of", "-pk")


@require_GET
@signed_in
def page(request: PersonRequest) -> HttpResponseBase:
    """Every rate on record, the newest day first."""
    if kind := asked(request):
        return export(RATES, kind, queries.rates_recorded().order_by(*NEWEST))
    return _page(request, None)


@require_POST
@signed_in
def record(request: PersonRequest) -> HttpResponse:
    """Record a rate."""
    form = RateForm(request.POST)
    if form.is_valid():
        try:
            actions.record_rate(recorder=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:rates")
    return _page(request, form)


def _page(request: PersonRequest, refused: RateForm | None) -> HttpResponse:
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    may_keep = request.user.may(Capability.SET_TARGETS)
    context = {
        "page": page_by_key(queries.rates_recorded(), order=NEWEST, after=after, before=before),
        "enterprise": queries.enterprise_currency(),
        "counting": queries.newest_ids(),
        "form": refused or (RateForm(initial={"as_of": timezone.localdate()}) if may_keep else None),
        "refused": refused,
        "crumbs": [{"label": "KPIs", "url": reverse("stakeholders:kpis")}, {"label": "Rates between currencies"}],
    }
    return render(request, "stakeholders/rates.html", context, status=refused.answer_status() if refused else 200)
