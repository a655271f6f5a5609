"""How bodies of the API are read: bounded in bytes and in nesting, so that no body can take a process down."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.utils.json import strict_constant

from apps.kernel.refusals import Invalid, TooLarge

DEEPEST = 32  # levels; our deepest schema has five


class BoundedJSONParser(JSONParser):
    """JSON in UTF-8, as strict as DRF's (no NaN), of at most DATA_UPLOAD_MAX_MEMORY_SIZE bytes."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """The body as Python values; refuses what is too large, no JSON, or nested without end."""
        del media_type, parser_context
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise TooLarge(
                f"The body is over {most // 1024**2} MB.", next_step="Send less in one call, or import a file."
            )
        deep = Invalid(
            f"The body is nested more than {DEEPEST} levels deep.", next_step="Send what the schema describes."
        )
        try:
            value = json.loads(raw.decode("utf-8"), parse_constant=strict_constant)
        except RecursionError:
            raise deep from None
        except ValueError as error:
            raise ParseError(f"The body is not JSON in UTF-8: {error}.") from error
        if _depth(value) > DEEPEST:
            raise deep
        if b"\\ud" in raw.lower():
            _require_whole_characters(value)
        return value


def _require_whole_characters(value: Any) -> None:
    """Refuse an escaped half of a surrogate pair: JSON lets it pass, but no text in UTF-8 holds it."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise Invalid(
            "The body holds half a character (a lone surrogate).", next_step="Send text that is whole."
        ) from None


def _depth(value: Any) -> int:
    """Levels of lists and objects in `value`, counted level by level, without recursion."""
    level, depth = [value], 0
    while level := [part for part in level if isinstance(part, dict | list)]:
        depth += 1
        if depth > DEEPEST:
            break
        level = [child for part in level for child in (part.values() if isinstance(part, dict) else part)]
    return depth
