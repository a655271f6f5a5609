"""The JSON door of findings: how one reads, waiving it, and taking a waiver back."""

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.clusters import actions, queries
from apps.clusters.models import Cluster, Finding
from apps.clusters.rules.findings import LONGEST_REASON
from apps.clusters.web.finding_filter import FindingFilter


class MapFindingOut(serializers.ModelSerializer[Finding]):
    cluster = serializers.SlugRelatedField[Cluster](slug_field="slug", read_only=True)
    counterpart = serializers.SlugRelatedField[Cluster](
        slug_field="slug", read_only=True, allow_null=True, help_text="A second cluster that it tells of."
    )
    component = serializers.PrimaryKeyRelatedField[Any](read_only=True, allow_null=True)
    severity = serializers.CharField(source="get_severity_display", help_text="note, warning or blocker.")
    evidence = serializers.JSONField(help_text="What the sentence was drawn from; its shape goes with the code.")
    waived_by = serializers.SlugRelatedField[Person](slug_field="handle", read_only=True, allow_null=True)

    class Meta:
        model = Finding
        fields = (
            "id",
            "checker",
            "checker_version",
            "code",
            "severity",
            "cluster",
            "component",
            "counterpart",
            "sentence",
            "next_step",
            "evidence",
            "inputs_sha256",
            "state",
            "found_at",
            "resolved_at",
            "waived_by",
            "waived_at",
            "waived_until",
            "waiver_reason",
            "version",
        )
        read_only_fields = fields


class WaiverIn(Strict):
    """Leaving a finding so until an instant, at most 180 days ahead."""

    reason = serializers.CharField(max_length=LONGEST_REASON)
    until = serializers.DateTimeField(help_text="With its offset.")
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="The version that was read.")


class FindingViewSet(ReadViewSet[Finding]):
    """What checks of the map found, as far as you may know."""

    serializer_class = MapFindingOut
    lookup_value_converter = "int"
    ordering = ("-severity", "-pk")
    filterset_class = FindingFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[Finding]:
        return queries.findings_seen_by(self.person)

    @action(detail=True, methods=["post"])
    @write(takes=WaiverIn, gives=MapFindingOut)
    def waiver(self, data: dict[str, Any]) -> Finding:
        """Leave it so for a while, and answer for it."""
        return actions.waive_finding(finding_id=self.get_object().pk, waiver=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"], url_path="waiver/end")
    @write(gives=MapFindingOut)
    def end_waiver(self, data: dict[str, Any]) -> Finding:
        """Take a waiver back before its time."""
        del data
        return actions.end_waiver(finding_id=self.get_object().pk, person=self.person, at=self.at)
