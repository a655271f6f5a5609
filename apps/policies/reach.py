"""Whether anybody could give what rules ask for. Boards live above this area, so whoever seats them answers here."""

from collections.abc import Callable, Sequence
from datetime import date

from apps.policies.rules.analysis import Finding
from apps.policies.rules.outcomes import Outcome
from apps.policies.rules.tables import Table

# For each outcome, the sentences that say why nobody could satisfy it on that day in that cluster (None: in any).
Asked = Callable[[Sequence[Outcome], int | None, date], list[tuple[str, ...]]]
_asked: list[Asked] = []


def declare(asked: Asked) -> None:
    """Say who knows the boards. Called once, when that area is ready."""
    _asked[:] = [asked]


def unmet(table: Table, *, cluster_id: int | None, on: date) -> tuple[Finding, ...]:
    """A finding for each thing a rule asks for that nobody could give on the day `on`."""
    answers = [asked([row.outcome for row in table.rows], cluster_id, on) for asked in _asked]
    return tuple(
        Finding("unmet", f"Rule {number}{f' ({row.name})' if row.name else ''}: {sentence}", (number,))
        for answer in answers
        for number, (row, sentences) in enumerate(zip(table.rows, answer, strict=True), start=1)
        for sentence in sentences
    )
