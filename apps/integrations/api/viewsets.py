"""The JSON door of interfaces and integrations."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request

from apps.accounts.api.etags import is_unchanged
from apps.accounts.api.negotiation import OneForm
from apps.accounts.api.schema import Problem
from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.accounts.rules import Scope
from apps.integrations import actions, queries
from apps.integrations.api.decisions import (
    PAIRS_HELP,
    WEIGHTS_HELP,
    DecisionAidOut,
    PatternDecisionIn,
    PatternDecisionOut,
    told_advice,
)
from apps.integrations.api.serializers import (
    IntegrationEditIn,
    IntegrationEndIn,
    IntegrationIn,
    IntegrationOut,
    InterfaceEditIn,
    InterfaceIn,
    InterfaceOut,
)
from apps.integrations.formats.adr import record_of
from apps.integrations.models import Integration, Interface, PatternDecision
from apps.integrations.models.decisions import WEIGHED_BY
from apps.integrations.queries.contracts import contract_of
from apps.integrations.queries.decisions import advice_on, decision_numbered, decisions_of
from apps.integrations.rules.asking import weighing_asked
from apps.integrations.rules.contracts import MEDIA_TYPES
from apps.integrations.web.filters import IntegrationFilter, InterfaceFilter
from apps.integrations.web.views.decisions import MARKDOWN
from apps.kernel.problems import PROBLEM_TYPE


class InterfaceViewSet(ReadViewSet[Interface]):
    """Interfaces of components you may know of."""

    serializer_class = InterfaceOut
    lookup_value_converter = "int"
    ordering = ("name", "pk")
    filterset_class = InterfaceFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[Interface]:
        return queries.interfaces_seen_by(self.person).select_related("offered_by")

    @write(takes=InterfaceIn, gives=InterfaceOut, status=201)
    def create(self, data: dict[str, Any]) -> Interface:
        """Offer an interface of a component you own."""
        component_id = data.pop("component")
        return actions.offer_interface(component_id=component_id, offerer=self.person, values=data, at=self.at)

    @write(takes=InterfaceEditIn, gives=InterfaceOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> Interface:
        """Edit an interface."""
        one = self.get_object()
        return actions.describe_interface(
            interface_id=one.pk, editor=self.person, version=one.version, changes=data, at=self.at
        )

    @write()
    def destroy(self, data: dict[str, Any]) -> None:
        """Withdraw an interface that nobody is integrated with."""
        del data
        actions.withdraw_interface(interface_id=self.get_object().pk, withdrawer=self.person, at=self.at)


class IntegrationViewSet(ReadViewSet[Integration]):
    """Integrations between components you may know of, with what each needs."""

    serializer_class = IntegrationOut
    lookup_value_converter = "int"
    ordering = ("pk",)
    filterset_class = IntegrationFilter
    scope_for_writes = Scope.CLUSTERS

    def rows(self) -> QuerySet[Integration]:
        return queries.integrations_seen_by(self.person).select_related("declared_by")

    @write(takes=IntegrationIn, gives=IntegrationOut, status=201)
    def create(self, data: dict[str, Any]) -> Integration:
        """Declare that a component you own uses an interface of another."""
        consumer_id, interface = data.pop("consumer"), queries.visible_interface(data.pop("interface"), self.person)
        return actions.declare_integration(
            consumer_id=consumer_id, interface=interface, declarer=self.person, values=data, at=self.at
        )

    @write(takes=IntegrationEditIn, gives=IntegrationOut, edits=True)
    def partial_update(self, data: dict[str, Any]) -> Integration:
        """Edit an integration of a component you own."""
        one = self.get_object()
        return actions.describe_integration(
            integration_id=one.pk, editor=self.person, version=one.version, changes=data, at=self.at
        )

    @action(detail=True, methods=["post"])
    @write(takes=IntegrationEndIn)
    def withdrawal(self, data: dict[str, Any]) -> None:
        """Withdraw an integration of a component you own, and its dependency where it was the last of it."""
        one = self.get_object()
        actions.withdraw_integration(integration_id=one.pk, withdrawer=self.person, at=self.at, **data)

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "by",
                str,
                enum=[name for name, _ in WEIGHED_BY],
                description="Whose weights; without it the usual ones.",
            ),
            OpenApiParameter("weights", str, description=WEIGHTS_HELP),
            OpenApiParameter("pairs", str, description=PAIRS_HELP),
        ]
    )
    @action(detail=True, url_path="decision-aid", filterset_class=None)
    @read(gives=DecisionAidOut)
    def decision_aid(self) -> Mapping[str, Any]:
        """Which pattern fits its needs best, why, and how far each weight could move before another would.

        Judgements that contradict each other are refused (“inconsistent”), with the one that fits the others least.
        """
        said = self.request.query_params
        weighing = weighing_asked(said.get("by", ""), said.get("weights", ""), said.get("pairs", ""))
        return told_advice(advice_on(self.get_object(), weighing))

    @action(detail=True, filterset_class=None)
    @read(gives=PatternDecisionOut, many=True, ordering=("-number",))
    def decisions(self) -> QuerySet[PatternDecision]:
        """What was decided on it, the latest first."""
        return decisions_of(self.get_object())

    @decisions.mapping.post
    @write(takes=PatternDecisionIn, gives=PatternDecisionOut, status=201)
    def decide(self, data: dict[str, Any]) -> PatternDecision:
        """Decide how an integration of your cluster's component is built, on the advice that you read.

        An advice that has changed since is refused (412), and a pattern that a gate excludes (“excluded”).
        """
        weighing = weighing_asked(data.pop("by"), data.pop("weights"), data.pop("pairs"))
        return actions.decide_pattern(
            integration_id=self.get_object().pk, decider=self.person, weighing=weighing, at=self.at, **data
        )

    @extend_schema(
        responses={
            **{(200, media): OpenApiTypes.OBJECT for media in MEDIA_TYPES.values()},
            304: None,
            (409, PROBLEM_TYPE): Problem,
        }
    )
    @action(detail=True, filterset_class=None, content_negotiation_class=OneForm)
    def artifact(self, request: Request, **_: Any) -> HttpResponse:
        """A skeleton of the contract that its decision asks for: AsyncAPI 3.0, OpenAPI 3.1 or a data contract, as YAML.

        Checked by its published schema. Refused (409) while no decision is in force (“undecided”, “reopened”), and for
        what has no contract (“no_contract”).
        """
        contract = contract_of(self.get_object())
        if is_unchanged(request, contract.tag):
            return HttpResponse(status=304, headers={"ETag": contract.tag})
        headers = {"ETag": contract.tag, "Content-Disposition": f'attachment; filename="{contract.name}"'}
        return HttpResponse(contract.text, content_type=contract.media_type, headers=headers)

    @extend_schema(responses={(200, "text/markdown"): OpenApiTypes.STR})
    @action(
        detail=True,
        url_path="decisions/(?P<number>[0-9]{1,9})/record",
        filterset_class=None,
        content_negotiation_class=OneForm,
    )
    def decision_record(self, request: Request, number: str, **_: Any) -> HttpResponse:
        """One decision as an architecture decision record, in Markdown."""
        del request
        integration = self.get_object()
        text = record_of(integration, decision_numbered(integration, int(number)))
        return HttpResponse(text, content_type=MARKDOWN)
