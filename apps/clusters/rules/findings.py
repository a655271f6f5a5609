"""What a check of the map found, and who may leave it so for a while. Pure functions over plain facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from apps.accounts.rules import Capability
from apps.clusters.rules.parts import Standing
from apps.kernel.refusals import Invalid, NotAllowed

BLOCKER = 3
LONGEST_WAIVER = timedelta(days=180)  # what nobody looked at for half a year nobody answers for
LONGEST_REASON = 2_000  # characters
SEVERITY_WORDS: Mapping[int, str] = {1: "note", 2: "warning", 3: "blocker"}


@dataclass(frozen=True)
class Found:
    """One thing a check found. `key` names it among all that the same check finds, now and next time.

    `cluster_id` is whose it is to repair, `counterpart_id` a second cluster that it tells of, `component_id` what it is
    about, where it is about one. `evidence` holds plain values: what the sentence was drawn from.
    """

    code: str
    key: str
    severity: int
    cluster_id: int
    sentence: str
    next_step: str
    component_id: int | None = None
    counterpart_id: int | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)


def is_waiver(standing: Standing, *, severity: int) -> bool:
    """Whether they may leave it so: owners a note or a warning of theirs, the boards' keepers a blocker of others."""
    if severity >= BLOCKER:
        return Capability.MANAGE_BOARD in standing.capabilities and not standing.may_own
    return standing.may_own or standing.administers


def require_may_waive(standing: Standing, *, severity: int, cluster: str) -> None:
    """Refuse a waiver by those who may not give it; nobody waives a blocker of a cluster they own."""
    if is_waiver(standing, severity=severity):
        return
    if severity >= BLOCKER and standing.may_own:
        raise NotAllowed(
            f"You own {cluster}: nobody waives a blocker of their own.",
            next_step="Ask a board's chair who does not own the cluster.",
        )
    if severity >= BLOCKER:
        raise NotAllowed("Only a board's chair or an administrator may waive a blocker.", next_step="Ask one of them.")
    raise NotAllowed(
        f"Only an owner of {cluster} or an administrator may waive this.",
        next_step="Ask one of the owners named on its page.",
    )


def require_waiver(*, reason: str, until: datetime, at: datetime) -> str:
    """The reason, trimmed; refuses none, one that is too long, and an end that is past or too far."""
    said = reason.strip()
    if not said or len(said) > LONGEST_REASON:
        raise Invalid(
            "A waiver needs its reason.",
            next_step=f"Write why it may stay so, in at most {LONGEST_REASON:,} characters.",
            fields={"reason": ["Missing or too long."]},
        )
    if not at < until <= at + LONGEST_WAIVER:
        raise Invalid(
            f"A waiver ends within {LONGEST_WAIVER.days} days from now.",
            next_step="Choose a day in that time; it can be given again.",
            fields={"until": [f"Within {LONGEST_WAIVER.days} days."]},
        )
    return said


def evidence_lines(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a finding was drawn from, for a page: each value under its name in words."""
    return [(name.replace("_", " ").capitalize(), _written(value)) for name, value in evidence.items()]


def _written(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_written(one) for one in value) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{name}: {_written(one)}" for name, one in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value in (None, "") else str(value)
