"""The cut-off simulation: what goes on, how, for how long, and what has no plan; and the files of it."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters.models import Site
from apps.clusters.rules.graph import Edge, Level, Node, View
from apps.clusters.web.drawing import Drawing
from apps.clusters.web.drawing import drawn as map_drawn
from apps.integrations.formats import rehearsals
from apps.integrations.models import IsolationPlan
from apps.integrations.queries.cutoff import CutOff, Part, simulated
from apps.integrations.rules.cutoff import STATE_TONES, STATE_WORDS, State, fate_words
from apps.integrations.rules.isolation import SHORT, Mode, holding_words
from apps.integrations.rules.reading import span_words
from apps.integrations.web import lanes
from apps.integrations.web.plan_forms import CutOffForm
from apps.integrations.web.tables import CUT_NEEDS
from apps.integrations.web.views.integrations import crumbs
from apps.kernel.exports import asked as asked_for
from apps.kernel.exports import listed
from apps.kernel.refusals import NotFound, Refusal

MOST_DRAWN = 60  # components on the drawing; the table has more
MOST_LISTED = 300  # rows of a table; the file has all
MOST_MOMENTS = 14  # of the timeline; the file has all
FILES = {"runbook": ("text/markdown; charset=utf-8", "md"), "chaos": ("application/yaml", "yaml")}


@require_GET
@signed_in
def page(request: PersonRequest) -> HttpResponseBase:
    """What the address asks, as lanes, as a drawing of one moment, and as tables; or as a file."""
    form = CutOffForm(request.GET or None, person=request.user)
    told: dict[str, Any] = {}
    if form.is_bound and form.is_valid():
        try:
            answer = simulated(form.question(), request.user)
        except Refusal as refusal:
            form.refuse(refusal)
        else:
            if kind := asked_for(request):
                return listed(CUT_NEEDS, kind, answer.cut_needs)
            if file := request.GET.get("file"):
                return _file(answer, file)
            told = _seen(request, answer)
    context = {"form": form, "crumbs": crumbs("Cut-off"), **told}
    return render(request, "integrations/cutoff.html", context, status=form.answer_status())


def _seen(request: PersonRequest, answer: CutOff) -> dict[str, Any]:
    lasts = answer.question.duration_s
    moment = _moment(request.GET.get("at", ""), answer)
    rows = answer.capabilities
    down = [one for one in rows if one.fate.stops_at <= lasts]
    return {
        "answer": answer,
        "lasts": span_words(lasts),
        "down": len(down),
        "first": fate_words(down[0].fate, lasts) if down else "",
        "first_name": down[0].name if down else "",
        "unplanned": sum(one.plan is None for one in answer.cut_needs),
        "lanes": lanes.drawn([(one.name, "", one.fate) for one in rows], lasts) if rows else None,
        "capabilities": [
            (one, fate_words(one.fate, lasts), STATE_TONES[one.fate.state(lasts)], _modes(answer, one.parts))
            for one in rows
        ],
        "moments": _moments(answer, moment),
        "moment_words": lanes.moment_words(moment),
        "drawing": _drawing(answer, moment),
        "drawn": min(len(answer.touched), MOST_DRAWN),
        "states": [(one, STATE_WORDS[one], STATE_TONES[one]) for one in State],
        "needs": [
            (
                one,
                SHORT[Mode(one.plan.mode)] if one.plan else "no plan",
                holding_words(one.plan.holds_s if one.plan else None),
            )
            for one in answer.cut_needs[:MOST_LISTED]
        ],
        "touched": [
            (
                part,
                fate_words(answer.fate(part.pk), lasts),
                STATE_TONES[answer.fate(part.pk).state(lasts)],
                _way(answer, part),
            )
            for part in answer.touched[:MOST_LISTED]
        ],
        "most": MOST_LISTED,
        "api": f"{reverse('cut-off')}?{urlencode(_asked(answer), doseq=True)}",
    }


def _moment(text: str, answer: CutOff) -> float:
    """The moment that the drawing shows: what the address says, where it lies within the time asked; else the end."""
    try:
        second = float(text)
    except ValueError:
        return float(answer.question.duration_s)
    return second if 0 <= second <= answer.question.duration_s else float(answer.question.duration_s)


def _moments(answer: CutOff, chosen: float) -> list[dict[str, Any]]:
    """The moments at which something changes, and the end: how many components are in each state then."""
    found = answer.moments
    if len(found) > MOST_MOMENTS:
        found = [found[round(n * (len(found) - 1) / (MOST_MOMENTS - 1))] for n in range(MOST_MOMENTS)]
    end = float(answer.question.duration_s)
    return [
        {
            "second": f"{second:.10g}",
            "words": lanes.moment_words(second),
            "states": [(STATE_WORDS[state], number) for state, number in answer.states(second).items()],
            "is_chosen": second == chosen,
        }
        for second in dict.fromkeys([*found, end])
    ]


def _modes(answer: CutOff, parts: Sequence[Part]) -> str:
    """By which plans these components go on: "queue, serve stale"."""
    keys = {one.pk for one in parts}
    modes = {SHORT[Mode(one.plan.mode)] for one in answer.cut_needs if one.plan and one.consumer.pk in keys}
    return ", ".join(sorted(modes))


def _way(answer: CutOff, part: Part) -> str:
    """Why it stops: "Checkout → Sign-in → Directory"."""
    way = answer.way(part.pk)
    if not way:
        return ""
    parts = answer.ground.parts
    return " → ".join([parts[way[0].consumer].name, *(parts[one.provider].name for one in way)])


def _drawing(answer: CutOff, moment: float) -> tuple[Drawing, list[Any]] | None:
    """The components that are touched, and what is cut, on the map: each box with its state at that moment."""
    wanted = dict.fromkeys(one.pk for one in answer.touched)
    for need in answer.cut_needs:
        wanted.setdefault(need.provider.pk)
    chosen = list(wanted)[:MOST_DRAWN]
    if not chosen:
        return None
    parts = answer.ground.parts
    nodes = [
        Node("component", pk, f"{parts[pk].cluster_slug}/{parts[pk].slug}", parts[pk].name, parts[pk].cluster_slug,
             parts[pk].cluster, tier=parts[pk].tier)
        for pk in chosen
    ]  # fmt: skip
    shown = set(chosen)
    pairs = dict.fromkeys(
        (one.consumer, one.provider) for one in answer.ground.needs if one.consumer in shown and one.provider in shown
    )
    cut = {(one.consumer.pk, one.provider.pk) for one in answer.cut_needs}
    edges = [Edge(f"component-{one}", f"component-{other}", ("needs",), 1, 1, "") for one, other in pairs]
    drawing = map_drawn(View(Level.COMPONENTS, None, nodes, edges), _address)
    boxes = [(box, state := answer.fate(box.node.pk).state(moment), STATE_WORDS[state]) for box in drawing.boxes]
    return drawing, [boxes, [(line, _ends(line.ends) in cut) for line in drawing.lines]]


def _ends(text: str) -> tuple[int, int]:
    one, other = (int(part.partition("-")[2]) for part in text.split())
    return one, other


def _address(node: Node) -> str:
    return reverse("clusters:component", args=[node.pk])


def _asked(answer: CutOff) -> dict[str, Any]:
    asked = answer.question
    said: dict[str, Any] = {"lasts_s": asked.duration_s}
    said |= {"clusters": asked.clusters} if asked.clusters else {"places": asked.places}
    return said | ({"apart": "true"} if asked.apart else {})


def _file(answer: CutOff, kind: str) -> HttpResponse:
    """The plan to rehearse, as people read it or as Chaos Mesh makes it."""
    if kind not in FILES:
        raise NotFound(f"There is no file “{kind[:20]}” of a cut-off.", next_step="Ask for runbook or chaos.")
    media, ending = FILES[kind]
    text = runbook_of(answer) if kind == "runbook" else chaos_of(answer)
    response = HttpResponse(text, content_type=media)
    response["Content-Disposition"] = f'attachment; filename="cut-off.{ending}"'
    return response


def runbook_of(answer: CutOff) -> str:
    """The Markdown of the plan to rehearse."""
    keys = [one.plan.integration_id for one in answer.cut_needs if one.plan]
    rows = IsolationPlan.objects.filter(integration__in=keys).values_list("integration_id", "steps", "reconciliation")
    said = {key: (steps, afterwards) for key, steps, afterwards in rows}
    return rehearsals.runbook(
        answer,
        timezone.now(),
        steps={key: one[0] for key, one in said.items()},
        afterwards={key: one[1] for key, one in said.items()},
    )


def chaos_of(answer: CutOff) -> str:
    """The NetworkChaos resources of the same cut."""
    country = dict(Site.objects.values_list("code", "jurisdiction"))
    used = sorted({code for part in answer.ground.parts.values() for code in part.sites})
    isolated = [code for code in used if {code, country.get(code, "")} & set(answer.question.places)]
    return rehearsals.chaos(answer, sites=isolated, others=[code for code in used if code not in isolated])
