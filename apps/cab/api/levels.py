"""The JSON door of comparisons: what an offer on thresholds would have made of past changes."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.api.viewsets import Door
from apps.cab.models import Change
from apps.cab.queries.levels import compared, offer_shown_to
from apps.stakeholders.rules.levels import Level

_LEVELS = [(one.value, one.words) for one in Level]


class LevelMoveOut(serializers.Serializer[Any]):
    before = serializers.ChoiceField(choices=_LEVELS)
    after = serializers.ChoiceField(choices=_LEVELS)
    changes = serializers.IntegerField()


class LevelledChangeOut(serializers.Serializer[Any]):
    reference = serializers.CharField()
    before = serializers.ChoiceField(choices=_LEVELS, help_text="By what is in force.")
    after = serializers.ChoiceField(choices=_LEVELS, help_text="By the offer.")
    missing = serializers.ListField(child=serializers.CharField(), help_text="Facts nobody knew, read strictly.")


class LevelComparisonOut(serializers.Serializer[Any]):
    """The offer that stands, beside what is in force, on the changes handed in within the last 90 days."""

    offer = serializers.IntegerField(help_text="Its number.")
    since_at = serializers.DateTimeField()
    until_at = serializers.DateTimeField()
    changes = serializers.IntegerField()
    up = serializers.IntegerField(help_text="Changes on which the offer is more restrictive.")
    down = serializers.IntegerField()
    newly_enterprises = serializers.IntegerField(help_text="That the enterprise would decide, and does not now.")
    uncertain = serializers.IntegerField(help_text="For which a fact is missing.")
    is_cut = serializers.BooleanField(help_text="There are more changes than are looked at.")
    moves = LevelMoveOut(many=True)
    moved = LevelledChangeOut(many=True, help_text="Every change whose level differs, the newest first.")


class LevelComparisonView(Door):
    """What an offer would have made of past changes."""

    @extend_schema(responses=LevelComparisonOut)
    def get(self, request: Request, pk: int) -> Response:
        """Replay the offer that stands on the last 90 days' changes of its cluster, as far as you may see them."""
        del request
        found = compared(offer_shown_to(self.person, pk), self.person, at=self.at)
        figures = found.figures
        differing = [one for one in found.judged if one.before != one.after]
        named = Change.objects.in_bulk([one.change_id for one in differing])
        body = {
            "offer": found.offer.number,
            "since_at": found.since_at,
            "until_at": found.until_at,
            "is_cut": found.is_cut,
            **{name: getattr(figures, name) for name in ("changes", "up", "down", "newly_enterprises", "uncertain")},
            "moves": figures.moves,
            "moved": [
                {
                    "reference": named[one.change_id].reference,
                    "before": one.before,
                    "after": one.after,
                    "missing": one.missing,
                }
                for one in differing
            ],
        }
        return Response(LevelComparisonOut(body).data)
