"""What is wrong with how integrations are built: findings of the check of patterns. Pure functions over plain facts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from apps.clusters.rules.findings import Found
from apps.integrations.rules.deciding import advice, differences
from apps.integrations.rules.gates import Facts, judged
from apps.integrations.rules.patterns import PATTERN_WORDS, PROFILE_VERSION, Pattern, ways_of
from apps.integrations.rules.reading import difference_words
from apps.integrations.rules.weighing import By, weighed
from apps.integrations.states import DecisionState

CHECKER = "patterns"
VERSION = PROFILE_VERSION
_NOTE, _WARNING = 1, 2


@dataclass(frozen=True)
class Use:
    """One integration, as the check reads it."""

    integration_id: int
    title: str
    consumer_id: int
    cluster_id: int
    provider: str
    provider_cluster_id: int
    kind: str
    is_data_product: bool
    facts: Facts
    state: str
    chosen: Pattern | None
    decided_on: Mapping[str, Any]


def findings_of(use: Use) -> Iterator[Found]:
    """A decision that is reopened, a shared database, a way that its needs exclude, a way that was not decided on."""
    ways = ways_of(use.kind, is_data_product=use.is_data_product)
    if use.state == DecisionState.REOPENED:
        yield _reopened(use)
    if Pattern.SHARED in ways:
        yield _found(
            use,
            "shared-database",
            f"{use.title}: both work on one database, “{PATTERN_WORDS[Pattern.SHARED].lower()}”.",
            _better(use),
        )
        return
    found = {one.pattern: one for one in judged(use.facts) if one.pattern in ways}
    if not any(one.fits for one in found.values()):
        why = found[ways[0]].failed
        sentence = f"{use.title}: {PATTERN_WORDS[ways[0]]} cannot meet its needs. {why[0].sentence}"
        yield _found(use, "pattern-contradicted", sentence, _better(use), gates=[one.name for one in why])
    if use.chosen and use.chosen not in ways:
        yield _found(
            use,
            "pattern-not-built",
            f"{use.title} was decided to be {PATTERN_WORDS[use.chosen].lower()}, and is not built so yet.",
            f"Move it to an interface of that kind: {use.provider} may have to offer one.",
            severity=_NOTE,
        )


def _reopened(use: Use) -> Found:
    changed = differences(use.decided_on, use.facts)
    said = "; ".join(difference_words(*one) for one in changed)
    return _found(
        use,
        "pattern-reopened",
        f"{use.title} was decided on other facts{f' ({said})' if said else ''}.",
        "Read what the facts come to now, and decide again.",
    )


def _better(use: Use) -> str:
    found = advice(use.facts, weighed(By.USUAL))
    if found.winner:
        return f"{found.winner.words} would fit: decide on it, and let {use.provider} offer it."
    return "No pattern fits these needs: the page of the decision says which to relax."


def _found(use: Use, code: str, sentence: str, step: str, *, severity: int = _WARNING, **evidence: Any) -> Found:
    return Found(
        code=code,
        key=f"{code}:{use.integration_id}",
        severity=severity,
        cluster_id=use.cluster_id,
        counterpart_id=use.provider_cluster_id if use.provider_cluster_id != use.cluster_id else None,
        component_id=use.consumer_id,
        sentence=sentence,
        next_step=step,
        evidence={"integration": use.integration_id, **evidence},
    )
