"""Sampling of automatic approvals: settings, periods with their draw, the comparison of a board, reviews."""

from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.actions import sampling as actions
from apps.cab.models import Board, SampledReview, SamplingPeriod
from apps.cab.queries import sampling as queries
from apps.cab.queries.boards import has_voting_seat
from apps.cab.queries.programme import Scope
from apps.cab.queries.whole import find
from apps.cab.rules.sampling import commitment
from apps.cab.states import SampledReviewState
from apps.cab.web.programme import tabs
from apps.cab.web.sampling_forms import AdditionForm, SettingForm, VerdictForm
from apps.cab.web.sampling_told import figures_of
from apps.kernel.answers import went
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import NotFound, Refusal

SHOWN = 10


@require_http_methods(["GET", "POST"])
@signed_in
def overview(request: PersonRequest) -> HttpResponse:
    """Every board with its setting and its period; a POST sets what counts where a board has no setting of its own."""
    form = _setting_form(request, None)
    if request.method == "POST" and _is_set(request, form, None):
        return went(request, "cab:sampling")
    context = {
        "rows": queries.overview(request.user),
        "form": form,
        "may_set": queries.may_set(request.user, None, at=timezone.now()),
        "tabs": tabs("cab:sampling"),
    }
    return render(request, "cab/sampling.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@signed_in
def of_board(request: PersonRequest, slug: str) -> HttpResponse:
    """One board: the reviewed beside the others, what waits, its periods; a POST sets its own setting."""
    board = queries.sampled_board(slug, request.user)
    form = SettingForm(request.POST) if request.method == "POST" else None
    if form and _is_set(request, form, board):
        return went(request, reverse("cab:board-sampling", args=[board.slug]))
    return _board_page(request, board, form=form)


@require_POST
@signed_in
def add(request: PersonRequest, slug: str) -> HttpResponse:
    """Have the board look back at a change that the draw did not choose."""
    board, form = queries.sampled_board(slug, request.user), AdditionForm(request.POST)
    try:
        if form.is_valid():
            change = find(form.cleaned_data["reference"], request.user)
            reason = form.cleaned_data["reason"]
            review = actions.add_by_hand(
                change_id=change.pk, board=board, adder=request.user, reason=reason, at=timezone.now()
            )
            return went(request, review.get_absolute_url())
    except Refusal as refusal:
        form.refuse(refusal)
    return _board_page(request, board, add_form=form)


@require_GET
@signed_in
def rows(request: PersonRequest, slug: str) -> HttpResponse:
    """The changes behind one figure of a board; with `since`, those of the scope that the metrics page asks for."""
    board, which = queries.sampled_board(slug, request.user), request.GET.get("which", "candidates")
    found = queries.rows_behind(board, which, request.user).in_lists()
    scope = None
    if "since" in request.GET:
        scope = Scope.from_address(request.GET.dict(), today=timezone.now().date())
        found = found.filter(queries.within(scope))
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = page_by_key(found, order=("-number",), after=after, before=before)
    crumbs = [*_crumbs(board), {"label": queries.TITLES[which]}]
    context = {"board": board, "title": queries.TITLES[which], "page": page, "scope": scope, "crumbs": crumbs}
    return render(request, "cab/sampling_rows.html", context)


@require_GET
@signed_in
def period(request: PersonRequest, pk: int) -> HttpResponse:
    """One period: what was promised, what was told, and every approval with its digest, so that anybody can check."""
    rows = SamplingPeriod.objects.visible_to(request.user).select_related("board", "setting__set_by")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such period that you may see.", next_step="Open the list of sampled boards.")
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = page_by_key(queries.approvals_told_to(found, request.user), order=("rank",), after=after, before=before)
    context = {
        "period": found,
        "page": page,
        "is_kept": bool(found.seed) and commitment(found.seed) == found.commitment,
        "crumbs": [*_crumbs(found.board), {"label": f"Period {found.pk}"}],
    }
    return render(request, "cab/sampling_period.html", context)


@require_GET
@signed_in
def reviews(request: PersonRequest) -> HttpResponse:
    """Reviews of every board this person may know of, those that wait unless others are asked for."""
    state = request.GET.get("state", SampledReviewState.DRAWN)
    found = SampledReview.objects.visible_to(request.user).with_all()
    found = found.filter(state=state) if state in set(SampledReviewState) else found
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    context = {
        "page": page_by_key(found, order=("-pk",), after=after, before=before),
        "state": state,
        "states": [*((s, s) for s in SampledReviewState), ("any", "any")],
        "now": timezone.now(),
        "crumbs": [{"label": "Sampling", "url": reverse("cab:sampling")}, {"label": "Reviews"}],
    }
    return render(request, "cab/sampled_reviews.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def review(request: PersonRequest, pk: int) -> HttpResponse:
    """One review; a POST gives the verdict."""
    found = _review(request, pk)
    form = VerdictForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.review_sample(review_id=pk, reviewer=request.user, at=timezone.now(), **form.cleaned_data)
            return went(request, found.get_absolute_url())
        except Refusal as refusal:
            form.refuse(refusal)
    now = timezone.now()
    context = {
        "review": found,
        "handover": found.candidate.handover if found.candidate else None,
        "may_review": queries.reviews_waiting_for(request.user, at=now).filter(pk=pk).exists(),
        "is_late": found.state == SampledReviewState.DRAWN and found.due_at <= now,
        "form": form,
        "crumbs": [*_crumbs(found.board), {"label": f"Review of {found.change.reference}"}],
    }
    return render(request, "cab/sampled_review.html", context, status=422 if form.errors else 200)


def _review(request: PersonRequest, pk: int) -> SampledReview:
    rows = SampledReview.objects.visible_to(request.user).with_all().select_related("candidate__handover")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such review that you may see.", next_step="Open the list of reviews.")
    return found


def _setting_form(request: PersonRequest, board: Board | None) -> SettingForm:
    """The form as it came; a new one begins with the setting that counts."""
    if request.method == "POST":
        return SettingForm(request.POST)
    return SettingForm(initial=SettingForm.initial_of(queries.setting_of(board), board_id=board.pk if board else None))


def _is_set(request: PersonRequest, form: SettingForm, board: Board | None) -> bool:
    try:
        if form.is_valid():
            actions.set_sampling(setter=request.user, board=board, at=timezone.now(), **form.cleaned_data)
            return True
    except Refusal as refusal:
        form.refuse(refusal)
    return False


def _board_page(
    request: PersonRequest, board: Board, *, form: SettingForm | None = None, add_form: AdditionForm | None = None
) -> HttpResponse:
    now, person = timezone.now(), request.user
    (told, counts), setting = queries.comparison(board, person), queries.setting_of(board)
    waiting = SampledReview.objects.visible_to(person).filter(board=board, state=SampledReviewState.DRAWN)
    refused = bool((form and form.errors) or (add_form and add_form.errors))
    context: dict[str, Any] = {
        "board": board,
        "told": told,
        **figures_of(told, counts, board),
        "setting": setting,
        "waiting": waiting.with_all().order_by("due_at", "pk")[:SHOWN],
        "periods": board.sampling_periods.select_related("setting").order_by("-pk")[:SHOWN],
        "may_set": queries.may_set(person, board, at=now),
        "may_add": has_voting_seat(person, board.pk, on=now.date()),
        "form": form or SettingForm(initial=SettingForm.initial_of(setting, board_id=board.pk)),
        "add_form": add_form or AdditionForm(),
        "now": now,
        "crumbs": _crumbs(board),
    }
    return render(request, "cab/board_sampling.html", context, status=422 if refused else 200)


def _crumbs(board: Board) -> list[dict[str, str]]:
    address = reverse("cab:board-sampling", args=[board.slug])
    return [{"label": "Sampling", "url": reverse("cab:sampling")}, {"label": str(board), "url": address}]
