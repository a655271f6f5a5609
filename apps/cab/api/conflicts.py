"""The JSON door of conflicts."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.rules import Scope
from apps.cab.actions.conflicts import LONGEST_REASON, accept_conflict
from apps.cab.models import Change, Conflict
from apps.cab.rules.conflicts import next_step
from apps.cab.web.conflict_filter import ConflictFilter

MOST_TOLD = 500


class ConflictOut(serializers.ModelSerializer[Conflict]):
    """A conflict. Of two changes `change` is the one proposed first."""

    change = serializers.CharField(source="change.reference", read_only=True)
    other = serializers.CharField(source="other.reference", read_only=True, allow_null=True, default=None)
    sentence = serializers.CharField(read_only=True, help_text="As `change` reads it.")
    next_step = serializers.SerializerMethodField()
    starts_at = serializers.SerializerMethodField(help_text="Of the freeze or blackout it falls into; else null.")
    ends_at = serializers.SerializerMethodField(help_text="Of the freeze or blackout it falls into; else null.")
    accepted_by = serializers.CharField(source="accepted_by.handle", read_only=True, allow_null=True, default=None)

    class Meta:
        model = Conflict
        fields = (
            "id",
            "change",
            "other",
            "kind",
            "state",
            "is_stopping",
            "sentence",
            "next_step",
            "starts_at",
            "ends_at",
            "found_at",
            "accepted_by",
            "accepted_at",
            "accepted_reason",
            "resolved_at",
        )
        read_only_fields = fields

    def get_next_step(self, conflict: Conflict) -> str:
        return next_step(conflict.kind, may_be_accepted=conflict.may_be_accepted)

    def get_starts_at(self, conflict: Conflict) -> datetime | None:
        if conflict.freeze:
            return conflict.freeze.start_at
        return datetime.fromisoformat(conflict.details["from"]) if "from" in conflict.details else None

    def get_ends_at(self, conflict: Conflict) -> datetime | None:
        if conflict.freeze:
            return conflict.freeze.end_at
        return datetime.fromisoformat(conflict.details["to"]) if "to" in conflict.details else None


class AcceptanceIn(Strict):
    reason = serializers.CharField(max_length=LONGEST_REASON)


class ConflictApiFilter(ConflictFilter):
    """The page's filters."""

    cluster = extend_schema_field(OpenApiTypes.STR)(ConflictFilter.base_filters["cluster"])


class ConflictViewSet(ReadViewSet[Conflict]):
    """Conflicts of changes you may see, in every state."""

    serializer_class = ConflictOut
    lookup_value_converter = "int"
    filterset_class = ConflictApiFilter
    scope_for_writes = Scope.CHANGES
    version_field = None

    def rows(self) -> QuerySet[Conflict]:
        return Conflict.objects.visible_to(self.person).with_both().select_related("freeze")

    @action(detail=True, methods=["post"], url_path="acceptance")
    @write(takes=AcceptanceIn, gives=ConflictOut)
    def accept(self, data: dict[str, Any]) -> Conflict:
        """Let it stand, with a reason; not by an author of either change."""
        conflict = self.get_object()
        accept_conflict(conflict_id=conflict.pk, acceptor=self.person, reason=data["reason"], at=self.at)
        return self.rows().get(pk=conflict.pk)


class ConflictsOfChange(ReadViewSet[Change]):
    """What the addresses of one change answer about its conflicts."""

    @action(detail=True, url_path="conflicts")
    @read(gives=ConflictOut, many=True)
    def conflicts(self) -> list[Conflict]:
        """Its conflicts in every state, the oldest first."""
        rows = Conflict.objects.visible_to(self.person).of_change(self.get_object().pk).with_both()
        return list(rows.select_related("freeze").order_by("pk")[:MOST_TOLD])
