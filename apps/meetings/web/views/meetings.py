"""The list of meetings, the page of one, and the acts on its agenda and attendance."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import Person
from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.web.forms import RefusableForm
from apps.clusters.web.margin import margin
from apps.journal.queries import timeline
from apps.kernel.answers import went
from apps.kernel.exports import asked as asked_for
from apps.kernel.exports import export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Refusal
from apps.meetings.actions import agenda as agendas
from apps.meetings.actions import session
from apps.meetings.models import Meeting
from apps.meetings.queries import meetings as queries
from apps.meetings.queries.agenda import agenda_for
from apps.meetings.queries.live import actions_of
from apps.meetings.queries.minutes import minutes_shown
from apps.meetings.queries.room import lines_of, presence
from apps.meetings.states import AHEAD, LIVE, OVER, ItemState, MeetingState
from apps.meetings.web.forms import ItemForm, MarkForm, MeetingFilterForm, MoveForm, ReasonForm, RuledItemForm
from apps.meetings.web.tables import MEETINGS

SHOWN = 30


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Meetings to come, or those that are over."""
    filters, now = MeetingFilterForm(request.GET or None, person=request.user), timezone.now()
    asked = filters.cleaned_data if filters.is_valid() else {}
    rows = queries.listed(request.user)
    if asked.get("board"):
        rows = rows.filter(board=asked["board"])
    rows = rows.filter(state__in=list(OVER)) if asked.get("past") else queries.ahead(rows, at=now)
    order = ("-start_at", "-pk") if asked.get("past") else ("start_at", "pk")
    if kind := asked_for(request):
        return export(MEETINGS, kind, rows.order_by(*order))
    keys = {name: request.GET.get(name, "") for name in ("after", "before")}
    context = {
        "filters": filters,
        "page": page_by_key(rows, order=order, size=SHOWN, **keys),
        "is_past": bool(asked.get("past")),
        "may_plan": queries.boards_led_by(request.user, at=now).exists(),
    }
    return render(request, "meetings/list.html", context)


@require_GET
@signed_in
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """One meeting: when, its agenda, who was or is there."""
    return meeting_page(request, queries.visible_meeting(pk, request.user))


Act = Callable[[Meeting, Person, dict[str, Any], datetime], object]


def _act(form_of: type[RefusableForm], act: Act) -> Callable[..., HttpResponseBase]:
    """A POST of one act: its form, one action, back to the meeting; refused, the page with the sentence."""

    @require_POST
    @signed_in
    def view(request: PersonRequest, pk: int) -> HttpResponse:
        meeting, form = queries.visible_meeting(pk, request.user), form_of(request.POST)
        try:
            if form.is_valid():
                act(meeting, request.user, form.cleaned_data, timezone.now())
                return went(request, meeting.get_absolute_url())
        except Refusal as refusal:
            form.refuse(refusal)
        return meeting_page(request, meeting, refused=form)

    return view


lock = _act(RefusableForm, lambda one, who, _, at: agendas.lock_agenda(meeting_id=one.pk, chair=who, at=at))
open_ = _act(RefusableForm, lambda one, who, _, at: session.open_meeting(meeting_id=one.pk, chair=who, at=at))
close = _act(RefusableForm, lambda one, who, _, at: session.close_meeting(meeting_id=one.pk, chair=who, at=at))
join = _act(RefusableForm, lambda one, who, _, at: session.join_room(meeting_id=one.pk, person=who, at=at))
leave = _act(RefusableForm, lambda one, who, _, at: session.leave_room(meeting_id=one.pk, person=who, at=at))
mark = _act(
    MarkForm,
    lambda one, who, said, at: session.mark_attendance(
        meeting_id=one.pk, chair=who, person=said["person"], is_here=said["mark"] == "present", at=at
    ),
)
admit = _act(
    RuledItemForm,
    lambda one, who, said, at: agendas.admit_item(
        meeting_id=one.pk, item_id=said["item"], chair=who, reason=said["reason"], at=at
    ),
)
defer = _act(
    RuledItemForm,
    lambda one, who, said, at: agendas.defer_item(
        meeting_id=one.pk, item_id=said["item"], chair=who, reason=said["reason"], at=at
    ),
)
reopen = _act(
    ItemForm,
    lambda one, who, said, at: agendas.reopen_consent(meeting_id=one.pk, item_id=said["item"], member=who, at=at),
)


def meeting_page(
    request: PersonRequest,
    meeting: Meeting,
    *,
    refused: RefusableForm | None = None,
    move_form: MoveForm | None = None,
    cancel_form: ReasonForm | None = None,
) -> HttpResponse:
    """The page of a meeting, with the form that was refused where there is one."""
    now = timezone.now()
    part, there = queries.part_of(request.user, meeting.board_id, at=now), presence(meeting, at=now)
    stay = there.stay_of(request.user.pk)
    agenda = agenda_for(meeting, request.user)
    current = next((one for one in agenda.items if one.state == ItemState.CURRENT), None)
    context = {
        "meeting": meeting,
        "agenda": agenda,
        "presence": there,
        "people": lines_of(there, current),
        "is_here": stay is not None and stay.left_at is None,
        "part": part,
        "is_ahead": meeting.state in AHEAD,
        "is_live": meeting.state in LIVE,
        "may_open": part.leads and meeting.state in AHEAD and now >= meeting.start_at - session.EARLIEST,
        "may_reopen": part.is_member and meeting.state not in OVER,
        "actions": actions_of(meeting, request.user),
        "rules_items": part.leads and meeting.state in LIVE,
        "refused": refused,
        "move_form": move_form or MoveForm(initial=_times(meeting), auto_id="move_%s"),
        "cancel_form": cancel_form or ReasonForm(auto_id="cancel_%s"),
        "has_minutes": minutes_shown(meeting, request.user, at=now),
        "may_move": part.leads and meeting.state == MeetingState.PLANNED,
        "entries": margin(timeline(meeting, limit=SHOWN)),
        "crumbs": [{"label": "Meetings", "url": reverse("meetings:meetings")}, {"label": meeting.name}],
    }
    sent: Any = refused or move_form or cancel_form
    status = sent.answer_status() if sent is not None else 200
    return render(request, "meetings/meeting.html", context, status=status)


def _times(meeting: Meeting) -> dict[str, Any]:
    start = meeting.start_at.astimezone(ZoneInfo(meeting.zone)).replace(tzinfo=None)
    minutes = int((meeting.end_at - meeting.start_at).total_seconds()) // 60
    return {"start_local": start, "duration_minutes": minutes, "version": meeting.version}
