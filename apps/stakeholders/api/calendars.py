"""The JSON door of when people work, and who is away."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.clusters.models import Cluster
from apps.clusters.queries import visible_cluster
from apps.stakeholders.actions import calendars as calendar_actions
from apps.stakeholders.actions import protocols as protocol_actions
from apps.stakeholders.models import (
    Absence,
    Holiday,
    WorkingCalendar,
)
from apps.stakeholders.queries import escalations as queries
from apps.stakeholders.queries.people import person_named

_HANDLE: dict[str, Any] = {"slug_field": "handle", "read_only": True}


class AbsenceOut(serializers.ModelSerializer[Absence]):
    person = serializers.SlugRelatedField[Person](**_HANDLE)

    class Meta:
        model = Absence
        fields = ("id", "person", "first_on", "last_on", "recorded_at", "ended_at")
        read_only_fields = fields


class AbsenceIn(Strict):
    person = serializers.CharField(
        max_length=150, required=False, allow_blank=True, default="", help_text="A handle; empty: yourself."
    )
    first_on = serializers.DateField()
    last_on = serializers.DateField()


@extend_schema_field({"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2})?$"})  # JSON Schema's “time” has an offset
class ClockField(serializers.TimeField):
    """A time of the wall clock, such as 09:00."""


class HolidayField(serializers.ModelSerializer[Holiday]):
    class Meta:
        model = Holiday
        fields = ("day", "name")


class WorkingCalendarOut(serializers.ModelSerializer[WorkingCalendar]):
    cluster = serializers.SlugRelatedField[Cluster](slug_field="slug", read_only=True, allow_null=True)
    opens = ClockField(format="%H:%M")
    closes = ClockField(format="%H:%M")
    weekdays = serializers.ListField(child=serializers.IntegerField())
    holidays = HolidayField(many=True)

    class Meta:
        model = WorkingCalendar
        fields = ("id", "name", "cluster", "zone", "opens", "closes", "weekdays", "holidays", "version")
        read_only_fields = fields


class WorkingCalendarEditIn(Strict):
    """A calendar as it is from now on, with all its holidays."""

    name = serializers.CharField(max_length=80)
    zone = serializers.CharField(max_length=64, help_text="An IANA name.")
    opens = ClockField()
    closes = ClockField()
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), max_length=7, help_text="0 is Monday."
    )
    holidays = serializers.ListField(child=HolidayField(), max_length=calendar_actions.MOST_HOLIDAYS, default=list)


class WorkingCalendarIn(WorkingCalendarEditIn):
    cluster = serializers.CharField(
        max_length=80, allow_blank=True, default="", help_text="Short name; empty: the federation's."
    )


class AbsenceViewSet(ReadViewSet[Absence]):
    """Who is away: no case asks them on these days."""

    serializer_class = AbsenceOut
    lookup_value_converter = "int"
    scope_for_writes = Scope.CLUSTERS
    version_field = None

    def rows(self) -> QuerySet[Absence]:
        return Absence.objects.select_related("person")

    @write(takes=AbsenceIn, gives=AbsenceOut, status=201)
    def create(self, data: dict[str, Any]) -> Absence:
        """Say that you are away; administrators say it for others."""
        handle = data.pop("person")
        person = person_named(handle) if handle else self.person
        return protocol_actions.record_absence(person=person, recorder=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"])
    @write(gives=AbsenceOut)
    def end(self, data: dict[str, Any]) -> Absence:
        """Say that somebody is back."""
        del data
        return protocol_actions.end_absence(absence_id=self.get_object().pk, person=self.person, at=self.at)


class WorkingCalendarViewSet(ReadViewSet[WorkingCalendar]):
    """When people work: hours of a zone's clock, weekdays, holidays."""

    serializer_class = WorkingCalendarOut
    lookup_value_converter = "int"
    ordering = ("name", "pk")
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[WorkingCalendar]:
        return queries.calendars_seen_by(self.person)

    @write(takes=WorkingCalendarIn, gives=WorkingCalendarOut, status=201)
    def create(self, data: dict[str, Any]) -> WorkingCalendar:
        """Write a calendar of the federation, or of a cluster."""
        slug = data.pop("cluster")
        cluster = visible_cluster(slug, self.person) if slug else None
        return self._written(data, cluster, None, 0)

    @write(takes=WorkingCalendarEditIn, gives=WorkingCalendarOut, edits=True)
    def update(self, data: dict[str, Any]) -> WorkingCalendar:
        """Write it anew; its holidays are those said here, no others."""
        row = self.get_object()
        return self._written(data, row.cluster, row.pk, row.version)

    def _written(self, data: dict[str, Any], cluster: Cluster | None, pk: int | None, version: int) -> WorkingCalendar:
        days = {one["day"]: one["name"] for one in data.pop("holidays")}
        row = calendar_actions.write_calendar(
            cluster=cluster, holidays=days, writer=self.person, calendar_id=pk, version=version, at=self.at, **data
        )
        return queries.calendars().get(pk=row.pk)
