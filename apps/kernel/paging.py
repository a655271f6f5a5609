"""Lists by key: each page starts after the last key of the one before, so it costs the same at any depth."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.kernel.refusals import Invalid

PAGE_SIZE = 50
LARGEST_PAGE = 200


@dataclass(frozen=True)
class Page:
    """One page of rows, with the keys of its neighbours (None at either end)."""

    rows: Sequence[Any]
    after: str | None
    before: str | None


def page_by_key(
    rows: QuerySet[Any], *, order: Sequence[str], after: str = "", before: str = "", size: int = PAGE_SIZE
) -> Page:
    """The page of `rows` that follows the key `after` (or precedes `before`).

    `order` names columns, "-" for descending, and must end in a unique one; none may be null. Keys are opaque to
    callers; a key that was tampered with is refused.
    """
    backwards = bool(before)
    key = _decoded(before or after, len(order)) if (before or after) else None
    steps = [_flipped(column) if backwards else column for column in order]
    found = _rows_from(rows.order_by(*steps), steps, key, size + 1)
    more, found = len(found) > size, found[:size]
    if backwards:
        found.reverse()
    has_next = more if not backwards else bool(key)
    has_previous = bool(key) if not backwards else more
    return Page(
        rows=found,
        after=_encoded(found[-1], order) if found and has_next else None,
        before=_encoded(found[0], order) if found and has_previous else None,
    )


def first_page(found: list[Any], *, order: Sequence[str], size: int = PAGE_SIZE) -> Page:
    """The page of the first rows in `order`, already read: `size` and, where there are more, one further."""
    rows = found[:size]
    return Page(rows, _encoded(rows[-1], order) if len(found) > size else None, None)


def _rows_from(ordered: QuerySet[Any], steps: Sequence[str], key: Sequence[Any] | None, most: int) -> list[Any]:
    """The first rows beyond `key`; a key whose values are none of their columns' was made up."""
    if not key:
        return list(ordered[:most])
    try:
        return list(ordered.filter(_beyond(steps, key))[:most])
    except (ValueError, TypeError, OverflowError, ValidationError) as error:
        raise _not_ours() from error


def _not_ours() -> Invalid:
    return Invalid(
        "This page address is not one of ours.", next_step="Start again from the first page.", code="bad_cursor"
    )


def _flipped(column: str) -> str:
    return column[1:] if column.startswith("-") else f"-{column}"


def _beyond(order: Sequence[str], key: Sequence[Any]) -> Q:
    """The predicate "comes after `key`" for a mixed ascending and descending order, as nested comparisons."""
    first, value = order[0], key[0]
    name = first.lstrip("-")
    step = Q(**{f"{name}__{'lt' if first.startswith('-') else 'gt'}": value})
    if len(order) == 1:
        return step
    # The bound on the first column alone is what lets the index be entered at the key.
    bound = Q(**{f"{name}__{'lte' if first.startswith('-') else 'gte'}": value})
    return bound & (step | (Q(**{name: value}) & _beyond(order[1:], key[1:])))


def _encoded(row: Model, order: Sequence[str]) -> str:
    values: list[Any] = []
    for column in order:
        value: Any = row
        for part in column.lstrip("-").split("__"):
            value = getattr(value, part)
        values.append(value.isoformat() if isinstance(value, datetime | date) else value)
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def _decoded(key: str, length: int) -> list[Any]:
    try:
        values = json.loads(base64.urlsafe_b64decode(key[:1000] + "=" * (-len(key) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise _not_ours() from None
    if not isinstance(values, list) or len(values) != length or not all(isinstance(v, str | int) for v in values):
        raise _not_ours()
    if any("\0" in value for value in values if isinstance(value, str)):  # no text to PostgreSQL
        raise _not_ours()
    return values


class KeysetPagination(BasePagination):
    """The API's paging: `?after=…&limit=…`, answered as {"results", "next", "previous"} with full addresses.

    A viewset names its order in `ordering` (columns as in `page_by_key`; default newest first by primary key).
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: APIView | None = None) -> list[Any]:
        asked = request.query_params
        self.request = request
        if isinstance(queryset, Page):  # read already
            self.page = queryset
            return list(queryset.rows)
        self.page = page_by_key(
            queryset,
            order=getattr(view, "ordering", ("-pk",)),
            after=asked.get("after", ""),
            before=asked.get("before", ""),
            size=_limit(asked.get("limit", "")),
        )
        return list(self.page.rows)

    def get_paginated_response(self, data: Any) -> Response:
        return Response(
            {
                "results": data,
                "next": self._address(after=self.page.after),
                "previous": self._address(before=self.page.before),
            }
        )

    def _address(self, **key: str | None) -> str | None:
        ((name, value),) = key.items()
        if value is None:
            return None
        query = self.request.query_params.copy()
        for old in ("after", "before"):
            query.pop(old, None)
        query[name] = value
        return self.request.build_absolute_uri(f"{self.request.path}?{query.urlencode()}")

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        address = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["results", "next", "previous"],
            "properties": {"results": schema, "next": address, "previous": address},
        }

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        del view
        text = {"type": "string", "maxLength": 400, "pattern": "^[A-Za-z0-9_-]*$"}
        number = {"type": "integer", "minimum": 1, "maximum": LARGEST_PAGE, "default": PAGE_SIZE}
        return [
            {"name": "after", "in": "query", "required": False, "schema": text, "description": "Rows after this key."},
            {
                "name": "before",
                "in": "query",
                "required": False,
                "schema": text,
                "description": "Rows before this key.",
            },
            {"name": "limit", "in": "query", "required": False, "schema": number, "description": "Rows a page."},
        ]


def _limit(asked: str) -> int:
    if not asked:
        return PAGE_SIZE
    if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked[:6]) <= LARGEST_PAGE:
        raise Invalid(
            f"“limit” is a number from 1 to {LARGEST_PAGE}.",
            next_step="Ask for fewer rows.",
            fields={"limit": ["Out of range."]},
        )
    return int(asked)
