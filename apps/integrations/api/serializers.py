"""How interfaces and integrations read and are written over the API."""

from typing import Any

from rest_framework import serializers

from apps.accounts.api.bodies import Strict
from apps.accounts.models import Person
from apps.clusters.models import DataClass
from apps.integrations.models import Integration, Interface
from apps.integrations.models.edges import (
    CONSISTENCIES,
    COUPLINGS,
    DIRECTIONS,
    KINDS,
    ORDERINGS,
    PROTOCOL_CHOICES,
)
from apps.integrations.rules.needs import LONGEST_ADDRESS, LONGEST_NAME, LONGEST_TEXT, RANGES

MOST_KEY = 2**63 - 1


def _whole(name: str, text: str, **more: Any) -> serializers.IntegerField:
    bounds = RANGES[name]
    return serializers.IntegerField(
        min_value=int(bounds.least), max_value=int(bounds.most), required=False, help_text=text, **more
    )


def _decimal(name: str, text: str, **more: Any) -> serializers.FloatField:
    bounds = RANGES[name]
    return serializers.FloatField(min_value=bounds.least, max_value=bounds.most, required=False, help_text=text, **more)


class InterfaceOut(serializers.ModelSerializer[Interface]):
    component = serializers.IntegerField(source="component_id")
    cluster = serializers.CharField(source="component.cluster.slug")
    protocol = serializers.CharField(help_text="As an interface is offered with; empty: it names no port.")
    offered_by = serializers.SlugRelatedField[Person](slug_field="handle", read_only=True)

    class Meta:
        model = Interface
        fields = (
            *("id", "component", "cluster", "name", "kind", "port", "protocol", "contract_url", "is_data_product"),
            *("description", "latency_ms", "availability_percent", "offered_by", "offered_at", "version"),
        )
        read_only_fields = fields


class InterfaceEditIn(Strict):
    """What may change; what is left out stays. The kind stays while somebody is integrated with it."""

    name = serializers.CharField(max_length=LONGEST_NAME, required=False)
    kind = serializers.ChoiceField(choices=KINDS, required=False)
    port = serializers.IntegerField(min_value=1, max_value=65_535, allow_null=True, required=False)
    protocol = serializers.ChoiceField(
        choices=PROTOCOL_CHOICES, allow_blank=True, required=False, help_text="With its port; a file has neither."
    )
    contract_url = serializers.CharField(
        max_length=LONGEST_ADDRESS, allow_blank=True, required=False, help_text="An https address."
    )
    is_data_product = serializers.BooleanField(required=False)
    description = serializers.CharField(max_length=20_000, allow_blank=True, required=False)
    latency_ms = _whole("latency_ms", "It offers, 95th percentile; null: unsaid.", allow_null=True)
    availability_percent = _decimal("availability_percent", "It offers; null: unsaid.", allow_null=True)


class InterfaceIn(InterfaceEditIn):
    """An interface of a component you own."""

    component = serializers.IntegerField(min_value=1, max_value=MOST_KEY)
    name = serializers.CharField(max_length=LONGEST_NAME)
    kind = serializers.ChoiceField(choices=KINDS)


class IntegrationOut(serializers.ModelSerializer[Integration]):
    consumer = serializers.IntegerField(source="consumer_id")
    consumer_cluster = serializers.CharField(source="consumer.cluster.slug")
    interface = serializers.IntegerField(source="interface_id")
    provider = serializers.IntegerField(source="interface.component_id")
    provider_cluster = serializers.CharField(source="interface.component.cluster.slug")
    declared_by = serializers.SlugRelatedField[Person](slug_field="handle", read_only=True)

    class Meta:
        model = Integration
        fields = (
            *("id", "consumer", "consumer_cluster", "interface", "provider", "provider_cluster", "purpose"),
            *("direction", "latency_ms", "freshness_s", "rate_per_s", "consistency", "ordering", "replay_days"),
            *("payload_kb", "availability_percent", "survives_s", "coupling", "data_class"),
            *("declared_by", "declared_at", "version"),
        )
        read_only_fields = fields


class IntegrationEditIn(Strict):
    """What may change; what is left out stays. Needs that contradict each other are refused (“contradiction”)."""

    purpose = serializers.CharField(max_length=LONGEST_TEXT, required=False)
    direction = serializers.ChoiceField(choices=DIRECTIONS, required=False)
    latency_ms = _whole("latency_ms", "An answer within, 95th percentile; null: nobody waits for one.", allow_null=True)
    freshness_s = _whole("freshness_s", "How old what is read may be; 0: always the newest.")
    rate_per_s = _decimal("rate_per_s", "Calls, events or records.")
    consistency = serializers.ChoiceField(choices=CONSISTENCIES, required=False)
    ordering = serializers.ChoiceField(choices=ORDERINGS, required=False)
    replay_days = _whole("replay_days", "How far back it must be able to read again.")
    payload_kb = _whole("payload_kb", "Of one call, event or file.")
    availability_percent = _decimal("availability_percent", "It needs; null: unsaid.", allow_null=True)
    survives_s = _whole("survives_s", "How long it must go on without the provider.")
    coupling = serializers.ChoiceField(choices=COUPLINGS, required=False, help_text="The most it bears.")
    data_class = serializers.ChoiceField(choices=DataClass.choices, required=False, help_text="Of what flows.")


class IntegrationIn(IntegrationEditIn):
    """The use of an interface by a component you own; with it the dependency on the map."""

    consumer = serializers.IntegerField(min_value=1, max_value=MOST_KEY)
    interface = serializers.IntegerField(min_value=1, max_value=MOST_KEY)
    purpose = serializers.CharField(max_length=LONGEST_TEXT)


class IntegrationEndIn(Strict):
    reason = serializers.CharField(max_length=LONGEST_TEXT, help_text="Why it goes.")
