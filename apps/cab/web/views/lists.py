"""My queue, the list of changes with its filters and saved views, and the week."""

from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.actions import desk
from apps.cab.models import Change, Review, SavedView
from apps.cab.queries import changes
from apps.cab.states import ChangeState, ReviewState
from apps.cab.web.filters import ChangeFilter
from apps.kernel.answers import is_fragment, went
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Invalid

QUEUE_LENGTH = 50
SHORT_LIST = 20
MOST_IN_A_WEEK = 500


@require_GET
@signed_in
def queue(request: PersonRequest) -> HttpResponse:
    """What waits for this person, by deadline and risk."""
    now = timezone.now()
    rows = Change.objects.visible_to(request.user).in_lists()
    waiting = changes.waiting_for(request.user, at=now).in_lists().order_by("deadline_at", "-risk", "number")
    context = {
        "waiting": waiting[:QUEUE_LENGTH],
        "mine": rows.filter(
            requester=request.user, state__in=[ChangeState.DRAFT, ChangeState.CHANGES_REQUESTED]
        ).order_by("-number")[:SHORT_LIST],
        "to_do": rows.filter(
            implementer=request.user,
            state__in=[ChangeState.AUTHORIZED, ChangeState.SCHEDULED, ChangeState.IMPLEMENTING],
        ).order_by("window_start_at", "number")[:SHORT_LIST],
        "reviews": Review.objects.filter(state=ReviewState.PLANNED, reviewer=request.user)
        .select_related("change__cluster")
        .order_by("due_at")[:SHORT_LIST],
        "now": now,
    }
    if request.user.may(Capability.TRIAGE_CHANGE):
        open_ = rows.filter(state__in=[ChangeState.SUBMITTED, ChangeState.ASSESSING])
        context["to_assess"] = open_.exclude(requester=request.user).order_by("submitted_at", "number")[:SHORT_LIST]
    return render(request, "cab/queue.html", context)


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponse:
    """Every change this person may see, filtered by what stands in the address."""
    filtered = ChangeFilter(request.GET, queryset=Change.objects.visible_to(request.user), request=request)
    if not filtered.is_valid():
        raise Invalid(
            "The filter does not fit.",
            next_step="Clear it and start again.",
            fields={k: [str(e) for e in v] for k, v in filtered.errors.items()},
        )
    rows: QuerySet[Change] = filtered.qs.in_lists()
    page = page_by_key(
        rows, order=("-number",), after=request.GET.get("after", ""), before=request.GET.get("before", "")
    )
    context = {
        "page": page,
        "filter": filtered,
        "chips": filtered.chips(),
        "views": SavedView.objects.filter(person=request.user).order_by("name"),
        "query": _without_paging(request),
    }
    return render(
        request,
        "cab/_change_rows.html" if is_fragment(request) and request.GET.get("part") == "rows" else "cab/changes.html",
        context,
    )


@require_POST
@signed_in
def save_view(request: PersonRequest) -> HttpResponse:
    """Keep the list's filters under a name."""
    view = desk.save_view(person=request.user, name=request.POST.get("name", ""), query=request.POST.get("query", ""))
    return went(request, f"/changes/?{view.query}")


@require_POST
@signed_in
def forget_view(request: PersonRequest, view_id: int) -> HttpResponse:
    """Remove a saved view."""
    desk.forget_view(person=request.user, view_id=view_id)
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
        .filter(
            state__in=[
                ChangeState.AUTHORIZED,
                ChangeState.SCHEDULED,
                ChangeState.IMPLEMENTING,
                ChangeState.IMPLEMENTED,
                ChangeState.IN_REVIEW,
                ChangeState.CLOSED,
            ]
        )
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
    return sorted(lanes.values(), key=lambda lane: lane["cluster"].name)


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
