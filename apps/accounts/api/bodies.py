"""What every body of the API is made of."""

from typing import Any

from rest_framework import serializers


class Strict(serializers.Serializer[Any]):
    """A body in which every field is known: a misspelt one is named instead of dropped."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError({name[:80]: ["There is no such field."] for name in unknown[:20]})
        return super().to_internal_value(data)
