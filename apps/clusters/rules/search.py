"""How the catalogue is searched: the words of a question, how well a thing answers it, and what of it is marked."""

import base64
import binascii
import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any

from apps.kernel.refusals import Invalid

LONGEST_QUESTION = 200  # characters
MOST_WORDS = 12  # of a question; the rest is left out
MOST_CLUSTERS = 12  # that the facet names
AROUND = 90  # characters of a text shown before and after its first marked word

_PUNCTUATION = re.compile(r"[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MARKED = re.compile(r"[^\W_]+")


class Match(IntEnum):
    """Why a thing is an answer; the higher, the earlier it stands."""

    NEAR = 0  # its name is spelt nearly like that
    WITHIN = 1  # the words stand inside its name
    LISTED = 2  # nothing was asked of its words
    WORDS = 3  # its name, tags or text hold every word, or the beginning of it
    BEGINNING = 4  # its name begins so
    EXACT = 5  # it is called that


# How much an owner or a capability counts against words that the thing itself holds (ts_rank: name 0.61, tag 0.24).
THROUGH_CAPABILITY, THROUGH_OWNER = 0.5, 0.4


@dataclass(frozen=True)
class Hit:
    """One thing that answers a question. `through` says by whom or what, where it is not its own words."""

    kind: str
    place: int  # of its kind among the kinds
    pk: int
    cluster_id: int | None
    name: str
    match: Match
    rank: float
    through: str = ""

    @cached_property
    def key(self) -> tuple[int, float, int, int, str, int]:
        """Where it stands: exact names, then beginnings, then by rank; the shorter name first, but in plain lists."""
        length = 0 if self.match == Match.LISTED else len(self.name)
        return (-self.match, -round(self.rank, 4), self.place, length, self.name.casefold(), self.pk)


@dataclass(frozen=True)
class Facet:
    """How many of the answers are of one kind, or in one cluster."""

    name: str
    label: str
    count: int


def plain(question: str) -> str:
    """The words of a question in lower case with single spaces, as `catalog_plain` of the database reads names."""
    bounded = question.replace("\0", " ").encode("utf-8", "replace").decode()[:LONGEST_QUESTION]
    return " ".join(_PUNCTUATION.sub(" ", _HUMP.sub(" ", bounded)).lower().split()[:MOST_WORDS])


def squeezed(question: str) -> str:
    """The question without what parts words, as `catalog_squeezed` of the database reads names."""
    return "".join(plain(question).split())


def ranked(hits: Iterable[Hit]) -> list[Hit]:
    """Each thing once, by its best match, the best first."""
    best: dict[tuple[str, int], Hit] = {}
    for hit in hits:
        one = (hit.kind, hit.pk)
        if one not in best or hit.key < best[one].key:
            best[one] = hit
    return sorted(best.values(), key=lambda hit: hit.key)


def page(hits: Sequence[Hit], *, after: str, size: int) -> tuple[list[Hit], str]:
    """The hits that follow the key `after`, and the key of the next page ("" at the end). A made-up key is refused."""
    start = 0
    if after:
        key = _decoded(after)
        try:
            start = next((number for number, hit in enumerate(hits) if hit.key > key), len(hits))
        except TypeError:
            raise _not_ours() from None
    shown = list(hits[start : start + size])
    more = start + size < len(hits)
    return shown, _encoded(shown[-1].key) if more else ""


def counted(hits: Iterable[Hit]) -> tuple[Counter[str], Counter[int]]:
    """How many hits are of each kind, and in each cluster."""
    kinds: Counter[str] = Counter()
    clusters: Counter[int] = Counter()
    for hit in hits:
        kinds[hit.kind] += 1
        if hit.cluster_id:
            clusters[hit.cluster_id] += 1
    return kinds, clusters


def marked(text: str, question: str) -> list[tuple[str, bool]]:
    """The text in pieces: those that a word of the question begins are marked; "Ledger" for "led"."""
    asked = plain(question).split()
    pieces: list[tuple[str, bool]] = []
    at = 0
    for found in _MARKED.finditer(text):
        parts = _HUMP.split(found[0])
        start = found.start()
        for part in parts:
            if any(_is_marked(part.lower(), word) for word in asked):
                if start > at:
                    pieces.append((text[at:start], False))
                pieces.append((part, True))
                at = start + len(part)
            start += len(part)
    if at < len(text):
        pieces.append((text[at:], False))
    return pieces


def excerpt(text: str, question: str) -> list[tuple[str, bool]]:
    """The part of a text around its first marked word, in pieces; its beginning where no word is marked."""
    pieces = marked(" ".join(text.split()), question)
    before = 0
    for words, is_marked in pieces:
        if is_marked:
            break
        before += len(words)
    else:
        before = 0
    whole = "".join(words for words, _ in pieces)
    start, end = max(before - AROUND, 0), min(before + AROUND, len(whole))
    start = whole.find(" ", start) + 1 if start else 0
    end = whole.rfind(" ", start, end) if end < len(whole) and " " in whole[start:end] else end
    cut = marked(whole[start:end], question)
    return [*([("… ", False)] if start else []), *cut, *([(" …", False)] if end < len(whole) else [])]


def _is_marked(part: str, word: str) -> bool:
    """Whether the word begins the part, or the part is the word in another number: "payment" for "payments"."""
    return part.startswith(word) or (len(part) > 3 and word.startswith(part) and len(word) - len(part) <= 2)  # noqa: PLR2004


def _encoded(key: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(key, separators=(",", ":")).encode()).decode().rstrip("=")


def _decoded(key: str) -> tuple[Any, ...]:
    try:
        values = json.loads(base64.urlsafe_b64decode(key[:1200] + "=" * (-len(key[:1200]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        raise _not_ours() from None
    if not isinstance(values, list) or len(values) != 6:  # noqa: PLR2004  # the parts of a key
        raise _not_ours()
    return tuple(values)


def _not_ours() -> Invalid:
    return Invalid(
        "This page address is not one of ours.", next_step="Start again from the first page.", code="bad_cursor"
    )
