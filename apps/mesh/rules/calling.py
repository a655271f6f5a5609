"""How an edge is called when integrations say what it needs: the values of its policy, and why these. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from apps.integrations.rules.reading import span_words
from apps.mesh.rules.generation import DEFAULT_PORT, HTTP_PROTOCOLS, Policy, policy_for

# What is spoken at an interface, as ports of the mesh name it.
PROTOCOLS: Mapping[str, str] = {
    "http": "HTTP",
    "https": "HTTPS",
    "http2": "HTTP2",
    "grpc": "GRPC",
    "tcp": "TCP",
    "tls": "TLS",
}
STRICT_PERCENT, LOOSE_PERCENT = 99.9, 99.0  # of availability that is needed: fewer, or more, errors in a row are borne
ERRORS = {"strict": 3, "usual": 5, "loose": 10}
LEAST_EJECTION_S, MOST_EJECTION_S = 30, 300
SHARE_OF_SURVIVAL = 10  # an endpoint is left out for a tenth of the time that the consumer goes on alone


@dataclass(frozen=True)
class Need:
    """What one integration asks of an edge; `latency_ms` None: nobody waits, `availability_percent` None: unsaid."""

    integration_id: int
    interface: str
    port: int | None
    protocol: str
    latency_ms: int | None
    rate_per_s: float
    survives_s: int
    availability_percent: float | None

    @property
    def place(self) -> tuple[int, str]:
        """The port and what is spoken at it, as the mesh names it."""
        return (self.port or DEFAULT_PORT, PROTOCOLS.get(self.protocol, "HTTP"))

    @property
    def words(self) -> str:
        """For an annotation: which integration, and the needs that the values follow."""
        latency = f"p95 {self.latency_ms} ms" if self.latency_ms is not None else "no answer waited for"
        said = [latency, f"{self.rate_per_s:.10g} per second", f"goes on alone {self.survives_s} s"]
        if self.availability_percent is not None:
            said.append(f"available {self.availability_percent:.10g} %")
        return f"integration {self.integration_id}: {', '.join(said)}"


def policy_from(needs: Sequence[Need], protocol: str) -> tuple[Policy, tuple[str, ...]]:
    """The policy that the strictest of these needs ask for together, and a sentence for each value.

    Rates add up; of latency, of the time the consumer goes on alone, the least counts, of availability the greatest.
    All tries fit into the whole time.
    """
    latency = min((one.latency_ms for one in needs if one.latency_ms is not None), default=None)
    rate = math.fsum(one.rate_per_s for one in needs)
    alone = min(one.survives_s for one in needs)
    available = max((one.availability_percent for one in needs if one.availability_percent is not None), default=None)
    attempts, ejection = (1, _ejection(alone)) if alone else (2, LEAST_EJECTION_S)
    policy = policy_for(
        p95_ms=latency,
        per_second=rate,
        attempts=attempts,
        error_limit=ERRORS[_strictness(available)],
        ejection_s=ejection,
    )
    why = (
        _time_words(policy, latency) if protocol in HTTP_PROTOCOLS else _hidden_words(protocol),
        _rate_words(policy, rate, latency),
        _errors_words(policy, available),
        _alone_words(policy, alone),
    )
    return policy, why


def _time_words(policy: Policy, latency: int | None) -> str:
    asked = "Nobody waits for an answer: a try may take 1,500 ms"
    if latency:
        asked = f"An answer is needed within {latency:,} ms (p95): a try may take twice that, {policy.per_try_ms:,} ms"
    return f"{asked}, and {policy.attempts + 1} tries with a tenth between them {policy.timeout_ms:,} ms."


def _rate_words(policy: Policy, rate: float, latency: int | None) -> str:
    time = f"{latency:,} ms" if latency else "a second"
    return f"At most {policy.most_requests:,} are under way: three times {rate:,.10g} a second for {time}, at least 64."


def _alone_words(policy: Policy, alone_s: int) -> str:
    if not alone_s:
        return f"It cannot go on alone: it is repeated twice, and an endpoint is back after {policy.ejection_s} s."
    return (
        f"It goes on alone for {span_words(alone_s)}: it is repeated once, and an endpoint is left out "
        f"{policy.ejection_s} s."
    )


def _hidden_words(protocol: str) -> str:
    return f"{protocol} hides its requests from the mesh: it has limits of connections, no timeout and no repetitions."


def _errors_words(policy: Policy, available: float | None) -> str:
    asked = (
        "Nobody says how much of the time it must be there"
        if available is None
        else (f"It must be there {available:.10g} % of the time")
    )
    return f"{asked}: {policy.error_limit} errors in a row leave an endpoint out."


def _strictness(available: float | None) -> str:
    if available is None:
        return "usual"
    return "strict" if available >= STRICT_PERCENT else "usual" if available >= LOOSE_PERCENT else "loose"


def _ejection(alone_s: int) -> int:
    return min(MOST_EJECTION_S, max(LEAST_EJECTION_S, alone_s // SHARE_OF_SURVIVAL))
