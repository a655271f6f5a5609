"""The registry of checks of the map: areas register theirs, and each runs again when what it reads has changed."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from apps.clusters.actions import checks as actions
from apps.clusters.rules.findings import Found
from apps.journal.actions import subscribe
from apps.journal.events import Event
from apps.journal.models import Entry


@dataclass(frozen=True)
class Outcome:
    """What one run came to: its findings, the SHA-256 of what it read, and what it measured beside."""

    found: Iterable[Found]
    inputs_sha256: str
    result: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """A check by its stable name; `version` rises whenever it may find something else on the same map.

    It reads the whole map as of an instant (`evaluate`), or one cluster after the other (`of_cluster`): then each is
    settled for itself, so a run that breaks off goes on where it was, and how far it is can be told.
    """

    name: str
    version: int
    evaluate: Callable[[datetime], Outcome] | None = None
    of_cluster: Callable[[int, datetime], Outcome] | None = None


_checks: dict[str, Check] = {}


def register(check: Check, *events: type[Event]) -> None:
    """Run the check again after any of these events. Call it from `AppConfig.ready`."""
    _checks[check.name] = check

    def ask(entry: Entry) -> None:
        del entry
        actions.ask_for_check(checker=check.name)

    subscribe(f"clusters.check.{check.name}", *events)(ask)


def run(check: Check, *, at: datetime) -> bool:
    """Run a check that was asked for since it last ran; False where there was nothing to do."""
    if check.of_cluster:
        return actions.run_check_by_cluster(checker=check.name, version=check.version, evaluate=check.of_cluster, at=at)
    assert check.evaluate is not None
    return actions.run_check(checker=check.name, version=check.version, evaluate=check.evaluate, at=at)


def registered() -> Mapping[str, Check]:
    """Every check by its name."""
    return _checks
