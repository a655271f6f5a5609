"""A column for wall-clock time: what a person wrote, before any zone turns it into an instant."""

from datetime import datetime
from typing import Any

from django import forms
from django.db import models


class WallClockField(models.DateTimeField):  # type: ignore[type-arg]  # the stubs' parameters follow from the base
    """`timestamp without time zone`: naive in, naive out. The zone lies in a column beside it."""

    description = "Wall-clock time without a zone"

    def db_type(self, connection: Any) -> str:
        del connection
        return "timestamp"

    def get_internal_type(self) -> str:
        return "WallClockField"

    def get_prep_value(self, value: Any) -> datetime | None:
        if value is None:
            return None
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        return moment.replace(tzinfo=None)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        del connection
        return value if prepared else self.get_prep_value(value)

    def to_python(self, value: Any) -> datetime | None:
        return self.get_prep_value(value)

    def formfield(self, **kwargs: Any) -> Any:
        return models.Field.formfield(self, **{"form_class": forms.CharField, **kwargs})
