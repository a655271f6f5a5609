"""The lines of a dossier that tell how integrations of what a change touches are built."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from apps.integrations.queries.decisions import OPEN
from apps.integrations.rules.patterns import PATTERN_WORDS, PROFILE_VERSION, Pattern
from apps.integrations.states import DecisionState


@dataclass(frozen=True)
class Line:
    """One integration and the decision on its pattern."""

    words: str
    ends: str
    url: str  # of the decision
    state: str
    pattern: str
    decided_at: datetime | None
    reopened_at: datetime | None
    is_close_call: bool
    is_stale: bool  # decided by a profile of patterns that is no longer the one in use

    @property
    def is_reopened(self) -> bool:
        """Whether its facts have changed since it was decided on."""
        return self.state == DecisionState.REOPENED


def told(row: Any) -> Line:
    """A row of `patterns_touched_by`, as people read it."""
    is_decided, provider = row.decision_state is not None, row.interface.component
    return Line(
        words=f"{row.consumer.name} with {row.interface.name}",
        ends=f"{row.consumer.cluster.name} uses {provider.name} of {provider.cluster.name}",
        url=reverse("integrations:decision", args=[row.pk]),
        state=row.decision_state or OPEN,
        pattern=PATTERN_WORDS[Pattern(row.decision_chosen)] if is_decided else "",
        decided_at=row.decision_decided_at,
        reopened_at=row.decision_reopened_at,
        is_close_call=bool(row.decision_is_close_call),
        is_stale=is_decided and row.decision_profile_version != PROFILE_VERSION,
    )
