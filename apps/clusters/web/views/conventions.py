"""Conventions: the list with its scan, the page of one, writing and retiring it, exemptions, and trying names."""

from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters import actions
from apps.clusters.actions.conventions import FIELDS
from apps.clusters.conventions import kinds
from apps.clusters.models import Convention
from apps.clusters.queries import component_named
from apps.clusters.queries import conventions as queries
from apps.clusters.rules.conventions import Saying, Subject
from apps.clusters.web.convention_forms import (
    ConventionForm,
    EditConventionForm,
    ExemptionForm,
    RetireForm,
    TryForm,
)
from apps.clusters.web.margin import margin
from apps.clusters.web.tables import CONVENTIONS
from apps.journal.queries import timeline
from apps.kernel.answers import is_fragment, went
from apps.kernel.exports import asked, export
from apps.kernel.refusals import Refusal

SHOWN = 100  # findings of one convention on its page; the list of findings has all


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Every convention with how often it is broken, how far the scan is, and the exemptions that end next."""
    rows = queries.kept().order_by("kind", "title", "pk")
    if kind := asked(request):
        return export(CONVENTIONS, kind, rows)
    scan = queries.scan()
    context: dict[str, Any] = {"scan": scan, "is_scanning": scan is not None and scan.asked != scan.answered}
    if is_fragment(request):
        return render(request, "clusters/_scan.html", context)
    counted = queries.tally(request.user)
    context |= {
        "rows": [(one, kinds()[one.kind], counted.get(one.pk, 0)) for one in rows if one.kind in kinds()],
        "exemptions": queries.exemptions(request.user).order_by("until", "pk")[:20],
        "may_keep": _may_keep(request),
        "now": timezone.now(),
        "crumbs": _crumbs(),
    }
    return render(request, "clusters/conventions.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def make(request: PersonRequest) -> HttpResponse:
    """Make a convention."""
    request.user.require(Capability.MANAGE_BOARD, to="keep conventions")
    form = ConventionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        head = {name: said[name] for name in ("kind", "field", "reason")}
        try:
            one = actions.make_convention(keeper=request.user, values=_values(said), at=timezone.now(), **head)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:convention", one.pk)
    return _form(request, form, "Make a convention", "clusters:conventions")


@require_GET
@signed_in
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """One convention: what it asks for, what breaks it, and who is let off."""
    return _page(request, queries.convention(pk))


@require_http_methods(["GET", "POST"])
@signed_in
def change(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a convention; the form carries the version it was drawn from."""
    one = queries.convention(pk)
    request.user.require(Capability.MANAGE_BOARD, to="keep conventions")
    first = {name: getattr(one, name) for name in (*FIELDS, "version")}
    form = EditConventionForm(request.POST or None, initial=first)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            actions.change_convention(
                convention_id=pk,
                keeper=request.user,
                version=said["version"] or 0,
                changes=_values(said) | {"in_force_from": said["in_force_from"] or one.in_force_from},
                reason=said["reason"],
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:convention", pk)
    return _form(request, form, f"Change “{one}”", "clusters:convention", pk)


@require_POST
@signed_in
def retire(request: PersonRequest, pk: int) -> HttpResponse:
    """End a convention."""
    one, form = queries.convention(pk), RetireForm(request.POST)
    if form.is_valid():
        try:
            actions.retire_convention(
                convention_id=pk, keeper=request.user, reason=form.cleaned_data["reason"], at=timezone.now()
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:conventions")
    return _page(request, one, retire_form=form)


@require_POST
@signed_in
def exempt(request: PersonRequest, pk: int) -> HttpResponse:
    """Let a component off until a day, which ends in the person's own zone."""
    one, form = queries.convention(pk), ExemptionForm(request.POST)
    if form.is_valid():
        said = form.cleaned_data
        try:
            actions.exempt_component(
                convention_id=pk,
                component_id=component_named(said["component"], request.user).pk,
                giver=request.user,
                reason=said["reason"],
                until=datetime.combine(said["until_on"], time.max, tzinfo=timezone.get_current_timezone()),
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "clusters:convention", pk)
    return _page(request, one, exempt_form=form)


@require_POST
@signed_in
def end_exemption(request: PersonRequest, pk: int) -> HttpResponse:
    """Take an exemption back."""
    one = actions.end_exemption(exemption_id=pk, person=request.user, at=timezone.now())
    return went(request, "clusters:convention", one.convention_id)


@require_POST
@signed_in
def scan(request: PersonRequest) -> HttpResponse:
    """Have everything judged again."""
    actions.ask_for_scan(person=request.user, at=timezone.now())
    return went(request, "clusters:conventions")


@require_http_methods(["GET", "POST"])
@signed_in
def try_names(request: PersonRequest) -> HttpResponse:
    """What would become of names, before anything is added; nothing is written."""
    form, found = TryForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        kind, field = form.cleaned_data["judges"]
        subjects = [
            Subject(kind, "", name, {field: (name,)}, silent=frozenset(Saying)) for name in form.cleaned_data["names"]
        ]
        found = queries.verdicts(subjects, request.user, at=timezone.now())
    context = {"form": form, "verdicts": found, "crumbs": _crumbs("Try names")}
    return render(request, "clusters/try_names.html", context, status=form.answer_status())


def _values(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: said[name] for name in FIELDS}


def _page(request: PersonRequest, one: Convention, **refused: Any) -> HttpResponse:
    kind = kinds().get(one.kind)
    form = next(iter(refused.values()), None)
    findings = queries.breaches_of(one, request.user).order_by("state", "cluster__name", "sentence", "pk")
    context = {
        "one": one,
        "kind": kind,
        "word": kind.fields.get(one.field, one.field) if kind else one.field,
        "findings": findings[:SHOWN],
        "exemptions": queries.exemptions(request.user).filter(convention=one).order_by("until", "pk")[:SHOWN],
        "may_keep": _may_keep(request) and not one.retired_at,
        "may_exempt": one.kind == queries.COMPONENT,
        "entries": margin(timeline(one, limit=30)),
        "retire_form": refused.get("retire_form") or RetireForm(auto_id="retire_%s"),
        "exempt_form": refused.get("exempt_form") or ExemptionForm(auto_id="exempt_%s"),
        "now": timezone.now(),
        "crumbs": _crumbs(one.title),
    }
    return render(request, "clusters/convention.html", context, status=form.answer_status() if form else 200)


def _form(request: PersonRequest, form: EditConventionForm, title: str, back: str, *args: Any) -> HttpResponse:
    context = {"form": form, "title": title, "back": reverse(back, args=args), "crumbs": _crumbs(title)}
    return render(request, "clusters/convention_form.html", context, status=form.answer_status())


def _may_keep(request: PersonRequest) -> bool:
    return request.user.may(Capability.MANAGE_BOARD)


def _crumbs(label: str = "") -> list[dict[str, str]]:
    found = [{"label": "Clusters", "url": reverse("clusters:list")}]
    if label:
        found += [{"label": "Conventions", "url": reverse("clusters:conventions")}, {"label": label}]
    return found
