"""Addresses that answer in one form only: a file of a standard, which a client asks for under many names."""

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class OneForm(DefaultContentNegotiation):
    """Answers whatever the client says it accepts (RFC 9110 12.4.1 allows it); refusals are problem+json as always."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The first, for refusals; the answer itself brings its own type."""
        del request, format_suffix
        first: Any = next(iter(renderers))
        return first, str(first.media_type)
