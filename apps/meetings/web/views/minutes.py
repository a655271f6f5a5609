"""The minutes of a meeting: reading, writing, publishing and adding to them."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.web.forms import RefusableForm
from apps.clusters.web.margin import margin
from apps.kernel.answers import went
from apps.kernel.printing import pdf_answer
from apps.kernel.refusals import NotAllowed, Refusal
from apps.meetings.actions import minutes as actions
from apps.meetings.models import Meeting, Minutes
from apps.meetings.queries.meetings import part_of, visible_meeting
from apps.meetings.queries.minutes import Part, Reading, readable_minutes, reading
from apps.meetings.rules.authority import require_writes
from apps.meetings.web.forms import AddendumForm, MinutesForm, VersionForm


@require_GET
@signed_in
def page(request: PersonRequest, pk: int) -> HttpResponse:
    """The minutes: a draft for the board, the published record for everyone who may know of the board."""
    _, minutes = _readable(request, pk)
    return _page(request, minutes)


@require_GET
@signed_in
def pdf(request: PersonRequest, pk: int) -> HttpResponse:
    """The same record as a PDF, with the seal's digest on each page; of a draft it says so."""
    meeting, minutes = _readable(request, pk)
    context = {"meeting": meeting, "minutes": minutes, "found": reading(minutes, request.user)}
    name = f"minutes-{meeting.board.slug}-{meeting.start_at:%Y-%m-%d}"
    return pdf_answer(request, "meetings/minutes_pdf.html", context | {"digest": minutes.digest}, name=name)


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: PersonRequest, pk: int) -> HttpResponse:
    """Write the prose of the sections; the facts beside it come from the journal and stay."""
    meeting, minutes = _readable(request, pk)
    part = part_of(request.user, meeting.board_id, at=timezone.now())
    require_writes(part, board=meeting.board.name, to="edit its minutes")
    if minutes.is_published:
        raise NotAllowed("The minutes are published and stay as they are.", next_step="Write an addendum instead.")
    found = reading(minutes, request.user)
    form = MinutesForm(data=request.POST or None, parts=found.parts, version=minutes.version)
    try:
        if request.method == "POST" and form.is_valid():
            actions.edit_minutes(
                meeting_id=pk,
                writer=request.user,
                version=form.cleaned_data["version"],
                prose=form.prose(),
                at=timezone.now(),
            )
            return went(request, minutes.get_absolute_url())
    except Refusal as refusal:
        form.refuse(refusal)
    context = {"minutes": minutes, "meeting": meeting, "form": form, "crumbs": _crumbs(meeting, minutes)}
    context |= {"written": _beside(form, found.parts), "found": found}
    return render(request, "meetings/minutes_form.html", context, status=form.answer_status())


@require_POST
@signed_in
def publish(request: PersonRequest, pk: int) -> HttpResponse:
    """Publish the version that was read."""
    _, minutes = _readable(request, pk)
    form = VersionForm(request.POST)
    try:
        if form.is_valid():
            version = form.cleaned_data["version"]
            actions.publish_minutes(meeting_id=pk, publisher=request.user, version=version, at=timezone.now())
            return went(request, minutes.get_absolute_url())
    except Refusal as refusal:
        form.refuse(refusal)
    return _page(request, minutes, refused=form)


@require_POST
@signed_in
def add(request: PersonRequest, pk: int) -> HttpResponse:
    """Write an addendum."""
    _, minutes = _readable(request, pk)
    form = AddendumForm(data=request.POST, parts=reading(minutes, request.user).parts)
    try:
        if form.is_valid():
            actions.add_addendum(meeting_id=pk, author=request.user, at=timezone.now(), **form.cleaned_data)
            return went(request, f"{minutes.get_absolute_url()}#addenda-heading")
    except Refusal as refusal:
        form.refuse(refusal)
    return _page(request, minutes, addendum=form)


def _readable(request: PersonRequest, pk: int) -> tuple[Meeting, Minutes]:
    meeting = visible_meeting(pk, request.user)
    return meeting, readable_minutes(meeting, request.user, at=timezone.now())


def _page(
    request: PersonRequest,
    minutes: Minutes,
    *,
    refused: VersionForm | None = None,
    addendum: AddendumForm | None = None,
) -> HttpResponse:
    found, meeting = reading(minutes, request.user), minutes.meeting
    part = part_of(request.user, meeting.board_id, at=timezone.now())
    context = {
        "found": found,
        "minutes": minutes,
        "meeting": meeting,
        "wrote": _wrote(found, request.user.pk),
        "may_edit": part.writes and not minutes.is_published,
        "may_publish": part.leads and not minutes.is_published,
        "may_add": part.writes and minutes.is_published,
        "refused": refused,
        "form": addendum or AddendumForm(parts=found.parts),
        "entries": margin(found.history),
        "crumbs": [*_crumbs(meeting, minutes)[:-1], {"label": "Minutes"}],
    }
    sent: RefusableForm | None = refused or addendum
    status = sent.answer_status() if sent is not None else 200
    return render(request, "meetings/minutes.html", context, status=status)


def _wrote(found: Reading, person_id: int) -> bool:
    return any(one.section.author_id == person_id for one in found.parts)


def _beside(form: MinutesForm, parts: Sequence[Part]) -> list[tuple[Part, Any]]:
    """Each section with the field of its prose."""
    return [(one, form[form.name_of(one)]) for one in parts]


def _crumbs(meeting: Meeting, minutes: Minutes) -> list[dict[str, str]]:
    return [
        {"label": "Meetings", "url": reverse("meetings:meetings")},
        {"label": meeting.name, "url": meeting.get_absolute_url()},
        {"label": "Minutes", "url": minutes.get_absolute_url()},
    ]
