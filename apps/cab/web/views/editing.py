"""Proposing and editing a change; the verdict of an edit is shown before it is saved."""

import hashlib
from dataclasses import replace
from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.models import Person, PersonKind
from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.actions import proposing, templating
from apps.cab.models import Change, StandardTemplate, TemplateVersion
from apps.cab.queries.boards import open_round
from apps.cab.queries.standards import visible_template
from apps.cab.queries.whole import find
from apps.cab.rules.calendar import EARLIEST_YEAR, LATEST_YEAR, moved
from apps.cab.rules.revisions import EditVerdict
from apps.cab.states import ChangeState, TemplateState
from apps.cab.web.forms import ChangeForm, zones
from apps.kernel.answers import went
from apps.kernel.refusals import Invalid, Refusal

MOST_SUGGESTED = 300
LONGEST_INSTANT = 40  # characters


@require_http_methods(["GET", "POST"])
@signed_in
def propose(request: PersonRequest) -> HttpResponse:
    """Write a new change."""
    request.user.require(Capability.PROPOSE_CHANGE, to="propose a change")
    version = _asked_version(request)
    filled = ChangeForm.initial_from(version) if version else {}
    asked = {name: value for name, value in request.GET.dict().items() if name not in filled}
    form = ChangeForm(
        request.POST or None, person=request.user, initial={"window_zone": request.user.zone, **filled, **asked}
    )
    form.keep_to(version)
    if request.method == "POST" and form.is_valid():
        try:
            content = replace(form.content(), template_version=version)
            change = proposing.propose_change(requester=request.user, content=content, at=timezone.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, change.get_absolute_url())
    usable = StandardTemplate.objects.visible_to(request.user).filter(state=TemplateState.PUBLISHED)
    return _form_page(request, form, None, version=version, usable=usable.order_by("name")[:MOST_SUGGESTED])


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: PersonRequest, reference: str) -> HttpResponse:
    """Edit a change; saving follows the verdict that `verdict` shows."""
    change = find(reference, request.user)
    proposing.require_may_edit(change, request.user)
    if request.method == "GET" and "moved_to" in request.GET:
        return _moved(request, change)
    form = ChangeForm(request.POST or None, person=request.user, initial=ChangeForm.initial_of(change))
    form.keep_to(_binding(change))
    if request.method == "POST" and form.is_valid():
        try:
            found = proposing.preview_edit(change=change, content=form.content())
            if costs_a_decision(change, found) and request.POST.get("seen") != _mark(found):
                return _form_page(request, form, change, **_said(change, found), is_unsaved=True)
            proposing.edit_change(
                change_id=change.pk,
                editor=request.user,
                content=form.content(),
                based_on=form.cleaned_data["based_on"] or 0,
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, change.get_absolute_url())
    return _form_page(request, form, change)


def _moved(request: PersonRequest, change: Change) -> HttpResponse:
    """The form with the window that the calendar proposes and what saving it would mean; nothing is kept yet."""
    window = _window_at(change, request.GET["moved_to"])
    form = ChangeForm(person=request.user, initial={**ChangeForm.initial_of(change), **window})
    found = proposing.preview_edit(change=change, content=proposing.content_from(change, **window))
    return _form_page(request, form, change, **_said(change, found), is_moved=True)


def _window_at(change: Change, asked: str) -> dict[str, datetime]:
    """The change's window, as long as it is, from the asked instant on, in the change's own zone."""
    try:
        to = datetime.fromisoformat(asked if len(asked) <= LONGEST_INSTANT else "")
    except ValueError:
        to = datetime.min  # noqa: DTZ901  # refused right below
    if to.tzinfo is None or not EARLIEST_YEAR <= to.year <= LATEST_YEAR:
        raise Invalid(f"“{asked[:20]}” is not an instant.", next_step="Write it as 2026-03-02T21:00:00Z.")
    if change.window_start_at is None or change.window_end_at is None:
        raise Invalid(f"{change.reference} has no window to move.", next_step="Give it one in the form.")
    start, end = moved(start_at=change.window_start_at, end_at=change.window_end_at, zone=change.window_zone, to=to)
    return {"window_start": start, "window_end": end}


@require_POST
@signed_in
def verdict(request: PersonRequest, reference: str) -> HttpResponse:
    """What saving the form would mean. Without JavaScript it is a page with the form below it."""
    change = find(reference, request.user)
    proposing.require_may_edit(change, request.user)
    form = ChangeForm(request.POST, person=request.user)
    found = None
    if form.is_valid():
        try:
            found = proposing.preview_edit(change=change, content=form.content())
        except Refusal as refusal:
            form.refuse(refusal)
    context = _said(change, found) if found else {"verdict": None, "sentence": ""}
    if request.headers.get("HX-Request"):
        context |= {"form": form, "change": change}
        return render(request, "cab/_verdict.html", context, status=200 if found else 422)
    return _form_page(request, form, change, **context)


def _asked_version(request: PersonRequest) -> TemplateVersion | None:
    """The version in force of the template that the form is filled from; None for an ordinary change."""
    asked = request.POST.get("template") or request.GET.get("template") or ""
    if not asked:
        return None
    pk = int(asked) if asked.isascii() and asked.isdigit() and len(asked) <= 18 else 0  # noqa: PLR2004  # a bigint
    return templating.in_force(visible_template(pk, request.user))


def _binding(change: Change) -> TemplateVersion | None:
    """The version whose locks hold for the change."""
    version = change.template_version
    return version if version and version.template.state == TemplateState.PUBLISHED else None


_APPROVED = {ChangeState.AUTHORIZED, ChangeState.SCHEDULED}


def costs_a_decision(change: Change, found: EditVerdict) -> bool:
    """Whether saving takes ballots or an approval away: nobody does that without having read so."""
    return found.is_material and (change.state in _APPROVED or open_round(change) is not None)


def sentence_of(change: Change, found: EditVerdict) -> str:
    """What saving would mean, given how far the change has come."""
    return found.sentence(round_is_open=open_round(change) is not None, is_approved=change.state in _APPROVED)


def _said(change: Change, found: EditVerdict) -> dict[str, object]:
    return {"verdict": found, "sentence": sentence_of(change, found), "seen": _mark(found)}


def _mark(found: EditVerdict) -> str:
    """Tells one verdict from another, so that a later change of the form asks again."""
    return hashlib.sha256(repr(found.changes).encode()).hexdigest()


def _form_page(request: PersonRequest, form: ChangeForm, change: Change | None, **more: object) -> HttpResponse:
    people = Person.objects.filter(kind=PersonKind.HUMAN, is_active=True).order_by("name")[:MOST_SUGGESTED]
    context = {"form": form, "change": change, "zones": zones(), "people": people, **more}
    return render(request, "cab/change_form.html", context, status=422 if form.errors else 200)
