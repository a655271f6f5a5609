"""The calendar: a week in lanes by cluster, a month, a year."""

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.models import SavedPage
from apps.cab.queries.calendar.sheet import Sheet, sheet
from apps.cab.queries.calendar.year import days_of, days_on
from apps.cab.rules.calendar import DAY, EARLIEST_YEAR, LATEST_YEAR, Span
from apps.cab.web import days, heat, lanes
from apps.cab.web.calendar_filter import CalendarFilter
from apps.cab.web.months import month_weeks
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
    heads = _days(found, filtered)
    context = {
        "laid": lanes.laid_out(found, filtered),
        "days": heads,
        "list": days.listed(found, filtered, heads),
        "now": span.percent(timezone.now()) if span.start_at <= timezone.now() < span.end_at else None,
        "clocks": _clocks(span),
        "previous": _turned(filtered, "week", (monday - 7 * DAY).isoformat()),
        "next": _turned(filtered, "week", (monday + 7 * DAY).isoformat()),
        "may_move": bool(found.movable),
        **_around(found, filtered, SavedPage.WEEK),
    }
    return render(request, "cab/week.html", context)


@require_GET
@signed_in
def month(request: PersonRequest) -> HttpResponse:
    """The weeks of one month: each day's number of changes and the first of them, its freezes and conflicts."""
    first = _first_of_month(request.GET.get("month", ""))
    following = (first + 31 * DAY).replace(day=1)
    last = following - DAY
    zone = timezone.get_current_timezone()
    span = Span(first - DAY * first.weekday(), last + DAY * (6 - last.weekday()), zone)
    filtered = CalendarFilter(request)
    found = sheet(request.user, span, filtered.rows, cluster=filtered.cluster)
    context = {
        "first": first,
        "weeks": month_weeks(found, days_on(found, filtered.rows), filtered),
        "previous": _turned(filtered, "month", f"{first - DAY:%Y-%m}"),
        "next": _turned(filtered, "month", f"{following:%Y-%m}"),
        **_around(found, filtered, SavedPage.MONTH),
    }
    return render(request, "cab/month.html", context)


@require_GET
@signed_in
def year(request: PersonRequest) -> HttpResponse:
    """How full each day of a year is, with a table twin; every number opens its rows."""
    span, filtered = _year(request), CalendarFilter(request)
    figures = days_of(request.user, span, filtered.rows, cluster=filtered.cluster)
    context = {
        "span": span,
        "year": span.first.year,
        "months": heat.months(figures, filtered),
        "rows": heat.table_rows(figures, filtered),
        "key": heat.key_of(figures),
        "zone": str(span.zone),
        "json_query": urlencode([("year", span.first.year)]) + ("&" if filtered.query else "") + filtered.query,
        "previous": _turned(filtered, "year", str(span.first.year - 1)),
        "next": _turned(filtered, "year", str(span.first.year + 1)),
        **filtered.context(SavedPage.YEAR),
    }
    return render(request, "cab/year.html", context)


@require_GET
@signed_in
def year_json(request: PersonRequest) -> HttpResponse:
    """The same figures for a program: the days that hold something."""
    span, filtered = _year(request), CalendarFilter(request)
    figures = days_of(request.user, span, filtered.rows, cluster=filtered.cluster)
    told = [{**vars(one), "day": one.day.isoformat()} for one in figures if not one.is_empty]
    return JsonResponse({"year": span.first.year, "zone": str(span.zone), "days": told})


@require_GET
@signed_in
def to_week(request: PersonRequest, day: str) -> HttpResponse:
    """The week that holds a day."""
    del request
    return redirect(f"{reverse('cab:week')}?week={_monday(day).isoformat()}")


def _around(found: Sheet, filtered: CalendarFilter, page: SavedPage) -> dict[str, Any]:
    """What every page of the calendar says of the days it shows."""
    first, last = found.span.first, found.span.last
    return {
        "sheet": found,
        "span": found.span,
        "zone": str(found.span.zone),
        "today": timezone.localdate(),
        "rows_url": filtered.rows_url(first, last),
        "conflict_count": len(found.conflicts),
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


def _turned(filtered: CalendarFilter, name: str, place: str) -> str:
    """The same filters on other days."""
    return f"?{name}={place}{'&' if filtered.query else ''}{filtered.query}"


def _year(request: PersonRequest) -> Span:
    first = _day(request.GET.get("year", "")[:4], "-01-01", what="a year", example="2026").replace(month=1, day=1)
    return Span(first, first.replace(month=12, day=31), timezone.get_current_timezone())


def _first_of_month(asked: str) -> date:
    return _day(asked[:7], "-01", what="a month", example="2026-03").replace(day=1)


def _monday(asked: str) -> date:
    day = _day(asked[:10], "", what="a day", example="2026-03-02")
    return day - DAY * day.weekday()


def _day(asked: str, rest: str, *, what: str, example: str) -> date:
    """The day that `asked` with `rest` behind it names, today where nothing is asked; refuses what is none."""
    try:
        day = date.fromisoformat(asked + rest) if asked else timezone.localdate()
    except ValueError:
        day = date.min
    if not EARLIEST_YEAR <= day.year <= LATEST_YEAR:
        raise Invalid(f"“{asked[:20]}” is not {what}.", next_step=f"Write it as {example}.")
    return day
