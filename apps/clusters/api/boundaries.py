"""The JSON door of charters, transfer rules, sites and the boundary lens."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, ChoiceFilter, FilterSet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import Door, ReadViewSet, read, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.clusters import actions, queries
from apps.clusters.models import Charter, Cluster, DataClass, Regime, Site, TransferRule
from apps.clusters.queries import boundaries
from apps.clusters.queries import lens as lens_queries
from apps.clusters.rules.boundaries import Verdict
from apps.clusters.rules.charters import LONGEST_NAME, LONGEST_PURPOSE, LONGEST_REASON, MOST_CAPABILITIES
from apps.clusters.states import CharterState
from apps.kernel.refusals import NotFound

_HANDLE: dict[str, Any] = {"slug_field": "handle", "read_only": True}


class CharterOut(serializers.ModelSerializer[Charter]):
    cluster = serializers.SlugRelatedField[Cluster](slug_field="slug", read_only=True)
    accountable = serializers.SlugRelatedField[Person](**_HANDLE)
    drafted_by = serializers.SlugRelatedField[Person](**_HANDLE)
    proposed_by = serializers.SlugRelatedField[Person](**_HANDLE, allow_null=True)
    decided_by = serializers.SlugRelatedField[Person](**_HANDLE, allow_null=True)
    capabilities = serializers.ListField(child=serializers.CharField())
    jurisdictions = serializers.ListField(child=serializers.CharField())
    data_classes = serializers.ListField(child=serializers.ChoiceField(choices=DataClass.choices))
    regimes = serializers.ListField(child=serializers.ChoiceField(choices=Regime.choices))

    class Meta:
        model = Charter
        fields = (
            "id",
            "cluster",
            "number",
            "state",
            "purpose",
            "accountable",
            "capabilities",
            "jurisdictions",
            "data_classes",
            "regimes",
            "drafted_by",
            "drafted_at",
            "proposed_by",
            "proposed_at",
            "decided_by",
            "decided_at",
            "decision_reason",
            "ended_at",
            "version",
        )
        read_only_fields = fields


class CharterEditIn(Strict):
    """What a charter says; what is left out stays as it is in the one in force, or in the draft."""

    purpose = serializers.CharField(max_length=LONGEST_PURPOSE, required=False)
    accountable = serializers.SlugRelatedField(
        slug_field="handle",
        queryset=Person.objects.all(),
        required=False,
        help_text="The handle of who answers for it.",
    )
    capabilities = serializers.ListField(
        child=serializers.CharField(max_length=LONGEST_NAME), max_length=MOST_CAPABILITIES, required=False
    )
    jurisdictions = serializers.ListField(
        child=serializers.CharField(max_length=2), max_length=300, required=False, help_text="ISO 3166-1 codes, or EU."
    )
    data_classes = serializers.ListField(
        child=serializers.ChoiceField(choices=DataClass.choices), max_length=10, required=False
    )
    regimes = serializers.ListField(
        child=serializers.ChoiceField(choices=Regime.choices), max_length=20, required=False
    )


class CharterIn(CharterEditIn):
    """A draft of the next charter of a cluster."""

    cluster = serializers.CharField(max_length=80, help_text="Short name of the cluster.")


class CharterVersionIn(Strict):
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="The version that was read.")


class CharterReasonIn(Strict):
    reason = serializers.CharField(max_length=LONGEST_REASON)


class ApprovalIn(CharterReasonIn, CharterVersionIn):
    """The version that was read, and why it is approved."""


class FoundOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    severity = serializers.IntegerField(min_value=1, max_value=3)
    sentence = serializers.CharField()
    next_step = serializers.CharField()


class DifferenceOut(serializers.Serializer[Any]):
    """What would be found otherwise, were the charter in force."""

    new = FoundOut(many=True)
    resolved = FoundOut(many=True)


class CharterFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    cluster = CharFilter(field_name="cluster__slug", max_length=80, label="Short name of the cluster.")
    state = ChoiceFilter(choices=[(one.value, one.value) for one in CharterState])


class CharterViewSet(ReadViewSet[Charter]):
    """Charters of clusters you may know of, every version."""

    serializer_class = CharterOut
    lookup_value_converter = "int"
    filterset_class = CharterFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[Charter]:
        return boundaries.charters_seen_by(self.person)

    @write(takes=CharterIn, gives=CharterOut, status=201)
    def create(self, data: dict[str, Any]) -> Charter:
        """Draft the next charter of a cluster you own."""
        cluster = queries.visible_cluster(data.pop("cluster"), self.person)
        return actions.draft_charter(cluster=cluster, author=self.person, values=data, at=self.at)

    @write(takes=CharterEditIn, gives=CharterOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> Charter:
        """Change a draft."""
        charter = self.get_object()
        return actions.rewrite_charter(
            charter_id=charter.pk, author=self.person, version=charter.version, changes=data, at=self.at
        )

    @action(detail=True)
    @read(gives=DifferenceOut)
    def difference(self) -> boundaries.Difference:
        """What would be found otherwise, were it in force; judged on the map as it is now."""
        return boundaries.difference(self.get_object(), self.person)

    @action(detail=True, methods=["post"])
    @write(takes=CharterVersionIn, gives=CharterOut)
    def proposal(self, data: dict[str, Any]) -> Charter:
        """Hand a draft to those who decide on charters."""
        return actions.propose_charter(charter_id=self.get_object().pk, author=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"])
    @write(takes=ApprovalIn, gives=CharterOut)
    def approval(self, data: dict[str, Any]) -> Charter:
        """Bring a proposed charter into force. Nobody approves their own."""
        return actions.approve_charter(charter_id=self.get_object().pk, approver=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"], url_path="return")
    @write(takes=CharterReasonIn, gives=CharterOut)
    def send_back(self, data: dict[str, Any]) -> Charter:
        """Send a proposed charter back to its authors."""
        return actions.return_charter(charter_id=self.get_object().pk, approver=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"])
    @write(gives=CharterOut)
    def withdrawal(self, data: dict[str, Any]) -> Charter:
        """Give up a charter that is not in force."""
        del data
        return actions.withdraw_charter(charter_id=self.get_object().pk, author=self.person, at=self.at)


class TransferRuleOut(serializers.ModelSerializer[TransferRule]):
    made_by = serializers.SlugRelatedField[Person](**_HANDLE)

    class Meta:
        model = TransferRule
        fields = (
            *("id", "data_class", "origin", "destination", "verdict", "safeguard", "reason"),
            *("made_by", "made_at", "version"),
        )
        read_only_fields = fields


class TransferRuleEditIn(Strict):
    verdict = serializers.ChoiceField(choices=[(one.value, one.value) for one in Verdict], required=False)
    safeguard = serializers.CharField(max_length=200, allow_blank=True, required=False)
    reason = serializers.CharField(max_length=LONGEST_REASON, required=False)


class TransferRuleIn(Strict):
    """A rule on data of a class from one jurisdiction to another; `*` is anywhere."""

    data_class = serializers.ChoiceField(choices=DataClass.choices)
    origin = serializers.CharField(max_length=2)
    destination = serializers.CharField(max_length=2)
    verdict = serializers.ChoiceField(choices=[(one.value, one.value) for one in Verdict])
    safeguard = serializers.CharField(max_length=200, allow_blank=True, default="")
    reason = serializers.CharField(max_length=LONGEST_REASON)


class TransferRuleViewSet(ReadViewSet[TransferRule]):
    """Which data may go from where to where."""

    serializer_class = TransferRuleOut
    lookup_value_converter = "int"
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[TransferRule]:
        return TransferRule.objects.select_related("made_by")

    @write(takes=TransferRuleIn, gives=TransferRuleOut, status=201)
    def create(self, data: dict[str, Any]) -> TransferRule:
        """Rule on a transfer: chairs and administrators."""
        return actions.rule_on_transfer(keeper=self.person, at=self.at, **data)

    @write(takes=TransferRuleEditIn, gives=TransferRuleOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> TransferRule:
        """Change the verdict, safeguard or reason of a rule."""
        rule = self.get_object()
        return actions.change_transfer_rule(
            rule_id=rule.pk, keeper=self.person, version=rule.version, changes=data, at=self.at
        )

    @action(detail=True, methods=["post"])
    @write()
    def repeal(self, data: dict[str, Any]) -> None:
        """Take a rule out of the table."""
        del data
        actions.repeal_transfer_rule(rule_id=self.get_object().pk, keeper=self.person, at=self.at)


class SiteOut(serializers.ModelSerializer[Site]):
    placed_by = serializers.SlugRelatedField[Person](**_HANDLE)

    class Meta:
        model = Site
        fields = ("id", "code", "name", "jurisdiction", "placed_by", "placed_at", "version")
        read_only_fields = fields


class SiteIn(Strict):
    """Where a site lies; sent again of the same site, it lies there from now on."""

    code = serializers.CharField(max_length=40)
    name = serializers.CharField(max_length=120, allow_blank=True, default="")
    jurisdiction = serializers.CharField(max_length=2, help_text="ISO 3166-1 code of the country.")


class SiteViewSet(ReadViewSet[Site]):
    """In which jurisdiction each site lies."""

    serializer_class = SiteOut
    lookup_value_converter = "int"
    ordering = ("code", "pk")
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[Site]:
        return Site.objects.select_related("placed_by")

    @write(takes=SiteIn, gives=SiteOut)
    def create(self, data: dict[str, Any]) -> Site:
        """Say where a site lies: chairs and administrators."""
        return actions.place_site(keeper=self.person, at=self.at, **data)


class CouplingOut(serializers.Serializer[Any]):
    cluster = serializers.CharField(help_text="Short name.")
    inside = serializers.IntegerField(help_text="Weight of the dependencies that stay inside.")
    needs = serializers.IntegerField(help_text="Weight of those that go out.")
    needed = serializers.IntegerField(help_text="Weight of those that come in.")
    cohesion = serializers.FloatField(allow_null=True, help_text="Share that stays inside, 0 to 1.")
    instability = serializers.FloatField(allow_null=True, help_text="Share of the crossing ones that go out, 0 to 1.")


class MoveOut(serializers.Serializer[Any]):
    component = serializers.IntegerField()
    home = serializers.CharField(help_text="Short name of its cluster.")
    target = serializers.CharField(help_text="Short name of the cluster it calls more.")
    calls_home = serializers.IntegerField()
    calls_target = serializers.IntegerField()
    modularity_gained = serializers.FloatField(help_text="By moving it there; may be negative.")


class CommunitiesOut(serializers.Serializer[Any]):
    runs = serializers.IntegerField()
    found = serializers.ListField(child=serializers.IntegerField(), help_text="Communities of each run.")
    agreement = serializers.ListField(child=serializers.FloatField(), help_text="Adjusted Rand index of each run.")
    modularity = serializers.ListField(child=serializers.FloatField())


class LensOut(serializers.Serializer[Any]):
    measured_at = serializers.DateTimeField()
    inputs_sha256 = serializers.CharField()
    modularity = serializers.FloatField(allow_null=True, help_text="Of the declared clusters.")
    couplings = CouplingOut(many=True)
    moves = MoveOut(many=True)
    communities = CommunitiesOut(allow_null=True)


class LensView(Door):
    """How the declared clusters sit on the dependencies that really are, as far as you may know of them."""

    @extend_schema(responses=LensOut)
    def get(self, request: Request) -> Response:
        """The last run of the boundary lens."""
        lens = lens_queries.lens_for(self.person)
        if lens is None:
            raise NotFound("The lens has not looked yet.", next_step="It looks within a minute of a change to the map.")
        del request
        told = {
            "measured_at": lens.run.ran_at,
            "inputs_sha256": lens.run.inputs_sha256,
            "modularity": lens.result["modularity"],
            "couplings": [
                {
                    "cluster": cluster.slug,
                    "inside": one.inside,
                    "needs": one.needs,
                    "needed": one.needed,
                    "cohesion": one.cohesion,
                    "instability": one.instability,
                }
                for cluster, one in lens.couplings
            ],
            "moves": [
                {
                    "component": component.pk,
                    "home": component.cluster.slug,
                    "target": target.slug,
                    "calls_home": one.calls_home,
                    "calls_target": one.calls_target,
                    "modularity_gained": one.gain,
                }
                for component, target, one in lens.moves
            ],
            "communities": lens.communities,
        }
        return Response(LensOut(told).data)
