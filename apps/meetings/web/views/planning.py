"""Planning meetings and series, moving and cancelling them."""

from datetime import datetime, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.web.margin import margin
from apps.journal.queries import timeline
from apps.kernel.refusals import NotAllowed, Refusal
from apps.meetings.actions import planning as actions
from apps.meetings.actions import series as series_actions
from apps.meetings.models import MeetingSeries
from apps.meetings.queries import meetings as queries
from apps.meetings.rules.authority import require_leads
from apps.meetings.web.forms import SUGGESTIONS, MoveForm, PlanForm, ReasonForm, SeriesForm
from apps.meetings.web.views.meetings import meeting_page

SHOWN = 6


@require_http_methods(["GET", "POST"])
@signed_in
def plan(request: PersonRequest) -> HttpResponse:
    """Plan a meeting, or with a rule a series; “Show the next times” keeps nothing."""
    now = timezone.now()
    initial = {"zone": request.user.zone, "board": request.GET.get("board", "")[:80]}
    form = PlanForm(request.POST or None, person=request.user, at=now, initial=initial)
    if not queries.boards_led_by(request.user, at=now).exists():
        raise NotAllowed(
            "Only chairs and administrators plan meetings.", next_step="Ask the chair of the board to plan it."
        )
    drafted: MeetingSeries | None = None
    if request.method == "POST" and form.is_valid():
        try:
            if "preview" not in request.POST:
                return redirect(_planned(request, form, at=now))
            values = dict(form.cleaned_data)
            drafted = series_actions.drafted_series(board=values.pop("board"), values=values, at=now)
        except Refusal as refusal:
            form.refuse(refusal)
    return _form_page(request, form, drafted, title="Plan a meeting", back=reverse("meetings:meetings"))


@require_GET
@signed_in
def series(request: PersonRequest, pk: int) -> HttpResponse:
    """One series: its rule, its next meetings, what happened to it."""
    return _series_page(request, queries.visible_series(pk, request.user), ReasonForm(auto_id="end_%s"))


@require_http_methods(["GET", "POST"])
@signed_in
def edit_series(request: PersonRequest, pk: int) -> HttpResponse:
    """Change a series from now on; “Show the next times” keeps nothing."""
    found, now = queries.visible_series(pk, request.user), timezone.now()
    require_leads(queries.part_of(request.user, found.board_id, at=now), board=found.board.name, to="change its series")
    initial = {name: getattr(found, name) for name in (*series_actions.EDITABLE, "version")}
    form = SeriesForm(request.POST or None, person=request.user, at=now, initial=initial)
    drafted: MeetingSeries | None = None
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        version = values.pop("version")
        try:
            if "preview" not in request.POST:
                series_actions.edit_series(series_id=pk, person=request.user, version=version, values=values, at=now)
                return redirect(found)
            drafted = series_actions.drafted_series(board=found.board, values=values, at=now, instead_of=found)
        except Refusal as refusal:
            form.refuse(refusal)
    return _form_page(request, form, drafted, title=f"Change {found.name}", back=found.get_absolute_url())


@require_POST
@signed_in
def end_series(request: PersonRequest, pk: int) -> HttpResponse:
    """End a series, with a reason."""
    found, form = queries.visible_series(pk, request.user), ReasonForm(request.POST, auto_id="end_%s")
    if form.is_valid():
        try:
            series_actions.end_series(series_id=pk, person=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return redirect(found)
    return _series_page(request, found, form)


@require_POST
@signed_in
def move(request: PersonRequest, pk: int) -> HttpResponse:
    """Move a meeting to another time."""
    meeting, form = queries.visible_meeting(pk, request.user), MoveForm(request.POST, auto_id="move_%s")
    if form.is_valid():
        try:
            actions.reschedule_meeting(meeting_id=pk, person=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return redirect(meeting)
    return meeting_page(request, meeting, move_form=form)


@require_POST
@signed_in
def cancel(request: PersonRequest, pk: int) -> HttpResponse:
    """Cancel a meeting, with a reason."""
    meeting, form = queries.visible_meeting(pk, request.user), ReasonForm(request.POST, auto_id="cancel_%s")
    if form.is_valid():
        try:
            actions.cancel_meeting(meeting_id=pk, person=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return redirect(meeting)
    return meeting_page(request, meeting, cancel_form=form)


def _planned(request: PersonRequest, form: PlanForm, *, at: datetime) -> Any:
    values = dict(form.cleaned_data)
    board = values.pop("board")
    if values["rrule"]:
        return series_actions.plan_series(board_id=board.pk, planner=request.user, values=values, at=at)
    values.pop("rrule")
    return actions.plan_meeting(board_id=board.pk, planner=request.user, values=values, at=at)


def _form_page(
    request: PersonRequest, form: PlanForm, drafted: MeetingSeries | None, *, title: str, back: str
) -> HttpResponse:
    context = {"form": form, "suggestions": SUGGESTIONS, "drafted": drafted, "title": title, "back": back}
    context["drawn"] = queries.next_times(drafted, at=timezone.now(), most=SHOWN) if drafted else []
    return render(request, "meetings/form.html", context, status=form.answer_status())


def _series_page(request: PersonRequest, found: MeetingSeries, form: ReasonForm) -> HttpResponse:
    now = timezone.now()
    written = found.meetings.filter(end_at__gt=now - timedelta(days=30)).order_by("start_at")
    context = {
        "series": found,
        "meetings": written[:30],
        "leads": queries.part_of(request.user, found.board_id, at=now).leads,
        "form": form,
        "entries": margin(timeline(found, limit=30)),
        "crumbs": [{"label": "Meetings", "url": reverse("meetings:meetings")}, {"label": found.name}],
    }
    return render(request, "meetings/series.html", context, status=form.answer_status())
