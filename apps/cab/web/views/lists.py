"""My queue, and the list of changes with its filters; the views people save of it and of the calendar."""

from collections.abc import Sequence
from datetime import datetime

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, own, signed_in
from apps.accounts.web.undo import offer_undo
from apps.cab.actions import desk
from apps.cab.actions.holding import MOST_AT_ONCE, hold_changes, release_changes
from apps.cab.models import Change, Review, SavedPage, SavedView
from apps.cab.queries import changes
from apps.cab.queries.narrowed import counted_narrowed, first_narrowed
from apps.cab.queries.sampling import reviews_waiting_for
from apps.cab.queries.whole import find
from apps.cab.states import ReviewState
from apps.cab.web.filters import ChangeFilter
from apps.cab.web.tables import CHANGES
from apps.kernel.answers import is_fragment, went
from apps.kernel.exports import asked, export
from apps.kernel.paging import Page, page_by_key
from apps.kernel.refusals import Invalid, Refusal, WrongState

SHORT_LIST = 20
MOST_COUNTED = 1000  # counting further costs more than it tells


@require_GET
@signed_in
def queue(request: PersonRequest) -> HttpResponseBase:
    """What waits for this person, by deadline and risk."""
    now = timezone.now()
    if kind := asked(request):
        rows = changes.waiting_for(request.user, at=now).in_lists().order_by(*changes.WAITING_ORDER)
        return export(CHANGES, kind, rows)
    page = _waiting(request, now)
    context = {
        "may_propose": request.user.may(Capability.PROPOSE_CHANGE),
        "page": page,
        "count": changes.waiting_for(request.user, at=now).count() if page.after or page.before else len(page.rows),
        "mine": changes.on_desk("mine", request.user),
        "to_do": changes.on_desk("to_do", request.user),
        "reviews": Review.objects.filter(state=ReviewState.PLANNED, reviewer=request.user)
        .select_related("change__cluster")
        .order_by("due_at")[:SHORT_LIST],
        "samples": reviews_waiting_for(request.user, at=now)[:SHORT_LIST],
        "now": now,
    }
    if request.user.may(Capability.TRIAGE_CHANGE):
        context["to_assess"] = changes.on_desk("to_assess", request.user)
    return render(request, "cab/queue.html", context)


def _waiting(request: PersonRequest, now: datetime) -> Page:
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    if not after and not before:
        return changes.first_waiting(request.user, at=now, order=changes.WAITING_ORDER)
    rows = changes.waiting_for(request.user, at=now).in_lists().filter(deadline_at__isnull=False)
    return page_by_key(rows, order=changes.WAITING_ORDER, after=after, before=before)


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Every change this person may see, filtered by what stands in the address."""
    if kind := asked(request):
        return export(CHANGES, kind, _filtered(request).qs.in_lists().order_by(*changes.LIST_ORDER))
    return _list(request)


def _list(request: PersonRequest, *, refused: Refusal | None = None) -> HttpResponse:
    """The list; where holding what was ticked is refused, it stands there again with the ticks and the reason."""
    filtered, page, counted = _found(request)
    context = {
        "may_propose": request.user.may(Capability.PROPOSE_CHANGE),
        "page": page,
        "controls": filtered.controls(request.user),
        "chips": filtered.chips(),
        "views": SavedView.objects.filter(person=request.user, page=SavedPage.CHANGES).order_by("name"),
        "query": _without_paging(request),
        "counted": counted,
        "choosing": request.GET.get("choose") == "1" or refused is not None,
        "refused": refused,
        "ticked": frozenset(request.POST.getlist("change")),
        "reason": request.POST.get("reason", ""),
    }
    is_part = is_fragment(request) and request.GET.get("part") == "rows"
    template = "cab/_change_rows.html" if is_part else "cab/changes.html"
    return render(request, template, context, status=refused.status if refused else 200)


@require_POST
@signed_in
def hold_chosen(request: PersonRequest) -> HttpResponse:
    """Put the ticked changes on hold with one reason, all or none, and go back to the list as it was."""
    query = request.POST.get("query", "")[:1000]
    reason = request.POST.get("reason", "")
    try:
        chosen = _chosen(request, request.POST.getlist("change"))
        held = hold_changes(change_ids=chosen, person=request.user, reason=reason, at=timezone.now())
    except (Invalid, WrongState) as refusal:
        request.GET = QueryDict(query)
        return _list(request, refused=refusal)
    fields = {"changes": " ".join(one.reference for one in held), "query": query}
    offer_undo(request, f"{_changes(len(held))} put on hold.", url=reverse("cab:release-changes"), fields=fields)
    return went(request, f"{reverse('cab:changes')}?{query}")


@require_POST
@signed_in
def release_chosen(request: PersonRequest) -> HttpResponse:
    """Take the hold away from several at once, as the notice after holding them offers."""
    chosen = _chosen(request, request.POST.get("changes", "").split())
    released = release_changes(change_ids=chosen, person=request.user, at=timezone.now())
    messages.success(request, f"{_changes(len(released))} released.")
    return went(request, f"{reverse('cab:changes')}?{request.POST.get('query', '')[:1000]}")


def _chosen(request: PersonRequest, references: Sequence[str]) -> list[int]:
    return [find(one, request.user).pk for one in references[: MOST_AT_ONCE + 1]]


@require_POST
@signed_in
@own
def save_view(request: PersonRequest) -> HttpResponse:
    """Keep a page's filters under a name."""
    asked = {name: request.POST.get(name, "") for name in ("name", "query")}
    view = desk.save_view(person=request.user, page=request.POST.get("page") or SavedPage.CHANGES, **asked)
    return went(request, view.get_absolute_url())


@require_POST
@signed_in
@own
def forget_view(request: PersonRequest, view_id: int) -> HttpResponse:
    """Remove a saved view."""
    view = desk.forget_view(person=request.user, view_id=view_id)
    if view:
        fields = {"name": view.name, "query": view.query, "page": view.page}
        offer_undo(request, f"The view {view.name} is forgotten.", url=reverse("cab:save-view"), fields=fields)
    return went(request, f"cab:{view.page if view else SavedPage.CHANGES}")


def _found(request: PersonRequest) -> tuple[ChangeFilter, Page, str]:
    """The filters of the address, the page it asks for, and how many there are in words."""
    if not request.GET:
        none: QuerySet[Change] = Change.objects.none()
        many = changes.counted(request.user, MOST_COUNTED + 1)
        return ChangeFilter(request.GET, queryset=none), changes.first_listed(request.user), _counted(many)
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    if not (after or before) and (plain := _narrowed(request)) is not None:
        return plain
    filtered = _filtered(request)
    page = page_by_key(filtered.qs.in_lists(), order=changes.LIST_ORDER, after=after, before=before)
    is_whole = not (after or before or page.after)
    many = len(page.rows) if is_whole else filtered.qs.order_by()[: MOST_COUNTED + 1].count()
    return filtered, page, _counted(many)


def _narrowed(request: PersonRequest) -> tuple[ChangeFilter, Page, str] | None:
    """The same for the first page of what plain filters leave, by questions that are compiled once."""
    filtered = ChangeFilter(request.GET, queryset=Change.objects.none(), request=request)
    conditions = filtered.conditions()
    if conditions is None:
        return None
    page = first_narrowed(request.user, conditions)
    many = counted_narrowed(request.user, conditions, MOST_COUNTED + 1) if page.after else len(page.rows)
    return filtered, page, _counted(many)


def _filtered(request: PersonRequest) -> ChangeFilter:
    """The filters of the address over what the person may see; refuses those that do not fit."""
    filtered = ChangeFilter(request.GET, queryset=Change.objects.visible_to(request.user), request=request)
    filtered.require_fits()
    return filtered


def _changes(many: int) -> str:
    return f"{many:,} change{'' if many == 1 else 's'}"


def _counted(many: int) -> str:
    """How many there are, as far as counting stays cheap."""
    if many > MOST_COUNTED:
        return f"More than {MOST_COUNTED:,} changes"
    return _changes(many)


def _without_paging(request: PersonRequest) -> str:
    query = request.GET.copy()
    for name in ("after", "before", "part", "export", "choose"):
        query.pop(name, None)
    return query.urlencode()
