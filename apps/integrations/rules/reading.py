"""Needs as people read them."""

from collections.abc import Mapping
from typing import Any

from apps.integrations.rules.words import (
    CONSISTENCY_WORDS,
    COUPLING_WORDS,
    ORDERING_WORDS,
    Consistency,
    Coupling,
    Ordering,
)

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


def span_words(seconds: float) -> str:
    """A length of time in its largest whole unit, to one decimal: 90 → 1.5 minutes."""
    for size, name in _UNITS:
        if seconds >= size:
            number = round(seconds / size, 1)
            return f"{number:,.10g} {name}{'' if number == 1 else 's'}"
    return f"{seconds:,.3g} seconds"


def latency_words(ms: int | None) -> str:
    """How long an answer may take."""
    if ms is None:
        return "nobody waits for one"
    return f"{ms:,} ms, 95th percentile" if ms < 10_000 else f"{span_words(ms / 1_000)}, 95th percentile"  # noqa: PLR2004


def size_words(kilobytes: int) -> str:
    """A size in its largest unit: kB, MB, GB (powers of 1,024)."""
    size, unit = float(kilobytes), "kB"
    for bigger in ("MB", "GB"):
        if size < 1_024:  # noqa: PLR2004
            break
        size, unit = size / 1_024, bigger
    return f"{size:,.10g} {unit}" if size == int(size) else f"{size:,.1f} {unit}"


def needs_read(said: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Every need with its name, in the order in which they are decided on."""
    availability = said["availability_percent"]
    return [
        ("The consumer", "writes, or tells it to" if said["direction"] == "writes" else "reads"),
        ("An answer within", latency_words(said["latency_ms"])),
        ("Data may be old", span_words(said["freshness_s"]) if said["freshness_s"] else "never: always the newest"),
        ("Consistency", CONSISTENCY_WORDS[Consistency(said["consistency"])]),
        ("Arrives", ORDERING_WORDS[Ordering(said["ordering"])]),
        ("How often", f"{said['rate_per_s']:,.10g} a second, {size_words(said['payload_kb'])} each"),
        ("Reads again", f"{span_words(said['replay_days'] * 86_400)} back" if said["replay_days"] else "never"),
        ("Must be there", f"{availability:.10g} % of the time" if availability is not None else "unsaid"),
        ("Goes on alone", span_words(said["survives_s"]) if said["survives_s"] else "not at all: it may fail too"),
        ("Coupling, at most", COUPLING_WORDS[Coupling(said["coupling"])]),
        ("Data that flows", said["data_class"]),
    ]
