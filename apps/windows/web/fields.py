"""Form fields for times as people write them."""

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps.kernel.refusals import Refusal
from apps.kernel.windows import read_wall_clock


class WallClockInput(forms.DateTimeInput):
    """The browser's own date and time picker, without a zone."""

    input_type = "datetime-local"

    def format_value(self, value: Any) -> str | None:
        return value.isoformat(timespec="minutes") if isinstance(value, datetime) else value


class WallClock(forms.Field):
    """A wall-clock time: naive, to the minute, in the zone written beside it."""

    widget = WallClockInput

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values:
            return None
        try:
            return read_wall_clock(str(value).strip())
        except Refusal as refusal:
            raise ValidationError(str(refusal)) from refusal
