"""Required links: which there are, what passes there now, what would close those that are missing."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.models import Cluster
from apps.clusters.queries import standing
from apps.kernel.answers import went
from apps.kernel.exports import asked, listed
from apps.kernel.refusals import Refusal
from apps.stakeholders.actions import required_links as actions
from apps.stakeholders.models import RequiredLink
from apps.stakeholders.queries import required_links as queries
from apps.stakeholders.rules.required_links import observed
from apps.stakeholders.web.silo_forms import ReasonForm, RequiredLinkForm
from apps.stakeholders.web.silo_tables import REQUIRED_LINKS

MOST_LISTED = 200  # on the page; the files tell all
TABS = {"missing": "Missing", "met": "Observed", "all": "All", "ended": "No longer required"}


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Required links, the missing first."""
    if kind := asked(request):
        return listed(REQUIRED_LINKS, kind, told(_chosen(request), request.user))
    ends = {name: request.GET.get(name, "")[:80] for name in ("source", "target")}
    return _page(request, RequiredLinkForm(person=request.user, initial=ends))


@require_POST
@signed_in
def declare(request: PersonRequest) -> HttpResponse:
    """Require a link."""
    form = RequiredLinkForm(request.POST, person=request.user)
    if form.is_valid():
        try:
            actions.require_link(declarer=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:required_links")
    return _page(request, form)


@require_POST
@signed_in
def end(request: PersonRequest, link_id: int) -> HttpResponse:
    """Say that a link is no longer required."""
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            actions.end_required_link(link_id=link_id, ender=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:required_links")
    return _page(request, RequiredLinkForm(person=request.user), refused=form)


def told(links: Iterable[RequiredLink], person: Person) -> list[dict[str, Any]]:
    """Every link as a page shows it: what passes in words, what would close it, whether the person may end it."""
    rows = list(links)
    closes = queries.closings(rows)
    ends: dict[int, Cluster] = {end.pk: end for one in rows for end in (one.source, one.target)}
    leads = person.may(Capability.MANAGE_BOARD)
    kept = set(ends) if leads else {pk for pk, end in ends.items() if standing(person, end).may_own}
    return [
        {
            "link": one,
            "passes": observed(one.dependencies, one.integrations, one.handoffs),  # type: ignore[attr-defined]  # annotated
            "closes": closes.get(one.pk, []),
            "may_end": one.source_id in kept or one.target_id in kept,
        }
        for one in rows
    ]


def _chosen(request: PersonRequest) -> Sequence[RequiredLink]:
    which = request.GET.get("which", "all")
    if which == "ended":
        return list(queries.links_seen_by(request.user).filter(ended_at__isnull=False).order_by("-ended_at", "-pk"))
    rows = queries.current_links(request.user)
    return list(rows.missing(is_missing=which == "missing") if which in {"missing", "met"} else rows)


def _page(request: PersonRequest, form: RequiredLinkForm, refused: ReasonForm | None = None) -> HttpResponse:
    chosen = _chosen(request)
    status = (refused or form).answer_status()
    context = {
        "links": told(chosen[:MOST_LISTED], request.user),
        "more": len(chosen) - MOST_LISTED,
        "tally": queries.tally_of(queries.current_links(request.user)),
        "which": request.GET.get("which", "all"),
        "tabs": TABS.items(),
        "may_require": bool({Capability.MANAGE_BOARD, Capability.MANAGE_CLUSTER} & request.user.capabilities),
        "form": form,
        "refused": refused,
        "crumbs": [{"label": "Silos", "url": reverse("stakeholders:silos")}, {"label": "Required links"}],
    }
    return render(request, "stakeholders/required_links.html", context, status=status)
