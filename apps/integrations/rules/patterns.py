"""The patterns by which two components can be integrated, and what each can do: a versioned profile. Pure data.

The numbers are those of ordinary, well-run installations; where a broker or gateway of the house does better, its
profile is changed here, with the version.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from apps.integrations.rules.words import Consistency, Coupling, Kind, Ordering

PROFILE_VERSION = 1  # rises with every number below, and with every gate and score that reads them
MONTH_S = 31 * 86_400


class Pattern(StrEnum):
    """How one component gets at what another keeps, or tells it."""

    EVENTS = "events"
    GATEWAY = "gateway"
    BATCH = "batch"
    CAPTURE = "change_capture"
    FILE = "file"
    SHARED = "shared_database"


PATTERN_WORDS: Mapping[Pattern, str] = {
    Pattern.EVENTS: "Event-driven",
    Pattern.GATEWAY: "API gateway",
    Pattern.BATCH: "Batch sync",
    Pattern.CAPTURE: "Change data capture",
    Pattern.FILE: "File transfer",
    Pattern.SHARED: "Shared database",
}
PATTERN_MEANS: Mapping[Pattern, str] = {
    Pattern.EVENTS: "The provider publishes what happened; consumers keep what they need of it.",
    Pattern.GATEWAY: "The consumer asks and waits for the answer.",
    Pattern.BATCH: "A job copies what changed, again and again.",
    Pattern.CAPTURE: "The provider's log of changes is read and replayed elsewhere.",
    Pattern.FILE: "A file is laid down by one and picked up by the other.",
    Pattern.SHARED: "Both read and write the same tables: whoever changes one changes both.",
}


@dataclass(frozen=True)
class Profile:
    """What a pattern can do. Limits are the most it bears; points run from 1 (poor, or cheap) to 9."""

    asks: bool  # the provider is asked every time; otherwise the consumer has a copy of its own
    carries_writes: bool
    hop_ms: int  # it adds to an answer of the provider; 0 where nobody is asked
    lag_s: int  # how old what arrives is at the best; of batches the shortest usual interval and the run
    consistency: Consistency  # the strongest
    ordering: Ordering  # the strictest
    total_rate_per_s: float  # above which one order for all is no longer kept
    replay_days: int
    payload_kb: int
    rate_per_s: float
    availability_percent: float  # of what stands between the two
    coupling: Coupling  # what it brings with it
    data_class: str  # the most sensitive that may pass through it
    independence: int  # points: how freely each side changes
    autonomy: int  # points: how well the consumer lives without the provider
    cost: float  # points at one a second: to build and to run
    cost_of_rate: float  # points for every tenfold of the rate
    is_recommended: bool = True


PROFILES: Mapping[Pattern, Profile] = {
    Pattern.EVENTS: Profile(
        asks=False,
        carries_writes=True,
        hop_ms=0,
        lag_s=2,
        consistency=Consistency.CAUSAL,
        ordering=Ordering.TOTAL,
        total_rate_per_s=1_000.0,  # one partition
        replay_days=365,
        payload_kb=1_024,
        rate_per_s=1_000_000.0,
        availability_percent=99.95,
        coupling=Coupling.LOOSE,
        data_class="confidential",  # what a log keeps for a year cannot be taken back
        independence=9,
        autonomy=9,
        cost=5.0,
        cost_of_rate=0.3,
    ),
    Pattern.GATEWAY: Profile(
        asks=True,
        carries_writes=True,
        hop_ms=15,
        lag_s=0,
        consistency=Consistency.STRONG,
        ordering=Ordering.KEY,  # a caller that waits for each answer keeps an order of its own
        total_rate_per_s=0.0,
        replay_days=0,
        payload_kb=10_240,
        rate_per_s=10_000.0,
        availability_percent=99.95,
        coupling=Coupling.MODERATE,
        data_class="restricted",
        independence=5,
        autonomy=3,
        cost=2.5,
        cost_of_rate=1.0,
    ),
    Pattern.BATCH: Profile(
        asks=False,
        carries_writes=True,
        hop_ms=0,
        lag_s=1_200,  # every 15 minutes, and 5 for the run
        consistency=Consistency.EVENTUAL,
        ordering=Ordering.TOTAL,
        total_rate_per_s=100_000.0,
        replay_days=3_650,
        payload_kb=10 * 1024 * 1024,
        rate_per_s=100_000.0,
        availability_percent=99.9,
        coupling=Coupling.MODERATE,
        data_class="restricted",
        independence=6,
        autonomy=8,
        cost=3.0,
        cost_of_rate=0.2,
    ),
    Pattern.CAPTURE: Profile(
        asks=False,
        carries_writes=False,
        hop_ms=0,
        lag_s=5,
        consistency=Consistency.CAUSAL,
        ordering=Ordering.TOTAL,
        total_rate_per_s=10_000.0,  # one log, read in the order of commits
        replay_days=7,
        payload_kb=1_024,
        rate_per_s=50_000.0,
        availability_percent=99.9,
        coupling=Coupling.TIGHT,  # the provider's tables become its contract
        data_class="confidential",
        independence=3,
        autonomy=8,
        cost=4.5,
        cost_of_rate=0.3,
    ),
    Pattern.FILE: Profile(
        asks=False,
        carries_writes=True,
        hop_ms=0,
        lag_s=4_200,  # every hour, and 10 minutes to hand it over
        consistency=Consistency.EVENTUAL,
        ordering=Ordering.TOTAL,
        total_rate_per_s=10_000.0,
        replay_days=3_650,
        payload_kb=10 * 1024 * 1024,
        rate_per_s=10_000.0,
        availability_percent=99.9,
        coupling=Coupling.LOOSE,
        data_class="confidential",  # a file is copied without anybody being asked
        independence=7,
        autonomy=8,
        cost=2.0,
        cost_of_rate=0.5,
    ),
    Pattern.SHARED: Profile(
        asks=True,
        carries_writes=True,
        hop_ms=5,
        lag_s=0,
        consistency=Consistency.STRONG,
        ordering=Ordering.TOTAL,
        total_rate_per_s=10_000.0,
        replay_days=0,
        payload_kb=65_536,
        rate_per_s=10_000.0,
        availability_percent=99.95,
        coupling=Coupling.TIGHT,
        data_class="restricted",
        independence=1,
        autonomy=1,
        cost=1.5,
        cost_of_rate=0.5,
        is_recommended=False,
    ),
}


def ways_of(kind: str, *, is_data_product: bool) -> tuple[Pattern, ...]:
    """The patterns that an interface of this kind can be.

    A table that is kept for others is a copy that batches refresh; any other table is the provider's own database.
    """
    if kind == Kind.TABLE:
        return (Pattern.BATCH,) if is_data_product else (Pattern.SHARED,)
    return {
        Kind.HTTP: (Pattern.GATEWAY,),
        Kind.GRPC: (Pattern.GATEWAY,),
        Kind.TOPIC: (Pattern.EVENTS, Pattern.CAPTURE),
        Kind.FILE: (Pattern.FILE, Pattern.BATCH),
    }[Kind(kind)]
