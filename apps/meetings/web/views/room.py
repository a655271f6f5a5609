"""The live room: its page, the part that is alike for all, the part that is one's own, and the acts in it."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.queries.dossier import dossier
from apps.cab.queries.named import people_named
from apps.cab.queries.waiting import why_no_ballot
from apps.clusters.web.forms import RefusableForm
from apps.kernel.answers import is_fragment, went
from apps.kernel.refusals import Refusal
from apps.meetings.actions import agenda as agendas
from apps.meetings.actions import agreed, consent, room, session
from apps.meetings.models import AgendaItem, Meeting
from apps.meetings.queries import meetings as queries
from apps.meetings.queries.consent import Confirmation, confirmations_of
from apps.meetings.queries.live import Room, room_of
from apps.meetings.states import MeetingState
from apps.meetings.web import forms

Act = Callable[[Meeting, Person, dict[str, Any], datetime], object]


@require_GET
@signed_in
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """The room. With JavaScript it follows the journal; without, it is loaded anew every few seconds."""
    return room_page(request, queries.visible_meeting(pk, request.user))


@require_GET
@signed_in
def now(request: PersonRequest, pk: int) -> HttpResponse:
    """The part of the room that all see, as this person may see it; what a screen asks for that has no stream."""
    meeting = queries.visible_meeting(pk, request.user)
    found = room_of(meeting, at=timezone.now(), person=request.user)
    with timezone.override(meeting.zone):
        answer = render(request, "meetings/_live.html", {"room": found})
    answer["X-Room-After"] = str(found.after)
    return answer


@require_GET
@signed_in
def mine(request: PersonRequest, pk: int) -> HttpResponse:
    """What this person may do in the room now."""
    meeting = queries.visible_meeting(pk, request.user)
    found = room_of(meeting, at=timezone.now(), person=request.user)
    return render(request, "meetings/_mine.html", _own(request, found))


def _act(form_of: type[Any], act: Act) -> Callable[..., HttpResponseBase]:
    """A POST of one act in the room: back to the room; to htmx, one's own part of it anew."""

    @require_POST
    @signed_in
    def view(request: PersonRequest, pk: int) -> HttpResponse:
        meeting, form = queries.visible_meeting(pk, request.user), form_of(request.POST)
        try:
            if form.is_valid():
                act(meeting, request.user, form.cleaned_data, timezone.now())
                return _after(request, pk)
        except Refusal as refusal:
            form.refuse(refusal)
        return _refused(request, queries.visible_meeting(pk, request.user), form)

    return view


def _after(request: PersonRequest, pk: int) -> HttpResponse:
    if not is_fragment(request):
        return went(request, "meetings:room", pk)
    meeting = queries.visible_meeting(pk, request.user)
    found = room_of(meeting, at=timezone.now(), person=request.user)
    return render(request, "meetings/_mine.html", _own(request, found))


def _refused(request: PersonRequest, meeting: Meeting, form: Any) -> HttpResponse:
    if not is_fragment(request):
        return room_page(request, meeting, refused=form)
    found = room_of(meeting, at=timezone.now(), person=request.user)
    return render(request, "meetings/_mine.html", _own(request, found, refused=form), status=422)


def _vote(meeting: Meeting, voter: Person, said: dict[str, Any], at: datetime) -> None:
    handle = said["seat_of"]
    seat_of = people_named([handle], field="seat_of")[0] if handle else None
    session.cast_ballot(
        meeting_id=meeting.pk, item_id=said["item"], voter=voter, choice=said["choice"], revision=said["revision"],
        reason=said["reason"], conditions=said["conditions"], seat_of=seat_of, at=at,
    )  # fmt: skip


def _confirm(meeting: Meeting, voter: Person, said: dict[str, Any], at: datetime) -> None:
    handle = said["seat_of"]
    seat_of = people_named([handle], field="seat_of")[0] if handle else None
    consent.confirm_consent(meeting_id=meeting.pk, voter=voter, seen=said["seen"], seat_of=seat_of, at=at)


def _agree(meeting: Meeting, member: Person, said: dict[str, Any], at: datetime) -> None:
    (owner,) = people_named([said["owner"]], field="owner")
    agreed.agree_action(
        meeting_id=meeting.pk, member=member, text=said["text"], owner=owner, due_on=said["due_on"],
        item_id=said["item"], at=at,
    )  # fmt: skip


def _desk(meeting: Meeting, chair: Person, said: dict[str, Any], at: datetime) -> None:
    """The chair's desk: one form, its buttons say what is done with the item chosen."""
    asked: dict[str, Any] = {"meeting_id": meeting.pk, "item_id": said["item"], "chair": chair, "at": at}
    if said["act"] == "take":
        room.take_item(**asked)
    elif said["act"] in {"up", "down"}:
        (room.promote_item if said["act"] == "up" else room.demote_item)(**asked)
    else:
        rule = agendas.admit_item if said["act"] == "admit" else agendas.defer_item
        rule(**asked, reason=said["reason"])


vote = _act(forms.RoomBallotForm, _vote)
agree = _act(forms.ActionForm, _agree)
desk = _act(forms.DeskForm, _desk)
confirm_consent = _act(forms.ConfirmForm, _confirm)
move_consent = _act(RefusableForm, lambda one, who, _, at: consent.move_consent(meeting_id=one.pk, chair=who, at=at))
reopen = _act(
    forms.ItemForm,
    lambda one, who, said, at: agendas.reopen_consent(meeting_id=one.pk, item_id=said["item"], member=who, at=at),
)
put_back = _act(RefusableForm, lambda one, who, _, at: room.put_back(meeting_id=one.pk, chair=who, at=at))
join = _act(RefusableForm, lambda one, who, _, at: session.join_room(meeting_id=one.pk, person=who, at=at))
leave = _act(RefusableForm, lambda one, who, _, at: session.leave_room(meeting_id=one.pk, person=who, at=at))
mark = _act(
    forms.MarkForm,
    lambda one, who, said, at: session.mark_attendance(
        meeting_id=one.pk, chair=who, person=said["person"], is_here=said["mark"] == "present", at=at
    ),
)
finish = _act(
    forms.FinishForm,
    lambda one, who, said, at: agreed.finish_action(
        action_item_id=said["action"], person=who, at=at, meeting_id=one.pk
    ),
)


def room_page(request: PersonRequest, meeting: Meeting, *, refused: Any = None) -> HttpResponse:
    """The whole room, with the form that was refused where there is one."""
    found = room_of(meeting, at=timezone.now(), person=request.user)
    context = _own(request, found, refused=refused) | {
        "refreshes": not meeting.is_over and "still" not in request.GET,
        "crumbs": [
            {"label": "Meetings", "url": reverse("meetings:meetings")},
            {"label": meeting.name, "url": meeting.get_absolute_url()},
            {"label": "Room"},
        ],
    }
    status = 422 if refused is not None else 200
    return render(request, "meetings/room.html", context, status=status)


def _own(request: PersonRequest, found: Room, *, refused: Any = None) -> dict[str, Any]:
    """What the person may do: their ballots on the current item, and the chair's desk."""
    meeting, current = found.meeting, found.current
    stay = found.presence.stay_of(request.user.pk)
    part = queries.part_of(request.user, meeting.board_id, at=found.at)
    is_here = stay is not None and stay.left_at is None
    return {
        "room": found,
        "meeting": meeting,
        "is_here": is_here,
        "part": part,
        "leads": part.leads and meeting.state == MeetingState.IN_SESSION,
        "refused": refused,
        "today": found.at.date(),
        "confirmations": _confirmations(request.user, found) if is_here else [],
        **(_ballots(request.user, current, at=found.at) if current else {}),
    }


def _confirmations(person: Person, found: Room) -> list[Confirmation]:
    """The confirmations the person may give now; none before the chair's motion."""
    if found.consent is None or not person.may(Capability.VOTE):
        return []
    return confirmations_of(found.meeting, person, found.agenda.consent, at=found.at)


def _ballots(person: Person, current: AgendaItem, *, at: datetime) -> dict[str, Any]:
    case = dossier(current.change.reference, person, at=at)
    return {"case": case, "ballots": case.open_ballots, "why_no_ballot": why_no_ballot(case, person)}
