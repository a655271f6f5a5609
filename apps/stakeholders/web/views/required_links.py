"""Required links: which there are, what passes there now, what would close those that are missing."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.queries import owned_by
from apps.kernel.answers import went
from apps.kernel.exports import asked, listed
from apps.kernel.refusals import Refusal
from apps.stakeholders.actions import required_links as actions
from apps.stakeholders.models import RequiredLink
from apps.stakeholders.queries import required_links as queries
from apps.stakeholders.queries.required_links import Tally
from apps.stakeholders.queries.silos import pairing_of
from apps.stakeholders.rules.required_links import observed, require_keeper
from apps.stakeholders.web.silo_forms import EditLinkForm, ReasonForm, RequiredLinkForm
from apps.stakeholders.web.silo_tables import REQUIRED_LINKS

MOST_LISTED = 200  # on the page; the files tell all
TABS = {"missing": "Missing", "met": "Observed", "all": "All", "ended": "No longer required"}


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Required links, the missing first."""
    if kind := asked(request):
        return listed(REQUIRED_LINKS, kind, told(_chosen(request)[0], request.user))
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


@require_http_methods(["GET", "POST"])
@signed_in
def describe(request: PersonRequest, link_id: int) -> HttpResponse:
    """Correct what is said of a link."""
    link = queries.current_link(link_id, request.user)
    require_keeper(pairing_of(request.user, link.source, link.target))
    stands = {name: getattr(link, name) for name in (*actions.FIELDS, "version")}
    form = EditLinkForm(request.POST or None, initial=stands)
    if request.method == "POST" and form.is_valid():
        said = dict(form.cleaned_data)
        try:
            actions.describe_required_link(
                link_id=link.pk, editor=request.user, version=said.pop("version"), changes=said, at=timezone.now()
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, link.get_absolute_url())
    context = {
        "form": form,
        "title": f"Correct the required link of {link}",
        "back": link.get_absolute_url(),
        "crumbs": _crumbs(link),
    }
    return render(request, "stakeholders/form.html", context, status=form.answer_status())


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
    """Every link as a page shows it: what passes in words, what would close it, whether the person may write of it."""
    rows = list(links)
    closes = queries.closings(rows)
    ends = {end for one in rows for end in (one.source_id, one.target_id)}
    kept = ends if person.may(Capability.MANAGE_BOARD) else owned_by(person, ends)
    return [
        {
            "link": one,
            "passes": observed(one.dependencies, one.integrations, one.handoffs),  # type: ignore[attr-defined]  # annotated
            "closes": closes.get(one.pk, []),
            "may_keep": one.source_id in kept or one.target_id in kept,
        }
        for one in rows
    ]


def _chosen(request: PersonRequest) -> tuple[Sequence[RequiredLink], Tally]:
    """The links of the tab that the address asks for, and the tally of all that are required."""
    which = request.GET.get("which", "all")
    current = queries.current_links(request.user)
    chosen: Sequence[Any] = current
    if which == "ended":
        rows = queries.links_seen_by(request.user).filter(ended_at__isnull=False)
        chosen = list(rows.order_by("-ended_at", "-pk"))
    elif which in {"missing", "met"}:
        chosen = [one for one in chosen if one.is_missing == (which == "missing")]
    return chosen, queries.tally_of(current)


def _page(request: PersonRequest, form: RequiredLinkForm, refused: ReasonForm | None = None) -> HttpResponse:
    chosen, tally = _chosen(request)
    status = (refused or form).answer_status()
    context = {
        "links": told(chosen[:MOST_LISTED], request.user),
        "more": len(chosen) - MOST_LISTED,
        "tally": tally,
        "which": request.GET.get("which", "all"),
        "tabs": TABS.items(),
        "may_require": bool({Capability.MANAGE_BOARD, Capability.MANAGE_CLUSTER} & request.user.capabilities),
        "form": form,
        "refused": refused,
        "crumbs": _crumbs(),
    }
    return render(request, "stakeholders/required_links.html", context, status=status)


def _crumbs(link: RequiredLink | None = None) -> list[dict[str, str]]:
    silos = {"label": "Silos", "url": reverse("stakeholders:silos")}
    if link is None:
        return [silos, {"label": "Required links"}]
    return [silos, {"label": "Required links", "url": reverse("stakeholders:required_links")}, {"label": str(link)}]
