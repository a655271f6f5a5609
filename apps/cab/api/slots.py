"""The JSON door of free windows."""

from datetime import UTC, datetime, timedelta
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action

from apps.accounts.api.bodies import Strict
from apps.accounts.api.viewsets import ReadViewSet, read, write
from apps.cab.actions.slots import take_slot
from apps.cab.api.serializers import ChangeDetailOut
from apps.cab.models import Change
from apps.cab.queries.slots import LONGEST, SHORTEST, FreeWindow, Slots, slots_for
from apps.cab.rules.slots import Blocked

FIRST_YEAR, LAST_YEAR = 1970, 9000  # what instants can be reckoned with


class Instant(serializers.DateTimeField):
    """An instant with its offset, in a year that zones know."""

    def to_internal_value(self, value: Any) -> datetime:
        moment: datetime = super().to_internal_value(value)
        if not FIRST_YEAR < moment.year < LAST_YEAR:
            raise serializers.ValidationError("Out of range.")
        return moment.astimezone(UTC)


class SlotsIn(Strict):
    """How long a window lasts and from when on it is looked for."""

    minutes = serializers.IntegerField(
        min_value=SHORTEST // timedelta(minutes=1), max_value=LONGEST // timedelta(minutes=1), required=False
    )
    start = Instant(required=False, help_text="Now, where left out; at most a year ahead.")


class SlotOut(serializers.Serializer[FreeWindow]):
    """A free window."""

    start_at = serializers.DateTimeField(source="window_start_at")
    end_at = serializers.DateTimeField(source="window_end_at")
    latest_start_at = serializers.DateTimeField(help_text="A later start in the same free range, at most this.")


class BlockedOut(serializers.Serializer[Blocked]):
    """What closes hours of the stretch."""

    kind = serializers.CharField()
    sentence = serializers.CharField()
    hours = serializers.FloatField()
    alone_hours = serializers.FloatField(help_text="Hours that no other rule closes.")


class SlotsOut(serializers.Serializer[Slots]):
    """Free windows within 90 days, the first of each day of `zone`, at most 20; and what closes the rest."""

    minutes = serializers.IntegerField()
    zone = serializers.CharField()
    free = SlotOut(many=True)
    free_hours = serializers.FloatField()
    blocked = BlockedOut(many=True)


class SlotIn(Strict):
    """The window to take; the answer to the search, or any other of the free ranges."""

    start_at = Instant()
    end_at = Instant()


class SlotsOfChange(ReadViewSet[Change]):
    """What the addresses of one change answer about free windows."""

    @extend_schema(parameters=[SlotsIn])
    @action(detail=True, url_path="slots")
    @read(gives=SlotsOut)
    def slots(self) -> Slots:
        """When it could be done within 90 days, and which rule closes which hours."""
        asked = SlotsIn(data=self.request.query_params.dict())
        asked.is_valid(raise_exception=True)
        data = asked.validated_data
        return slots_for(self.get_object(), at=self.at, minutes=data.get("minutes"), start_at=data.get("start"))

    @action(detail=True, methods=["post"], url_path="window")
    @write(takes=SlotIn, gives=ChangeDetailOut, edits=True)
    def take_slot(self, data: dict[str, Any]) -> Change:
        """Plan it for a window, if that is still free; a material edit takes the change back to the board."""
        change = self.get_object()
        return take_slot(change_id=change.pk, taker=self.person, based_on=change.revision, at=self.at, **data)
