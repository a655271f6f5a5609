"""How policies, versions and their analysis read and are written in JSON."""

from typing import Any

from rest_framework import serializers

from apps.accounts.api.bodies import Strict
from apps.policies.models import Policy, PolicyVersion
from apps.policies.rules.tables import MOST_ROWS
from apps.policies.states import VersionState


class VersionOut(serializers.ModelSerializer[PolicyVersion]):
    state = serializers.ChoiceField(choices=[(one, one) for one in VersionState], read_only=True)
    rows = serializers.JSONField(read_only=True, help_text="The rules in order: name, cells by fact, outcome.")
    proof = serializers.JSONField(read_only=True, help_text="Comparisons made, and the floor it was proven against.")
    author = serializers.CharField(source="author.handle", read_only=True)
    enabled_by = serializers.CharField(source="enabled_by.handle", read_only=True, allow_null=True, default=None)

    class Meta:
        model = PolicyVersion
        fields = (
            "number",
            "state",
            "rows",
            "digest",
            "note",
            "proof",
            "author",
            "saved_at",
            "enabled_by",
            "enabled_at",
            "ended_at",
            "saves",
        )
        read_only_fields = fields


class PolicyOut(serializers.ModelSerializer[Policy]):
    cluster = serializers.CharField(source="cluster.slug", read_only=True, allow_null=True, default=None)
    versions = VersionOut(many=True, read_only=True)

    class Meta:
        model = Policy
        fields = ("slug", "name", "cluster", "created_at", "versions")
        read_only_fields = fields


class PolicyIn(Strict):
    slug = serializers.SlugField(max_length=80)
    name = serializers.CharField(max_length=120)
    cluster = serializers.SlugField(max_length=80, required=False, allow_null=True, help_text="None: the floor.")


class RowsIn(Strict):
    rows = serializers.JSONField(
        help_text=f"A list of at most {MOST_ROWS} rules: name, cells, outcome, and perhaps "
        "an expression (CEL text, facts for which it passes, facts for which it fails)."
    )


class DraftIn(RowsIn):
    note = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    based_on = serializers.IntegerField(
        required=False, allow_null=True, default=None, help_text="The draft's count of saves that you saw."
    )


class EnableIn(Strict):
    version = serializers.IntegerField(min_value=1, max_value=1_000_000)
    digest = serializers.CharField(max_length=64, help_text="Of the draft as you read it.")


class PolicyReasonIn(Strict):
    reason = serializers.CharField(max_length=500)


class FactsIn(Strict):
    facts = serializers.JSONField(help_text="Fact → value; what is absent or null is not known.")


class FindingOut(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="gap, contradiction, without_effect, weaker or unmet.")
    sentence = serializers.CharField()
    rules = serializers.ListField(child=serializers.IntegerField(), help_text="Counted from 1; of the floor if weaker.")
    facts = serializers.DictField(help_text="The counter-example; an empty text stands for any other.")
    is_smallest = serializers.BooleanField(help_text="Whether no counter-example needs fewer facts.")


class AnalysisOut(serializers.Serializer[Any]):
    findings = FindingOut(many=True)
    unseen = serializers.ListField(
        child=serializers.CharField(),
        help_text="Which rules the analysis cannot see into, and what holds all the same.",
    )
    compared = serializers.IntegerField(source="own.compared", help_text="Comparisons made.")
    compared_with_floor = serializers.IntegerField(
        source="floor.compared", allow_null=True, default=None, help_text="Null: there is no floor to compare with."
    )


class HitOut(serializers.Serializer[Any]):
    policy = serializers.CharField(source="source")
    number = serializers.IntegerField()
    name = serializers.CharField()
    sentence = serializers.CharField()
    is_certain = serializers.BooleanField()


class RulingOut(serializers.Serializer[Any]):
    outcome = serializers.DictField(source="ruling.outcome.as_data", help_text="kind, board, roles, people, …")
    sentence = serializers.CharField(source="ruling.outcome.told")
    rules = HitOut(source="ruling.hits", many=True)
    missing = serializers.ListField(source="ruling.missing", child=serializers.CharField())
    versions = serializers.ListField(child=serializers.CharField(), help_text="The versions in force.")
