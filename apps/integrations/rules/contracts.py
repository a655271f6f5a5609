"""The contract that belongs to a pattern: its standard, what is known of it, and its needs as levels of service. Pure.

Sources: AsyncAPI 3.0.0, OpenAPI 3.1.1, Open Data Contract Standard 3.2.0, whose `slaProperties` all three have.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from apps.integrations.rules.gates import Facts
from apps.integrations.rules.patterns import PATTERN_WORDS, Pattern
from apps.integrations.rules.words import Kind
from apps.integrations.states import DecisionState
from apps.kernel.refusals import WrongState


class Standard(StrEnum):
    """By which standard a contract is written."""

    ASYNCAPI = "asyncapi"
    OPENAPI = "openapi"
    ODCS = "odcs"


STANDARD_WORDS: Mapping[Standard, str] = {
    Standard.ASYNCAPI: "AsyncAPI 3.0",
    Standard.OPENAPI: "OpenAPI 3.1",
    Standard.ODCS: "Open Data Contract Standard 3.2",
}
# As the specifications name them; the data contract standard names none, so that of YAML (RFC 9512).
MEDIA_TYPES: Mapping[Standard, str] = {
    Standard.ASYNCAPI: "application/vnd.aai.asyncapi+yaml;version=3.0.0",
    Standard.OPENAPI: "application/vnd.oai.openapi+yaml;version=3.1",
    Standard.ODCS: "application/yaml",
}
_STANDARDS: Mapping[Pattern, Standard] = {
    Pattern.EVENTS: Standard.ASYNCAPI,
    Pattern.GATEWAY: Standard.OPENAPI,
    Pattern.BATCH: Standard.ODCS,
    Pattern.CAPTURE: Standard.ODCS,
    Pattern.FILE: Standard.ODCS,
}
FIRST_VERSION = "0.1.0"  # of a contract that nobody has finished


@dataclass(frozen=True)
class Side:
    """A component at one end, and who answers for it."""

    name: str
    slug: str
    cluster: str
    cluster_slug: str
    team: str  # as its source names it; "": unsaid


@dataclass(frozen=True)
class Known:
    """Everything a contract can be filled with. Texts are "" where nobody said them."""

    integration_id: int
    pattern: Pattern
    number: int  # of the decision
    decided_at: datetime
    inputs_sha256: str
    interface: str
    kind: str
    port: int | None
    protocol: str
    is_data_product: bool
    description: str
    contract_url: str
    purpose: str
    provider: Side
    consumer: Side
    owners: tuple[tuple[str, str], ...]  # handle and name of who owns the provider's cluster
    facts: Facts

    @property
    def owner(self) -> str:
        """The provider's team; where none is named, its cluster."""
        return self.provider.team or self.provider.cluster


def require_contract(*, state: str | None, chosen: str, kind: str) -> Standard:
    """The standard of the contract of a decision; refuses where none is in force, and what no contract describes.

    `state` and `chosen` are of the current decision; None and "": nobody has decided.
    """
    if state is None:
        raise WrongState(
            "Nobody has decided on a pattern yet, so there is nothing to write a contract of.",
            next_step="Have an owner of the consumer's cluster decide, then ask again.",
            code="undecided",
        )
    if state != DecisionState.DECIDED:
        raise WrongState(
            "The decision was reopened: what it rested on has changed since, so no decision is in force.",
            next_step="Have an owner of the consumer's cluster confirm it or decide anew, then ask again.",
            code="reopened",
        )
    return standard_of(chosen, kind=kind)


def standard_of(chosen: str, *, kind: str) -> Standard:
    """By which standard a pattern is agreed on; refuses the shared database, and a call that none of them describes."""
    standard = _STANDARDS.get(Pattern(chosen))
    if standard is None:
        raise WrongState(
            f"{PATTERN_WORDS[Pattern(chosen)]} has no contract: both own the same tables, nobody promises anything.",
            next_step="Decide on a pattern whose sides each keep their own data.",
            code="no_contract",
        )
    if standard == Standard.OPENAPI and kind == Kind.GRPC:
        raise WrongState(
            "The interface is a gRPC API: its contract is its .proto files, which OpenAPI does not describe.",
            next_step="Link them as the contract of the interface.",
            code="no_contract",
        )
    return standard


def service_levels(facts: Facts) -> list[dict[str, Any]]:
    """What the consumer needs, as levels of service; what nobody needs is left out. In the order of their names.

    The names are those of the data contract standard's quality of service where it has one.
    """
    found = [
        _level("availability", facts.availability_percent, "%", "How much of the time it must be there."),
        _level("freshness", facts.freshness_s, "s", _FRESHNESS[facts.freshness_s == 0]),
        _level("latency", facts.latency_ms, "ms", "Within which an answer is there, 95th percentile."),
        _level("payload", facts.payload_kb, "kB", "The most that one call, event or file holds."),
        _level("retention", facts.replay_days or None, "d", "How far back it must be possible to read again."),
        _level("throughput", facts.rate_per_s, "1/s", "Calls, events or records."),
    ]
    return [one for one in found if one["value"] is not None]


_FRESHNESS = ("How old what is read may be.", "What is read is always the newest.")


def _level(name: str, value: float | None, unit: str, words: str) -> dict[str, Any]:
    whole = int(value) if value is not None and value == int(value) else value  # 2.0 and 2 are the same level
    return {"property": name, "value": whole, "unit": unit, "description": words}


def needs_beyond(facts: Facts) -> dict[str, str]:
    """What is needed and is no number: how consistent, in which order, how closely coupled, of which class of data."""
    return {
        "consistency": facts.consistency,
        "coupling": facts.coupling,
        "dataClass": facts.data_class,
        "direction": facts.direction,
        "ordering": facts.ordering,
    }


def origin(known: Known) -> dict[str, Any]:
    """Which decision a contract comes from."""
    return {
        "integration": known.integration_id,
        "decision": known.number,
        "pattern": known.pattern.value,
        "decidedAt": known.decided_at.isoformat(timespec="seconds"),
        "inputsSha256": known.inputs_sha256,
    }


def path_of(side: Side) -> str:
    """How people write a component: cluster/component."""
    return f"{side.cluster_slug}/{side.slug}"
