"""What tables ask for given facts: all matching rules apply; what is not known counts for the stricter reading."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from apps.policies.rules.columns import Facts, Value
from apps.policies.rules.expressions import Question, Said
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


NOTHING: Said = {}


def cases(sources: Sequence[Named], facts: Facts) -> Iterator[Question]:
    """What expressions have to be asked for these facts: those of rules that no known fact excludes."""
    for source in sources:
        known = _known(source, facts)
        for row in source.table.rows:
            if row.expression and _unknown_in(row, known) is not None and (case := row.expression.question(known)):
                yield case


def ruling(sources: Sequence[Named], facts: Facts, said: Said = NOTHING) -> Ruling:
    """What the tables together require of these facts, `said` being what their expressions answer.

    A rule whose only open conditions are on missing facts may apply, so it counts: its requirement is united with the
    others, which can only make the result stricter than any value of the missing fact would. The same holds for a rule
    whose expression gives no answer, except that it then authorizes nothing.
    """
    hits: list[Hit] = []
    outcomes: list[Outcome] = []
    missing: dict[str, None] = {}
    for source in sources:
        known = _known(source, facts)
        labels = {column.name: column.label for column in source.table.columns}
        for number, row in enumerate(source.table.rows, start=1):
            unknown = _unknown_in(row, known)
            if unknown is None:
                continue
            doubts = [labels[name] for name in unknown]
            silent = _silence(row, known, labels, said, number)
            if silent is None:
                continue
            missing |= dict.fromkeys([*doubts, *silent])
            if silent and row.outcome.kind == Kind.APPROVE:
                continue
            outcomes.append(row.outcome)
            hits.append(_hit(source, number, row, known, [*doubts, *silent]))
    outcome = united(outcomes) or NOBODY
    return Ruling(outcome, tuple(hits), tuple(missing))


def _known(source: Named, facts: Facts) -> dict[str, Value | None]:
    return {column.name: column.known(facts.get(column.name)) for column in source.table.columns}


def _silence(
    row: Row, known: dict[str, Value | None], labels: dict[str, str], said: Said, number: int
) -> list[str] | None:
    """What its expression waits for, or why it does not answer: nothing when it says yes, None when it says no."""
    if row.expression is None:
        return []
    case = row.expression.question(known)
    if case is None:
        return [labels[name] for name in row.expression.names if known[name] is None]
    answer = said.get(case, "it was not asked")
    if isinstance(answer, bool):
        return [] if answer else None
    return [f"what the expression of rule {number} says ({answer})"]


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
    if row.expression and not unknown:
        facts.append(f"the expression {row.expression.text} holds")
    because = ", ".join(facts) or ("every change" if not unknown else "")
    doubt = f"{', '.join(unknown)} not known, so the stricter reading counts" if unknown else ""
    sentence = f"{'; '.join(part for part in (because, doubt) if part)}: {row.outcome.told()}"
    sentence = sentence[:1].upper() + sentence[1:].rstrip(".") + "."
    return Hit(source.name, number, row.name, sentence, not unknown)
