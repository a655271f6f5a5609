"""The calendar: a week in lanes by cluster, a month, a year."""

from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.models import SavedPage
from apps.cab.queries.calendar.sheet import Sheet, sheet
from apps.cab.rules.calendar import DAY, EARLIEST_YEAR, LATEST_YEAR, Span
from apps.cab.web import lanes
from apps.cab.web.calendar_filter import CalendarFilter
from apps.kernel.refusals import Invalid

ORDINARY_WEEK = 168  # hours


@require_GET
@signed_in
def week(request: PersonRequest) -> HttpResponse:
    """What is planned in one week, a lane for each cluster, in the viewer's zone."""
    monday = _monday(request.GET.get("week", ""))
    span = Span(monday, monday + 6 * DAY, timezone.get_current_timezone())
    filtered = CalendarFilter(request)
    found = sheet(request.user, span, filtered.rows, cluster=filtered.cluster)
    laid = lanes.laid_out(found, filtered)
    context = {
        "laid": laid,
        "days": _days(found, filtered),
        "now": span.percent(timezone.now()) if span.start_at <= timezone.now() < span.end_at else None,
        "clocks": _clocks(span),
        "previous": _turned(filtered, week=monday - 7 * DAY),
        "next": _turned(filtered, week=monday + 7 * DAY),
        "may_move": bool(found.movable),
        **_around(found, filtered, SavedPage.WEEK),
    }
    return render(request, "cab/week.html", context)


@require_GET
@signed_in
def to_week(request: PersonRequest, day: str) -> HttpResponse:
    """The week that holds a day."""
    del request
    return redirect(f"{reverse('cab:week')}?week={_monday(day).isoformat()}")


def _around(found: Sheet, filtered: CalendarFilter, page: SavedPage) -> dict[str, Any]:
    """What every page of the calendar says of the days it shows."""
    first, last = found.span.first, found.span.last
    conflicts = {one.pk for those in found.conflicts.values() for one in those}
    return {
        "sheet": found,
        "span": found.span,
        "zone": str(found.span.zone),
        "today": timezone.localdate(),
        "rows_url": filtered.rows_url(first, last),
        "conflict_count": len(conflicts),
        "conflicts_url": filtered.conflicts_url(first, last),
        **filtered.context(page),
    }


def _days(found: Sheet, filtered: CalendarFilter) -> list[dict[str, Any]]:
    """The days at the head of the lanes, each with the number of its changes and where they are."""
    counts = lanes.counted(found, found.span.days)
    return [
        {"day": day, "key": f"d{n}", "count": counts[n], "url": filtered.rows_url(day, day)}
        for n, day in enumerate(found.span.days)
    ]


def _clocks(span: Span) -> dict[str, Any] | None:
    """On which day of the span the clocks change, and how many hours it has; None in an ordinary week."""
    for day in span.days:
        hours = (span.midnight(day + DAY) - span.midnight(day)) / timedelta(hours=1)
        if hours != ORDINARY_WEEK / 7:
            return {"day": day, "hours": f"{span.hours:g}", "goes": "forward" if hours < ORDINARY_WEEK / 7 else "back"}
    return None


def _turned(filtered: CalendarFilter, **place: date) -> str:
    """The same filters on other days."""
    ((name, first),) = place.items()
    text = first.isoformat()
    return f"?{name}={text}{'&' if filtered.query else ''}{filtered.query}"


def _monday(asked: str) -> date:
    try:
        day = date.fromisoformat(asked[:10]) if asked else timezone.localdate()
    except ValueError:
        day = date.min
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise Invalid(f"“{asked[:20]}” is not a day.", next_step="Write it as 2026-03-02.")
    return day - DAY * day.weekday()
