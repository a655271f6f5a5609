"""The JSON door of the calendar: planned changes by start, and all that lies in some days."""

from datetime import UTC, date
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.viewsets import ReadViewSet, read
from apps.cab.api.conflicts import ConflictOut
from apps.cab.api.filters import ChangeApiFilter
from apps.cab.api.serializers import ChangeOut
from apps.cab.models import Change, ChangeType, Conflict
from apps.cab.queries.calendar.feeds import PLANNED
from apps.cab.queries.calendar.sheet import (
    MOST_CHANGES,
    MOST_CONFLICTS,
    ON_CALENDAR,
    FreezeHere,
    freezes_in,
    occurrences_in,
    open_conflicts,
    touching,
)
from apps.cab.queries.whole import find
from apps.cab.rules.calendar import DAY, EARLIEST_YEAR, LATEST_YEAR, Span
from apps.cab.states import ChangeState
from apps.clusters.models import Cluster
from apps.kernel.refusals import Invalid
from apps.windows.api.serializers import OccurrenceOut
from apps.windows.models import Strength

USUAL_DAYS, MOST_DAYS = 7, 62
RISKS = [(n, str(n)) for n in range(1, 6)]


class SheetIn(serializers.Serializer[Any]):
    """Which days, and the filters of the calendar's pages. Without a state: what is authorized or further."""

    since = serializers.DateField(required=False, help_text="The first day (UTC); today, where left out.")
    until = serializers.DateField(required=False, help_text="The last day, at most 62 in all; seven, where left out.")
    cluster = serializers.CharField(max_length=80, required=False, help_text="Short name.")
    board = serializers.CharField(max_length=80, required=False, help_text="A board that has had the change.")
    type = serializers.ChoiceField(choices=ChangeType.choices, required=False)
    state = serializers.ListField(
        child=serializers.ChoiceField(choices=[(s.value, s.value) for s in ChangeState]), required=False
    )
    risk = serializers.ChoiceField(choices=RISKS, required=False, help_text="At least.")


class FreezeHereOut(serializers.Serializer[dict[str, Any]]):
    """An enforced freeze; no clusters means the whole federation."""

    freeze = serializers.IntegerField()
    name = serializers.CharField()
    strength = serializers.ChoiceField(choices=Strength.choices)
    clusters = serializers.ListField(child=serializers.CharField())
    start_at = serializers.DateTimeField()
    end_at = serializers.DateTimeField()


class SheetOut(serializers.Serializer[dict[str, Any]]):
    """All that lies in the days, as the pages show it."""

    since = serializers.DateField()
    until = serializers.DateField()
    changes = ChangeOut(many=True)
    windows = OccurrenceOut(many=True, help_text="When maintenance windows and blackouts come round.")
    freezes = FreezeHereOut(many=True)
    conflicts = ConflictOut(many=True, help_text="The open ones in which either change is planned in the days.")
    is_cut = serializers.BooleanField(
        help_text=f"More than {MOST_CHANGES:,} changes or {MOST_CONFLICTS:,} conflicts: ask for fewer days."
    )


class CalendarViewSet(ReadViewSet[Change]):
    """Changes with a planned window, by its start."""

    serializer_class = ChangeOut
    lookup_field = "reference"
    lookup_value_regex = "[^/]{1,24}"
    ordering = ("window_start_at", "number")
    filterset_class = ChangeApiFilter
    version_field = "revision"

    def rows(self) -> QuerySet[Change]:
        rows = Change.objects.visible_to(self.person).in_lists()
        return rows.filter(state__in=PLANNED, window_start_at__isnull=False)

    def get_object(self) -> Change:
        """The planned change of the address, by reference."""
        return find(self.kwargs["reference"], self.person, self.rows())

    @extend_schema(parameters=[SheetIn])
    @action(detail=False, filterset_class=None)
    @read(gives=SheetOut, looks_up=True)
    def sheet(self) -> dict[str, Any]:
        """All that lies in some days: changes, windows and blackouts, freezes, open conflicts."""
        asked = _asked(self.request.query_params)
        span = _span(asked, today=self.at.date())
        rows, cluster = self._narrowed(asked)
        changes = list(touching(rows, span.start_at, span.end_at).order_by(*self.ordering)[: MOST_CHANGES + 1])
        found = open_conflicts(span, self.person, cluster).with_both().order_by("pk")  # type: ignore[attr-defined]
        conflicts: list[Conflict] = list(found[: MOST_CONFLICTS + 1])
        return {
            "since": span.first,
            "until": span.last,
            "changes": changes[:MOST_CHANGES],
            "windows": occurrences_in(span, self.person, cluster),
            "freezes": _told(freezes_in(span, self.person, cluster), Cluster.objects.visible_to(self.person)),
            "conflicts": conflicts[:MOST_CONFLICTS],
            "is_cut": len(changes) > MOST_CHANGES or len(conflicts) > MOST_CONFLICTS,
        }

    def _narrowed(self, asked: dict[str, Any]) -> tuple[QuerySet[Change], Cluster | None]:
        """What the filters leave, whenever it is planned, and the cluster they name; refuses those that do not fit."""
        data = QueryDict(mutable=True)
        for name in ("cluster", "board", "type", "state", "risk"):
            values = asked.get(name, [])
            if values:
                data.setlist(name, values if isinstance(values, list) else [str(values)])
        seen = Change.objects.visible_to(self.person).in_lists()
        filtered = ChangeApiFilter(data, queryset=seen, request=self.request)
        filtered.require_fits()
        rows: QuerySet[Change] = filtered.qs if "state" in data else filtered.qs.filter(state__in=ON_CALENDAR)
        return rows, filtered.form.cleaned_data.get("cluster") if "cluster" in data else None


def _asked(query: QueryDict) -> dict[str, Any]:
    asked = SheetIn(data=query)
    asked.is_valid(raise_exception=True)
    data: dict[str, Any] = asked.validated_data
    return data


def _span(asked: dict[str, Any], *, today: date) -> Span:
    """The days asked for; refuses those that run backwards, are too many, or no zone can be asked of."""
    since = asked.get("since", today)
    if not EARLIEST_YEAR <= since.year <= LATEST_YEAR:
        raise _no_days("since", f"The year {since.year} is out of range.", "Ask about a nearer time.")
    until = asked.get("until", since + (USUAL_DAYS - 1) * DAY)
    if not since <= until < since + MOST_DAYS * DAY:
        sentence = f"The days run forward, at most {MOST_DAYS} of them."
        raise _no_days("until", sentence, "Ask for fewer days at a time.")
    return Span(since, until, UTC)


def _no_days(name: str, sentence: str, step: str) -> Invalid:
    return Invalid(sentence, next_step=step, fields={name: [sentence]})


def _told(freezes: list[FreezeHere], known: QuerySet[Cluster]) -> list[dict[str, Any]]:
    """The freezes for a program; of their clusters those that the caller may know of."""
    wanted = {pk for one in freezes for pk in one.cluster_ids}
    slugs = dict(known.filter(pk__in=wanted).values_list("pk", "slug")) if wanted else {}
    return [
        {
            "freeze": one.freeze.pk,
            "name": one.freeze.name,
            "strength": one.freeze.strength,
            "clusters": sorted(slugs[pk] for pk in one.cluster_ids if pk in slugs),
            "start_at": one.freeze.start_at,
            "end_at": one.freeze.end_at,
        }
        for one in freezes
    ]
