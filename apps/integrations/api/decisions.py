"""How the advice on a pattern and the decisions on it read and are written over the API."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from apps.accounts.api.bodies import Strict
from apps.accounts.models import Person
from apps.integrations.models import PatternDecision
from apps.integrations.models.decisions import PATTERNS, WEIGHED_BY
from apps.integrations.rules.asking import LONGEST_SPELLING, pairs_written
from apps.integrations.rules.deciding import LONGEST_REASONS, Advice, sentence_of
from apps.integrations.rules.gates import Change
from apps.integrations.rules.ranking import Sway
from apps.integrations.rules.weighing import Criterion

_HANDLE: dict[str, Any] = {"slug_field": "handle", "read_only": True}
CRITERIA = [(one.value, one.value) for one in Criterion]
WEIGHTS_HELP = "Own weights in any unit, such as timeliness:30,cost:20; only their shares of the sum count."
PAIRS_HELP = "Judgements of every pair, such as timeliness:cost:3,timeliness:autonomy:1/5 and so on, from 1/9 to 9."


class GateOut(serializers.Serializer[Any]):
    gate = serializers.CharField()
    passes = serializers.BooleanField()
    sentence = serializers.CharField()


class PatternJudgementOut(serializers.Serializer[Any]):
    """What the gates say of one pattern. A shared database is always shown and never fits."""

    pattern = serializers.ChoiceField(choices=PATTERNS)
    fits = serializers.BooleanField()
    gates = GateOut(many=True)


class PatternPlaceOut(serializers.Serializer[Any]):
    pattern = serializers.ChoiceField(choices=PATTERNS)
    closeness = serializers.FloatField(help_text="To the best of all that fit, 0 to 1 (TOPSIS).")
    points = serializers.DictField(child=serializers.FloatField(), help_text="Criterion to points, 1 to 9.")


class PatternSwayOut(serializers.Serializer[Any]):
    weight = serializers.FloatField(help_text="The weight at which both are even.")
    winner = serializers.ChoiceField(choices=PATTERNS, help_text="Who comes first beyond it.")


class PatternSensitivityOut(serializers.Serializer[Any]):
    criterion = serializers.ChoiceField(choices=CRITERIA)
    weight = serializers.FloatField()
    low = serializers.FloatField(help_text="A fifth less.")
    high = serializers.FloatField(help_text="A fifth more, at most 1.")
    winner_low = serializers.ChoiceField(choices=PATTERNS)
    winner_high = serializers.ChoiceField(choices=PATTERNS)
    below = PatternSwayOut(allow_null=True)
    above = PatternSwayOut(allow_null=True)
    holds = serializers.BooleanField(help_text="Whether the winner stays through all of the fifth.")


class RelaxedNeedOut(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="The need, or what the interface offers.")
    value = serializers.JSONField(help_text="Null: nobody waits, or nobody says.")
    words = serializers.CharField()


class RelaxationOut(serializers.Serializer[Any]):
    """The least that would let a pattern in, all of it together; no changes: nothing would."""

    pattern = serializers.ChoiceField(choices=PATTERNS)
    changes = RelaxedNeedOut(many=True)


class BindingConstraintOut(serializers.Serializer[Any]):
    gate = serializers.CharField()
    excludes = serializers.ListField(child=serializers.CharField())


class DecisionAidOut(serializers.Serializer[Any]):
    """What the needs of an integration, the offer of its interface and the weights come to."""

    sentence = serializers.CharField()
    winner = serializers.ChoiceField(choices=PATTERNS, allow_null=True, help_text="Null: no pattern fits.")
    is_close_call = serializers.BooleanField()
    weighed_by = serializers.ChoiceField(choices=WEIGHED_BY)
    note = serializers.CharField(allow_blank=True, help_text="That the usual weights were used in place of none.")
    weights = serializers.DictField(child=serializers.FloatField(), help_text="Criterion to share of 1.")
    consistency_ratio = serializers.FloatField(allow_null=True, help_text="Of judgements in pairs, at most 0.10.")
    pairs = serializers.CharField(allow_blank=True, help_text="The judgements, as they are asked for.")
    facts = serializers.DictField()
    patterns = PatternJudgementOut(many=True)
    ranking = PatternPlaceOut(many=True)
    sensitivity = PatternSensitivityOut(many=True)
    binding = BindingConstraintOut(many=True)
    relaxations = RelaxationOut(many=True)
    profile_version = serializers.IntegerField()
    inputs_sha256 = serializers.CharField(help_text="Of facts, weights and profile; a decision names it.")


class PatternDecisionOut(serializers.ModelSerializer[PatternDecision]):
    integration = serializers.IntegerField(source="integration_id")
    decided_by = serializers.SlugRelatedField[Person](**_HANDLE)
    weights = serializers.DictField(child=serializers.FloatField())
    excluded = serializers.DictField(help_text="Pattern to the sentences of the gates that exclude it.")
    facts = serializers.DictField()
    ranking = serializers.ListField(child=serializers.DictField())
    sensitivity = PatternSensitivityOut(many=True, help_text="Empty: only one fitted, or an early decision.")

    class Meta:
        model = PatternDecision
        fields = (
            *("id", "integration", "number", "state", "chosen", "recommended", "is_close_call", "reasons"),
            *("facts", "weighed_by", "weights", "ranking", "excluded", "sensitivity"),
            *("consistency_ratio", "profile_version", "inputs_sha256"),
            *("decided_by", "decided_at", "reopened_at"),
        )
        read_only_fields = fields


class PatternDecisionIn(Strict):
    """A decision on the advice that was read: its hash, and the weights that were asked for."""

    chosen = serializers.ChoiceField(choices=PATTERNS)
    reasons = serializers.CharField(max_length=LONGEST_REASONS)
    inputs_sha256 = serializers.CharField(max_length=64, help_text="As the advice gives it.")
    by = serializers.ChoiceField(choices=WEIGHED_BY, default="usual")
    weights = serializers.CharField(
        max_length=LONGEST_SPELLING, required=False, allow_blank=True, default="", help_text=WEIGHTS_HELP
    )
    pairs = serializers.CharField(
        max_length=LONGEST_SPELLING, required=False, allow_blank=True, default="", help_text=PAIRS_HELP
    )


def told_advice(found: Advice) -> Mapping[str, Any]:
    """The advice, as it reads over the API."""
    return {
        "sentence": sentence_of(found),
        "winner": found.winner.pattern.value if found.winner else None,
        "is_close_call": found.is_close,
        "weighed_by": found.weighing.by.value,
        "note": found.weighing.note,
        "weights": found.weighing.weights,
        "consistency_ratio": found.weighing.ratio,
        "pairs": pairs_written(found.weighing.pairs),
        "facts": vars(found.facts),
        "patterns": [
            {"pattern": one.pattern.value, "fits": one.fits, "gates": [vars(verdict) for verdict in one.verdicts]}
            for one in found.judgements
        ],
        "ranking": [
            {"pattern": one.pattern.value, "closeness": one.closeness, "points": one.points} for one in found.places
        ],
        "sensitivity": [
            vars(one) | {"below": _told_sway(one.below), "above": _told_sway(one.above)} for one in found.sensitivities
        ],
        "binding": [{"gate": name, "excludes": patterns} for name, patterns in found.binding],
        "relaxations": [
            {"pattern": one.pattern.value, "changes": [_told_change(change) for change in one.changes]}
            for one in found.relaxations
        ],
        "profile_version": found.profile_version,
        "inputs_sha256": found.inputs_sha256,
    }


def _told_sway(sway: Sway | None) -> Mapping[str, Any] | None:
    return vars(sway) if sway else None


def _told_change(change: Change) -> Mapping[str, Any]:
    return vars(change)
