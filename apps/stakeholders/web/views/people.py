"""Stakeholders and who decides on what: the registers, and the page of one."""

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
from apps.stakeholders.models import Influence
from apps.stakeholders.queries import people as queries
from apps.stakeholders.queries.initiatives import initiatives_seen_by
from apps.stakeholders.rules.resources import limits_on
from apps.stakeholders.web.forms import SWAY_WORDS, AuthorityForm, EndAuthorityForm, InfluenceForm, StakeholderForm
from apps.stakeholders.web.tables import AUTHORITIES, STAKEHOLDERS


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Everyone on record."""
    words = request.GET.get("q", "")[:100]
    rows = queries.stakeholders_for(request.user, words=words)
    if kind := asked(request):
        return export(STAKEHOLDERS, kind, rows.order_by("name", "pk"))
    page = page_by_key(
        rows, order=("name", "pk"), after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    return render(request, "stakeholders/people.html", {"page": page, "words": words, "form": StakeholderForm()})


@require_POST
@signed_in
def add(request: PersonRequest) -> HttpResponse:
    """Put somebody on record."""
    form = StakeholderForm(request.POST)
    if form.is_valid():
        try:
            row = actions.add_stakeholder(adder=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:stakeholder", row.pk)
    page = page_by_key(queries.stakeholders_for(request.user), order=("name", "pk"), after="", before="")
    return render(request, "stakeholders/people.html", {"page": page, "form": form}, status=form.answer_status())


@require_GET
@signed_in
def authorities(request: PersonRequest) -> HttpResponseBase:
    """Who may decide on which resources."""
    rows = queries.authorities_seen_by(request.user)
    if kind := asked(request):
        return export(AUTHORITIES, kind, rows.order_by("holder__name", "pk"))
    page = page_by_key(rows, order=("-pk",), after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    day = timezone.now().date()
    rows_of_page = [(row, queries.is_in_force(row, day)) for row in page.rows]
    context = {"page": page, "rows": rows_of_page, "crumbs": _crumbs("Who decides")}
    return render(request, "stakeholders/authorities.html", context)


@require_GET
@signed_in
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """One stakeholder: what they control, whom they sway, where they stand."""
    return _page(request, pk)


@require_POST
@signed_in
def record(request: PersonRequest, pk: int) -> HttpResponse:
    """Record an authority of theirs."""
    form = AuthorityForm(request.POST, person=request.user)
    if form.is_valid():
        try:
            actions.record_authority(
                holder=queries.known_stakeholder(pk), recorder=request.user, at=timezone.now(), **form.cleaned_data
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:stakeholder", pk)
    return _page(request, pk, authority_form=form)


@require_http_methods(["POST"])
@signed_in
def end(request: PersonRequest, pk: int) -> HttpResponse:
    """End an authority."""
    row, form = queries.visible_authority(pk, request.user), EndAuthorityForm(request.POST)
    if form.is_valid():
        try:
            actions.end_authority(authority_id=pk, person=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:stakeholder", row.holder_id)
    return _page(request, row.holder_id, end_form=form)


@require_POST
@signed_in
def sway(request: PersonRequest, pk: int) -> HttpResponse:
    """Record whom they sway."""
    form = InfluenceForm(request.POST)
    if form.is_valid():
        try:
            actions.record_influence(
                source=queries.known_stakeholder(pk), recorder=request.user, at=timezone.now(), **form.cleaned_data
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:stakeholder", pk)
    return _page(request, pk, influence_form=form)


@require_POST
@signed_in
def unsway(request: PersonRequest, pk: int, influence_id: int) -> HttpResponse:
    """Take a line of influence away."""
    actions.end_influence(influence_id=influence_id, recorder=request.user, at=timezone.now())
    return went(request, "stakeholders:stakeholder", pk)


def _page(request: PersonRequest, pk: int, **refused: Any) -> HttpResponse:
    row, day = queries.known_stakeholder(pk), timezone.now().date()
    limits = limits_on(queries.holdings_seen_by(request.user), day)
    held = list(queries.authorities_seen_by(request.user).filter(holder=row).order_by("-valid", "-pk")[:200])
    lines = Influence.objects.filter(source=row).select_related("target").order_by("kind", "target__name", "pk")
    turned = Influence.objects.filter(target=row).select_related("source").order_by("kind", "source__name", "pk")
    form = next(iter(refused.values()), None)
    context = {
        "stakeholder": row,
        "authorities": [(one, limits.get(one.pk)) for one in held],
        "lines": [(one, SWAY_WORDS[one.kind]) for one in lines[:200]],  # type: ignore[index]  # a Sway is its word
        "turned": [(one, SWAY_WORDS[one.kind]) for one in turned[:200]],  # type: ignore[index]
        "initiatives": initiatives_seen_by(request.user).filter(involvements__stakeholder=row).order_by("name", "pk"),
        "may_record": bool({"manage_cluster", "manage_board"} & request.user.capabilities),
        "entries": margin(timeline(row)),
        "crumbs": _crumbs(row.name),
        "today": day,
        "authority_form": AuthorityForm(person=request.user, initial={"first_day": day}),
        "influence_form": InfluenceForm(),
        "refused": form,
        **refused,
    }
    return render(request, "stakeholders/stakeholder.html", context, status=form.answer_status() if form else 200)


def _crumbs(label: str) -> list[dict[str, str]]:
    return [{"label": "Stakeholders", "url": reverse("stakeholders:people")}, {"label": label}]
