"""Checks that reviews left behind, with what they came up on; and proposals to change a standard."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.actions import checks as actions
from apps.cab.models import Change, ReviewCheck, StandardProposal
from apps.cab.queries.checks import hits_of
from apps.cab.states import CheckState, ProposalState
from apps.cab.web.forms import ReasonForm
from apps.cab.web.tables import CHECKS, PROPOSALS
from apps.clusters.queries import standing
from apps.kernel.exports import asked, export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import NotFound, Refusal


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """The checks this person may know of, those in force unless others are asked for, the newest first."""
    state = request.GET.get("state", CheckState.IN_FORCE)
    rows = ReviewCheck.objects.visible_to(request.user)
    rows = rows.filter(state=state) if state in set(CheckState) else rows
    if kind := asked(request):
        return export(CHECKS, kind, rows.with_hits().order_by("-pk"))
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = page_by_key(rows.with_hits(), order=("-pk",), after=after, before=before)
    context = {
        "page": page,
        "state": state,
        "states": [*((s, s.replace("_", " ")) for s in CheckState), ("any", "any")],
    }
    return render(request, "cab/checks.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def show(request: PersonRequest, pk: int) -> HttpResponse:
    """One check and every change it came up on; POST retires it with a reason."""
    check = ReviewCheck.objects.visible_to(request.user).with_hits().filter(pk=pk).first()
    if check is None:
        raise NotFound("There is no such check that you may see.", next_step="Go back to the list of checks.")
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.retire_check(check_id=pk, person=request.user, at=timezone.now(), **form.cleaned_data)
            return redirect(check)
        except Refusal as refusal:
            form.refuse(refusal)
    return render(request, "cab/check.html", _of(request, check, form), status=422 if form.errors else 200)


def _of(request: PersonRequest, check: ReviewCheck, form: ReasonForm) -> dict[str, Any]:
    person, seen = request.user, Change.objects.visible_to(request.user)
    rows = hits_of(check, seen)
    page = page_by_key(rows, order=("-pk",), after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    owns = check.cluster is not None and standing(person, check.cluster).may_own
    return {
        "check": check,
        "page": page,
        "is_reviewed_seen": seen.filter(pk=check.change_id).exists(),
        "may_retire": check.state == CheckState.IN_FORCE and (owns or person.may(Capability.MANAGE_BOARD)),
        "form": form,
        "crumbs": [{"label": "Checks", "url": reverse("cab:checks")}, {"label": f"Check {check.pk}"}],
    }


@require_GET
@signed_in
def proposals(request: PersonRequest) -> HttpResponseBase:
    """Proposals to change a standard, the open ones unless others are asked for, the newest first."""
    state = request.GET.get("state", ProposalState.OPEN)
    rows = StandardProposal.objects.visible_to(request.user).with_all()
    rows = rows.filter(state=state) if state in set(ProposalState) else rows
    if kind := asked(request):
        return export(PROPOSALS, kind, rows.order_by("-pk"))
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = page_by_key(rows, order=("-pk",), after=after, before=before)
    today = timezone.now().date()
    for one in page.rows:
        one.overdue = one.is_overdue(today)
        one.may_close = one.state == ProposalState.OPEN and (
            one.owner_id == request.user.pk or request.user.may(Capability.MANAGE_BOARD)
        )
    states = [*((s, s) for s in ProposalState), ("any", "any")]
    crumbs = [{"label": "Checks", "url": reverse("cab:checks")}, {"label": "Proposals"}]
    context = {"page": page, "state": state, "states": states, "crumbs": crumbs}
    return render(request, "cab/standard_proposals.html", context)


@require_POST
@signed_in
def close_proposal(request: PersonRequest, pk: int) -> HttpResponse:
    """Say what became of a proposal."""
    actions.close_proposal(
        proposal_id=pk,
        person=request.user,
        outcome=request.POST.get("outcome", ""),
        note=request.POST.get("note", ""),
        at=timezone.now(),
    )
    return redirect("cab:standard-proposals")
