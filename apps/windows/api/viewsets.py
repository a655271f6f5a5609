"""The JSON door of windows."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django_filters.rest_framework import BooleanFilter, CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action

from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.rules import Scope
from apps.clusters.queries import visible_cluster
from apps.kernel.refusals import Invalid
from apps.windows import queries
from apps.windows.actions import recurring as actions
from apps.windows.api.serializers import OccurrenceOut, RetirementIn, WindowEditIn, WindowIn, WindowOut
from apps.windows.models import RecurringWindow, WindowKind

LONGEST_TIME = 40  # characters
LOOK_AHEAD = timedelta(days=28)  # where no end is asked for


class WindowFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    cluster = CharFilter(field_name="cluster__slug", max_length=80, label="Short name of the cluster.")
    kind = ChoiceFilter(choices=WindowKind.choices)
    retired = BooleanFilter(field_name="retired_at", lookup_expr="isnull", exclude=True, label="Retired or not.")


class WindowViewSet(ReadViewSet[RecurringWindow]):
    """Maintenance windows and blackouts you may know of."""

    serializer_class = WindowOut
    lookup_value_converter = "int"
    ordering = ("pk",)
    filterset_class = WindowFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[RecurringWindow]:
        return RecurringWindow.objects.visible_to(self.person).select_related("cluster")

    @write(takes=WindowIn, gives=WindowOut, status=201)
    def create(self, data: dict[str, Any]) -> RecurringWindow:
        """Plan a window of a cluster you own; chairs and administrators also one of the federation."""
        slug, kind = data.pop("cluster"), data.pop("kind")
        cluster = visible_cluster(slug, self.person) if slug else None
        return actions.plan_window(planner=self.person, cluster=cluster, kind=kind, values=data, at=self.at)

    @write(takes=WindowEditIn, gives=WindowOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> RecurringWindow:
        """Change a window."""
        window = self.get_object()
        return actions.change_window(
            window_id=window.pk, editor=self.person, version=window.version, changes=data, at=self.at
        )

    @action(detail=True, methods=["post"])
    @write(takes=RetirementIn, gives=WindowOut)
    def retirement(self, data: dict[str, Any]) -> RecurringWindow:
        """Retire a window: it comes round no more."""
        return actions.retire_window(window_id=self.get_object().pk, person=self.person, at=self.at, **data)

    @extend_schema(
        parameters=[
            OpenApiParameter("from", OpenApiTypes.DATETIME, description="With its offset; now, where left out."),
            OpenApiParameter("to", OpenApiTypes.DATETIME, description="At most 92 days later; 28, where left out."),
            OpenApiParameter("cluster", str, description="Of this cluster and of the federation."),
            OpenApiParameter("kind", str, enum=WindowKind.values),
        ]
    )
    @action(detail=False, filterset_class=None)
    @read(gives=OccurrenceOut, many=True, looks_up=True)
    def occurrences(self) -> list[queries.Occurrence]:
        """When windows come round between two instants, by start."""
        asked = self.request.query_params
        kind, slug = asked.get("kind", ""), asked.get("cluster", "")
        if kind and kind not in WindowKind.values:
            raise Invalid(
                "There is no such kind.",
                next_step=f"Ask for {' or '.join(WindowKind.values)}.",
                fields={"kind": ["Unknown."]},
            )
        if slug:
            visible_cluster(slug[:80], self.person)
        start_at = read_instant(asked["from"], "from") if "from" in asked else self.at
        end_at = read_instant(asked["to"], "to") if "to" in asked else start_at + LOOK_AHEAD
        return queries.told_between(self.person, start_at, end_at, cluster=slug, kind=kind)


def read_instant(text: str, name: str) -> datetime:
    """An instant of the query `name`, with its offset, between 1971 and 9000."""
    try:
        # "+" is a space in a query that was not escaped.
        moment = parse_datetime(text.replace(" ", "+") if len(text) <= LONGEST_TIME else "")
    except ValueError:
        moment = None
    if moment is None or timezone.is_naive(moment) or not 1970 < moment.year < 9000:  # noqa: PLR2004  # years
        sentence = f"“{name}” is an instant with its offset."
        raise Invalid(sentence, next_step="Write it as 2026-03-01T00:00:00Z.", fields={name: [sentence]})
    return moment
