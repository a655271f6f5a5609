"""What an interface and the needs of an integration must say, and which needs contradict each other."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from apps.integrations.rules.words import CALLED, KIND_WORDS, PROTOCOL_WORDS, PROTOCOLS, Consistency, Kind, Protocol
from apps.kernel.refusals import Invalid

MOST_LATENCY_MS = 3_600_000  # an hour: who waits longer waits for no answer
MOST_S = 31 * 86_400  # of freshness and of going on alone: a month
MOST_RATE = 1_000_000.0
MOST_REPLAY_DAYS = 3_650
MOST_PAYLOAD_KB = 10 * 1024 * 1024  # 10 GB
MOST_KB_PER_S = 10_000_000.0  # rate times payload: 10 GB a second, about the fastest links there are
LONGEST_NAME = 120
LONGEST_ADDRESS = 300
LONGEST_TEXT = 2_000


@dataclass(frozen=True)
class Range:
    """The bounds of a number, both included, and its unit."""

    least: float
    most: float
    unit: str

    def words(self) -> str:
        """As sentences say it: between 1 and 100 ms."""
        return f"between {self.least:,.10g} and {self.most:,.10g} {self.unit}".rstrip()


RANGES: Mapping[str, Range] = {
    "latency_ms": Range(1, MOST_LATENCY_MS, "ms"),
    "freshness_s": Range(0, MOST_S, "seconds"),
    "rate_per_s": Range(0.001, MOST_RATE, "a second"),
    "replay_days": Range(0, MOST_REPLAY_DAYS, "days"),
    "payload_kb": Range(1, MOST_PAYLOAD_KB, "kB"),
    "availability_percent": Range(0, 99.9999, "percent"),
    "survives_s": Range(0, MOST_S, "seconds"),
}
NAMES: Mapping[str, str] = {
    "latency_ms": "The 95th percentile of latency",
    "freshness_s": "The age of data",
    "rate_per_s": "The rate",
    "replay_days": "The time that can be replayed",
    "payload_kb": "One payload",
    "availability_percent": "Availability",
    "survives_s": "The time it goes on alone",
}
OPTIONAL = frozenset({"latency_ms", "availability_percent"})  # None: nobody waits for it, nobody says


def checked_interface(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a whole interface says, tidied; refuses what does not fit its kind.

    A call (HTTP, gRPC) says its port and protocol, a topic or table may, a file has none. The contract is an https
    address. `latency_ms` and `availability_percent` are what it offers (None: it does not say).
    """
    said = dict(values)
    said["name"] = said["name"].strip()
    if not said["name"] or len(said["name"]) > LONGEST_NAME:
        raise wrong("name", f"A name has between 1 and {LONGEST_NAME} characters.")
    kind = _one_of("kind", said["kind"], Kind)
    if said["protocol"]:
        _one_of("protocol", said["protocol"], Protocol)
    _require_port(Kind(kind), said["port"], said["protocol"])
    said["contract_url"] = _contract(said["contract_url"])
    for name in ("latency_ms", "availability_percent"):
        _require_in_range(name, said[name])
    return said


def checked_needs(values: Mapping[str, Any], *, kind: str) -> dict[str, Any]:
    """The needs of a whole integration with an interface of that kind; refuses what is out of range or contradicts.

    Units are in the names; the ranges are `RANGES`, both ends included. `latency_ms` None: nobody waits for an answer;
    `availability_percent` None: nobody says.
    """
    said = dict(values)
    for name in RANGES:
        _require_in_range(name, said[name])
    if contradiction := contradicts(said, kind=kind):
        field, sentence, step = contradiction
        raise Invalid(sentence, next_step=step, fields={field: [sentence]}, code="contradiction")
    return said


def contradicts(said: Mapping[str, Any], *, kind: str) -> tuple[str, str, str] | None:
    """The first pair of needs that nothing can meet together: the field, why, and what to do."""
    latency, freshness = said["latency_ms"], said["freshness_s"]
    if said["consistency"] == Consistency.STRONG and kind == Kind.FILE:
        return (
            "consistency",
            "A file holds what was written when it was made: it is never strongly consistent, and replays in batches.",
            "Ask for a weaker consistency, or integrate with another interface.",
        )
    if said["consistency"] == Consistency.STRONG and freshness:
        return (
            "freshness_s",
            f"Who may read what is {freshness:,} s old does not need strong consistency: it reads the last write.",
            "Set the age to 0, or ask for a weaker consistency.",
        )
    if latency is not None and kind == Kind.FILE:
        return (
            "latency_ms",
            f"Nobody can wait {latency:,} ms for an answer: a file gives none.",
            "Leave the latency empty, or integrate with another interface.",
        )
    if latency is not None and freshness and latency > freshness * 1_000:
        return (
            "latency_ms",
            f"An answer that may take {latency:,} ms would be older than the {freshness:,} s its data may have.",
            "Allow older data, or less time for an answer.",
        )
    if said["rate_per_s"] * said["payload_kb"] > MOST_KB_PER_S:
        return (
            "payload_kb",
            f"{said['rate_per_s']:,.10g} a second of {said['payload_kb']:,} kB is over 10 GB a second.",
            "Lower the rate or the payload.",
        )
    return None


def require_text(text: str, *, field: str, what: str) -> str:
    """A text of people, trimmed; refuses none and too much."""
    said = text.strip()
    if not said or len(said) > LONGEST_TEXT:
        raise wrong(field, f"{what}, in at most {LONGEST_TEXT:,} characters.")
    return said


def strictest(classes: Collection[str], order: Collection[str]) -> str:
    """The strictest of these data classes, in that order; "" of none."""
    return max((one for one in classes if one), key=list(order).index, default="")


def wrong(field: str, sentence: str) -> Invalid:
    """A refusal of one field."""
    return Invalid(sentence, next_step="Correct it and send it again.", fields={field: [sentence]})


def _require_in_range(name: str, value: float | None) -> None:
    bounds = RANGES[name]
    if value is None and name in OPTIONAL:
        return
    if value is None or not bounds.least <= value <= bounds.most:  # NaN is in no range
        raise wrong(name, f"{NAMES[name]} lies {bounds.words()}.")


def _require_port(kind: Kind, port: int | None, protocol: str) -> None:
    words = KIND_WORDS[kind]
    if kind == Kind.FILE and (port is not None or protocol):
        raise wrong("port", "A file is fetched from no port: leave port and protocol empty.")
    if (port is None) != (not protocol):
        raise wrong("protocol" if port is not None else "port", "A port is named with its protocol, and the other way.")
    if port is None and kind in CALLED:
        raise wrong(
            "port",
            f"An {words} says at which port it answers."
            if kind == Kind.HTTP
            else f"A {words} says at which port it answers.",
        )
    if port is not None and not 1 <= port <= 65_535:  # noqa: PLR2004  # TCP's own
        raise wrong("port", "A port lies between 1 and 65,535.")
    if protocol and protocol not in PROTOCOLS[kind]:
        names = ", ".join(PROTOCOL_WORDS[one] for one in PROTOCOLS[kind])
        raise wrong(
            "protocol", f"{PROTOCOL_WORDS[Protocol(protocol)]} is not spoken to this kind of interface: {names}."
        )


def _contract(text: str) -> str:
    said = text.strip()
    if not said:
        return ""
    parts = urlsplit(said)
    if len(said) > LONGEST_ADDRESS or parts.scheme != "https" or not parts.hostname or parts.username:
        raise wrong("contract_url", f"A contract is an https address of at most {LONGEST_ADDRESS} characters.")
    return said


def _one_of(field: str, value: str, words: type[Kind] | type[Protocol]) -> str:
    if value not in [*words]:
        raise wrong(field, f"“{str(value)[:40]}” is none of {', '.join(words)}.")
    return value
