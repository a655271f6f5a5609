"""Isolation plans: the list of all integrations between clusters, and the page of one plan with its rehearsals."""

from typing import Any

from django.db.models import Case, Count, IntegerField, Value, When
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.queries import standing
from apps.clusters.rules import is_editor, require_may_edit
from apps.integrations import actions, queries
from apps.integrations.models import Integration, IsolationPlan
from apps.integrations.queries import plans
from apps.integrations.rules import isolation as rules
from apps.integrations.rules.cutoff import LONGEST_S
from apps.integrations.rules.isolation import STANDING_TONES, STANDING_WORDS, Standing
from apps.integrations.rules.reading import span_words
from apps.integrations.web.filters import CoverageFilter
from apps.integrations.web.plan_forms import PlanEndForm, PlanForm, RehearsalForm
from apps.integrations.web.tables import COVERAGE, REHEARSALS
from apps.integrations.web.views.asking import filtered_by
from apps.integrations.web.views.integrations import crumbs
from apps.kernel.answers import went
from apps.kernel.exports import asked, export, listed
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Refusal

ORDER = ("rank", "consumer__name", "interface__name", "pk")
_RANK = Case(
    *(When(standing=one.value, then=Value(rank)) for rank, one in enumerate(Standing)), output_field=IntegerField()
)


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """Every integration between clusters with its plan, the least reliable first."""
    rows = plans.covering(request.user, timezone.now()).annotate(rank=_RANK)
    counted = dict(rows.order_by().values_list("standing").annotate(number=Count("pk")))
    found = filtered_by(CoverageFilter, request, rows)
    if kind := asked(request):
        return export(COVERAGE, kind, found.qs.order_by(*ORDER))
    page = page_by_key(found.qs, order=ORDER, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    context = {
        "page": page,
        "rows": [_row(one) for one in page.rows],
        "filter": found,
        "standings": [(one, STANDING_WORDS[one], counted.get(one.value, 0)) for one in Standing],
        "all": sum(counted.values()),
        "crumbs": crumbs("Isolation plans"),
    }
    return render(request, "integrations/isolation.html", context)


def _row(row: Any) -> dict[str, Any]:
    standing = Standing(row.standing)
    return {
        "integration": row,
        "words": STANDING_WORDS[standing],
        "tone": STANDING_TONES[standing],
        "mode": rules.SHORT[rules.Mode(row.plan.mode)] if row.holds_s is not None else "",
        "holds": rules.holding_words(row.holds_s),
        "must": _must(row.survives_s),
    }


def _must(survives_s: int) -> str:
    return span_words(survives_s) if survives_s else "not at all"


@require_http_methods(["GET", "POST"])
@signed_in
def page(request: PersonRequest, pk: int) -> HttpResponseBase:
    """The plan of one integration; a POST writes it. The form carries the version it was drawn from."""
    integration = queries.visible_integration(pk, request.user)
    if request.method == "GET":
        if kind := asked(request):
            return listed(REHEARSALS, kind, plans.rehearsals_of(integration, limit=1_000))
        return page_of(request, integration)
    require_may_edit(standing(request.user, integration.consumer), of=integration.consumer.name)
    form = PlanForm(request.POST)
    if form.is_valid():
        said = dict(form.cleaned_data)
        version, owner = said.pop("version"), said.pop("owner")
        try:
            actions.plan_isolation(
                integration_id=pk,
                planner=request.user,
                version=version,
                values=said,
                owner=owner,
                at=timezone.now(),
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "integrations:isolation", pk)
    return page_of(request, integration, plan_form=form)


@require_POST
@signed_in
def withdraw(request: PersonRequest, pk: int) -> HttpResponse:
    """Take the plan back, with the reason."""
    integration, form = queries.visible_integration(pk, request.user), PlanEndForm(request.POST)
    if form.is_valid():
        try:
            actions.withdraw_isolation_plan(
                integration_id=pk, withdrawer=request.user, at=timezone.now(), **form.cleaned_data
            )
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "integrations:isolation", pk)
    return page_of(request, integration, end_form=form)


@require_POST
@signed_in
def rehearse(request: PersonRequest, pk: int) -> HttpResponse:
    """Record how a rehearsal went."""
    integration = queries.visible_integration(pk, request.user)
    form = RehearsalForm(request.POST, zone=timezone.get_current_timezone())
    if form.is_valid():
        try:
            actions.record_rehearsal(integration_id=pk, recorder=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "integrations:isolation", pk)
    return page_of(request, integration, rehearsal_form=form)


def page_of(request: PersonRequest, integration: Integration, **refused: Any) -> HttpResponse:
    """The page of a plan, with the form that was refused, if one was."""
    plan, now = plans.plan_of(integration), timezone.now()
    row = plans.planned(queries.integrations_seen_by(request.user).filter(pk=integration.pk), now).get()
    facts = plans.covered(row)
    said = facts.standing(now)
    form = next(iter(refused.values()), None)
    zone = timezone.get_current_timezone()
    version = {"version": plan.version if plan else 0}
    begun = {name: getattr(plan, name) for name in rules.FIELDS} | {"owner": plan.owner.handle} if plan else {}
    context = {
        "integration": integration,
        "plan": plan,
        "mode_words": plan.get_mode_display() if plan else "",
        "facts": facts,
        "holds": rules.holding_words(facts.holds_s),
        "must": _must(integration.survives_s),
        "catching_up": _catching_up(plan) if plan and plan.mode == rules.Mode.QUEUE else "",
        "standing": STANDING_WORDS[said],
        "tone": STANDING_TONES[said],
        "rehearsals": [
            (one, "approve" if one.outcome == rules.Rehearsed.HELD else "danger", span_words(one.held_s))
            for one in plans.rehearsals_of(integration)
        ],
        "may_edit": is_editor(standing(request.user, integration.consumer)),
        "crumbs": [
            {"label": "Integrations", "url": reverse("integrations:integrations")},
            {"label": str(integration), "url": integration.get_absolute_url()},
            {"label": "Isolation"},
        ],
        "plan_form": PlanForm(initial=begun | version),
        "end_form": PlanEndForm(),
        "rehearsal_form": RehearsalForm(zone=zone, initial=version | {"rehearsed_at": timezone.localtime(now)}),
        **refused,
    }
    return render(request, "integrations/plan.html", context, status=form.answer_status() if form else 200)


def _catching_up(plan: IsolationPlan) -> str:
    assert plan.backlog is not None
    assert plan.drain_per_s is not None
    rate = plan.integration.rate_per_s
    if plan.drain_per_s <= rate:  # the needs have changed since
        return "no time: as much arrives as is sent"
    waited = min(plan.holding_s, LONGEST_S)
    return span_words(
        rules.catching_up_s(waited_s=waited, backlog=plan.backlog, rate_per_s=rate, drain_per_s=plan.drain_per_s)
    )
