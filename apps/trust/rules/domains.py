"""What a trust domain and a link must say. Pure functions over plain facts."""

import re
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlsplit

from apps.kernel.refusals import Conflict, Invalid
from apps.trust.rules.tokens import ASYMMETRIC

SHORTEST_S, LONGEST_S = 60, 86_400  # of a token's life
MOST_CLAIMS = 50
LONGEST_REASON = 2_000
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,253}[a-z0-9])?", re.ASCII)
_CLAIM = re.compile(r"[A-Za-z0-9_:./-]{1,60}", re.ASCII)


def checked(values: Mapping[str, Any], *, formats: Collection[str]) -> dict[str, Any]:
    """What a domain says, tidied; refuses what is none."""
    said = dict(values)
    for name, check in (
        ("name", _name),
        ("issuer", _issuer),
        ("audience", _audience),
        ("algorithms", _algorithms),
        ("lifetime_s", _lifetime),
        ("claims", claims_of),
    ):
        if name in said:
            said[name] = check(said[name])
    if "token_format" in said and said["token_format"] not in formats:
        raise wrong("token_format", f"A token is one of {', '.join(formats)}.")
    return said


def claims_of(names: Collection[str]) -> list[str]:
    """The names of claims, sorted, each once."""
    said = sorted({name.strip() for name in names if name.strip()})
    if len(said) > MOST_CLAIMS:
        raise wrong("claims", f"At most {MOST_CLAIMS} claims are named.")
    if odd := [name for name in said if not _CLAIM.fullmatch(name)]:
        raise wrong("claims", f"“{odd[0][:40]}” is no name of a claim.")
    return said


def require_sequence(*, before: int, now: int | None, is_same: bool) -> int:
    """The sequence of a bundle that comes in; one that says none counts up where its keys differ.

    Refuses one that goes back, and other keys under the same number: somebody may be replaying an old bundle.
    """
    if now is None:
        return before if is_same else before + 1
    if now < before or (now == before and not is_same):
        raise Conflict(
            f"The bundle has the sequence {now}, and {before} was taken in already.",
            next_step="Send the newest bundle; one with other keys has a higher sequence.",
            code="sequence_back",
        )
    return now


def require_rotation(on: date, *, today: date) -> date:
    """A day ahead, within two years."""
    if not today < on <= date(today.year + 2, 12, 31):
        raise wrong("rotates_on", "A rotation lies ahead, within two years.")
    return on


def require_end(ends_at: datetime | None, *, at: datetime) -> datetime | None:
    """An instant ahead, or none."""
    if ends_at is not None and ends_at <= at:
        raise wrong("ends_at", "A link ends later than now.")
    return ends_at


def require_reason(text: str) -> str:
    """The reason, trimmed."""
    said = text.strip()
    if not said or len(said) > LONGEST_REASON:
        raise wrong("reason", f"Say why, in at most {LONGEST_REASON:,} characters.")
    return said


def wrong(field: str, sentence: str) -> Invalid:
    """A refusal of one field."""
    return Invalid(sentence, next_step="Correct it and send it again.", fields={field: [sentence]})


def _name(text: str) -> str:
    said = text.strip().lower().removeprefix("spiffe://").rstrip("/")
    if not _NAME.fullmatch(said):
        raise wrong("name", "A trust domain has small letters, digits and . - _ only, such as payments.example.")
    return said


def _issuer(text: str) -> str:
    said = text.strip()
    parts = urlsplit(said)
    if len(said) > 300 or parts.scheme != "https" or not parts.hostname or parts.username:  # noqa: PLR2004
        raise wrong("issuer", "An issuer is an https address of at most 300 characters.")
    return said


def _audience(text: str) -> str:
    said = text.strip()
    if not said or len(said) > 200:  # noqa: PLR2004  # as the column
        raise wrong("audience", "An audience has between 1 and 200 characters.")
    return said


def _algorithms(words: Collection[str]) -> list[str]:
    if not words or (odd := [word for word in words if word not in ASYMMETRIC]):
        named = f"“{odd[0][:20]}” is none" if words else "None is named"
        raise wrong("algorithms", f"{named} of the asymmetric algorithms {', '.join(ASYMMETRIC)}.")
    return sorted(set(words), key=ASYMMETRIC.index)


def _lifetime(seconds: int) -> int:
    if not SHORTEST_S <= seconds <= LONGEST_S:
        raise wrong("lifetime_s", "Tokens live between a minute and a day.")
    return seconds
