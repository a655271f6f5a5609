"""Free windows for a change, and taking one of them."""

import hashlib
from datetime import datetime, time
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.actions.proposing import require_may_edit
from apps.cab.actions.slots import take_slot
from apps.cab.models import Change
from apps.cab.queries import changes
from apps.cab.queries.slots import Slots, slots_for
from apps.cab.queries.whole import find
from apps.cab.rules import revisions
from apps.cab.web.forms import RefusableForm, SlotForm, SlotSearchForm
from apps.cab.web.views.editing import costs_a_decision, sentence_of
from apps.kernel.answers import went
from apps.kernel.refusals import Refusal


@require_http_methods(["GET", "POST"])
@signed_in
def slots(request: PersonRequest, reference: str) -> HttpResponse:
    """The free windows of the next 90 days; a POST takes one of them, after the verdict on the page was read."""
    change = find(reference, request.user, Change.objects.select_related("cluster", "implementer"))
    if request.method == "GET":
        return _page(request, change, None)
    form, cost = SlotForm(request.POST), _cost(change)
    if form.is_valid() and form.cleaned_data["seen"] == _mark(cost):
        try:
            taken = {f"{name}_at": form.cleaned_data[name] for name in ("start", "end")}
            based_on = form.cleaned_data["based_on"]
            take_slot(change_id=change.pk, taker=request.user, based_on=based_on, at=timezone.now(), **taken)
            return went(request, f"{change.get_absolute_url()}#window")
        except Refusal as refusal:
            form.refuse(refusal)
    elif form.is_valid():
        form.add_error(None, f"Not saved yet. {cost}")
    return _page(request, change, form)


def _page(request: PersonRequest, change: Change, taken: RefusableForm | None) -> HttpResponse:
    search = SlotSearchForm(request.GET or None)
    found = None
    if not search.is_bound or search.is_valid():
        try:
            found = _search(change, search)
        except Refusal as refusal:
            search.refuse(refusal)
    if found and not search.is_bound:
        search.initial["minutes"] = found.minutes
    cost = _cost(change)
    context = {
        "change": change,
        "found": found,
        "search": search,
        "taken": taken,
        "cost": cost,
        "seen": _mark(cost),
        "may_take": _may_edit(change, request),
    }
    is_refused = bool(search.errors or (taken and taken.errors))
    return render(request, "cab/slots.html", context, status=422 if is_refused else 200)


def _search(change: Change, search: SlotSearchForm) -> Slots:
    asked: dict[str, Any] = search.cleaned_data if search.is_bound else {}
    day = asked.get("day")
    start_at = timezone.make_aware(datetime.combine(day, time.min)) if day else None
    return slots_for(change, at=timezone.now(), minutes=asked.get("minutes"), start_at=start_at)


def _cost(change: Change) -> str:
    """What moving the window takes away: a sentence, or nothing where no ballot and no approval is lost."""
    now = changes.content_of(change)
    found = revisions.compare(now, now | {"window_start": "another"})
    return sentence_of(change, found) if costs_a_decision(change, found) else ""


def _mark(cost: str) -> str:
    return hashlib.sha256(cost.encode()).hexdigest()


def _may_edit(change: Change, request: PersonRequest) -> bool:
    try:
        require_may_edit(change, request.user)
    except Refusal:
        return False
    return True
