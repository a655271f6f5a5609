"""The JSON door of rates between currencies."""

from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import CharFilter, FilterSet
from rest_framework import serializers

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, write
from apps.accounts.models import Person
from apps.accounts.rules import Scope
from apps.stakeholders.actions import rates as actions
from apps.stakeholders.models import ExchangeRate
from apps.stakeholders.queries import rates as queries
from apps.stakeholders.rules.rates import DECIMALS, LEAST_RATE, MOST_RATE


class ExchangeRateOut(serializers.ModelSerializer[ExchangeRate]):
    recorded_by = serializers.SlugRelatedField[Person](slug_field="handle", read_only=True)

    class Meta:
        model = ExchangeRate
        fields = ("id", "currency", "into", "rate", "as_of", "recorded_by", "recorded_at")
        read_only_fields = fields


class ExchangeRateIn(Strict):
    """How much of the enterprise's currency one of `currency` was worth on the day `as_of`."""

    currency = serializers.CharField(max_length=3, help_text="Three letters, such as USD.")
    rate = serializers.DecimalField(max_digits=16, decimal_places=DECIMALS, min_value=LEAST_RATE, max_value=MOST_RATE)
    as_of = serializers.DateField(help_text="Not ahead of today in your own time zone.")


class ExchangeRateFilter(FilterSet):  # type: ignore[misc]  # the package publishes no types
    currency = CharFilter(max_length=3, label="Three letters.")


class ExchangeRateViewSet(ReadViewSet[ExchangeRate]):
    """What other currencies are worth in the enterprise's; of each the newest counts."""

    serializer_class = ExchangeRateOut
    lookup_value_converter = "int"
    filterset_class = ExchangeRateFilter
    scope_for_writes = Scope.CLUSTERS
    version_field = None

    def rows(self) -> QuerySet[ExchangeRate]:
        return queries.rates_recorded()

    @write(takes=ExchangeRateIn, gives=ExchangeRateOut, status=201)
    def create(self, data: dict[str, Any]) -> ExchangeRate:
        """Record a rate; what was estimated before keeps its own."""
        return actions.record_rate(recorder=self.person, at=self.at, **data)
