"""How names read: their words, and the form in which two that look alike are the same. Pure functions."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

# Letters of other scripts that a reader takes for Latin ones (after Unicode's confusables, UTS 39).
_TWINS = str.maketrans(
    {
        **dict(zip("авекмнорстухіјѕԁԛԝһӏьпг", "abekmhopctyxijsdqwhlbnr", strict=True)),
        **dict(zip("αβεικνορτυχγηω", "abeiknoptuxynw", strict=True)),
        **dict(zip("ıſ", "is", strict=True)),
    }
)
_DIGITS = str.maketrans("0157", "olst")  # only where a name mixes them with letters
_WORDS = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
JOINTS = "-_./: "


def normalised(name: str) -> str:
    """The form in which names that a reader takes for each other are the same.

    Case, accents and separators are gone; Cyrillic and Greek letters are the Latin ones they look like; in a word that
    has letters, 0, 1, 5 and 7 are o, l, s and t.
    """
    plain = "".join(_WORDS.findall(_folded(name)))
    return plain.translate(_DIGITS) if any(one.isalpha() for one in plain) else plain


def words(name: str) -> list[str]:
    """The words of a name in lower-case ASCII: separators and humps part them, other letters are left out."""
    parted = " ".join(_HUMP.split(name))
    return [found for one in _WORDS.findall(_folded(parted)) if (found := "".join(c for c in one if c.isascii()))]


def spellings(name: str) -> Iterator[str]:
    """Ways to write the words of a name, the usual ones first; each once."""
    parts = words(name)
    if not parts:
        return
    big = [one.capitalize() for one in parts]
    ways = (
        *(joint.join(parts) for joint in "-_."),
        "".join(parts),
        parts[0] + "".join(big[1:]),
        "".join(big),
        " ".join(big),
        " ".join([big[0], *parts[1:]]),
        "-".join(parts).upper(),
        "_".join(parts).upper(),
        "/".join(parts),
    )
    yield from dict.fromkeys(ways)


def affixes(examples: Iterable[str], *, most: int = 3) -> tuple[list[str], list[str]]:
    """Beginnings and endings that examples have up to a separator, the commonest first; the empty one before all."""
    heads: dict[str, int] = {}
    tails: dict[str, int] = {}
    for one in examples:
        cuts = [at for at, letter in enumerate(one) if letter in JOINTS and 0 < at < len(one) - 1]
        if cuts:
            head, tail = one[: cuts[0] + 1], one[cuts[-1] :]
            heads[head], tails[tail] = heads.get(head, 0) + 1, tails.get(tail, 0) + 1
    return ["", *_commonest(heads)[:most]], ["", *_commonest(tails)[:most]]


def _commonest(counted: dict[str, int]) -> list[str]:
    return sorted(counted, key=lambda one: (-counted[one], one))


def _folded(text: str) -> str:
    """Case and accents folded; a letter of another script is the Latin one it looks like."""
    parts = unicodedata.normalize("NFKD", text.casefold().translate(_TWINS))
    return "".join(one for one in parts if not unicodedata.combining(one)).translate(_TWINS)
