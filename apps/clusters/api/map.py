"""The JSON door of the map: what lies around a focus, and the ways between two components."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.viewsets import Door
from apps.clusters.models import DataClass, Tier
from apps.clusters.queries import graph
from apps.clusters.queries.graph import LONGEST_FOCUS, Narrowing, Question
from apps.clusters.rules.graph import MOST_HOPS, MOST_WAYS, Direction, Level, View

MOST_KINDS, MOST_CLUSTERS = 5, 10  # of one question: they fit an address


class NarrowingIn(serializers.Serializer[Any]):
    """What of the map counts. What does not fit is neither shown nor walked through."""

    kind = serializers.ListField(
        child=serializers.CharField(max_length=40),
        max_length=MOST_KINDS,
        default=list,
        help_text="Only dependencies of these kinds.",
    )
    cluster = serializers.ListField(
        child=serializers.RegexField(r"^[-a-zA-Z0-9_]+$", max_length=80),
        max_length=MOST_CLUSTERS,
        default=list,
        help_text="Only components of these clusters, but for those named in the question.",
    )
    tier = serializers.ListField(
        child=serializers.ChoiceField(choices=[(str(one.value), str(one.label)) for one in Tier]),
        max_length=len(Tier),
        default=list,
        help_text="Only components of these tiers.",
    )
    data_class = serializers.ChoiceField(
        choices=DataClass.choices,
        default="",
        help_text="Only dependencies that carry this class of data or a stricter one.",
    )


class MapIn(NarrowingIn):
    """What one asks of the map."""

    focus = serializers.CharField(
        max_length=LONGEST_FOCUS,
        default="",
        help_text="A cluster, or a component as cluster/short-name. Without it: all clusters.",
    )
    hops = serializers.IntegerField(min_value=1, max_value=MOST_HOPS, default=1)
    direction = serializers.ChoiceField(choices=[(one.value, one.value) for one in Direction], default="both")
    opened = serializers.BooleanField(default=False, help_text="Of a cluster: what is in it, not what lies around it.")


class NodeOut(serializers.Serializer[Any]):
    key = serializers.CharField(help_text="What edges call it.")
    kind = serializers.ChoiceField(choices=[("cluster", "cluster"), ("component", "component")])
    id = serializers.IntegerField(source="pk")
    slug = serializers.CharField(help_text="By which one looks at it: cluster, or cluster/short-name.")
    name = serializers.CharField()
    cluster = serializers.CharField(source="cluster_slug", help_text="Short name.")
    tier = serializers.IntegerField(allow_null=True, help_text="Of a component.")
    components = serializers.IntegerField(allow_null=True, help_text="In a cluster.")
    needs = serializers.IntegerField(allow_null=True, help_text="Steps at which the focus needs it.")
    needed_by = serializers.IntegerField(allow_null=True, help_text="Steps at which it needs the focus.")
    findings = serializers.IntegerField(help_text="Open ones that you may read; of a cluster all in it.")
    worst = serializers.IntegerField(help_text="Severity of the worst: 1 note, 2 warning, 3 blocker; 0: none.")


class EdgeOut(serializers.Serializer[Any]):
    consumer = serializers.CharField(help_text="Key of the node that needs the other.")
    provider = serializers.CharField(help_text="Key of the node that is needed.")
    kinds = serializers.ListField(child=serializers.CharField())
    dependencies = serializers.IntegerField(help_text="How many this edge stands for.")
    weight = serializers.IntegerField(help_text="Of all of them.")
    data_class = serializers.CharField(help_text="The strictest that is said of them; empty: none is.")


class MapOut(serializers.Serializer[Any]):
    level = serializers.ChoiceField(choices=[(one.value, one.value) for one in Level if one != Level.PATH])
    focus = NodeOut(allow_null=True)
    nodes = NodeOut(many=True)
    edges = EdgeOut(many=True)
    is_cut = serializers.BooleanField(help_text="More lies within reach than one answer tells: the nearest are here.")


class PathIn(NarrowingIn):
    to = serializers.CharField(max_length=LONGEST_FOCUS, help_text="The component that is needed.")

    def get_fields(self) -> dict[str, Any]:
        """`from` is no name of an attribute."""
        start = serializers.CharField(max_length=LONGEST_FOCUS, help_text="The component that needs the other.")
        return {"from": start, **super().get_fields()}


class PathOut(serializers.Serializer[Any]):
    length = serializers.IntegerField(allow_null=True, help_text="Steps of each shortest way; null: there is none.")
    count = serializers.IntegerField(help_text="How many shortest ways there are.")
    ways = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text=f"Keys of the nodes, from start to end; the first {MOST_WAYS} ways.",
    )
    nodes = NodeOut(many=True)
    edges = EdgeOut(many=True)
    note = serializers.CharField(help_text="What else to ask where there is no way.")


class MapView(Door):
    """What exists and what needs what, as far as you may know of it."""

    @extend_schema(parameters=[MapIn], responses=MapOut)
    def get(self, request: Request) -> Response:
        """All clusters; or, with a focus, what lies around it or in it."""
        asked = _checked(MapIn, request)
        narrowing = _narrowing(asked)
        question = Question(**{**asked, "direction": Direction(asked["direction"])}, narrowing=narrowing)
        return Response(MapOut(graph.with_findings(graph.look(question, self.person), self.person)).data)


class PathView(Door):
    """How one component needs another through others."""

    @extend_schema(parameters=[PathIn], responses=PathOut)
    def get(self, request: Request) -> Response:
        """Every shortest way by which one component needs another."""
        asked = _checked(PathIn, request)
        narrowing = _narrowing(asked)
        source, target = (graph.component_meant(asked[end], self.person, field=end) for end in ("from", "to"))
        view = graph.between(source, target, self.person, narrowing)
        return Response(PathOut(_told(graph.with_findings(view, self.person))).data)


def _checked(form: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    asked = form(data=request.query_params)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)


def _narrowing(asked: dict[str, Any]) -> Narrowing:
    return Narrowing.of({name: asked.pop(name) for name in ("kind", "cluster", "tier", "data_class")})


def _told(view: View) -> dict[str, Any]:
    ways = view.ways
    return {
        "length": ways.length if ways else None,
        "count": ways.count if ways else 0,
        "ways": [[f"component-{pk}" for pk in way] for way in ways.written_out()] if ways else [],
        "nodes": view.nodes,
        "edges": view.edges,
        "note": view.note,
    }
