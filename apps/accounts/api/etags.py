"""Versions of one object over HTTP: ETag on reads, If-Match required on edits (RFC 9110, RFC 6585)."""

from django.db.models import Model
from rest_framework.request import Request

from apps.kernel.refusals import Refusal, StaleRevision

LONGEST = 1000  # characters of a header that we read


class VersionNeeded(Refusal):
    """The edit does not say which version it saw."""

    status = 428
    code = "version_needed"


def etag(row: Model, version_field: str = "version") -> str | None:
    """The strong ETag of one object, from the counter of its edits; None for what has no version."""
    version = getattr(row, version_field, None)
    return None if version is None else f'"{version}"'


def is_unchanged(request: Request, tag: str | None) -> bool:
    """Whether a GET that carries If-None-Match already holds this version."""
    asked = request.META.get("HTTP_IF_NONE_MATCH", "")[:LONGEST]
    return tag is not None and any(part in (tag, f"W/{tag}", "*") for part in _parts(asked))


def require_match(request: Request, tag: str | None) -> None:
    """Refuse an edit made without If-Match (428) or against another version than the one in force (412).

    The action gets the version checked here and compares it again under its lock, so nothing slips between.
    """
    asked = request.META.get("HTTP_IF_MATCH", "")[:LONGEST]
    if not asked:
        raise VersionNeeded(
            "An edit must say which version it saw.", next_step="GET the object and send its ETag as If-Match."
        )
    if not any(part in (tag, "*") for part in _parts(asked)):
        raise StaleRevision(
            "Someone changed this since you read it.", next_step="GET it again, look at what changed, and edit that."
        )


def _parts(header: str) -> list[str]:
    return [part.strip() for part in header.split(",")]
