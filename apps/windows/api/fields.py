"""Wall-clock times in bodies, as people write them."""

from typing import Any

from rest_framework import serializers

from apps.kernel.refusals import Refusal
from apps.kernel.windows import read_wall_clock


class WallClockIn(serializers.CharField):
    """A wall-clock time without a zone, such as 2026-03-10T22:00."""

    def to_internal_value(self, data: Any) -> Any:
        try:
            return read_wall_clock(super().to_internal_value(data))
        except Refusal as refusal:
            raise serializers.ValidationError(str(refusal)) from refusal

    def run_validators(self, value: Any) -> None:
        """None of the text's own: the value is a time by now."""
