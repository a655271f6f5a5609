"""The JSON door of portal: the journal, and deliveries that were given up."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import ChoiceFilter, FilterSet
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action

from apps.accounts.api.viewsets import ReadViewSet, write
from apps.accounts.rules import Capability
from apps.journal import actions
from apps.journal.models import Delivery, Entry
from apps.journal.states import DeliveryState
from apps.portal import queries
from apps.portal.api.serializers import DeliveryOut, EntryOut, RetriesOut

_FILTERS = [
    OpenApiParameter("event", {"type": "string", "maxLength": 80}, description="Name of an event."),
    OpenApiParameter("actor", {"type": "string", "maxLength": 150}, description="Handle of who did it."),
    OpenApiParameter("subject", {"type": "string", "maxLength": 200}, description="Part of what it is about."),
    OpenApiParameter("since", {"type": "string", "format": "date"}, description="First day, in the caller's zone."),
    OpenApiParameter("until", {"type": "string", "format": "date"}, description="Last day, in the caller's zone."),
]


@extend_schema_view(list=extend_schema(parameters=_FILTERS))
class JournalViewSet(ReadViewSet[Entry]):
    """What happened, newest first, as far as the caller may read it. Entries never change."""

    serializer_class = EntryOut
    lookup_value_regex = "[0-9]{1,18}"
    version_field = "digest"

    def rows(self) -> QuerySet[Entry]:
        asked = self.request.query_params.dict() if self.action == "list" else {}
        return queries.journal_for(self.person, asked=asked)


class DeliveryFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    state = ChoiceFilter(choices=[(state.value, state.value) for state in DeliveryState])


class DeliveryViewSet(ReadViewSet[Delivery]):
    """Entries on their way to subscribers inside the house; `?state=failed` are those that were given up."""

    serializer_class = DeliveryOut
    lookup_value_regex = "[0-9]{1,18}"
    filterset_class = DeliveryFilter
    version_field = None

    def rows(self) -> QuerySet[Delivery]:
        self.person.require(Capability.READ_DELIVERIES, to="see deliveries")
        return Delivery.objects.select_related("entry")

    @action(detail=True, methods=["post"])
    @write(gives=DeliveryOut)
    def retry(self, data: dict[str, Any]) -> Delivery:
        """Put a failed delivery back in line, with a fresh set of attempts."""
        del data
        self.person.require(Capability.MANAGE_DELIVERIES, to="retry deliveries")
        return actions.retry_delivery(delivery_id=self.get_object().pk, actor=self.person, at=self.at)

    @action(detail=False, methods=["post"])
    @write(gives=RetriesOut)
    def retries(self, data: dict[str, Any]) -> dict[str, int]:
        """Put every failed delivery back in line (the oldest thousand, if there are more)."""
        del data
        self.person.require(Capability.MANAGE_DELIVERIES, to="retry deliveries")
        return {"retried": actions.retry_failed(actor=self.person, at=self.at)}
