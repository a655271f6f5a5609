"""The JSON door of interfaces and integrations."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.decorators import action

from apps.accounts.api.viewsets import ReadViewSet, write
from apps.accounts.rules import Scope
from apps.integrations import actions, queries
from apps.integrations.api.serializers import (
    IntegrationEditIn,
    IntegrationEndIn,
    IntegrationIn,
    IntegrationOut,
    InterfaceEditIn,
    InterfaceIn,
    InterfaceOut,
)
from apps.integrations.models import Integration, Interface
from apps.integrations.web.filters import IntegrationFilter, InterfaceFilter


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
