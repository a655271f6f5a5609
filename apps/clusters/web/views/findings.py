"""The list of findings, the page of one, waiving it and taking a waiver back."""

from datetime import datetime, time
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters import actions, queries
from apps.clusters.models import Finding
from apps.clusters.rules import findings as rules
from apps.clusters.states import FindingState
from apps.clusters.web.finding_filter import FindingFilter
from apps.clusters.web.forms import WaiverForm
from apps.clusters.web.tables import FINDINGS
from apps.kernel.answers import went
from apps.kernel.exports import asked as asked_for
from apps.kernel.exports import export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Invalid, Refusal


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """The findings this person may know of, worst first; the open ones where nothing else is asked."""
    asked = request.GET.copy()
    asked.setdefault("state", FindingState.OPEN)
    filtered = FindingFilter(asked, queryset=queries.findings_seen_by(request.user), request=request)
    if not filtered.is_valid():
        raise Invalid(
            "The filter does not fit.",
            next_step="Clear it and start again.",
            fields={name: [str(error) for error in errors] for name, errors in filtered.errors.items()},
        )
    if kind := asked_for(request):
        return export(FINDINGS, kind, filtered.qs.order_by("-severity", "-pk"))
    page = page_by_key(
        filtered.qs, order=("-severity", "-pk"), after=asked.get("after", ""), before=asked.get("before", "")
    )
    return render(request, "clusters/findings.html", {"page": page, "filter": filtered})


@require_GET
@signed_in
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """One finding: what is wrong, from what it was drawn, whose it is, and who answers for leaving it so."""
    finding = queries.visible_finding(pk, request.user)
    back = _ours(request.GET.get("back", ""))
    return _page(request, finding, WaiverForm(initial={"version": finding.version, "back": back}), back)


@require_POST
@signed_in
def waive(request: PersonRequest, pk: int) -> HttpResponse:
    """Leave it so until a day, which ends in the person's own zone."""
    finding, form = queries.visible_finding(pk, request.user), WaiverForm(request.POST)
    back = _ours(request.POST.get("back", ""))
    if form.is_valid():
        values: dict[str, Any] = dict(form.cleaned_data)
        del values["back"]
        day_end = datetime.combine(values.pop("until_on"), time.max, tzinfo=timezone.get_current_timezone())
        try:
            actions.waive_finding(finding_id=pk, waiver=request.user, until=day_end, at=timezone.now(), **values)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, f"{back}#findings") if back else went(request, "clusters:finding", pk)
    return _page(request, finding, form, back)


@require_POST
@signed_in
def end_waiver(request: PersonRequest, pk: int) -> HttpResponse:
    """Take a waiver back."""
    actions.end_waiver(finding_id=pk, person=request.user, at=timezone.now())
    return went(request, "clusters:finding", pk)


def _page(request: PersonRequest, finding: Finding, form: WaiverForm, back: str) -> HttpResponse:
    standing = queries.standing(request.user, finding.cluster)
    may_waive = rules.is_waiver(standing, severity=finding.severity)
    context = {
        "finding": finding,
        "back": back,
        "crumbs": [{"label": "Findings", "url": reverse("clusters:findings")}, {"label": f"Finding {finding.pk}"}],
        "evidence": rules.evidence_lines(finding.evidence),
        "may_waive": may_waive and finding.state != FindingState.RESOLVED,
        "form": form,
    }
    return render(request, "clusters/finding.html", context, status=form.answer_status())


def _ours(address: str) -> str:
    """A page of our own, as a link carried its address along; empty where it is anything else."""
    is_safe = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address[:300] if is_safe else ""
