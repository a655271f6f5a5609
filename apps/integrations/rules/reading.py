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


FACT_NAMES: Mapping[str, str] = {
    "direction": "the consumer",
    "latency_ms": "an answer within",
    "freshness_s": "data may be old",
    "rate_per_s": "a second",
    "consistency": "consistency",
    "ordering": "arrives",
    "replay_days": "days that are read again",
    "payload_kb": "at once",
    "availability_percent": "must be there",
    "survives_s": "goes on alone",
    "coupling": "coupling, at most",
    "data_class": "data that flows",
    "offered_latency_ms": "the provider answers within",
    "offered_availability_percent": "the provider is there",
}


def fact_words(name: str, value: Any) -> str:
    """One fact that a decision rests on, short: 300 ms, 2 hours, 99.5 %."""
    if value is None:
        return "unsaid" if name != "latency_ms" else "nobody waits"
    if name.endswith("_ms"):
        return f"{value:,} ms"
    if name.endswith("_s") and name != "rate_per_s":
        return span_words(value) if value else "not at all"
    if name.endswith("_percent"):
        return f"{value:.10g} %"
    if name == "payload_kb":
        return size_words(value)
    return f"{value:,.10g}" if isinstance(value, int | float) else str(value).replace("_", " ")


def difference_words(name: str, before: Any, after: Any) -> str:
    """What changed: "an answer within: 300 ms, now 200 ms"."""
    return f"{FACT_NAMES.get(name, name)}: {fact_words(name, before)}, now {fact_words(name, after)}"
