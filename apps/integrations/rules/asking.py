"""Weights and judgements as addresses and forms write them: `timeliness:30,cost:20`, `timeliness:cost:1/3`. Pure."""

from collections.abc import Mapping
from itertools import combinations

from apps.integrations.rules.weighing import By, Criterion, Pairs, Weighing, weighed
from apps.kernel.refusals import Invalid

LONGEST_SPELLING = 2_000  # characters
STEPS: tuple[tuple[str, str], ...] = (
    ("9", "9: extremely more"),
    *(("8", "8"), ("7", "7: very much more"), ("6", "6"), ("5", "5: much more")),
    *(("4", "4"), ("3", "3: a little more"), ("2", "2")),
    ("1", "1: as much"),
    *(("1/2", "1/2"), ("1/3", "1/3: a little less"), ("1/4", "1/4"), ("1/5", "1/5: much less")),
    *(("1/6", "1/6"), ("1/7", "1/7: very much less"), ("1/8", "1/8"), ("1/9", "1/9: extremely less")),
)
ALL_PAIRS: tuple[tuple[str, str], ...] = tuple(combinations([one.value for one in Criterion], 2))


def weighing_asked(by: str, weights: str, pairs: str) -> Weighing:
    """The weights that an address asks for; refuses what cannot be read."""
    return weighed(by or By.USUAL, own=_weights(weights), pairs=_pairs(pairs))


def weights_written(said: Mapping[str, float]) -> str:
    """Own weights in one line, as `weighing_asked` reads them back."""
    return ",".join(f"{name}:{value!r}" for name, value in said.items())


def pairs_written(pairs: Pairs) -> str:
    """Judgements in one line, as `weighing_asked` reads them back."""
    return ",".join(f"{a}:{b}:{value!r}" for (a, b), value in pairs.items())


def _weights(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in _parts(text, "weights"):
        name, _, value = part.partition(":")
        _require_once(name.strip() not in found, part, "weights")
        found[name.strip()] = _number(value, part, "weights", "Write each as criterion:number.")
    return found


def _pairs(text: str) -> dict[tuple[str, str], float]:
    found: dict[tuple[str, str], float] = {}
    for part in _parts(text, "pairs"):
        first, _, rest = part.partition(":")
        second, _, value = rest.partition(":")
        pair = first.strip(), second.strip()
        _require_once(pair not in found, part, "pairs")
        found[pair] = _number(value, part, "pairs", "Write each as criterion:criterion:number, such as 3 or 1/3.")
    return found


def _parts(text: str, field: str) -> list[str]:
    if len(text) > LONGEST_SPELLING:
        raise _unread(
            field, f"{field.capitalize()} are written in at most {LONGEST_SPELLING:,} characters.", "Shorten."
        )
    return [part.strip() for part in text.split(",") if part.strip()]


def _number(text: str, part: str, field: str, step: str) -> float:
    above, _, below = text.strip().partition("/")
    try:
        return float(above) / (float(below) if below else 1.0)
    except (ValueError, ZeroDivisionError):
        raise _unread(field, f"“{part[:60]}” holds no number.", step) from None


def _require_once(is_new: bool, part: str, field: str) -> None:
    if not is_new:
        raise _unread(field, f"“{part[:60]}” says something a second time.", "Say each once.")


def _unread(field: str, sentence: str, step: str) -> Invalid:
    return Invalid(sentence, next_step=step, fields={field: [sentence]})
