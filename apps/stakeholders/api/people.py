"""The JSON door of stakeholders, their authorities and their influence."""

from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, ChoiceFilter, FilterSet, NumberFilter
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.clusters.models import Cluster
from apps.clusters.queries import visible_cluster
from apps.stakeholders import actions
from apps.stakeholders.models import Authority, Influence, Kind, Stakeholder
from apps.stakeholders.queries import people as queries
from apps.stakeholders.rules.influence import Sway
from apps.stakeholders.rules.initiatives import LONGEST_LINE
from apps.stakeholders.rules.resources import LONGEST_UNIT, MOST_AMOUNT, Resource

RESOURCES = [(one.value, one.value) for one in Resource]
_MOST_KEY = 2**63 - 1


def amount_field(**more: Any) -> serializers.DecimalField:
    """An amount of a resource, to hundredths."""
    return serializers.DecimalField(
        max_digits=16, decimal_places=2, min_value=Decimal(0), max_value=MOST_AMOUNT, **more
    )


def key_field(help_text: str, **more: Any) -> serializers.IntegerField:
    """The id of something."""
    return serializers.IntegerField(min_value=1, max_value=_MOST_KEY, help_text=help_text, **more)


class StakeholderOut(serializers.ModelSerializer[Stakeholder]):
    handle = serializers.CharField(source="person.handle", default="", help_text="Of the account; else empty.")
    team = serializers.CharField(source="team.name", default="")

    class Meta:
        model = Stakeholder
        fields = ("id", "kind", "name", "organisation", "handle", "team", "source", "added_at", "version")
        read_only_fields = fields


class StakeholderIn(Strict):
    """An account by its handle, a team by its name, or an outsider by name and organisation."""

    kind = serializers.ChoiceField(choices=Kind.choices)
    handle = serializers.CharField(max_length=150, allow_blank=True, default="")
    team = serializers.CharField(max_length=150, allow_blank=True, default="")
    name = serializers.CharField(max_length=150, allow_blank=True, default="")
    organisation = serializers.CharField(max_length=120, allow_blank=True, default="")


class StakeholderFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    kind = ChoiceFilter(choices=Kind.choices)
    name = CharFilter(lookup_expr="icontains", max_length=150)


class StakeholderViewSet(ReadViewSet[Stakeholder]):
    """People and teams on record, whom initiatives have to do with."""

    serializer_class = StakeholderOut
    lookup_value_converter = "int"
    ordering = ("name", "pk")
    filterset_class = StakeholderFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[Stakeholder]:
        return queries.stakeholders_for(self.person)

    @write(takes=StakeholderIn, gives=StakeholderOut, status=201)
    def create(self, data: dict[str, Any]) -> Stakeholder:
        """Put somebody on record; who is there already is answered as they are."""
        return actions.add_stakeholder(adder=self.person, at=self.at, **data)


class AuthorityOut(serializers.ModelSerializer[Authority]):
    holder = serializers.IntegerField(source="holder_id")
    holder_name = serializers.CharField(source="holder.name")
    cluster = serializers.SlugRelatedField[Cluster](
        slug_field="slug", read_only=True, allow_null=True, help_text="null: the enterprise."
    )
    first_day = serializers.DateField(source="valid.lower")
    end = serializers.DateField(
        source="valid.upper", allow_null=True, help_text="The first day it holds no more; null: no end."
    )
    delegated_from = serializers.IntegerField(source="delegated_from_id", allow_null=True)
    recorded_by = serializers.SlugRelatedField[Person](slug_field="handle", read_only=True)

    class Meta:
        model = Authority
        fields = (
            *("id", "holder", "holder_name", "resource", "cluster", "unit", "amount", "first_day", "end"),
            *("delegated_from", "evidence", "recorded_by", "recorded_at", "version"),
        )
        read_only_fields = fields


class AuthorityIn(Strict):
    """Up to what limit somebody may decide on a resource."""

    holder = key_field("The stakeholder.")
    resource = serializers.ChoiceField(choices=RESOURCES)
    amount = amount_field(help_text="The limit.")
    unit = serializers.CharField(
        max_length=LONGEST_UNIT, allow_blank=True, default="", help_text="A currency for a budget: EUR."
    )
    cluster = serializers.CharField(
        max_length=80, allow_blank=True, default="", help_text="Short name; empty: the enterprise."
    )
    first_day = serializers.DateField()
    last_day = serializers.DateField(allow_null=True, default=None)
    delegated_from = key_field("The authority it is a part of.", allow_null=True, default=None)
    evidence = serializers.CharField(max_length=LONGEST_LINE, help_text="The document that says so.")


class AuthorityEndIn(Strict):
    last_day = serializers.DateField(help_text="On which it still holds.")


class AuthorityFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    holder = NumberFilter(field_name="holder_id", min_value=1, max_value=_MOST_KEY)
    cluster = CharFilter(field_name="cluster__slug", max_length=80, label="Short name of the cluster.")
    resource = ChoiceFilter(choices=RESOURCES)


class AuthorityViewSet(ReadViewSet[Authority]):
    """Who may decide on which resources: over the enterprise, and over clusters you may know of."""

    serializer_class = AuthorityOut
    lookup_value_converter = "int"
    filterset_class = AuthorityFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[Authority]:
        return queries.authorities_seen_by(self.person)

    @write(takes=AuthorityIn, gives=AuthorityOut, status=201)
    def create(self, data: dict[str, Any]) -> Authority:
        """Record an authority, or delegate a part of one. Nobody records their own."""
        cluster, parent = data.pop("cluster"), data.pop("delegated_from")
        return actions.record_authority(
            recorder=self.person,
            holder=queries.known_stakeholder(data.pop("holder")),
            cluster=visible_cluster(cluster, self.person) if cluster else None,
            delegated_from=queries.visible_authority(parent, self.person) if parent else None,
            at=self.at,
            **data,
        )

    @action(detail=True, methods=["post"])
    @write(takes=AuthorityEndIn, gives=AuthorityOut)
    def end(self, data: dict[str, Any]) -> Authority:
        """End it, and what was delegated from it, after a day."""
        return actions.end_authority(authority_id=self.get_object().pk, person=self.person, at=self.at, **data)


class InfluenceOut(serializers.ModelSerializer[Influence]):
    who = serializers.IntegerField(source="source_id")
    whom = serializers.IntegerField(source="target_id")
    recorded_by = serializers.SlugRelatedField[Person](slug_field="handle", read_only=True)

    class Meta:
        model = Influence
        fields = ("id", "who", "whom", "kind", "weight", "recorded_by", "recorded_at")
        read_only_fields = fields


class InfluenceIn(Strict):
    """`who` reports to, advises, sponsors or may veto `whom`."""

    who = key_field("The stakeholder.")
    whom = key_field("The other one.")
    kind = serializers.ChoiceField(choices=[(one.value, one.value) for one in Sway])
    weight = serializers.DecimalField(
        max_digits=3, decimal_places=2, min_value=Decimal("0.01"), max_value=Decimal(1), default=Decimal(1)
    )


class InfluenceFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    who = NumberFilter(field_name="source_id", min_value=1, max_value=_MOST_KEY)
    whom = NumberFilter(field_name="target_id", min_value=1, max_value=_MOST_KEY)


class InfluenceViewSet(ReadViewSet[Influence]):
    """Who reports to, advises, sponsors or may veto whom."""

    serializer_class = InfluenceOut
    lookup_value_converter = "int"
    filterset_class = InfluenceFilter
    scope_for_writes = Scope.CLUSTERS
    version_field = None

    def rows(self) -> QuerySet[Influence]:
        return Influence.objects.select_related("recorded_by")

    @write(takes=InfluenceIn, gives=InfluenceOut, status=201)
    def create(self, data: dict[str, Any]) -> Influence:
        """Record an influence. A circle of reporting is refused (409), naming everyone in it."""
        source, target = (queries.known_stakeholder(data.pop(end)) for end in ("who", "whom"))
        return actions.record_influence(source=source, target=target, recorder=self.person, at=self.at, **data)

    @action(detail=True, methods=["post"])
    @write()
    def end(self, data: dict[str, Any]) -> None:
        """Take the line away."""
        del data
        actions.end_influence(influence_id=self.get_object().pk, recorder=self.person, at=self.at)
