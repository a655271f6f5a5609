"""Every address of the house, filled with things that exist, so that a test can call them all."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("post", "put", "patch", "delete")
# The sign-in library's own pages: one's password, factors and sessions. They know no role.
LIBRARY = "accounts/"
# What comes and goes with being signed in, and says nothing of the federation.
UNTOLD = {"django_session", "usersessions_usersession", "django_migrations", "accounts_apikey"}

Fill = Callable[[str, str], Any]  # (pattern, name of its part) → a value


@dataclass(frozen=True)
class Address:
    """One pattern of the URLs, its address filled in, and what serves it."""

    pattern: str
    path: str
    methods: tuple[str, ...]  # what it answers, where the router says so; of a page all are tried

    @property
    def is_api(self) -> bool:
        return self.pattern.startswith("api/")


def addresses(fill: Fill) -> Iterator[Address]:
    """Every address outside the sign-in library, each part filled in by `fill`."""
    for pattern, served in _walk(get_resolver()):
        if pattern.startswith(LIBRARY):
            continue
        actions = getattr(served.callback, "actions", None) or {}
        methods = tuple(method for method in METHODS if not actions or method in actions)
        yield Address(pattern, "/" + _filled(pattern, fill), methods)


def told() -> dict[str, str]:
    """A digest of every table but those of sessions: whatever is written shows in it."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if name not in UNTOLD]
        digests = {}
        for table in tables:
            cursor.execute(
                f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM \"{table}\" t"
            )  # our own tables
            digests[table] = str(cursor.fetchone())
    return digests


def _walk(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for part in resolver.url_patterns:
        pattern = before + str(part.pattern)
        if isinstance(part, URLResolver):
            yield from _walk(part, pattern)
        else:
            yield pattern, part


def _filled(pattern: str, fill: Fill) -> str:
    def value(found: "re.Match[str]") -> str:
        return str(fill(pattern, found["route"] or found["regex"]))

    part = r"<(?:\w+:)?(?P<route>\w+)>|\(\?P<(?P<regex>\w+)>[^)]*\)"
    return re.sub(part, value, pattern).replace("^", "").replace("$", "")
