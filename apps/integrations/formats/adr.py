"""A decision on a pattern as an architecture decision record: Markdown, of what the decision kept when it was taken."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from apps.integrations.models import Integration, PatternDecision
from apps.integrations.rules.patterns import PATTERN_WORDS, Pattern
from apps.integrations.rules.reading import FACT_NAMES, fact_words
from apps.integrations.rules.weighing import BY_WORDS, CRITERION_WORDS, By, Criterion
from apps.integrations.states import DecisionState
from apps.kernel.signs import moment_words

_SIGNS = re.compile(r"([\\`*_{}\[\]<>#|~&])")  # of Markdown, and of the HTML that it lets through
_BEGINNING = re.compile(r"^(\d{1,9}(?=[.)](?:\s|$))|(?=[-+=]))")  # of a list, a rule, or an underlined heading


def record_of(integration: Integration, decision: PatternDecision) -> str:
    """The record: context, decision, ranking, what was excluded and why, weights, how sure it was.

    It says what was kept, so it stays the same when needs, names of patterns' gates or the profile change; only the
    status moves with the decision. Names that people gave stand as plain text.
    """
    chosen, decider = PATTERN_WORDS[Pattern(decision.chosen)], decision.decided_by
    lines = [
        f"# {decision.number}. {chosen} for {plain(str(integration))}",
        "",
        f"- Status: {_status(decision)}",
        f"- Decided: {_moment(decision.decided_at)} by {plain(f'{decider.name} ({decider.handle})')}",
        f"- Inputs: SHA-256 `{decision.inputs_sha256}`, profile of patterns {decision.profile_version}",
        "",
        "## Context",
        "",
        _ends(integration),
        "",
        *_quoted(integration.purpose),
        "",
        *_table(("Need, or offer", "Then"), _facts(decision.facts)),
        "",
        "## Decision",
        "",
        *_decision(decision, chosen),
        "",
        *_quoted(decision.reasons),
        "",
        "## What fitted, the best first",
        "",
        *_table(("", "Pattern", "Closeness"), _ranking(decision.ranking)),
        "",
        "## What was excluded",
        "",
        *(_excluded(decision.excluded)),
        "",
        "## Weights",
        "",
        f"By {BY_WORDS[By(decision.weighed_by)]}{_ratio(decision.consistency_ratio)}.",
        "",
        *_table(("Criterion", "Weight"), _weights(decision.weights)),
        "",
        "## How sure it was",
        "",
        *_sensitivity(decision),
        "",
        "## Consequences",
        "",
        "The decision is reopened with the edit that changes one of the facts above, and then is in force no longer.",
        "",
    ]
    return "\n".join(lines)


def _ends(integration: Integration) -> str:
    consumer, provider = integration.consumer, integration.provider
    return plain(
        f"{consumer.name} ({consumer.cluster.name}) uses {integration.interface.name} of {provider.name} "
        f"({provider.cluster.name})."
    )


def plain(text: str) -> str:
    """A text on one line that Markdown reads as nothing but text."""
    return _BEGINNING.sub(r"\1\\", _SIGNS.sub(r"\\\1", " ".join(text.split())))


def _quoted(text: str) -> Iterator[str]:
    for line in text.strip().splitlines():
        yield f"> {plain(line)}".rstrip()


def _status(decision: PatternDecision) -> str:
    if decision.state == DecisionState.DECIDED:
        return "accepted"
    reopened = f"reopened {_moment(decision.reopened_at)}" if decision.reopened_at else ""
    return reopened if decision.state == DecisionState.REOPENED else "; ".join(filter(None, ("superseded", reopened)))


def _moment(at: datetime) -> str:
    return f"{moment_words(at.astimezone(UTC))} UTC"


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _facts(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, words in FACT_NAMES.items():
        yield words[0].upper() + words[1:], plain(fact_words(name, facts[name]))


def _decision(decision: PatternDecision, chosen: str) -> Iterator[str]:
    yield f"It is built as **{chosen}**."
    if decision.chosen != decision.recommended:
        yield f"{PATTERN_WORDS[Pattern(decision.recommended)]} came first."
    if decision.is_close_call:
        yield "It was a close call: a fifth more or less of some weight would have let another come first."
    yield ""
    yield "The reasons:"


def _ranking(ranking: list[dict[str, Any]]) -> Iterator[tuple[str, str, str]]:
    for number, one in enumerate(ranking, start=1):
        yield f"{number}.", PATTERN_WORDS[Pattern(one["pattern"])], f"{one['closeness']:.3f}"


def _excluded(excluded: Mapping[str, list[str]]) -> Iterator[str]:
    for pattern in Pattern:  # in their own order, whatever order the database gives
        if pattern in excluded:
            yield f"- **{PATTERN_WORDS[pattern]}**: {plain(' '.join(excluded[pattern]))}"


def _ratio(ratio: float | None) -> str:
    return f", consistency ratio {ratio:.3f}" if ratio is not None else ""


def _weights(weights: Mapping[str, float]) -> Iterator[tuple[str, str]]:
    for one in Criterion:
        yield CRITERION_WORDS[one], f"{weights.get(one, 0.0):.1%}"


def _sensitivity(decision: PatternDecision) -> Iterator[str]:
    if not decision.sensitivity:
        only = len(decision.ranking) == 1
        yield "Nothing else fitted: no weight could have changed it." if only else "It was not kept with this decision."
        return
    heads = ("Weight of", "Then", "A fifth less, more", "Another would come first", "Within a fifth")
    yield from _table(heads, (_swing(one) for one in decision.sensitivity))


def _swing(one: Mapping[str, Any]) -> tuple[str, ...]:
    sways = [f"{_sway(one[side])} {side} {one[side]['weight']:.1%}" for side in ("below", "above") if one[side]]
    return (
        CRITERION_WORDS[Criterion(one["criterion"])],
        f"{one['weight']:.1%}",
        f"{one['low']:.1%} – {one['high']:.1%}",
        "; ".join(sways) or "at no weight",
        "no" if one["holds"] else "yes",
    )


def _sway(sway: Mapping[str, Any]) -> str:
    return PATTERN_WORDS[Pattern(sway["winner"])]
