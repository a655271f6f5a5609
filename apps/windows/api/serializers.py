"""How windows read and are written over the API."""

from typing import Any

from rest_framework import serializers

from apps.accounts.api.bodies import Strict
from apps.clusters.models import Cluster, Tier
from apps.windows.api.fields import WallClockIn
from apps.windows.models import RecurringWindow, WindowKind
from apps.windows.queries import Occurrence

LONGEST_REASON = 2_000


class WindowOut(serializers.ModelSerializer[RecurringWindow]):
    """A maintenance window or blackout; `cluster` is null for the whole federation."""

    cluster = serializers.SlugRelatedField[Cluster](slug_field="slug", read_only=True, allow_null=True)
    start_local = serializers.SerializerMethodField(help_text="Wall clock of `zone`.")
    tiers = serializers.ListField(child=serializers.IntegerField(), help_text="Empty: every tier.")
    rule_words = serializers.CharField(read_only=True, help_text="How it comes back, as a person says it.")

    class Meta:
        model = RecurringWindow
        fields = (
            "id",
            "name",
            "kind",
            "cluster",
            "tiers",
            "reason",
            "start_local",
            "duration_minutes",
            "zone",
            "rrule",
            "rule_words",
            "created_at",
            "retired_at",
            "version",
        )
        read_only_fields = fields

    def get_start_local(self, window: RecurringWindow) -> str:
        return str(window.start_local.isoformat(timespec="minutes"))


class WindowEditIn(Strict):
    """What may change; what is left out stays."""

    name = serializers.CharField(max_length=120, required=False)
    start_local = WallClockIn(required=False, help_text="Wall clock of `zone`: 2026-03-01T02:30.")
    duration_minutes = serializers.IntegerField(min_value=5, max_value=60 * 24 * 92, required=False)
    zone = serializers.CharField(max_length=64, required=False, help_text="IANA name.")
    rrule = serializers.CharField(
        max_length=500, allow_blank=True, required=False, help_text="RFC 5545, without DTSTART; empty: happens once."
    )
    tiers = serializers.ListField(
        child=serializers.ChoiceField(choices=Tier.choices), max_length=len(Tier), required=False
    )
    reason = serializers.CharField(max_length=LONGEST_REASON, allow_blank=True, required=False)


class WindowIn(WindowEditIn):
    """A new window of a cluster, or of the federation where none is named."""

    kind = serializers.ChoiceField(choices=WindowKind.choices)
    cluster = serializers.CharField(max_length=80, allow_null=True, default=None, help_text="Short name, or null.")
    name = serializers.CharField(max_length=120)
    start_local = WallClockIn(help_text="Wall clock of `zone`: 2026-03-01T02:30.")
    duration_minutes = serializers.IntegerField(min_value=5, max_value=60 * 24 * 92)
    zone = serializers.CharField(max_length=64, help_text="IANA name.")


class RetirementIn(Strict):
    reason = serializers.CharField(max_length=LONGEST_REASON)


class OccurrenceOut(serializers.Serializer[Occurrence]):
    """One time a window comes round: [start_at, end_at)."""

    window = serializers.IntegerField(source="definition.pk")
    name = serializers.CharField(source="definition.name")
    kind = serializers.ChoiceField(source="definition.kind", choices=WindowKind.choices)
    cluster = serializers.SerializerMethodField()
    start_at = serializers.DateTimeField()
    end_at = serializers.DateTimeField()

    def get_cluster(self, one: Occurrence) -> str | None:
        cluster: Any = one.definition.cluster
        return cluster.slug if cluster else None
