"""The kinds of things that conventions speak of: this area registers four, areas above may register theirs."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from apps.clusters.rules.conventions import Named, Saying, Subject


@dataclass(frozen=True)
class Kind:
    """A kind of things that have names.

    `word` is what people call one of them, `fields` what a convention may judge, each with its own word, `sayings` what
    else they can say. `of_cluster` reads all of one cluster, `names` every name there is, for finding those that read
    alike; it may be left out where names need not differ.
    """

    name: str
    word: str
    fields: Mapping[str, str]
    of_cluster: Callable[[int], Iterable[Subject]]
    sayings: Collection[Saying] = field(default_factory=frozenset)
    names: Callable[[], Iterable[Named]] | None = None


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Let conventions speak of these things. Call it from `AppConfig.ready`."""
    _kinds[kind.name] = kind


def kinds() -> Mapping[str, Kind]:
    """Every kind by its name."""
    return _kinds
