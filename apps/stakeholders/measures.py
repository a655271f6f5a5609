"""The registry of measures: what areas compute each period, for a cluster or the whole federation.

An area registers its measures when it is ready; metrics name one and get their values from it, without this area
knowing where they come from. See docs/adr/0013.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from apps.accounts.models import Person
from apps.clusters.models import Cluster
from apps.kernel.refusals import Invalid
from apps.stakeholders.rules.metrics import Course, Period


@dataclass(frozen=True)
class Measured:
    """What one period came to. `value` None: there is none, and `reason` says why; it is never taken for nothing.

    `censored` of `count` rows were still open when the period ended. `inputs_sha256` is of what was read.
    """

    value: Decimal | None
    reason: str = ""
    count: int = 0
    censored: int = 0
    details: Mapping[str, str] = field(default_factory=dict)
    inputs_sha256: str = ""


@dataclass(frozen=True)
class Behind:
    """One row behind a value, as its page lists it."""

    title: str
    url: str
    says: str  # what it adds to the value
    is_open: bool = False  # censored: still open when the period ended


@dataclass(frozen=True)
class Measure:
    """Something that the house computes by itself. `version` rises whenever it may come to something else."""

    name: str
    title: str
    unit: str
    course: Course
    formula: str  # a sentence
    compute: Callable[[Cluster | None, Period], Measured]
    rows: Callable[[Person, Cluster | None, Period], Iterable[Behind]]
    version: int = 1


_measures: dict[str, Measure] = {}


def register(*measures: Measure) -> None:
    """Offer measures to metrics. Call it from `AppConfig.ready`; registering a name again replaces it."""
    for one in measures:
        _measures[one.name] = one


def registered() -> Mapping[str, Measure]:
    """Every measure by its name."""
    return _measures


def find(name: str) -> Measure | None:
    """The measure of that name, if an area offers it."""
    return _measures.get(name)


def require_measure(name: str) -> Measure:
    """The measure of that name, or a refusal that names them all."""
    if name not in _measures:
        raise Invalid(
            f"Nothing here computes “{name[:60]}”.",
            next_step=f"Choose from {', '.join(sorted(_measures))}, or send the values yourself.",
            fields={"measure": ["Unknown measure."]},
        )
    return _measures[name]
