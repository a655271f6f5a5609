"""The map: all clusters, one opened, what lies around a focus, and the ways between two components."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponseBase, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_GET

from apps.accounts.web.people import PersonRequest, signed_in
from apps.clusters import queries
from apps.clusters.queries import graph
from apps.clusters.rules.graph import Edge, Level, Node, View
from apps.clusters.web.drawing import drawn
from apps.clusters.web.map_form import MapForm
from apps.clusters.web.tables import EDGES
from apps.kernel.exports import asked as asked_for
from apps.kernel.exports import listed
from apps.kernel.refusals import Refusal

KEPT = ("hops", "direction", "kind", "cluster", "tier", "data_class")  # of an address, from one focus to the next
FOLDED = ("kind", "cluster", "tier", "data_class")  # filters one sees when they are set
MOST_NEAR = 8  # names offered instead of one that means nothing


@require_GET
@signed_in
def page(request: PersonRequest) -> HttpResponseBase:
    """What the address asks of the map, drawn and as tables; what it asks wrongly is said at its field."""
    form, told = MapForm(request.GET, person=request.user), {}
    if form.is_valid():
        question = form.question()
        try:
            view = graph.look(question, request.user)
        except Refusal as refusal:
            form.refuse(refusal)
            meant = question.focus if "focus" in refusal.fields else question.to
            told = {"near": queries.find_components(meant, request.user, limit=MOST_NEAR)}
        else:
            if kind := asked_for(request):
                return listed(EDGES, kind, _rows(view))
            told = _seen(graph.with_findings(view, request.user), request.GET)
    context = {"form": form, "is_narrowed": any(any(request.GET.getlist(name)) for name in FOLDED), **told}
    return render(request, "clusters/map.html", context, status=form.answer_status())


def _seen(view: View, asked: QueryDict) -> dict[str, Any]:
    def address(node: Node) -> str:
        return _address(node, view, asked)

    rows = _rows(view)
    nodes = {node.key: node for node in view.nodes}
    return {
        "view": view,
        "is_found": any(node.findings for node in view.nodes),
        "crumbs": _crumbs(view),
        "drawing": drawn(view, address) if view.nodes else None,
        "nodes": [(node, address(node)) for node in view.nodes],
        "rows": rows,
        "others": len(view.nodes) - 1,
        "hops": asked.get("hops") or "1",
        "ways": [[nodes[f"component-{pk}"] for pk in way] for way in view.ways.written_out()] if view.ways else [],
        "back": reverse("clusters:map") + "?" + urlencode({"focus": view.target.slug, "to": view.focus.slug})
        if view.target and view.focus
        else "",
        "api": _api(view, asked),
    }


def _crumbs(view: View) -> list[dict[str, str]]:
    focus = view.focus
    if focus is None:
        return []
    whole = reverse("clusters:map")
    crumbs = [{"label": "Map", "url": whole}]
    if focus.kind == "component":
        opened = urlencode({"focus": focus.cluster_slug, "opened": "on"})
        crumbs.append({"label": focus.cluster_name, "url": f"{whole}?{opened}"})
    return [*crumbs, {"label": focus.name}]


def _rows(view: View) -> list[tuple[Node, Edge, Node]]:
    """Every edge with both its ends, the heaviest first."""
    nodes = {node.key: node for node in view.nodes}
    heaviest = sorted(view.edges, key=lambda edge: (-edge.weight, edge.consumer, edge.provider))
    return [(nodes[edge.consumer], edge, nodes[edge.provider]) for edge in heaviest]


def _address(node: Node, view: View, asked: QueryDict) -> str:
    """Where a node leads: a cluster opens, a component becomes the focus, and the focus itself leads to its page."""
    if view.focus and node.key == view.focus.key and node.kind == "component":
        return reverse("clusters:component", args=[node.pk])
    kept = _said(asked, *KEPT)
    opened = {"opened": "on"} if node.kind == "cluster" else {}
    return f"{reverse('clusters:map')}?{urlencode({'focus': node.slug, **opened, **kept}, doseq=True)}"


def _api(view: View, asked: QueryDict) -> str:
    """The address at which the API tells the same."""
    said = _said(asked, "focus", "opened", *KEPT)
    if view.level == Level.PATH and view.target:
        said = {name: said[name] for name in said if name not in ("focus", "opened", "hops", "direction")}
        ends: dict[str, Any] = {"from": asked["focus"], "to": asked["to"]}
        return f"{reverse('map-path')}?{urlencode(ends | said, doseq=True)}"
    return f"{reverse('map')}?{urlencode(said, doseq=True)}"


def _said(asked: QueryDict, *names: str) -> dict[str, Any]:
    """What an address says under these names; a filter may be said several times."""
    found = {name: [value for value in asked.getlist(name) if value] for name in names}
    return {name: values for name, values in found.items() if values}
