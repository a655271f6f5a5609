"""Observed drift: the list, and reporting it by hand. It is explained on the dossier of its change."""

from uuid import uuid4

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.actions.observations import Report, report_drift
from apps.cab.models import Change, Observation
from apps.cab.web.drift_form import DriftForm
from apps.cab.web.observation_filter import ObservationPageFilter
from apps.cab.web.tables import OBSERVATIONS
from apps.kernel.answers import went
from apps.kernel.exports import asked, export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Invalid, Refusal

BY_HAND = "by hand"  # the source of what people report


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Drift on components this person may know of, the latest report first."""
    rows = Observation.objects.visible_to(request.user)
    filtered = ObservationPageFilter(request.GET, queryset=rows, request=request)
    if not filtered.is_valid():
        raise Invalid(
            "The filter does not fit.",
            next_step="Clear it and start again.",
            fields={k: [str(e) for e in v] for k, v in filtered.errors.items()},
        )
    if kind := asked(request):
        return export(OBSERVATIONS, kind, filtered.qs.told_to(request.user).order_by("-pk"))
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = page_by_key(filtered.qs.told_to(request.user), order=("-pk",), after=after, before=before)
    crumbs = [{"label": "Changes", "url": reverse("cab:changes")}, {"label": "Observed drift"}]
    may_report = request.user.may(Capability.PROPOSE_CHANGE)
    context = {"page": page, "filter": filtered, "crumbs": crumbs, "may_report": may_report}
    return render(request, "cab/observations.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def report(request: PersonRequest) -> HttpResponse:
    """Report drift by hand: it becomes evidence of the change that covers it, or opens an unauthorized one."""
    request.user.require(Capability.PROPOSE_CHANGE, to="report drift")
    form = DriftForm(request.POST or None, initial=_begun(request), person=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            given = Report(source=BY_HAND, **form.cleaned_data)
            return _reported(request, report_drift(reporter=request.user, report=given, at=timezone.now()))
        except Refusal as refusal:
            form.refuse(refusal)
    crumbs = [{"label": "Observed drift", "url": reverse("cab:drift")}, {"label": "Report"}]
    context = {"form": form, "crumbs": crumbs, "zone": str(timezone.get_current_timezone())}
    return render(request, "cab/report_drift.html", context, status=422 if form.errors else 200)


def _begun(request: PersonRequest) -> dict[str, object]:
    return {
        "component": request.GET.get("component", "")[:300],
        "observed_at": timezone.localtime(),
        "found_by": request.user.name,
        "external_id": uuid4().hex,
    }


def _reported(request: PersonRequest, one: Observation) -> HttpResponse:
    """To the change it led to, where the person may see that; else to the list."""
    if not Change.objects.visible_to(request.user).filter(pk=one.change_id).exists():
        messages.success(request, "Your report is kept. A change that you may not see covers that time.")
        return went(request, "cab:drift")
    said = "was opened to explain it" if one.opened_change else "covers that time and has it as evidence"
    messages.success(request, f"Your report is kept: {one.change.reference} {said}.")
    return went(request, one.change.get_absolute_url())
