"""The JSON door of freezes."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django_filters.rest_framework import ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.rules import Role, Scope
from apps.cab.api.checks import CheckIn, CheckOut, checked
from apps.cab.models import ChangeType
from apps.cab.queries.freezes import FreezeHit, hits_shown_to
from apps.cab.queries.verdicts import Verdict
from apps.clusters.models import Cluster, Tier
from apps.clusters.queries import visible_cluster
from apps.windows.actions import freezes as actions
from apps.windows.api.fields import WallClockIn
from apps.windows.models import Freeze, Strength
from apps.windows.rules.exemptions import HIGHEST_RISK, LONGEST_REASON, MOST_EXEMPTIONS
from apps.windows.states import FreezeState

MOST_CLUSTERS = 50


class Exemption(Strict):
    """Whom a freeze spares: everything it names must hold."""

    roles = serializers.ListField(
        child=serializers.ChoiceField(choices=[(r.value, r.value) for r in Role]), max_length=len(Role), default=list
    )
    types = serializers.ListField(
        child=serializers.ChoiceField(choices=ChangeType.choices), max_length=len(ChangeType), default=list
    )
    risk_at_most = serializers.IntegerField(min_value=1, max_value=HIGHEST_RISK, allow_null=True, default=None)
    reason = serializers.CharField(max_length=LONGEST_REASON, allow_blank=True, default="")


class FreezeOut(serializers.ModelSerializer[Freeze]):
    """A freeze; no clusters means the whole federation, no tiers or types mean all."""

    clusters = serializers.SerializerMethodField()
    start_local = serializers.SerializerMethodField()
    end_local = serializers.SerializerMethodField()
    tiers = serializers.ListField(child=serializers.IntegerField())
    types = serializers.ListField(child=serializers.CharField())
    exemptions = Exemption(many=True)

    class Meta:
        model = Freeze
        fields = (
            "id",
            "name",
            "reason",
            "strength",
            "state",
            "clusters",
            "tiers",
            "types",
            "exemptions",
            "start_local",
            "end_local",
            "zone",
            "start_at",
            "end_at",
            "previewed_at",
            "enforced_at",
            "lifted_at",
            "version",
        )
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_clusters(self, freeze: Freeze) -> list[str]:
        known = getattr(freeze, "known", None)
        if known is None:
            person = self.context["view"].person
            known = Cluster.objects.visible_to(person).filter(freezes=freeze)
        return sorted(one.slug for one in known)

    def get_start_local(self, freeze: Freeze) -> str:
        return str(freeze.start_local.isoformat(timespec="minutes"))

    def get_end_local(self, freeze: Freeze) -> str:
        return str(freeze.end_local.isoformat(timespec="minutes"))


class FreezeEditIn(Strict):
    """What may change before it is enforced; what is left out stays."""

    name = serializers.CharField(max_length=120, required=False)
    reason = serializers.CharField(max_length=2_000, allow_blank=True, required=False)
    strength = serializers.ChoiceField(choices=Strength.choices, required=False)
    start_local = WallClockIn(required=False)
    end_local = WallClockIn(required=False)
    zone = serializers.CharField(max_length=64, required=False, help_text="IANA name.")
    tiers = serializers.ListField(child=serializers.ChoiceField(choices=Tier.choices), max_length=4, required=False)
    types = serializers.ListField(
        child=serializers.ChoiceField(choices=ChangeType.choices), max_length=len(ChangeType), required=False
    )
    exemptions = Exemption(many=True, required=False, max_length=MOST_EXEMPTIONS)  # type: ignore[call-arg]  # the list's


class FreezeIn(FreezeEditIn):
    """A new freeze of the clusters named, or of the federation where none is."""

    clusters = serializers.ListField(child=serializers.CharField(max_length=80), max_length=MOST_CLUSTERS, default=list)
    name = serializers.CharField(max_length=120)
    reason = serializers.CharField(max_length=2_000, allow_blank=True, default="")
    strength = serializers.ChoiceField(choices=Strength.choices, default=Strength.HARD.value)
    start_local = WallClockIn(help_text="Wall clock of `zone`: 2026-12-15T00:00.")
    end_local = WallClockIn()
    zone = serializers.CharField(max_length=64, help_text="IANA name.")
    tiers = serializers.ListField(child=serializers.ChoiceField(choices=Tier.choices), max_length=4, default=list)
    types = serializers.ListField(
        child=serializers.ChoiceField(choices=ChangeType.choices), max_length=len(ChangeType), default=list
    )
    exemptions = Exemption(many=True, default=list, max_length=MOST_EXEMPTIONS)  # type: ignore[call-arg]  # the list's


class VersionIn(Strict):
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="The version you looked at.")


class LiftIn(Strict):
    reason = serializers.CharField(max_length=2_000)


class AcknowledgementIn(Strict):
    freeze_id = serializers.IntegerField(min_value=1, max_value=2**63 - 1, help_text="The soft freeze.")
    reason = serializers.CharField(max_length=4_000, help_text="Why the change cannot wait.")


class FreezeHitOut(serializers.Serializer[FreezeHit]):
    """One change that the freeze concerns, and what it says to it."""

    change = serializers.CharField(source="change.reference")
    title = serializers.CharField(source="change.title")
    is_exempt = serializers.BooleanField(source="verdict.is_exempt")
    sentence = serializers.CharField(source="verdict.sentence")


class FreezeFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    state = ChoiceFilter(choices=[(s.value, s.value) for s in FreezeState])
    strength = ChoiceFilter(choices=Strength.choices)


class FreezeViewSet(ReadViewSet[Freeze]):
    """Freezes you may know of."""

    serializer_class = FreezeOut
    lookup_value_converter = "int"
    ordering = ("-pk",)
    filterset_class = FreezeFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[Freeze]:
        known = Prefetch("clusters", Cluster.objects.visible_to(self.person), to_attr="known")
        return Freeze.objects.visible_to(self.person).prefetch_related(known)

    @write(takes=FreezeIn, gives=FreezeOut, status=201)
    def create(self, data: dict[str, Any]) -> Freeze:
        """Draft a freeze."""
        clusters = [visible_cluster(slug, self.person) for slug in dict.fromkeys(data.pop("clusters"))]
        return actions.draft_freeze(author=self.person, clusters=clusters, values=data, at=self.at)

    @write(takes=FreezeEditIn, gives=FreezeOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> Freeze:
        """Change a freeze before it is enforced; it is a draft again then."""
        freeze = self.get_object()
        return actions.change_freeze(
            freeze_id=freeze.pk, editor=self.person, version=freeze.version, changes=data, at=self.at
        )

    @extend_schema(parameters=[CheckIn])
    @action(detail=False, filterset_class=None)
    @read(gives=CheckOut, looks_up=True)
    def check(self) -> Verdict:
        """What freezes and blackouts say to a change, or to work of a kind: for pipelines, before they deploy."""
        asked = CheckIn(data=self.request.query_params.dict())
        asked.is_valid(raise_exception=True)
        return checked(self.person, asked.validated_data, at=self.at)

    @action(detail=True, filterset_class=None)
    @read(gives=FreezeHitOut, many=True)
    def hits(self) -> list[FreezeHit]:
        """Every change on its way that it hits and that you may see."""
        return hits_shown_to(self.get_object(), self.person)[0]

    @action(detail=True, methods=["post"], url_path="preview")
    @write(takes=VersionIn, gives=FreezeOut)
    def preview(self, data: dict[str, Any]) -> Freeze:
        """Say that you have seen what this version hits."""
        return actions.preview_freeze(freeze_id=self.get_object().pk, viewer=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"], url_path="enforcement")
    @write(takes=VersionIn, gives=FreezeOut)
    def enforce(self, data: dict[str, Any]) -> Freeze:
        """Put the previewed version in force; a hard one not by who wrote it."""
        return actions.enforce_freeze(freeze_id=self.get_object().pk, enforcer=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"], url_path="lifting")
    @write(takes=LiftIn, gives=FreezeOut)
    def lift(self, data: dict[str, Any]) -> Freeze:
        """Lift it."""
        return actions.lift_freeze(freeze_id=self.get_object().pk, lifter=self.person, at=self.at, **data)
