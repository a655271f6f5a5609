"""Silos: the grid of clusters, one pair with what it comes from, the questionnaire, hand-offs, and what is done."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.rules import Capability
from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.models import Cluster
from apps.clusters.queries import visible_cluster
from apps.clusters.rules.parts import Standing
from apps.kernel.answers import is_fragment, went
from apps.kernel.exports import asked, export
from apps.kernel.paging import page_by_key
from apps.kernel.refusals import Refusal
from apps.stakeholders.actions import silo_runs as runs
from apps.stakeholders.actions import silo_survey as survey
from apps.stakeholders.actions import silos as actions
from apps.stakeholders.models import Initiative, SiloAssessment
from apps.stakeholders.queries import silos as queries
from apps.stakeholders.queries.required_links import current_links, links_between, missing_pairs, tally_of
from apps.stakeholders.rules.silo_survey import MARKS, QUESTIONS, require_board
from apps.stakeholders.rules.silo_words import ROW_WORDS, changed_since
from apps.stakeholders.rules.silos import FORMULAS, SOURCES, WORDS, Silo
from apps.stakeholders.web.silo_forms import (
    AnswerForm,
    HandOffForm,
    MoveActionForm,
    ReasonForm,
    RoundForm,
    SiloActionForm,
    WeightsForm,
)
from apps.stakeholders.web.silo_tables import SILO_ACTIONS, SILOS
from apps.stakeholders.web.views.required_links import told as told_links

MOST_LISTED = 200  # pairs on the page; the file and the API tell all
GOVERNS = frozenset({Capability.MANAGE_BOARD, Capability.MANAGE_CLUSTER})


@require_GET
@signed_in
def listing(request: PersonRequest) -> HttpResponseBase:
    """How far clusters work apart: the grid, every pair, every cluster."""
    run = queries.result_numbered(request.GET.get("run", ""))
    if run and (kind := asked(request)):
        return export(SILOS, kind, queries.assessments_of(run, request.user).order_by("first__name", "second__name"))
    return _listing(request)


@require_POST
@signed_in
def assess(request: PersonRequest) -> HttpResponse:
    """Ask for an assessment of every pair; its page tells how far it is."""
    run = runs.begin_silo_run(assessor=request.user, at=timezone.now())
    return went(request, run.get_absolute_url())


@require_GET
@signed_in
def run(request: PersonRequest, number: int) -> HttpResponse:
    """One run: how far it is; a fragment for the page that looks again by itself."""
    found = queries.run_numbered(number)
    context = {"run": found, "crumbs": _crumbs(f"Assessment {found.number}")}
    return render(
        request, "stakeholders/_silo_run.html" if is_fragment(request) else "stakeholders/silo_run.html", context
    )


@require_POST
@signed_in
def open_round(request: PersonRequest) -> HttpResponse:
    """Ask the owners of clusters."""
    form = RoundForm(request.POST)
    if form.is_valid():
        try:
            survey.open_silo_round(opener=request.user, at=timezone.now(), **form.cleaned_data)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:silos")
    return _listing(request, round_form=form)


@require_http_methods(["GET", "POST"])
@signed_in
def weights(request: PersonRequest) -> HttpResponse:
    """What each indicator weighs from the next assessment on."""
    require_board(Standing(request.user.capabilities), what="set the weights")
    form = WeightsForm(request.POST or None, initial=queries.weights_now())
    if request.method == "POST" and form.is_valid():
        try:
            reason = form.cleaned_data["reason"]
            actions.set_silo_weights(weights=form.weights, reason=reason, setter=request.user, at=timezone.now())
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:silos")
    context = {"form": form, "title": "Weights of the indicators", "crumbs": _crumbs("Weights"), "back": _home()}
    return render(request, "stakeholders/form.html", context, status=form.answer_status())


@require_GET
@signed_in
def pair(request: PersonRequest, slug: str, other: str) -> HttpResponse:
    """One pair: its score, every indicator with formula and rows, the trend, and what is done about it."""
    return _pair(request, slug, other)


@require_http_methods(["GET", "POST"])
@signed_in
def answer(request: PersonRequest, slug: str, other: str) -> HttpResponse:
    """Answer the questionnaire on a pair."""
    first, second = _clusters(request, slug, other)
    pairing = queries.pairing_of(request.user, first, second)
    owned = [one for one, held in ((first, pairing.first), (second, pairing.second)) if held.may_own]
    form = AnswerForm(request.POST or None, sides=owned)
    if request.method == "POST" and form.is_valid():
        said = {"marks": form.marks, "reasons": form.reasons, "side": form.cleaned_data.get("side", "")}
        try:
            survey.answer_silo_questions(clusters=(first, second), person=request.user, at=timezone.now(), **said)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:silo", first.slug, second.slug)
    context = {
        "form": form,
        "questions": [(form[name], form[f"why_{name}"]) for name in QUESTIONS],
        "round": queries.open_round(timezone.now().date()),
        "owned": owned,
        "first": first,
        "second": second,
        "crumbs": _crumbs("Answer", first, second),
    }
    return render(request, "stakeholders/silo_answer.html", context, status=form.answer_status())


@require_POST
@signed_in
def plan(request: PersonRequest, slug: str, other: str) -> HttpResponse:
    """Plan an action about a pair."""
    form = SiloActionForm(request.POST)

    def act(clusters: tuple[Cluster, Cluster]) -> None:
        survey.plan_silo_action(clusters=clusters, planner=request.user, at=timezone.now(), **form.cleaned_data)

    return _acted(request, slug, other, "action_form", form, act)


@require_POST
@signed_in
def hand_off(request: PersonRequest, slug: str, other: str) -> HttpResponse:
    """Record what passes by hand between the two."""
    form = HandOffForm(request.POST, clusters=_clusters(request, slug, other))

    def act(clusters: tuple[Cluster, Cluster]) -> None:
        source = form.cleaned_data["source"]
        target = next(one for one in clusters if one.pk != source.pk)
        values = {**form.cleaned_data, "target": target}
        survey.record_handoff(recorder=request.user, at=timezone.now(), **values)

    return _acted(request, slug, other, "handoff_form", form, act)


@require_POST
@signed_in
def end_hand_off(request: PersonRequest, slug: str, other: str, handoff_id: int) -> HttpResponse:
    """Say that something is no longer passed by hand."""
    form = ReasonForm(request.POST)

    def act(clusters: tuple[Cluster, Cluster]) -> None:
        del clusters
        survey.end_handoff(handoff_id=handoff_id, ender=request.user, at=timezone.now(), **form.cleaned_data)

    return _acted(request, slug, other, "end_form", form, act)


@require_POST
@signed_in
def move(request: PersonRequest, slug: str, other: str, action_id: int) -> HttpResponse:
    """Start an action, or say what came of it."""
    form = MoveActionForm(request.POST)

    def act(clusters: tuple[Cluster, Cluster]) -> None:
        del clusters
        survey.move_silo_action(action_id=action_id, mover=request.user, at=timezone.now(), **form.cleaned_data)

    return _acted(request, slug, other, "move_form", form, act)


@require_GET
@signed_in
def action_list(request: PersonRequest) -> HttpResponseBase:
    """What is done about silos, by whom and until when."""
    rows, which = queries.actions_seen_by(request.user), request.GET.get("which", "open")
    if which != "all":
        rows = rows.filter(settled_at__isnull=which == "open")
    if kind := asked(request):
        return export(SILO_ACTIONS, kind, rows.order_by("due_on", "pk"))
    after, before = request.GET.get("after", ""), request.GET.get("before", "")
    page = page_by_key(rows, order=("due_on", "pk"), after=after, before=before)
    context = {"page": page, "which": which, "today": timezone.now().date(), "crumbs": _crumbs("Actions")}
    return render(request, "stakeholders/silo_actions.html", context)


def _listing(request: PersonRequest, round_form: RoundForm | None = None) -> HttpResponse:
    run, today = queries.result_numbered(request.GET.get("run", "")), timezone.now().date()
    listed = list(queries.ranked(run, request.user)) if run else []
    links = current_links(request.user)
    is_newest = run is None or not queries.results().filter(number__gt=run.number).exists()
    # Beside the newest results what is missing now; beside older ones what was then.
    missing = missing_pairs(links) if is_newest or run is None else queries.missing_in(run, request.user)
    context = {
        "run": run,
        "runs": queries.results()[:24],
        "under_way": queries.run_under_way(),
        "grid": queries.grid_of(run, request.user, missing) if run else None,
        "pairs": [(one, (one.first_id, one.second_id) in missing) for one in listed[:MOST_LISTED]],
        "links": tally_of(links),
        "more": len(listed) - MOST_LISTED,
        "standings": queries.standings_of(run, request.user) if run else [],
        "silos": sum(one.level == Silo.SILO for one in listed),
        "judged": sum(one.score is not None for one in listed),
        "open_actions": queries.actions_seen_by(request.user).filter(settled_at__isnull=True).count(),
        "round": queries.open_round(today),
        "weights": [(WORDS[name], weight) for name, weight in (run.weights if run else queries.weights_now()).items()],
        "may_assess": bool(GOVERNS & request.user.capabilities),
        "may_lead": request.user.may(Capability.MANAGE_BOARD),
        "round_form": round_form or RoundForm(),
    }
    return render(request, "stakeholders/silos.html", context, status=round_form.answer_status() if round_form else 200)


def _acted(
    request: PersonRequest,
    slug: str,
    other: str,
    name: str,
    form: Any,
    act: Callable[[tuple[Cluster, Cluster]], None],
) -> HttpResponse:
    clusters = _clusters(request, slug, other)
    if form.is_valid():
        try:
            act(clusters)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            return went(request, "stakeholders:silo", clusters[0].slug, clusters[1].slug)
    return _pair(request, slug, other, **{name: form})


def _pair(request: PersonRequest, slug: str, other: str, **refused: Any) -> HttpResponse:
    first, second = _clusters(request, slug, other)
    history = list(queries.history_of(first, second)[:36])
    wanted = request.GET.get("run", "")
    shown = next((one for one in history if str(one.run.number) == wanted), history[0] if history else None)
    before = next((one for one in history if shown and one.run.number < shown.run.number), None)
    pairing, planned = queries.pairing_of(request.user, first, second), list(queries.actions_on(first, second)[:100])
    form = next(iter(refused.values()), None)
    together = Initiative.objects.visible_to(request.user).open().filter(clusters=first)
    context = {
        "first": first,
        "second": second,
        "shown": shown,
        "before": before,
        "newest": history[0] if history else None,
        "history": history,
        "breaks": _breaks(history),
        "differs": changed_since(_measure(shown), _measure(before)) if shown and before else "",
        "trend": [(f"{one.run.ran_at:%-d %b %Y}", one.score) for one in reversed(history) if one.score is not None],
        "parts": _told(shown, before, first, second) if shown else [],
        "advice": queries.advice_left(history[0], planned) if history else [],
        "planned": planned,
        "handoffs": queries.handoffs_between(first, second)[:200],
        "links": told_links(links_between(first, second)[:100], request.user),
        "answers": [
            (one, list(zip(QUESTIONS.values(), one.marks, one.reasons, strict=False)))
            for one in queries.answers_on(first, second)[:40]
        ],
        "marks": MARKS,
        "together": together.filter(clusters=second).order_by("name"),
        "round": queries.open_round(timezone.now().date()),
        "owns": pairing.first.may_own or pairing.second.may_own,
        "keeps": pairing.keeps,
        "records": pairing.records,
        "today": timezone.now().date(),
        "crumbs": _crumbs(f"{first} and {second}"),
        "action_form": SiloActionForm(),
        "handoff_form": HandOffForm(clusters=(first, second)),
        "refused": form,
        **refused,
    }
    return render(request, "stakeholders/silo.html", context, status=form.answer_status() if form else 200)


def _told(
    shown: SiloAssessment, before: SiloAssessment | None, first: Cluster, second: Cluster
) -> list[dict[str, Any]]:
    """Every indicator as the page shows it: words, formula, source, rows under their names, and how it moved."""
    earlier = {part["indicator"]: part["value"] for part in before.parts} if before else {}
    return [
        {
            **part,
            "word": WORDS[part["indicator"]],
            "formula": FORMULAS[part["indicator"]],
            "source": SOURCES[part["indicator"]],
            "before": earlier.get(part["indicator"]),
            "groups": [
                (
                    ROW_WORDS[name].format(first=first, second=second),
                    rows,
                    int(part["numbers"].get(name, len(rows)) or 0),
                )
                for name, rows in part["rows"].items()
                if rows
            ],
        }
        for part in shown.parts
    ]


def _measure(one: SiloAssessment) -> tuple[int, dict[str, int]]:
    return one.run.rules_version, one.run.weights


def _breaks(history: list[SiloAssessment]) -> list[tuple[int, str]]:
    """Assessments from which on scores do not compare with those before, and why; the newest first."""
    steps = [(one.run.number, changed_since(_measure(one), _measure(before))) for one, before in pairwise(history)]
    return [(number, why) for number, why in steps if why]


def _clusters(request: PersonRequest, slug: str, other: str) -> tuple[Cluster, Cluster]:
    return queries.pair_of(visible_cluster(slug, request.user), visible_cluster(other, request.user))


def _home() -> str:
    return reverse("stakeholders:silos")


def _crumbs(label: str, *clusters: Cluster) -> list[dict[str, str]]:
    way = [{"label": "Silos", "url": _home()}]
    if clusters:
        slugs = [one.slug for one in clusters]
        name = " and ".join(one.name for one in clusters)
        way.append({"label": name, "url": reverse("stakeholders:silo", args=slugs)})
    return [*way, {"label": label}]
