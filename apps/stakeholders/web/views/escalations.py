"""Escalated cases: the list, one case with its ladder and clock, and every act on it."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.models import Cluster
from apps.clusters.queries import owning_people
from apps.journal.queries import timeline
from apps.kernel.answers import went
from apps.kernel.exports import asked, export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import NotAllowed, Refusal
from apps.stakeholders.actions import escalations as actions
from apps.stakeholders.models import EscalationCase
from apps.stakeholders.queries import escalations as queries
from apps.stakeholders.rules import escalation as rules
from apps.stakeholders.states import UNFINISHED_CASES, CaseState
from apps.stakeholders.web.escalation_forms import (
    CaseForm,
    PositionForm,
    ResolutionForm,
    SignForm,
    TakeForm,
    WhyForm,
)
from apps.stakeholders.web.escalation_tables import CASES
from apps.stakeholders.web.ladder import agreed, payoffs_of, rungs, time_left
from apps.stakeholders.web.margin import lines


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Cases the person may know of, the newest first; those that wait for them above."""
    which = request.GET.get("which", "open")
    rows = queries.cases_seen_by(request.user)
    if which == "open":
        rows = rows.filter(state__in=UNFINISHED_CASES)
    elif which == "over":
        rows = rows.exclude(state__in=UNFINISHED_CASES)
    if kind := asked(request):
        return export(CASES, kind, rows.order_by("-pk"))
    page = page_by_key(rows, order=("-pk",), after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    context = {
        "page": page,
        "which": which,
        "waiting": queries.waiting_for(request.user),
        "may_open": _may_open(request),
    }
    return render(request, "stakeholders/escalations.html", context)


@require_http_methods(["GET", "POST"])
@signed_in
def open_one(request: PersonRequest) -> HttpResponse:
    """Bring a conflict up."""
    if not _may_open(request):
        raise NotAllowed(
            "Only owners of clusters, board chairs and programme managers open a case.",
            next_step="Ask an owner named on the cluster’s page.",
        )
    form = CaseForm(request.POST or None, person=request.user)
    if request.method == "POST" and form.is_valid():
        try:
            case = actions.open_case(opener=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:case", case.number)
    context = {
        "form": form,
        "title": "Open a case",
        "back": reverse("stakeholders:escalations"),
        "crumbs": _crumbs("Open a case"),
    }
    return render(request, "stakeholders/form.html", context, status=form.answer_status())


@require_GET
@signed_in
def page(request: PersonRequest, number: int) -> HttpResponse:
    """One case: where it stands on its ladder, how long it has, what was agreed."""
    return _page(request, queries.visible_case(number, request.user))


@require_POST
@signed_in
def acknowledge(request: PersonRequest, number: int) -> HttpResponse:
    """Take it: the clock stops."""
    return _acted(request, number, "take_form", TakeForm(request.POST), actions.acknowledge)


@require_POST
@signed_in
def release(request: PersonRequest, number: int) -> HttpResponse:
    """Give it back."""
    return _acted(request, number, "release_form", WhyForm(request.POST), actions.release)


@require_POST
@signed_in
def withdraw(request: PersonRequest, number: int) -> HttpResponse:
    """End it without a resolution."""
    return _acted(request, number, "end_form", WhyForm(request.POST), actions.withdraw_case)


@require_POST
@signed_in
def refuse(request: PersonRequest, number: int) -> HttpResponse:
    """Say no to a resolution, for one's party."""
    return _acted(request, number, "refuse_form", WhyForm(request.POST), actions.refuse_resolution)


@require_POST
@signed_in
def state(request: PersonRequest, number: int) -> HttpResponse:
    """Say what it is worth to one's party."""
    return _acted(request, number, "position_form", PositionForm(request.POST), actions.state_position)


@require_POST
@signed_in
def sign(request: PersonRequest, number: int) -> HttpResponse:
    """Sign a resolution for one's party."""

    def act(*, person: Any, **said: Any) -> Any:
        return actions.sign_resolution(signer=person, **said)

    return _acted(request, number, "sign_form", SignForm(request.POST), act)


@require_POST
@signed_in
def resolve(request: PersonRequest, number: int) -> HttpResponse:
    """Put forward what ends it."""
    case = queries.visible_case(number, request.user)
    form = ResolutionForm(request.POST, parties=case.parties.all())
    return _acted(request, number, "resolution_form", form, actions.propose_resolution, values=form.said)


def _acted(
    request: PersonRequest,
    number: int,
    name: str,
    form: Any,
    act: Callable[..., Any],
    *,
    values: Callable[[], dict[str, Any]] | None = None,
) -> HttpResponse:
    case = queries.visible_case(number, request.user)
    if form.is_valid():
        said = values() if values else form.cleaned_data
        try:
            act(case_id=case.pk, person=request.user, at=timezone.now(), **said)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:case", number)
    return _page(request, queries.visible_case(number, request.user), **{name: form})


def _page(request: PersonRequest, case: EscalationCase, **refused: Any) -> HttpResponse:
    who = queries.standing_of(request.user, case)
    version = case.version_of
    steps = queries.steps_of(version)
    decides = rules.may_decide(who, first=rules.deciding_from(steps, case.step), current=case.step)
    resolutions = list(case.resolutions.all())
    standing = resolutions[0] if resolutions and case.state == CaseState.SETTLING else None
    signed = {one.party_id for one in standing.signatures.all()} if standing else set()
    mine = queries.parties_signed_for_by(request.user, case)
    to_sign = [one for one in mine if one.pk not in signed] if standing else []
    is_over, form = case.ended_at is not None, next(iter(refused.values()), None)
    context = {
        "case": case,
        "rungs": rungs(case, timezone.now()),
        "left": time_left(case, timezone.now()),
        "is_party": who.is_party,
        "may_take": decides and case.state in {CaseState.OPEN, CaseState.EXHAUSTED},
        "may_release": case.state == CaseState.ACKNOWLEDGED and case.acknowledged_by_id == request.user.pk,
        "may_resolve": decides and case.state in {CaseState.OPEN, CaseState.ACKNOWLEDGED, CaseState.EXHAUSTED},
        "may_withdraw": not is_over and (who.opened_it or (who.administers and not who.is_party)),
        "resolutions": [agreed(one, case) for one in resolutions],
        "standing": standing,
        "to_sign": [(one, SignForm(initial={"party_id": one.pk, "digest": standing.digest})) for one in to_sign]
        if standing
        else [],
        "may_refuse": bool(standing and mine),
        "payoffs": payoffs_of(case),
        "positions": [] if is_over else [(one, PositionForm(initial={"party_id": one.pk})) for one in mine],
        "take_form": TakeForm(initial={"step": case.step}),
        "release_form": WhyForm(),
        "resolution_form": ResolutionForm(parties=case.parties.all()),
        "refuse_form": WhyForm(),
        "end_form": WhyForm(),
        "entries": lines(timeline(case, limit=40)),
        "crumbs": _crumbs(case.reference),
        "refused": form,
        **refused,
    }
    return render(request, "stakeholders/case.html", context, status=form.answer_status() if form else 200)


def _may_open(request: PersonRequest) -> bool:
    held = request.user.capabilities
    if rules.may_open(held, owns_one=False):
        return True
    clusters = Cluster.objects.visible_to(request.user).values_list("pk", flat=True)
    return rules.may_open(held, owns_one=owning_people(clusters).filter(pk=request.user.pk).exists())


def _crumbs(label: str) -> list[dict[str, str]]:
    return [{"label": "Escalations", "url": reverse("stakeholders:escalations")}, {"label": label}]
