"""Versions of one object over HTTP: ETag on reads, If-Match required on edits (RFC 9110, RFC 6585).

A tag names two things: the version, which counts edits, and a hash of what is told. An edit must have seen the version;
what merely happened to the object, such as a change that moved on, is no reason to refuse it. A read is spared its body
only while both are the same.
"""

import hashlib
from typing import Any

from django.db.models import Model
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from apps.kernel.refusals import Refusal, StaleRevision

LONGEST = 1000  # characters of a header that we read
HASHED = 16  # hex digits of a tag that tell one representation from another


class VersionNeeded(Refusal):
    """The edit does not say which version it saw."""

    status = 428
    code = "version_needed"


def version_of(row: Model, version_field: str = "version") -> str | None:
    """The counter of the object's edits, or its hash; None for what has no version."""
    version = getattr(row, version_field, None)
    return None if version is None else str(version)


def etag(version: str, body: Any) -> str:
    """The strong ETag of one object as `body`, what a serializer gives, tells it."""
    told = hashlib.sha256(JSONRenderer().render(body)).hexdigest()[:HASHED]
    return f'"{version}.{told}"'


def is_unchanged(request: Request, tag: str | None) -> bool:
    """Whether a GET that carries If-None-Match already holds what would be told."""
    asked = request.META.get("HTTP_IF_NONE_MATCH", "")[:LONGEST]
    return tag is not None and any(part in (tag, f"W/{tag}", "*") for part in _parts(asked))


def require_match(request: Request, version: str | None) -> None:
    """Refuse an edit made without If-Match (428) or against another version than the one in force (412).

    The action gets the version checked here and compares it again under its lock, so nothing slips between.
    """
    asked = request.META.get("HTTP_IF_MATCH", "")[:LONGEST]
    if not asked:
        raise VersionNeeded(
            "An edit must say which version it saw.", next_step="GET the object and send its ETag as If-Match."
        )
    if not any(part == "*" or _version_in(part) == version for part in _parts(asked)):
        raise StaleRevision(
            "Someone changed this since you read it.", next_step="GET it again, look at what changed, and edit that."
        )


def _parts(header: str) -> list[str]:
    return [part.strip() for part in header.split(",")]


def _version_in(tag: str) -> str:
    """The version that a strong tag names, with or without the hash behind it; empty of what is no strong tag."""
    is_strong = len(tag) > 1 and tag[0] == tag[-1] == '"'
    return tag[1:-1].partition(".")[0] if is_strong else ""
