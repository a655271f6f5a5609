"""What excludes a pattern, in sentences, and the smallest change of the needs that would let it in. Pure functions."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

from apps.integrations.rules.needs import RANGES
from apps.integrations.rules.patterns import PATTERN_WORDS, PROFILES, Pattern, Profile
from apps.integrations.rules.reading import size_words, span_words
from apps.integrations.rules.words import (
    CONSISTENCY_WORDS,
    COUPLING_WORDS,
    ORDERING_WORDS,
    Consistency,
    Coupling,
    Direction,
    Ordering,
)

DATA_CLASSES = ("public", "internal", "confidential", "restricted")  # the strictest last
HIGHEST_PERCENT = RANGES["availability_percent"].most
_ROUNDED = 1e-9  # of a percentage
_CONSISTENCIES, _ORDERINGS, _COUPLINGS = tuple(Consistency), tuple(Ordering), tuple(Coupling)


@dataclass(frozen=True)
class Facts:
    """What is decided on: the needs of an integration, and what the interface offers. Units as in `rules.needs`."""

    direction: str
    latency_ms: int | None
    freshness_s: int
    rate_per_s: float
    consistency: str
    ordering: str
    replay_days: int
    payload_kb: int
    availability_percent: float | None
    survives_s: int
    coupling: str
    data_class: str
    offered_latency_ms: int | None = None  # None: the interface does not say
    offered_availability_percent: float | None = None

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """The facts of a mapping that holds them, among other things."""
        return cls(**{name: said[name] for name in cls.__dataclass_fields__})

    @property
    def writes(self) -> bool:
        """Whether the consumer tells the provider something."""
        return self.direction == Direction.WRITES


@dataclass(frozen=True)
class Change:
    """One need as it would have to be for a gate to open."""

    field: str
    value: Any
    words: str


_NOBODY_WAITS = Change("latency_ms", None, "let nobody wait for an answer")


@dataclass(frozen=True)
class Verdict:
    """What one gate says of one pattern: `changes` is empty where it passes, or where no need could be relaxed."""

    gate: str
    passes: bool
    sentence: str
    changes: tuple[Change, ...] = ()

    @property
    def name(self) -> str:
        """The gate, as people read it."""
        return GATE_WORDS[self.gate]


@dataclass(frozen=True)
class Judgement:
    """What all gates say of one pattern."""

    pattern: Pattern
    verdicts: tuple[Verdict, ...]

    @property
    def words(self) -> str:
        """The pattern's name."""
        return PATTERN_WORDS[self.pattern]

    @property
    def failed(self) -> list[Verdict]:
        """The gates that exclude it."""
        return [one for one in self.verdicts if not one.passes]

    @property
    def fits(self) -> bool:
        """Whether no gate excludes it."""
        return not self.failed

    @property
    def can_be_let_in(self) -> bool:
        """Whether relaxed needs would admit it."""
        return all(one.changes for one in self.failed)


GATE_WORDS: Mapping[str, str] = {
    "ownership": "Own data",
    "direction": "Direction",
    "answer": "Answer",
    "latency": "Latency",
    "freshness": "Age of data",
    "consistency": "Consistency",
    "ordering": "Order",
    "rate": "Rate",
    "payload": "Payload",
    "replay": "Replay",
    "availability": "Availability",
    "isolation": "Going on alone",
    "coupling": "Coupling",
    "data": "Data class",
}


def judged(facts: Facts) -> list[Judgement]:
    """Every pattern before every gate, in the order of `Pattern`."""
    return [_judged(pattern, facts, PROFILES[pattern]) for pattern in Pattern]


def relaxed(facts: Facts, judgement: Judgement) -> tuple[Facts, list[Change]] | None:
    """The facts with the smallest change of each need that would admit the pattern; None where nothing would.

    An age of data below the time that an answer takes would contradict itself, so it follows.
    """
    if not judgement.can_be_let_in:
        return None
    asked = {one.field: one for verdict in judgement.failed for one in verdict.changes}
    changes = _fewest(facts, asked, judgement.pattern)
    found = _with(facts, changes)
    latency, freshness = found.latency_ms, found.freshness_s
    if latency is not None and freshness and latency > freshness * 1_000:
        older = _older(math.ceil(latency / 1_000))
        changes = _fewest(facts, {**changes, "freshness_s": older}, judgement.pattern, but="freshness_s")
    return _with(facts, changes), list(changes.values())


def _fewest(facts: Facts, changes: dict[str, Change], pattern: Pattern, *, but: str = "") -> dict[str, Change]:
    """Without what another change makes needless, such as an order that a lower rate keeps; `but` stays."""
    for name in list(changes):
        fewer = {field: one for field, one in changes.items() if field != name}
        if fewer and name != but and _judged(pattern, _with(facts, fewer), PROFILES[pattern]).fits:
            changes = fewer
    return changes


def _with(facts: Facts, changes: Mapping[str, Change]) -> Facts:
    return replace(facts, **{name: one.value for name, one in changes.items()})


def binding(judgements: list[Judgement]) -> list[tuple[str, list[str]]]:
    """The gates that exclude something that could be recommended, with what; those that exclude most first."""
    found: dict[str, list[str]] = {}
    for one in judgements:
        if PROFILES[one.pattern].is_recommended:
            for verdict in one.failed:
                found.setdefault(verdict.name, []).append(one.words)
    return sorted(found.items(), key=lambda pair: -len(pair[1]))


def _judged(pattern: Pattern, facts: Facts, profile: Profile) -> Judgement:
    return Judgement(pattern, tuple(gate(facts, profile) for gate in _GATES))


def _ownership(facts: Facts, profile: Profile) -> Verdict:
    del facts
    if profile.is_recommended:
        return Verdict("ownership", passes=True, sentence="Each side keeps its own data.")
    return Verdict(
        "ownership",
        passes=False,
        sentence="An anti-pattern: both own the same tables, so neither can change them, and nobody answers for them.",
    )


def _direction(facts: Facts, profile: Profile) -> Verdict:
    if facts.writes and not profile.carries_writes:
        return Verdict("direction", passes=False, sentence="It carries changes out of the provider, never into it.")
    return Verdict("direction", passes=True, sentence="It carries what is written." if facts.writes else "It is read.")


def _answer(facts: Facts, profile: Profile) -> Verdict:
    if facts.latency_ms is None:
        return Verdict("answer", passes=True, sentence="Nobody waits for an answer.")
    if profile.asks:
        return Verdict("answer", passes=True, sentence="It answers who asks.")
    if not facts.writes:
        return Verdict("answer", passes=True, sentence="The consumer's own copy answers.")
    return Verdict(
        "answer",
        passes=False,
        sentence=f"Who writes waits up to {facts.latency_ms:,} ms for an answer, and this gives none.",
        changes=(_NOBODY_WAITS,),
    )


def _latency(facts: Facts, profile: Profile) -> Verdict:
    asked, offered, hop = facts.latency_ms, facts.offered_latency_ms, profile.hop_ms
    if asked is None or not profile.asks:
        return Verdict("latency", passes=True, sentence="It waits for no answer of the provider.")
    if offered is None:
        within = asked - hop
        sentence = f"The interface does not say within what time it answers; {asked:,} ms are asked for."
        if within < 1:
            offered = 1
        else:
            change = Change("offered_latency_ms", within, f"let the provider promise an answer within {within:,} ms")
            return Verdict("latency", passes=False, sentence=sentence, changes=(change,))
    whole = offered + hop
    sentence = f"The provider's {offered:,} ms and {hop} ms on the way are {whole:,} ms of the {asked:,} ms asked for."
    if whole <= asked:
        return Verdict("latency", passes=True, sentence=sentence)
    if whole > RANGES["latency_ms"].most:
        return Verdict("latency", passes=False, sentence=sentence, changes=(_NOBODY_WAITS,))
    changes = [Change("latency_ms", whole, f"allow {whole:,} ms for an answer")]
    if facts.offered_latency_ms is None:
        changes.append(Change("offered_latency_ms", offered, "let the provider promise an answer within 1 ms"))
    return Verdict("latency", passes=False, sentence=sentence, changes=tuple(changes))


def _freshness(facts: Facts, profile: Profile) -> Verdict:
    if profile.lag_s <= facts.freshness_s:
        sentence = f"What arrives is {span_words(profile.lag_s)} old." if profile.lag_s else "It is always the newest."
        return Verdict("freshness", passes=True, sentence=sentence)
    allowed = f"at most {span_words(facts.freshness_s)}" if facts.freshness_s else "nothing but the newest"
    return Verdict(
        "freshness",
        passes=False,
        sentence=f"What arrives is at best {span_words(profile.lag_s)} old; {allowed} is asked for.",
        changes=(_older(profile.lag_s),),
    )


def _older(seconds: int) -> Change:
    return Change("freshness_s", seconds, f"let data be {span_words(seconds)} old")


def _consistency(facts: Facts, profile: Profile) -> Verdict:
    strongest = CONSISTENCY_WORDS[profile.consistency].partition(":")[0]
    if _CONSISTENCIES.index(Consistency(facts.consistency)) <= _CONSISTENCIES.index(profile.consistency):
        return Verdict("consistency", passes=True, sentence=f"It can be {strongest}.")
    asked = CONSISTENCY_WORDS[Consistency(facts.consistency)].partition(":")[0]
    return Verdict(
        "consistency",
        passes=False,
        sentence=f"It is at best {strongest}; {asked} is asked for.",
        changes=(Change("consistency", profile.consistency.value, f"settle for {strongest} consistency"),),
    )


def _ordering(facts: Facts, profile: Profile) -> Verdict:
    asked = Ordering(facts.ordering)
    if _ORDERINGS.index(asked) > _ORDERINGS.index(profile.ordering):
        words = ORDERING_WORDS[profile.ordering]
        change = Change("ordering", profile.ordering.value, f"let it arrive {words}")
        sentence = f"It keeps things {words} at best; {ORDERING_WORDS[asked]} is asked for."
        return Verdict("ordering", passes=False, sentence=sentence, changes=(change,))
    if asked == Ordering.TOTAL and facts.rate_per_s > profile.total_rate_per_s:
        limit = profile.total_rate_per_s
        return Verdict(
            "ordering",
            passes=False,
            sentence=f"One order for all is kept up to {limit:,.10g} a second, and {facts.rate_per_s:,.10g} come.",
            changes=(Change("ordering", Ordering.KEY.value, f"let it arrive {ORDERING_WORDS[Ordering.KEY]}"),),
        )
    return Verdict("ordering", passes=True, sentence=f"It arrives {ORDERING_WORDS[asked]}.")


def _rate(facts: Facts, profile: Profile) -> Verdict:
    limit = profile.rate_per_s
    sentence = f"It bears {limit:,.10g} a second; {facts.rate_per_s:,.10g} are asked for."
    change = Change("rate_per_s", limit, f"send at most {limit:,.10g} a second")
    return _below("rate", facts.rate_per_s, limit, sentence, change)


def _payload(facts: Facts, profile: Profile) -> Verdict:
    limit = profile.payload_kb
    sentence = f"It takes {size_words(limit)} at once; {size_words(facts.payload_kb)} are asked for."
    return _below(
        "payload", facts.payload_kb, limit, sentence, Change("payload_kb", limit, f"send {size_words(limit)} at once")
    )


def _replay(facts: Facts, profile: Profile) -> Verdict:
    limit = profile.replay_days
    if not facts.replay_days:
        return Verdict("replay", passes=True, sentence="Nothing is read again.")
    kept = f"It keeps {limit:,} days" if limit else "It keeps nothing that could be read again"
    sentence = f"{kept}; {facts.replay_days:,} days back are asked for."
    words = f"read again {limit:,} days back" if limit else "read nothing again"
    return _below("replay", facts.replay_days, limit, sentence, Change("replay_days", limit, words))


def _below(gate: str, asked: float, limit: float, sentence: str, change: Change) -> Verdict:
    passes = asked <= limit
    return Verdict(gate, passes=passes, sentence=sentence, changes=() if passes else (change,))


def _availability(facts: Facts, profile: Profile) -> Verdict:
    asked, offered = facts.availability_percent, facts.offered_availability_percent
    if asked is None:
        return Verdict("availability", passes=True, sentence="Nobody says how much of the time it must be there.")
    if profile.asks and offered is None:
        return _unpromised(asked, profile.availability_percent)
    whole = _together(offered, profile.availability_percent) if profile.asks else profile.availability_percent
    through = f"With the provider's {offered:.10g} % it is" if profile.asks else "With a copy of one's own it is"
    passes = asked <= whole + _ROUNDED
    return Verdict(
        "availability",
        passes=passes,
        sentence=f"{through} there {_floor(whole):.10g} % of the time; {asked:.10g} % are asked for.",
        changes=() if passes else (_settle(whole),),
    )


def _unpromised(asked: float, own: float) -> Verdict:
    highest = _together(HIGHEST_PERCENT, own)
    promised = min(HIGHEST_PERCENT, math.ceil(asked / own * 1_000_000) / 10_000)
    change = Change("offered_availability_percent", promised, f"let the provider promise {promised:.10g} %")
    return Verdict(
        "availability",
        passes=False,
        sentence=f"The interface does not say how much of the time it is there; {asked:.10g} % are asked for.",
        changes=(change,) if asked <= highest + _ROUNDED else (change, _settle(highest)),
    )


def _settle(percent: float) -> Change:
    rounded = _floor(percent)
    return Change("availability_percent", rounded, f"settle for {rounded:.10g} % of the time")


def _together(offered: float | None, own: float) -> float:
    """Of two that must both be there, in percent."""
    return (offered or 0.0) * own / 100


def _floor(percent: float) -> float:
    return math.floor(percent * 10_000) / 10_000


def _isolation(facts: Facts, profile: Profile) -> Verdict:
    asked = facts.survives_s
    if not asked:
        return Verdict("isolation", passes=True, sentence="It may fail with the provider.")
    if not profile.asks:
        sentence = (
            "What is written waits on the way." if facts.writes else "Its own copy stays while the provider is away."
        )
        return Verdict("isolation", passes=True, sentence=sentence)
    kept = 0 if facts.writes else facts.freshness_s
    if asked <= kept:
        sentence = f"Answers may be kept for {span_words(kept)}, and {span_words(asked)} are to be bridged."
        return Verdict("isolation", passes=True, sentence=sentence)
    how = f"kept answers bridge {span_words(kept)}" if kept else "nothing bridges the time"
    return Verdict(
        "isolation",
        passes=False,
        sentence=f"Without the provider there is no answer: {how}, {span_words(asked)} are asked for.",
        changes=(
            Change("survives_s", kept, f"go on alone for {span_words(kept)}" if kept else "fail with the provider"),
        ),
    )


def _coupling(facts: Facts, profile: Profile) -> Verdict:
    asked, brought = Coupling(facts.coupling), profile.coupling
    words = brought.value
    if _COUPLINGS.index(brought) <= _COUPLINGS.index(asked):
        return Verdict("coupling", passes=True, sentence=f"Its coupling is {words}.")
    return Verdict(
        "coupling",
        passes=False,
        sentence=f"Its coupling is {COUPLING_WORDS[brought]}; at most {asked.value} is asked for.",
        changes=(Change("coupling", brought.value, f"bear {words} coupling"),),
    )


def _data(facts: Facts, profile: Profile) -> Verdict:
    if DATA_CLASSES.index(facts.data_class) <= DATA_CLASSES.index(profile.data_class):
        return Verdict("data", passes=True, sentence=f"Data up to {profile.data_class} may pass through it.")
    return Verdict(
        "data",
        passes=False,
        sentence=f"Data up to {profile.data_class} may pass through it, and this is {facts.data_class}.",
        changes=(Change("data_class", profile.data_class, f"let only {profile.data_class} data flow"),),
    )


_GATES: tuple[Callable[[Facts, Profile], Verdict], ...] = (
    *(_ownership, _direction, _answer, _latency, _freshness, _consistency, _ordering),
    *(_rate, _payload, _replay, _availability, _isolation, _coupling, _data),
)
