"""Boards: who sits there, by which rules they decide, what waits for them, and delegation."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.models import Person, PersonKind
from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.accounts.web.undo import offer_undo
from apps.cab.actions import boards as actions
from apps.cab.models import Board, Change, Delegation, Round, Seat, SeatRole
from apps.cab.queries.named import board_named, boards_visible_to
from apps.cab.states import RoundState
from apps.cab.web.board_forms import BoardForm, DelegationForm, SeatForm
from apps.cab.web.forms import RefusableForm
from apps.cab.web.tables import BOARDS
from apps.journal import queries as journal
from apps.journal.events import words_for
from apps.kernel.answers import went
from apps.kernel.exports import asked, export
from apps.kernel.refusals import NotFound, Refusal

SHOWN = 30


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Every board this person may know of."""
    open_rounds = Count("rounds", filter=Q(rounds__state=RoundState.OPEN), distinct=True)
    seats = Count("seats", filter=Q(seats__term__contains=timezone.now().date()), distinct=True)
    rows = boards_visible_to(request.user).annotate(open_rounds=open_rounds, filled=seats).order_by("kind", "name")
    if kind := asked(request):
        return export(BOARDS, kind, rows)
    return render(request, "cab/boards.html", {"boards": rows, "may_found": request.user.may(Capability.MANAGE_BOARD)})


@require_GET
@signed_in
def show(request: PersonRequest, slug: str) -> HttpResponse:
    """One board."""
    return _page(request, _board(request, slug))


@require_http_methods(["GET", "POST"])
@signed_in
def rules(request: PersonRequest, slug: str) -> HttpResponse:
    """Change the rules for rounds that open from now on."""
    board = _board(request, slug)
    form = BoardForm(request.POST or None, initial=BoardForm.initial_of(board))
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        try:
            actions.change_rules(
                board_id=board.pk, person=request.user, version=data.pop("version"), fields=data, at=timezone.now()
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, board.get_absolute_url())
    return render(request, "cab/board_form.html", {"board": board, "form": form}, status=422 if form.errors else 200)


@require_POST
@signed_in
def seat(request: PersonRequest, slug: str) -> HttpResponse:
    """Fill a seat."""
    board, form = _board(request, slug), SeatForm(request.POST)
    try:
        if form.is_valid():
            actions.fill_seat(board_id=board.pk, appointer=request.user, at=timezone.now(), **form.cleaned_data)
            return went(request, board.get_absolute_url())
    except Refusal as refusal:
        form.refuse(refusal)
    return _page(request, board, seat_form=form)


@require_POST
@signed_in
def end_term(request: PersonRequest, slug: str, seat_id: int) -> HttpResponse:
    """End a term today."""
    board = _board(request, slug)
    found = Seat.objects.filter(board=board, pk=seat_id).first()
    if found is None:
        raise NotFound("There is no such seat on this board.", next_step="Open the board to see its seats.")
    actions.end_term(seat_id=found.pk, person=request.user, last_day=timezone.now().date(), at=timezone.now())
    return went(request, board.get_absolute_url())


@require_POST
@signed_in
def delegate(request: PersonRequest, slug: str) -> HttpResponse:
    """Let somebody cast one's ballots for some days."""
    board, form = _board(request, slug), DelegationForm(request.POST)
    try:
        if form.is_valid():
            actions.delegate_vote(board_id=board.pk, giver=request.user, at=timezone.now(), **form.cleaned_data)
            return went(request, board.get_absolute_url())
    except Refusal as refusal:
        form.refuse(refusal)
    return _page(request, board, delegation_form=form)


@require_POST
@signed_in
def revoke(request: PersonRequest, slug: str, delegation_id: int) -> HttpResponse:
    """End a delegation now; who gave it may give it again by one button, a chair may not in their place."""
    board = _board(request, slug)
    ended = actions.revoke_delegation(delegation_id=delegation_id, person=request.user, at=timezone.now())
    if ended.from_person_id == request.user.pk:
        fields = {
            "taker": ended.to_person.handle,
            "first_day": ended.days.lower.isoformat(),
            "last_day": (ended.days.upper - timedelta(days=1)).isoformat(),
            "reason": ended.reason,
        }
        undoing = reverse("cab:delegate", args=[slug])
        offer_undo(request, f"{ended.to_person} casts your ballots no more.", url=undoing, fields=fields)
    return went(request, board.get_absolute_url())


def _board(request: PersonRequest, slug: str) -> Board:
    return board_named(slug, request.user)


def _page(request: PersonRequest, board: Board, **refused: RefusableForm) -> HttpResponse:
    today = timezone.now().date()
    waiting = Round.objects.filter(
        board=board, state=RoundState.OPEN, change__in=_visible_changes(request)
    ).select_related("change__cluster", "change__requester")
    decided = (
        Round.objects.filter(board=board, change__in=_visible_changes(request))
        .exclude(state=RoundState.OPEN)
        .select_related("change")
    )
    people = Person.objects.filter(kind=PersonKind.HUMAN, is_active=True).order_by("name")
    seats = list(Seat.objects.filter(board=board).select_related("person").order_by("role", "person__name"))
    roles = {seat.role for seat in seats if seat.person_id == request.user.pk and today in seat.term}
    context = {
        "board": board,
        "seats": seats,
        "today": today,
        "delegations": Delegation.objects.filter(board=board, revoked_at__isnull=True, days__endswith__gt=today)
        .select_related("from_person", "to_person")
        .order_by("days"),
        "waiting": waiting.order_by("closes_at")[:SHOWN],
        "decided": decided.order_by("-id")[:SHOWN],
        "people": people[: SHOWN * 10],
        # A form that was refused is shown whoever sent it: the refusal stands on it.
        "leads": SeatRole.CHAIR in roles or request.user.may(Capability.MANAGE_PEOPLE) or "seat_form" in refused,
        "votes": bool(roles - {SeatRole.ADVISER}) or "delegation_form" in refused,
        "timeline": [
            {"at": one.at, "actor": one.actor, "words": words_for(one.event)}
            for one in journal.timeline(board, limit=SHOWN)
        ],
        "seat_form": SeatForm(initial={"first_day": today}),
        "delegation_form": DelegationForm(initial={"first_day": today}),
        **refused,
    }
    return render(request, "cab/board.html", context, status=422 if refused else 200)


def _visible_changes(request: PersonRequest) -> Any:
    return Change.objects.visible_to(request.user)
