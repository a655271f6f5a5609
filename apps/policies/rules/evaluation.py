"""What tables ask for given facts: all matching rules apply; what is not known counts for the stricter reading."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.policies.rules.columns import Facts, Value
from apps.policies.rules.outcomes import Kind, Outcome, united
from apps.policies.rules.tables import Row, Table

NOBODY = Outcome(Kind.BOARD, "enterprise", reason="No rule decides this, so the enterprise board does.")


@dataclass(frozen=True)
class Named:
    """A table with the name that sentences give it: “the enterprise floor, version 2”."""

    name: str
    table: Table


@dataclass(frozen=True)
class Hit:
    """A rule that applies, or may apply because a fact is missing."""

    source: str
    number: int
    name: str
    sentence: str
    is_certain: bool

    def as_data(self) -> dict[str, Any]:
        """As a decision keeps it."""
        return {
            "source": self.source,
            "number": self.number,
            "name": self.name,
            "sentence": self.sentence,
            "is_certain": self.is_certain,
        }


@dataclass(frozen=True)
class Ruling:
    """What is required, by which rules, and which facts were missing."""

    outcome: Outcome
    hits: tuple[Hit, ...]
    missing: tuple[str, ...]  # labels of facts that some rule asked for and nobody knew


def ruling(sources: Sequence[Named], facts: Facts) -> Ruling:
    """What the tables together require of these facts.

    A rule whose only open conditions are on missing facts may apply, so it counts: its requirement is united with the
    others, which can only make the result stricter than any value of the missing fact would.
    """
    hits: list[Hit] = []
    outcomes: list[Outcome] = []
    missing: dict[str, None] = {}
    for source in sources:
        known = {column.name: column.known(facts.get(column.name)) for column in source.table.columns}
        labels = {column.name: column.label for column in source.table.columns}
        for number, row in enumerate(source.table.rows, start=1):
            unknown = _unknown_in(row, known)
            if unknown is None:
                continue
            said = [labels[name] for name in unknown]
            missing |= dict.fromkeys(said)
            outcomes.append(row.outcome)
            hits.append(_hit(source, number, row, known, said))
    outcome = united(outcomes) or NOBODY
    return Ruling(outcome, tuple(hits), tuple(missing))


def _unknown_in(row: Row, known: dict[str, Value | None]) -> list[str] | None:
    """The columns whose missing facts the rule waits for; None when a known fact excludes it."""
    unknown = []
    for name, cell in row.cells.items():
        value = known[name]
        if value is None:
            unknown.append(name)
        elif not cell.holds(value):
            return None
    return unknown


def _hit(source: Named, number: int, row: Row, known: dict[str, Value | None], unknown: list[str]) -> Hit:
    columns = {column.name: column for column in source.table.columns}
    facts = [columns[name].told(value) for name in row.cells if (value := known[name]) is not None]
    because = ", ".join(facts) or ("every change" if not unknown else "")
    doubt = f"{', '.join(unknown)} not known, so the stricter reading counts" if unknown else ""
    sentence = f"{'; '.join(part for part in (because, doubt) if part)}: {row.outcome.told()}"
    sentence = sentence[:1].upper() + sentence[1:].rstrip(".") + "."
    return Hit(source.name, number, row.name, sentence, not unknown)
