"""How trust reads and is written over the API."""

from typing import Any

from rest_framework import serializers

from apps.accounts.api.bodies import Strict
from apps.accounts.models import Person
from apps.clusters.models import Cluster
from apps.integrations.models import Integration
from apps.trust.formats.bundles import MOST_BYTES
from apps.trust.models import SigningKey, TokenFormat, TrustDomain, TrustLink
from apps.trust.queries.ways import Way, way_of
from apps.trust.rules.domains import LONGEST_REASON, LONGEST_S, MOST_CLAIMS, SHORTEST_S
from apps.trust.rules.tokens import ASYMMETRIC
from apps.trust.rules.tokens import MOST_BYTES as MOST_OF_TOKEN


def _algorithm() -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=[(one, one) for one in ASYMMETRIC])


class SigningKeyOut(serializers.ModelSerializer[SigningKey]):
    algorithms = serializers.ListField(child=serializers.CharField())
    material = serializers.DictField(child=serializers.CharField(), help_text="Its public members (RFC 7517).")

    class Meta:
        model = SigningKey
        fields = ("kid", "kty", "algorithms", "material", "since", "rotates_on", "retired_at")
        read_only_fields = fields


class TrustDomainOut(serializers.ModelSerializer[TrustDomain]):
    cluster = serializers.SlugRelatedField[Cluster](slug_field="slug", read_only=True)
    algorithms = serializers.ListField(child=serializers.CharField())
    claims = serializers.ListField(child=serializers.CharField())

    class Meta:
        model = TrustDomain
        fields = (
            *("id", "name", "cluster", "issuer", "token_format", "audience", "algorithms", "lifetime_s", "claims"),
            *("jwks_url", "sequence", "refresh_hint_s", "bundle_at", "bundle_failure", "version"),
        )
        read_only_fields = fields


class TrustDomainEditIn(Strict):
    """What may change; what is left out stays."""

    name = serializers.CharField(max_length=255, required=False, help_text="The SPIFFE trust domain.")
    issuer = serializers.CharField(max_length=300, required=False, help_text="What its tokens say in “iss”.")
    token_format = serializers.ChoiceField(choices=TokenFormat.choices, required=False)
    audience = serializers.CharField(max_length=200, required=False)
    algorithms = serializers.ListField(child=_algorithm(), max_length=len(ASYMMETRIC), required=False)
    lifetime_s = serializers.IntegerField(min_value=SHORTEST_S, max_value=LONGEST_S, required=False)
    claims = serializers.ListField(child=serializers.CharField(max_length=60), max_length=MOST_CLAIMS, required=False)
    jwks_url = serializers.CharField(max_length=300, allow_blank=True, required=False)


class TrustDomainIn(TrustDomainEditIn):
    """A trust domain of a cluster you own."""

    cluster = serializers.CharField(max_length=80, help_text="Short name of the cluster.")
    name = serializers.CharField(max_length=255, help_text="The SPIFFE trust domain.")
    issuer = serializers.CharField(max_length=300, help_text="What its tokens say in “iss”.")
    audience = serializers.CharField(max_length=200)
    algorithms = serializers.ListField(child=_algorithm(), max_length=len(ASYMMETRIC), min_length=1)


class BundleIn(Strict):
    """A JWK Set or a SPIFFE bundle, as the text of its file: public keys only."""

    bundle = serializers.CharField(max_length=MOST_BYTES, trim_whitespace=False)


class RotationIn(Strict):
    kid = serializers.CharField(max_length=200)
    on = serializers.DateField(help_text="When the key is to be replaced.")


class TrustLinkOut(serializers.ModelSerializer[TrustLink]):
    caller = serializers.SlugRelatedField[TrustDomain](
        source="source", slug_field="name", read_only=True, help_text="Is believed."
    )
    callee = serializers.SlugRelatedField[TrustDomain](
        source="target", slug_field="name", read_only=True, help_text="Believes."
    )
    claims = serializers.ListField(child=serializers.CharField())
    proposed_by = serializers.SlugRelatedField[Person](slug_field="handle", read_only=True)
    agreed_by = serializers.SlugRelatedField[Person](slug_field="handle", read_only=True, allow_null=True)

    class Meta:
        model = TrustLink
        fields = (
            *("id", "caller", "callee", "claims", "most_steps", "reason", "proposed_by", "proposed_at"),
            *("agreed_by", "agreed_at", "ends_at", "version"),
        )
        read_only_fields = fields


class TrustLinkIn(Strict):
    """A proposal that `callee` believes tokens of `caller`, whose owner you are."""

    caller = serializers.CharField(max_length=255)
    callee = serializers.CharField(max_length=255)
    claims = serializers.ListField(child=serializers.CharField(max_length=60), max_length=MOST_CLAIMS, default=list)
    most_steps = serializers.IntegerField(min_value=1, max_value=10, default=1)
    ends_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    reason = serializers.CharField(max_length=LONGEST_REASON)


class TrustEndIn(Strict):
    reason = serializers.CharField(max_length=LONGEST_REASON)


class TokenIn(Strict):
    """A token to check; it is kept nowhere, and an Idempotency-Key is not needed: nothing is done twice."""

    token = serializers.CharField(max_length=MOST_OF_TOKEN)
    issuer = serializers.CharField(max_length=255, help_text="The trust domain that issued it.")
    callee = serializers.CharField(max_length=255, help_text="The trust domain that is to believe it.")


class StepOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    holds = serializers.BooleanField()
    sentence = serializers.CharField()


class CheckedOut(serializers.Serializer[Any]):
    is_believed = serializers.BooleanField()
    steps = StepOut(many=True)
    claims = serializers.DictField(help_text="Only where the signature holds.")


class IntegrationWayOut(serializers.ModelSerializer[Integration]):
    """One integration, and whether the callee believes the caller."""

    integration = serializers.IntegerField(source="pk")
    caller = serializers.IntegerField(source="consumer_id", help_text="The consuming component.")
    caller_cluster = serializers.CharField(source="consumer.cluster.slug")
    interface = serializers.IntegerField(source="interface_id")
    callee = serializers.IntegerField(source="interface.component_id")
    callee_cluster = serializers.CharField(source="interface.component.cluster.slug")
    is_believed = serializers.BooleanField()
    length = serializers.SerializerMethodField(help_text="Links of the way; 0 within one domain, null: there is none.")
    claims = serializers.SerializerMethodField(help_text="Which of the caller's arrive.")
    why_none = serializers.SerializerMethodField(help_text="Why there is no way; empty where there is one.")

    class Meta:
        model = Integration
        fields = (
            *("integration", "caller", "caller_cluster", "interface", "callee", "callee_cluster"),
            *("is_believed", "length", "claims", "why_none"),
        )
        read_only_fields = fields

    def get_length(self, row: Integration) -> int | None:
        """Of its way."""
        return self._way(row).length

    def get_claims(self, row: Integration) -> list[str]:
        """Of its way."""
        return self._way(row).claims

    def get_why_none(self, row: Integration) -> str:
        """Of its way."""
        return self._way(row).why_none

    def _way(self, row: Integration) -> Way:
        return way_of(row, self.context["view"].told.ways)


class WayOut(serializers.Serializer[Way]):
    is_believed = serializers.BooleanField()
    why_none = serializers.CharField(help_text="Why there is no way; empty where there is one.")
    links = serializers.ListField(child=serializers.IntegerField())
    claims = serializers.ListField(child=serializers.CharField(), help_text="Which of the caller's arrive.")
