"""How meshes read and are written over the API."""

from typing import Any

from rest_framework import serializers

from apps.accounts.api.bodies import Strict
from apps.clusters.models import Cluster
from apps.mesh.models import MeshProfile
from apps.mesh.rules.profiles import ALL, MOST_ATTEMPTS, MOST_MS, MOST_PORT, MOST_REQUESTS


class MeshOut(serializers.ModelSerializer[MeshProfile]):
    cluster = serializers.SlugRelatedField[Cluster](slug_field="slug", read_only=True)

    class Meta:
        model = MeshProfile
        fields = ("cluster", "namespace", "gateway", "gateway_port", "sampling_percent", "tracing_provider", "version")
        read_only_fields = fields


class MeshEditIn(Strict):
    """What may change; what is left out stays."""

    namespace = serializers.CharField(max_length=63, required=False, help_text="Where its workloads run.")
    gateway = serializers.CharField(
        max_length=253, required=False, allow_blank=True, help_text="Where other meshes reach it; empty: nowhere."
    )
    gateway_port = serializers.IntegerField(min_value=1, max_value=MOST_PORT, required=False)
    sampling_percent = serializers.DecimalField(
        max_digits=5, decimal_places=2, min_value=0, max_value=ALL, required=False, help_text="Of traces."
    )
    tracing_provider = serializers.CharField(max_length=100, required=False, allow_blank=True)


class MeshIn(MeshEditIn):
    """The mesh of a cluster you own."""

    cluster = serializers.CharField(max_length=80, help_text="Short name of the cluster.")
    namespace = serializers.CharField(max_length=63, help_text="Where its workloads run.")


class CallPolicy(serializers.Serializer[Any]):
    """How an edge is called."""

    timeout_ms = serializers.IntegerField(min_value=1, max_value=MOST_MS, help_text="Of the whole call.")
    attempts = serializers.IntegerField(min_value=0, max_value=MOST_ATTEMPTS, help_text="Repetitions at most.")
    per_try_ms = serializers.IntegerField(min_value=1, max_value=MOST_MS)
    most_requests = serializers.IntegerField(min_value=1, max_value=MOST_REQUESTS, help_text="Under way at once.")
    error_limit = serializers.IntegerField(
        min_value=1, max_value=1_000, help_text="In a row; after these an endpoint is left out."
    )
    ejection_s = serializers.IntegerField(min_value=1, max_value=3_600, help_text="How long it is left out at first.")


class EdgePolicyIn(Strict):
    """How one of a cluster's edges is called; `policy` null leaves it to what follows from its needs."""

    dependency = serializers.IntegerField(min_value=1, help_text="Its id; the cluster is the consumer's.")
    policy = CallPolicy(allow_null=True)


class MeshEdgeOut(serializers.Serializer[Any]):
    dependency = serializers.IntegerField(source="dependency_id")
    consumer = serializers.CharField(source="edge.consumer.title")
    consumer_principal = serializers.CharField(source="edge.consumer.principal")
    provider = serializers.CharField(source="edge.provider.title")
    provider_host = serializers.CharField(source="edge.provider.host")
    port = serializers.IntegerField(source="edge.port")
    protocol = serializers.CharField(source="edge.protocol")
    is_set = serializers.BooleanField(help_text="Whether somebody set the policy; else it follows from the needs.")
    policy = CallPolicy(source="edge.policy")
    why = serializers.ListField(
        child=serializers.CharField(), help_text="A sentence for each value that follows from integrations."
    )
    integrations = serializers.ListField(
        child=serializers.IntegerField(), source="integration_ids", help_text="Whose needs the values follow."
    )


class MeshDifferenceOut(serializers.Serializer[Any]):
    path = serializers.CharField()
    wanted = serializers.CharField(allow_null=True, help_text="As declared; null: nothing.")
    applied = serializers.CharField(allow_null=True)


class DriftedOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    name = serializers.CharField()
    drift = serializers.CharField(help_text="same, changed, missing, or extra: nothing declared asks for it.")
    differences = MeshDifferenceOut(many=True)


class UndeclaredOut(serializers.Serializer[Any]):
    sentence = serializers.CharField(source="words", help_text="The edge, as people say it.")
    consumer = serializers.CharField(source="seen.consumer", help_text="A principal, or *; empty: this cluster.")
    provider = serializers.CharField(source="seen.provider", help_text="A workload, *, or a host that it calls.")
    kind = serializers.CharField(source="seen.kind", help_text="Of the resource where it stands.")
    name = serializers.CharField(source="seen.name")


class MeshStateOut(serializers.Serializer[Any]):
    sha256 = serializers.CharField(source="applied.sha256", help_text="Of what was pushed.")
    pushed_by = serializers.CharField(source="applied.pushed_by.handle")
    pushed_at = serializers.DateTimeField(source="applied.pushed_at")
    counts = serializers.DictField(child=serializers.IntegerField(), help_text="same, changed, missing, extra.")
    is_strict = serializers.BooleanField(help_text="Every workload asks for mutual TLS.")
    is_closed = serializers.BooleanField(help_text="What is not allowed is denied.")
    resources = DriftedOut(many=True)
    undeclared = UndeclaredOut(many=True)
