"""Exact analysis of decision tables: gaps, contradictions, rules without effect, and the proof against a floor.

A rule with an expression applies somewhere within its columns, and no analysis says where. It is read so that every
proof stays true: as applying nowhere when others would lean on it, and everywhere when it asks for something.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from apps.policies.rules.boxes import Box, Effort
from apps.policies.rules.columns import Value
from apps.policies.rules.outcomes import APART, REFUSED, Pieces, contradict
from apps.policies.rules.spaces import Space
from apps.policies.rules.tables import Row, Table

MOST_OF_A_KIND = 5  # findings shown at once; when these are mended the next ones come


@dataclass(frozen=True)
class Finding:
    """One thing wrong with a table: the rules it is about (counted from 1), concrete facts, and the sentence."""

    kind: str  # gap, contradiction, without_effect, weaker
    sentence: str
    rules: tuple[int, ...] = ()
    facts: dict[str, Value] = field(default_factory=dict)
    is_smallest: bool = True  # no counter-example needs fewer facts


@dataclass(frozen=True)
class Analysis:
    """What was found, and how many comparisons of boxes it took."""

    findings: tuple[Finding, ...]
    compared: int
    unseen: tuple[str, ...] = ()  # sentences: which rules it cannot see into, and what is proven all the same

    @property
    def is_clean(self) -> bool:
        """Whether nothing stands against the table."""
        return not self.findings


def analyse(table: Table) -> Analysis:
    """Everything wrong with the table by itself, each with its smallest counter-example. Refuses what is too tangled.

    All matching rules apply and their requirements are united, so rules may overlap; what they may not do is disagree
    on the kind of decision (a board, automatic approval, automatic refusal), leave facts undecided, or stand idle.
    """
    effort = Effort()
    space = Space(table.columns, table.rows, effort=effort)
    boxes = [space.box(row) for row in table.rows]
    findings = [
        *_gaps(space, table.rows, boxes),
        *_contradictions(space, table.rows, boxes),
        *_without_effect(space, table.rows, boxes),
    ]
    return Analysis(tuple(findings), effort.made, _unseen(table.rows))


def _unseen(rows: Sequence[Row]) -> tuple[str, ...]:
    numbers = [str(number) for number, row in enumerate(rows, start=1) if row.expression]
    if not numbers:
        return ()
    which = f"rule {numbers[0]}" if len(numbers) == 1 else f"rules {', '.join(numbers)}"
    proven = "Proven without it: every change is decided by the other rules. "
    left = "Where it disagrees with them, the stricter outcome counts, so no contradiction is looked for there."
    return (f"The expression of {which} cannot be analysed. {proven}{left}",)


def compare_with_floor(table: Table, floor: Table) -> Analysis:
    """Whether for all facts the table asks for at least what the floor asks; findings are counter-examples.

    Every requirement is a set of pieces and rules unite by union, so the floor holds exactly when each piece of each
    floor rule is asked for (or the change refused) everywhere in that rule's box.
    """
    effort = Effort()
    space = Space(table.columns, [*table.rows, *floor.rows], effort=effort)
    own = [(space.box(row), row.outcome.pieces) for row in table.rows if not row.expression]
    leaning = [(space.box(row), row.outcome.pieces) for row in table.rows]
    findings: list[Finding] = []
    for number, row in enumerate(floor.rows, start=1):
        found = _weaker(space, own, row, number)
        if found and len(own) < len(leaning) and _weaker(space, leaning, row, number) is None:
            found = replace(found, sentence=f"{found.sentence} {_LEANS}")
        if found and len(findings) < MOST_OF_A_KIND:
            findings.append(found)
    seen_whole = any(row.expression for row in floor.rows)
    return Analysis(tuple(findings), effort.made, (_WHOLE,) if seen_whole else ())


_LEANS = "The proof would need an expression, which cannot be analysed: say that condition in the columns."
_WHOLE = "The floor's expressions cannot be analysed: the proof takes each as holding wherever its columns do."


def _gaps(space: Space, rows: Sequence[Row], boxes: Sequence[Box]) -> list[Finding]:
    """Facts that no rule without an expression takes."""
    found: list[Finding] = []
    known = [box for row, box in zip(rows, boxes, strict=True) if not row.expression]
    while len(found) < MOST_OF_A_KIND and (example := space.outside(known)):
        pinned = space.grid.pinned(example.pins)
        known.append(pinned)
        unsure = [n for n, row in enumerate(rows) if row.expression and space.grid.meet(boxes[n], pinned)]
        unless = f" unless the expression of rule {unsure[0] + 1} says yes" if unsure else ""
        sentence = f"{_capital(space.told(example.pins))}: nobody decides{unless}."
        found.append(Finding("gap", sentence, (), space.facts(example.pins), example.is_smallest))
    return found


def _contradictions(space: Space, rows: Sequence[Row], boxes: Sequence[Box]) -> list[Finding]:
    found: list[Finding] = []
    for j, other in enumerate(rows):
        space.effort.spend(j)
        for i in range(j):
            if rows[i].expression or other.expression:
                continue  # the stricter outcome counts, whatever it says
            if contradict(rows[i].outcome, other.outcome) and space.grid.meet(boxes[i], boxes[j]):
                found.append(_contradiction(space, rows, boxes, i, j))
                if len(found) == MOST_OF_A_KIND:
                    return found
    return found


def _contradiction(space: Space, rows: Sequence[Row], boxes: Sequence[Box], i: int, j: int) -> Finding:
    pins = space.grid.lowest(boxes[i] & boxes[j], where=space.grid.full)
    sentence = (
        f"{_capital(space.told(pins))}: rule {i + 1} says {rows[i].outcome.told().rstrip('.')}, "
        f"rule {j + 1} says {rows[j].outcome.told().rstrip('.')}."
    )
    return Finding("contradiction", sentence, (i + 1, j + 1), space.facts(pins))


def _without_effect(space: Space, rows: Sequence[Row], boxes: Sequence[Box]) -> list[Finding]:
    found: list[Finding] = []
    for i, row in enumerate(rows):
        near = [
            k for k in range(len(rows)) if k != i and not rows[k].expression and space.grid.meet(boxes[k], boxes[i])
        ]
        others = [(k, boxes[k], rows[k].outcome.pieces) for k in near]
        if _is_asked(space, boxes[i], row.outcome.pieces, [(box, pieces) for _, box, pieces in others]):
            found.append(_idle(space, i, row, boxes[i], others))
            if len(found) == MOST_OF_A_KIND:
                break
    return found


def _idle(space: Space, i: int, row: Row, box: Box, others: list[tuple[int, Box, Pieces]]) -> Finding:
    """The finding, with the rules that stand in its way: none of them can be left out."""
    needed = others
    for one in others:
        fewer = [other for other in needed if other is not one]
        if _is_asked(space, box, row.outcome.pieces, [(b, p) for _, b, p in fewer]):
            needed = fewer
    numbers = tuple(k + 1 for k, _, _ in needed)
    many = f"rule {numbers[0]} asks" if len(numbers) == 1 else f"rules {', '.join(map(str, numbers))} together ask"
    sentence = f"Rule {i + 1} never changes a decision: wherever it applies, {many} for as much."
    return Finding("without_effect", sentence, (i + 1, *numbers))


def _is_asked(space: Space, region: Box, pieces: Pieces, own: Sequence[tuple[Box, Pieces]]) -> bool:
    """Whether each piece is asked for everywhere in the region."""
    return all(space.covered(boxes, region) for boxes, _ in _covers(pieces, own))


def _weaker(space: Space, own: Sequence[tuple[Box, Pieces]], row: Row, number: int) -> Finding | None:
    region = space.box(row)
    for boxes, piece in _covers(row.outcome.pieces, own):
        example = space.outside(boxes, region)
        if example:
            sentence = (
                f"{_capital(space.told(example.pins))}: rule {number} of the floor asks for {_piece_told(piece, row)}, "
                "this policy does not."
            )
            return Finding("weaker", sentence, (number,), space.facts(example.pins), example.is_smallest)
    return None


def _covers(pieces: Pieces, own: Sequence[tuple[Box, Pieces]]) -> list[tuple[list[Box], str]]:
    """For each piece the boxes that ask for it (or refuse); pieces asked for by the same boxes count once."""
    found: dict[tuple[int, ...], str] = {}
    for piece in sorted(pieces, key=lambda one: (one == APART, one)):  # the plainest one speaks first
        asking = tuple(k for k, (_, asked) in enumerate(own) if piece in asked or REFUSED in asked)
        found.setdefault(asking, piece)
    return [([own[k][0] for k in asking], piece) for asking, piece in found.items()]


def _piece_told(piece: str, row: Row) -> str:
    word, _, name = piece.partition(" ")
    if word == "authority":
        return f"the {row.outcome.board.replace('_', '-')} board"
    if piece == APART:
        return "different people in its roles"
    return {
        "role": f"the seat for {name}",
        "person": f"the vote of {name}",
        REFUSED: "a refusal",
    }.get(word, "a decision")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
