"""What pages share: a filter from the address, refused in words where it does not fit, and keys of rows."""

from typing import Any

from django.db.models import QuerySet

from apps.accounts.web.people import PersonRequest
from apps.kernel.refusals import Invalid


def filtered_by(kind: type[Any], request: PersonRequest, rows: QuerySet[Any]) -> Any:
    """The rows as the address narrows them; refuses a filter that does not fit."""
    found = kind(request.GET, queryset=rows, request=request)
    if not found.is_valid():
        raise Invalid(
            "The filter does not fit.",
            next_step="Clear it and start again.",
            fields={name: [str(error) for error in errors] for name, errors in found.errors.items()},
        )
    return found


def is_key(text: str) -> bool:
    """Whether a text of an address can be the key of a row."""
    return text.isascii() and text.isdigit() and len(text) < 19  # noqa: PLR2004  # digits of a 64-bit key
