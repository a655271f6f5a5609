"""The JSON door of initiatives: what they need, their map, coalitions, assessments and engagement plans."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import BooleanFilter, CharFilter, FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action

from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.rules import Scope
from apps.clusters.models import Cluster
from apps.clusters.queries import visible_cluster
from apps.kernel.refusals import Invalid
from apps.stakeholders import actions
from apps.stakeholders.api import serializers as s
from apps.stakeholders.models import Assessment, Conversation, Demand, Engagement, Initiative, Involvement
from apps.stakeholders.queries import engagements, initiatives, maps
from apps.stakeholders.queries.people import known_stakeholder, person_named
from apps.stakeholders.rules.resources import Need, Resource, require_amount, require_unit

_STATES = {"true": True, "false": False}


class InitiativeFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    cluster = CharFilter(field_name="clusters__slug", max_length=80, label="Short name of a cluster in it.")
    open = BooleanFilter(field_name="closed_at", lookup_expr="isnull")


class InitiativeViewSet(ReadViewSet[Initiative]):
    """Initiatives across clusters, as far as you may know of all of these."""

    serializer_class = s.InitiativeOut
    lookup_value_converter = "int"
    filterset_class = InitiativeFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[Initiative]:
        return initiatives.initiatives_seen_by(self.person)

    @write(takes=s.InitiativeIn, gives=s.InitiativeOut, status=201)
    def create(self, data: dict[str, Any]) -> Initiative:
        """Open an initiative across at least two clusters."""
        clusters = self._clusters(data.pop("clusters"))
        data["sponsor"] = person_named(data["sponsor"])
        return actions.open_initiative(opener=self.person, clusters=clusters, values=data, at=self.at)

    @write(takes=s.InitiativeEditIn, gives=s.InitiativeOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> Initiative:
        """Edit an initiative."""
        row, named = self.get_object(), data.pop("clusters", None)
        if "sponsor" in data:
            data["sponsor"] = person_named(data["sponsor"])
        return actions.describe_initiative(
            initiative_id=row.pk,
            editor=self.person,
            version=row.version,
            changes=data,
            clusters=self._clusters(named) if named is not None else None,
            at=self.at,
        )

    @action(detail=True, methods=["post"])
    @write(takes=s.ClosingIn, gives=s.InitiativeOut)
    def closing(self, data: dict[str, Any]) -> Initiative:
        """Close it."""
        return actions.close_initiative(initiative_id=self.get_object().pk, keeper=self.person, at=self.at, **data)

    @action(detail=True, filterset_class=None)
    @read(gives=s.WantOut, many=True)
    def demands(self) -> list[Mapping[str, Any]]:
        """What it needs, who controls each, and who of them has not been spoken to."""
        found = initiatives.wants(self.get_object(), self.person, day=self.at.date())
        return [s.told_want(one) for one in found]

    @demands.mapping.post
    @write(takes=s.DemandIn, gives=s.DemandOut, status=201)
    def demand(self, data: dict[str, Any]) -> Demand:
        """Say how much it needs of a resource; said again, the amount is the new one."""
        cluster = data.pop("cluster")
        return actions.demand_resource(
            initiative_id=self.get_object().pk,
            keeper=self.person,
            cluster=visible_cluster(cluster, self.person) if cluster else None,
            at=self.at,
            **data,
        )

    @action(detail=True, methods=["post"], url_path="withdrawn-demands")
    @write(takes=s.WithdrawnDemandIn)
    def withdraw_demand(self, data: dict[str, Any]) -> None:
        """Take a demand back."""
        actions.withdraw_demand(
            initiative_id=self.get_object().pk, demand_id=data["demand"], keeper=self.person, at=self.at
        )

    @action(detail=True, url_path="stakeholder-map", filterset_class=None)
    @read(gives=s.SpotOut, many=True)
    def stakeholder_map(self) -> list[maps.Spot]:
        """Where everyone stands: power with its parts and their rows, interest, quadrant, salience."""
        return maps.map_of(self.get_object(), self.person, day=self.at.date())

    @stakeholder_map.mapping.post
    @write(takes=s.InvolvementIn, gives=s.InvolvementOut, status=201)
    def involve(self, data: dict[str, Any]) -> Involvement:
        """Put a stakeholder on the map."""
        return actions.involve(
            initiative_id=self.get_object().pk,
            stakeholder=known_stakeholder(data["stakeholder"]),
            part=data["part"],
            keeper=self.person,
            at=self.at,
        )

    @action(detail=True, methods=["post"])
    @write(takes=s.ReleaseIn)
    def releases(self, data: dict[str, Any]) -> None:
        """Take a stakeholder off the map."""
        actions.release(
            initiative_id=self.get_object().pk,
            stakeholder=known_stakeholder(data["stakeholder"]),
            keeper=self.person,
            at=self.at,
        )

    @extend_schema(
        parameters=[
            OpenApiParameter("resource", str, enum=[*Resource], description="Without it: all that it demands."),
            OpenApiParameter("amount", OpenApiTypes.DECIMAL),
            OpenApiParameter("unit", str),
            OpenApiParameter("cluster", str, description="Short name; without it the enterprise's."),
            OpenApiParameter("vetoers", bool, description="Whether those who may veto others may be counted on."),
        ]
    )
    @action(detail=True, filterset_class=None)
    @read(gives=s.CoalitionOut, looks_up=True)
    def coalition(self) -> Mapping[str, Any]:
        """The fewest people whose limits cover what it needs, and who could still say no."""
        initiative, asked = self.get_object(), self.request.query_params
        found = maps.coalition_for(
            initiative,
            self.person,
            day=self.at.date(),
            needs=[self._need(asked)] if asked.get("resource") else None,
            with_vetoers=_STATES.get(asked.get("vetoers", "").lower(), False),
        )
        return s.told_coalition(found)

    @action(detail=True, filterset_class=None)
    @read(gives=s.AssessmentOut, many=True)
    def assessments(self) -> QuerySet[Assessment]:
        """Every assessment, the newest first; nothing is overwritten."""
        return maps.assessments_of(self.get_object())

    @assessments.mapping.post
    @write(takes=s.AssessmentIn, gives=s.AssessmentOut, status=201)
    def assess(self, data: dict[str, Any]) -> Assessment:
        """Judge a stakeholder; marks left out stay as they were. Nobody assesses themselves (403)."""
        stakeholder, evidence = known_stakeholder(data.pop("stakeholder")), data.pop("evidence")
        return actions.assess(
            initiative_id=self.get_object().pk,
            stakeholder=stakeholder,
            assessor=self.person,
            marks=data,
            evidence=evidence,
            at=self.at,
        )

    @action(detail=True, filterset_class=None)
    @read(gives=s.EngagementOut, many=True)
    def engagements(self) -> list[Engagement]:
        """The engagement plan, open entries first."""
        return list(engagements.plan_of(self.get_object())[:1_000])

    @engagements.mapping.post
    @write(takes=s.EngagementIn, gives=s.EngagementOut, status=201)
    def plan(self, data: dict[str, Any]) -> Engagement:
        """Plan that somebody speaks to a stakeholder until a day; they are reminded."""
        return actions.plan_engagement(
            initiative_id=self.get_object().pk,
            stakeholder=known_stakeholder(data.pop("stakeholder")),
            owner=person_named(data.pop("owner")),
            planner=self.person,
            at=self.at,
            **data,
        )

    @action(detail=True, methods=["post"], url_path="dropped-engagements")
    @write(takes=s.DroppedIn, gives=s.EngagementOut)
    def drop(self, data: dict[str, Any]) -> Engagement:
        """Drop an entry of the plan, with the reason."""
        return actions.drop_engagement(
            initiative_id=self.get_object().pk,
            engagement_id=data["engagement"],
            reason=data["reason"],
            keeper=self.person,
            at=self.at,
        )

    @action(detail=True, filterset_class=None)
    @read(gives=s.ConversationOut, many=True, ordering=("-held_on", "-pk"))
    def conversations(self) -> QuerySet[Conversation]:
        """What was said, with whom and when."""
        return engagements.conversations_of(self.get_object())

    @conversations.mapping.post
    @write(takes=s.ConversationIn, gives=s.ConversationOut, status=201)
    def log(self, data: dict[str, Any]) -> Conversation:
        """Write down what was said; with `engagement` it settles that entry of the plan."""
        return actions.log_conversation(
            initiative_id=self.get_object().pk,
            stakeholder=known_stakeholder(data.pop("stakeholder")),
            engagement_id=data.pop("engagement"),
            keeper=self.person,
            at=self.at,
            **data,
        )

    def _clusters(self, names: list[str]) -> list[Cluster]:
        return [visible_cluster(name, self.person) for name in dict.fromkeys(names)]

    def _need(self, asked: Mapping[str, str]) -> Need:
        try:
            resource, amount = Resource(asked["resource"]), Decimal(asked.get("amount", ""))
        except (ValueError, ArithmeticError):
            raise Invalid(
                "A coalition is asked for a resource and an amount.",
                next_step=f"Name one of {', '.join(Resource)}, and a number.",
                fields={"amount": ["A number."]},
            ) from None
        cluster = visible_cluster(asked["cluster"], self.person).pk if asked.get("cluster") else None
        return Need(
            resource,
            require_unit(resource, asked.get("unit", "")[:100]),
            cluster,
            require_amount(amount, least=Decimal("0.01")),
        )
