"""Replays of policies: begin one, watch it, read its figures and the changes behind each, stop it."""

from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.cab.actions import replays as actions
from apps.cab.models import Replay
from apps.cab.models.replays import Course
from apps.cab.queries import replays as queries
from apps.cab.rules.replays import Line
from apps.cab.web.replay_form import minutes_from, number
from apps.cab.web.tables import REPLAYED
from apps.kernel.answers import is_fragment, went
from apps.kernel.exports import asked, export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import NotFound, Refusal
from apps.policies.queries import may_write, policy_named


@require_POST
@signed_in
def begin(request: PersonRequest, slug: str, number: int) -> HttpResponse:
    """Begin a replay of a version."""
    policy = policy_named(slug, request.user)
    version = policy.versions.filter(number=number).first()
    if version is None:
        raise NotFound(f"{policy} has no version {number}.", next_step="Open the policy to see its versions.")
    replay = actions.begin_replay(
        version_id=version.pk,
        starter=request.user,
        months=_months(request),
        minutes=minutes_from(request.POST.dict()),
        at=timezone.now(),
    )
    return went(request, replay.get_absolute_url())


@require_GET
@signed_in
def show(request: PersonRequest, replay_id: int) -> HttpResponse:
    """One replay: how far it is, and what it found so far; a fragment for the page that looks again by itself."""
    return _page(request, queries.replay_shown_to(request.user, replay_id))


@require_GET
@signed_in
def rows(request: PersonRequest, replay_id: int) -> HttpResponseBase:
    """The changes behind one figure."""
    replay, which = queries.replay_shown_to(request.user, replay_id), request.GET.get("which", "all")
    found = queries.rows_behind(replay, which, request.user)
    if kind := asked(request):
        return export(REPLAYED, kind, found.order_by("-pk"))
    page = page_by_key(found, order=("-pk",), after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    context = {"replay": replay, "title": queries.WHICH[which][0], "which": which, "page": page}
    return render(request, "cab/replay_rows.html", context)


@require_POST
@signed_in
def cancel(request: PersonRequest, replay_id: int) -> HttpResponse:
    """Stop a replay."""
    replay = queries.replay_shown_to(request.user, replay_id)
    try:
        actions.cancel_replay(replay_id=replay.pk, person=request.user, at=timezone.now())
    except Refusal as refusal:
        return _page(request, replay, refusal=refusal)
    return went(request, replay.get_absolute_url())


def _page(request: PersonRequest, replay: Replay, *, refusal: Refusal | None = None) -> HttpResponse:
    tally = queries.tally_of(replay)
    context = {
        "replay": replay,
        "tally": tally,
        "lines": [_told(line) for line in tally.lines],
        "hours": f"{abs(tally.minutes_spent) / 60:,.1f}",
        "may_stop": not replay.is_over and may_write(request.user, replay.version.policy.cluster),
        "refusal": refusal,
    }
    template = "cab/_replay.html" if is_fragment(request) else "cab/replay.html"
    return render(request, template, context, status=refusal.status if refusal else 200)


def _told(line: Line) -> dict[str, Any]:
    return {
        "line": line,
        "label": str(Course(line.course).label),
        "difference": f"{line.drafted - line.governed:+,}" if line.drafted != line.governed else "0",
        "minutes": f"{line.drafted_minutes - line.governed_minutes:+,}" if line.minutes else "–",
    }


def _months(request: PersonRequest) -> int:
    return number(request.POST.get("months", "").strip())
