"""Initiatives that cross clusters, and who decides on what they need."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.web.margin import margin
from apps.journal.queries import timeline
from apps.kernel.answers import went
from apps.kernel.exports import asked, export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Refusal
from apps.stakeholders import actions
from apps.stakeholders.models import Initiative
from apps.stakeholders.queries import initiatives as queries
from apps.stakeholders.rules import initiatives as rules
from apps.stakeholders.web.forms import CloseForm, DemandForm, InitiativeForm, InvolveForm
from apps.stakeholders.web.tables import INITIATIVES


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Every initiative the person may know of."""
    rows, which = queries.initiatives_seen_by(request.user), request.GET.get("which", "open")
    if which != "all":
        rows = rows.filter(closed_at__isnull=which == "open")
    if kind := asked(request):
        return export(INITIATIVES, kind, rows.order_by("name", "pk"))
    page = page_by_key(
        rows, order=("name", "pk"), after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    may_open = bool({"manage_cluster", "manage_board"} & request.user.capabilities)
    return render(request, "stakeholders/initiatives.html", {"page": page, "which": which, "may_open": may_open})


@require_http_methods(["GET", "POST"])
@signed_in
def open_one(request: PersonRequest) -> HttpResponse:
    """Open an initiative."""
    rules.require_may_open(request.user.capabilities)
    first = {"sponsor": request.user.handle}
    form = InitiativeForm(request.POST or None, initial=first, person=request.user)
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in actions.FIELDS}
        try:
            row = actions.open_initiative(
                opener=request.user, clusters=form.cleaned_data["clusters"], values=values, at=timezone.now()
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:initiative", row.pk)
    context = {"form": form, "title": "Open an initiative", "crumbs": crumbs(label="Open one")}
    return render(request, "stakeholders/form.html", context, status=form.answer_status())


@require_http_methods(["GET", "POST"])
@signed_in
def describe(request: PersonRequest, pk: int) -> HttpResponse:
    """Edit an initiative; the form carries the version it was drawn from."""
    row = kept(request, pk)
    first: dict[str, Any] = {name: getattr(row, name) for name in actions.FIELDS} | {"version": row.version}
    first["clusters"] = list(row.clusters.all())
    form = InitiativeForm(request.POST or None, initial=first, person=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            actions.describe_initiative(
                initiative_id=pk,
                editor=request.user,
                version=form.cleaned_data["version"] or 0,
                changes={name: form.cleaned_data[name] for name in actions.FIELDS},
                clusters=form.cleaned_data["clusters"],
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:initiative", pk)
    context = {"form": form, "title": row.name, "crumbs": crumbs(row, "Edit"), "back": row.get_absolute_url()}
    return render(request, "stakeholders/form.html", context, status=form.answer_status())


@require_GET
@signed_in
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """One initiative: what it needs, who controls each, who has not been spoken to."""
    return answer(request, pk)


@require_POST
@signed_in
def demand(request: PersonRequest, pk: int) -> HttpResponse:
    """Say how much it needs of a resource."""
    row = queries.visible_initiative(pk, request.user)
    form = DemandForm(request.POST, initiative=row)
    if form.is_valid():
        try:
            actions.demand_resource(initiative_id=pk, keeper=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:initiative", pk)
    return answer(request, pk, demand_form=form)


@require_POST
@signed_in
def withdraw(request: PersonRequest, pk: int, demand_id: int) -> HttpResponse:
    """Take a demand back."""
    actions.withdraw_demand(initiative_id=pk, demand_id=demand_id, keeper=request.user, at=timezone.now())
    return went(request, "stakeholders:initiative", pk)


@require_POST
@signed_in
def involve(request: PersonRequest, pk: int) -> HttpResponse:
    """Put a stakeholder on the map."""
    form = InvolveForm(request.POST)
    if form.is_valid():
        try:
            actions.involve(initiative_id=pk, keeper=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            to = "stakeholders:map" if request.POST.get("to") == "map" else "stakeholders:initiative"
            return went(request, to, pk)
    return answer(request, pk, involve_form=form)


@require_POST
@signed_in
def close(request: PersonRequest, pk: int) -> HttpResponse:
    """Close an initiative."""
    form = CloseForm(request.POST)
    if form.is_valid():
        try:
            actions.close_initiative(
                initiative_id=pk, keeper=request.user, reason=form.cleaned_data["reason"], at=timezone.now()
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:initiative", pk)
    return answer(request, pk, close_form=form)


def answer(request: PersonRequest, pk: int, **refused: Any) -> HttpResponse:
    """The page of an initiative, with a form that was refused where one was."""
    row = queries.visible_initiative(pk, request.user)
    wanted = queries.wants(row, request.user, day=timezone.now().date())
    form = next(iter(refused.values()), None)
    context = {
        **frame(request, row, "needs"),
        "wants": wanted,
        "unspoken": queries.not_spoken_to(wanted),
        "entries": margin(timeline(row)),
        "demand_form": DemandForm(initiative=row),
        "involve_form": InvolveForm(),
        "close_form": CloseForm(),
        **refused,
    }
    return render(request, "stakeholders/initiative.html", context, status=form.answer_status() if form else 200)


def frame(request: PersonRequest, row: Initiative, tab: str) -> dict[str, Any]:
    """What every page of an initiative shows around its own."""
    keeper = queries.keeper_of(row, request.user)
    return {
        "initiative": row,
        "crumbs": crumbs(row, "")[:-1] if tab == "needs" else crumbs(row, tab.capitalize()),
        "may_keep": rules.is_keeper(keeper) and row.closed_at is None,
        "tabs": [
            {"label": label, "url": reverse(f"stakeholders:{name}", args=[row.pk]), "is_active": tab == label.lower()}
            for label, name in (("Needs", "initiative"), ("Map", "map"), ("Coalition", "coalition"), ("Plan", "plan"))
        ],
    }


def kept(request: PersonRequest, pk: int) -> Initiative:
    """The open initiative, for somebody who keeps its map."""
    row = queries.visible_initiative(pk, request.user)
    rules.require_keeper(queries.keeper_of(row, request.user), name=row.name)
    rules.require_open(is_open=row.closed_at is None)
    return row


def crumbs(row: Initiative | None = None, label: str = "") -> list[dict[str, str]]:
    """Where a page stands."""
    found = [{"label": "Initiatives", "url": reverse("stakeholders:initiatives")}]
    if row:
        found.append({"label": row.name, "url": row.get_absolute_url()})
    return [*found, {"label": label}]
