"""My queue, the list of changes with its filters and saved views, and the week."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, own, signed_in
from apps.cab.actions import desk
from apps.cab.models import Change, Review, SavedView
from apps.cab.queries import changes
from apps.cab.states import ChangeState, ReviewState
from apps.cab.web.filters import ChangeFilter
from apps.cab.web.undo import offer_undo
from apps.kernel.answers import is_fragment, went
from apps.kernel.paging import Page, page_by_key
from apps.kernel.refusals import Invalid

SHORT_LIST = 20
MOST_COUNTED = 1000  # counting further costs more than it tells
ON_CALENDAR = [
    ChangeState.AUTHORIZED,
    ChangeState.SCHEDULED,
    ChangeState.IMPLEMENTING,
    ChangeState.IMPLEMENTED,
    ChangeState.IN_REVIEW,
    ChangeState.CLOSED,
]
MOST_IN_A_WEEK = 1000
MOST_IN_A_CELL = 6  # the rest stands behind one link to the list


@require_GET
@signed_in
def queue(request: PersonRequest) -> HttpResponse:
    """What waits for this person, by deadline and risk."""
    now = timezone.now()
    page = _waiting(request, now)
    context = {
        "page": page,
        "count": changes.waiting_for(request.user, at=now).count() if page.after or page.before else len(page.rows),
        "mine": changes.on_desk("mine", request.user),
        "to_do": changes.on_desk("to_do", request.user),
        "reviews": Review.objects.filter(state=ReviewState.PLANNED, reviewer=request.user)
        .select_related("change__cluster")
        .order_by("due_at")[:SHORT_LIST],
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
def listing(request: PersonRequest) -> HttpResponse:
    """Every change this person may see, filtered by what stands in the address."""
    filtered, page, counted = _found(request)
    context = {
        "page": page,
        "controls": filtered.controls(request.user),
        "chips": filtered.chips(),
        "views": SavedView.objects.filter(person=request.user).order_by("name"),
        "query": _without_paging(request),
        "counted": counted,
    }
    return render(
        request,
        "cab/_change_rows.html" if is_fragment(request) and request.GET.get("part") == "rows" else "cab/changes.html",
        context,
    )


@require_POST
@signed_in
@own
def save_view(request: PersonRequest) -> HttpResponse:
    """Keep the list's filters under a name."""
    view = desk.save_view(person=request.user, name=request.POST.get("name", ""), query=request.POST.get("query", ""))
    return went(request, f"/changes/?{view.query}")


@require_POST
@signed_in
@own
def forget_view(request: PersonRequest, view_id: int) -> HttpResponse:
    """Remove a saved view."""
    view = desk.forget_view(person=request.user, view_id=view_id)
    if view:
        fields = {"name": view.name, "query": view.query}
        offer_undo(request, f"The view {view.name} is forgotten.", url=reverse("cab:save-view"), fields=fields)
    return went(request, "cab:changes")


@require_GET
@signed_in
def week(request: PersonRequest) -> HttpResponse:
    """What is scheduled in one week, a lane for each cluster, in the viewer's zone."""
    monday = _monday(request.GET.get("week", ""))
    zone = timezone.get_current_timezone()
    start = datetime.combine(monday, time.min, tzinfo=zone)
    end = datetime.combine(monday + timedelta(days=7), time.min, tzinfo=zone)
    rows = (
        Change.objects.visible_to(request.user)
        .filter(window_start_at__lt=end, window_end_at__gt=start)
        .filter(state__in=ON_CALENDAR)
        .select_related("cluster")
        .order_by("window_start_at", "number")
    )
    found = list(rows[:MOST_IN_A_WEEK])
    days = [monday + timedelta(days=n) for n in range(7)]
    context = {
        "days": days,
        "lanes": _lanes(found, days),
        "found": found,
        "is_cut": len(found) == MOST_IN_A_WEEK,
        "previous": monday - timedelta(days=7),
        "next": monday + timedelta(days=7),
        "today": timezone.localdate(),
        "zone": str(zone),
        "planned_states": "&".join(f"state={state}" for state in ON_CALENDAR),
    }
    return render(request, "cab/week.html", context)


@require_GET
@signed_in
def to_week(request: PersonRequest, day: str) -> HttpResponse:
    """The week that holds a day."""
    del request
    return redirect(f"/calendar/?week={_monday(day).isoformat()}")


def _lanes(found: list[Change], days: list[date]) -> list[dict[str, Any]]:
    """For each cluster, the changes of each day; one that lasts over midnight stands in every day it touches."""
    lanes: dict[int, dict[str, Any]] = {}
    for change in found:
        assert change.window_start_at
        assert change.window_end_at
        lane = lanes.setdefault(change.cluster_id, {"cluster": change.cluster, "days": [[] for _ in days]})
        first, last = (
            timezone.localdate(change.window_start_at),
            timezone.localdate(change.window_end_at - timedelta(microseconds=1)),
        )
        for column, day in enumerate(days):
            if first <= day <= last:
                lane["days"][column].append({"change": change, "continues": day != first})
    for lane in lanes.values():
        lane["days"] = [
            {"day": day, "items": items[:MOST_IN_A_CELL], "more": max(len(items) - MOST_IN_A_CELL, 0)}
            for day, items in zip(days, lane["days"], strict=True)
        ]
    return sorted(lanes.values(), key=lambda lane: lane["cluster"].name)


def _found(request: PersonRequest) -> tuple[ChangeFilter, Page, str]:
    """The filters of the address, the page it asks for, and how many there are in words."""
    if not request.GET:
        none: QuerySet[Change] = Change.objects.none()
        many = changes.counted(request.user, MOST_COUNTED + 1)
        return ChangeFilter(request.GET, queryset=none), changes.first_listed(request.user), _counted(many)
    filtered = ChangeFilter(request.GET, queryset=Change.objects.visible_to(request.user), request=request)
    if not filtered.is_valid():
        raise Invalid(
            "The filter does not fit.",
            next_step="Clear it and start again.",
            fields={k: [str(e) for e in v] for k, v in filtered.errors.items()},
        )
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = page_by_key(filtered.qs.in_lists(), order=changes.LIST_ORDER, after=after, before=before)
    is_whole = not (after or before or page.after)
    many = len(page.rows) if is_whole else filtered.qs.order_by()[: MOST_COUNTED + 1].count()
    return filtered, page, _counted(many)


def _counted(many: int) -> str:
    """How many there are, as far as counting stays cheap."""
    if many > MOST_COUNTED:
        return f"More than {MOST_COUNTED:,} changes"
    return f"{many:,} change{'' if many == 1 else 's'}"


def _monday(asked: str) -> date:
    try:
        day = date.fromisoformat(asked[:10]) if asked else timezone.localdate()
        return day - timedelta(days=day.weekday())
    except (ValueError, OverflowError):
        raise Invalid(f"“{asked[:20]}” is not a day.", next_step="Write it as 2026-03-02.") from None


def _without_paging(request: PersonRequest) -> str:
    query = request.GET.copy()
    for name in ("after", "before", "part"):
        query.pop(name, None)
    return query.urlencode()
