"""The map of an initiative: its grid, assessments, coalition, and the engagement plan."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.kernel.answers import went
from apps.kernel.exports import asked, listed
from apps.kernel.refusals import Refusal
from apps.stakeholders import actions
from apps.stakeholders.models import Stakeholder
from apps.stakeholders.queries import engagements, initiatives, maps
from apps.stakeholders.queries.people import edges_among, known_stakeholder
from apps.stakeholders.rules import power as rules
from apps.stakeholders.web.forms import (
    SWAY_WORDS,
    AssessForm,
    ConversationForm,
    DropForm,
    EngagementForm,
    InvolveForm,
    MoveForm,
)
from apps.stakeholders.web.grid import drawn
from apps.stakeholders.web.tables import MAP
from apps.stakeholders.web.views.initiatives import frame

MOST_ASSESSMENTS = 50  # on one page; the API tells all


@require_GET
@signed_in
def page(request: PersonRequest, pk: int) -> HttpResponseBase:
    """Where everyone stands, as a grid and as a table."""
    if kind := asked(request):
        row = initiatives.visible_initiative(pk, request.user)
        return listed(MAP, kind, maps.map_of(row, request.user, day=timezone.now().date()))
    return _map(request, pk)


@require_POST
@signed_in
def assess(request: PersonRequest, pk: int) -> HttpResponse:
    """Judge a stakeholder anew."""
    form = AssessForm(request.POST, initiative=initiatives.visible_initiative(pk, request.user))

    def act(said: dict[str, Any]) -> None:
        marks = {name: said[name] for name in ("power", "interest", "urgency", "legitimacy", "stance")}
        actions.assess(
            initiative_id=pk,
            stakeholder=said["stakeholder"],
            assessor=request.user,
            marks=marks,
            evidence=said["evidence"],
            at=timezone.now(),
        )

    return _done(request, form, act, "stakeholders:map", pk) or _map(request, pk, assess_form=form)


@require_POST
@signed_in
def move(request: PersonRequest, pk: int) -> HttpResponse:
    """Move a stakeholder on the grid: one more assessment. Power moves within the part that is felt."""
    row, form = initiatives.visible_initiative(pk, request.user), MoveForm(request.POST)

    def act(said: dict[str, Any]) -> None:
        spots = maps.map_of(row, request.user, day=timezone.now().date())
        here = next((one for one in spots if one.stakeholder.pk == said["stakeholder"].pk), None)
        computed = here.power.computed if here else 0.0
        marks = {"interest": said["interest"]}
        if here is None or said["total"] != round(here.power.total):
            marks["power"] = rules.felt_for(said["total"], computed=computed)
        actions.assess(
            initiative_id=pk,
            stakeholder=said["stakeholder"],
            assessor=request.user,
            marks=marks,
            evidence=said["evidence"],
            at=timezone.now(),
        )

    return _done(request, form, act, "stakeholders:map", pk) or _map(request, pk, move_form=form)


@require_POST
@signed_in
def release(request: PersonRequest, pk: int, stakeholder_id: int) -> HttpResponse:
    """Take a stakeholder off the map."""
    actions.release(
        initiative_id=pk, stakeholder=known_stakeholder(stakeholder_id), keeper=request.user, at=timezone.now()
    )
    return went(request, "stakeholders:map", pk)


@require_GET
@signed_in
def coalition(request: PersonRequest, pk: int) -> HttpResponse:
    """The fewest people who together may say yes to all of it."""
    row = initiatives.visible_initiative(pk, request.user)
    with_vetoers = request.GET.get("vetoers") == "1"
    found = maps.coalition_for(row, request.user, day=timezone.now().date(), with_vetoers=with_vetoers)
    context = {**frame(request, row, "coalition"), "found": found, "with_vetoers": with_vetoers}
    return render(request, "stakeholders/coalition.html", context)


@require_GET
@signed_in
def plan(request: PersonRequest, pk: int) -> HttpResponse:
    """Whom to speak to, by when; and what was said."""
    return _plan(request, pk)


@require_POST
@signed_in
def engage(request: PersonRequest, pk: int) -> HttpResponse:
    """Plan that somebody speaks to a stakeholder."""
    form = EngagementForm(request.POST)

    def act(said: dict[str, Any]) -> None:
        actions.plan_engagement(initiative_id=pk, planner=request.user, at=timezone.now(), **said)

    return _done(request, form, act, "stakeholders:plan", pk) or _plan(request, pk, engage_form=form)


@require_POST
@signed_in
def drop(request: PersonRequest, pk: int) -> HttpResponse:
    """Drop an entry of the plan."""
    form = DropForm(request.POST)

    def act(said: dict[str, Any]) -> None:
        actions.drop_engagement(
            initiative_id=pk,
            engagement_id=said["engagement"],
            reason=said["reason"],
            keeper=request.user,
            at=timezone.now(),
        )

    return _done(request, form, act, "stakeholders:plan", pk) or _plan(request, pk, drop_form=form)


@require_POST
@signed_in
def log(request: PersonRequest, pk: int) -> HttpResponse:
    """Write down what was said."""
    form = ConversationForm(request.POST)

    def act(said: dict[str, Any]) -> None:
        actions.log_conversation(
            initiative_id=pk, keeper=request.user, at=timezone.now(), engagement_id=said.pop("engagement"), **said
        )

    return _done(request, form, act, "stakeholders:plan", pk) or _plan(request, pk, log_form=form)


def _done(
    request: PersonRequest, form: Any, act: Callable[[dict[str, Any]], None], to: str, pk: int
) -> HttpResponse | None:
    """Act and go on; None where the form does not fit or the action refuses: then the form says why."""
    if form.is_valid():
        try:
            act(dict(form.cleaned_data))
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, to, pk)
    return None


def _map(request: PersonRequest, pk: int, **refused: Any) -> HttpResponse:
    row = initiatives.visible_initiative(pk, request.user)
    spots = maps.map_of(row, request.user, day=timezone.now().date())
    names = {one.stakeholder.pk: one.stakeholder for one in spots}
    form = next(iter(refused.values()), None)
    context = {
        **frame(request, row, "map"),
        "spots": spots,
        "grid": drawn(spots, power_cut=row.power_cut, interest_cut=row.interest_cut),
        "lines": [
            (names[source], SWAY_WORDS[kind], names[target], weight)  # type: ignore[index]  # a Sway is its word
            for source, target, kind, weight in edges_among(names)
        ],
        "assessments": maps.assessments_of(row).order_by("-assessed_at", "-pk")[:MOST_ASSESSMENTS],
        "assess_form": AssessForm(initiative=row, initial=_first(request, spots)),
        "involve_form": InvolveForm(),
        "move_form": MoveForm(),
        "refused": form,
        **refused,
    }
    return render(request, "stakeholders/map.html", context, status=form.answer_status() if form else 200)


def _first(request: PersonRequest, spots: list[maps.Spot]) -> dict[str, Any]:
    """What the form for an assessment begins with: the newest marks of who was asked for (`?who=`)."""
    who = request.GET.get("who", "")
    here = next((one for one in spots if str(one.stakeholder.pk) == who), None)
    if here is None:
        return {"power": 50, "interest": 50, "urgency": 50, "legitimacy": 50, "stance": 0}
    marks = {name: getattr(here.newest, name, 50) for name in ("power", "interest", "urgency", "legitimacy")}
    return {"stakeholder": here.stakeholder, "stance": getattr(here.newest, "stance", 0), **marks}


def _plan(request: PersonRequest, pk: int, **refused: Any) -> HttpResponse:
    row = initiatives.visible_initiative(pk, request.user)
    today, form = timezone.now().date(), next(iter(refused.values()), None)
    who = Stakeholder.objects.filter(pk=_number(request.GET.get("who", ""))).first()
    wanted = initiatives.wants(row, request.user, day=today)
    context = {
        **frame(request, row, "plan"),
        "plan": list(engagements.plan_of(row)[:500]),
        "conversations": list(engagements.conversations_of(row)[:200]),
        "unspoken": initiatives.not_spoken_to(wanted),
        "today": today,
        "engage_form": EngagementForm(initial={"stakeholder": who, "owner": request.user.handle}),
        "log_form": ConversationForm(initial={"stakeholder": who, "held_on": today}),
        "refused": form,
        **refused,
    }
    return render(request, "stakeholders/plan.html", context, status=form.answer_status() if form else 200)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0  # noqa: PLR2004  # fits bigint
