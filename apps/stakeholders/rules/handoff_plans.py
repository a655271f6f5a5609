"""What recording hand-offs in bulk would do: which are new, which stand already, which contradict. Pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from apps.kernel.refusals import Conflict

MOST_NAMED = 20  # contradictions that a refusal names


class Status(StrEnum):
    """What becomes of a line."""

    NEW = "new"
    SAME = "same"  # on record already, as the line says
    REPEATED = "repeated"  # an earlier line says the same
    INSIDE = "inside"  # of a cluster with itself: counted, and no hand-off between two
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Claim:
    """One hand-off as a line, or the record, has it; `often` is what is compared, in words."""

    line: int  # 0: the record
    source: str
    target: str
    what: str
    often: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What names a hand-off: case of what is passed aside."""
        return self.source, self.target, self.what.lower()


@dataclass(frozen=True)
class Step:
    """What becomes of one line, and of a contradiction the sentence that names both."""

    claim: Claim
    status: Status
    sentence: str = ""


def planned(claims: Iterable[Claim], recorded: Iterable[Claim]) -> list[Step]:
    """One step a line, in their order."""
    known: dict[tuple[str, str, str], Claim] = {one.key: one for one in recorded}
    return [_step(one, known) for one in claims]


def _step(claim: Claim, known: dict[tuple[str, str, str], Claim]) -> Step:
    before = known.setdefault(claim.key, claim)
    if before is not claim and before.often != claim.often:
        where = f"line {before.line} says" if before.line else "it is on record as"
        sentence = (
            f"“{claim.what}” of {claim.source} to {claim.target}: {where} {before.often}, this line {claim.often}."
        )
        return Step(claim, Status.CONFLICT, sentence)
    if before is not claim:
        return Step(claim, Status.REPEATED if before.line else Status.SAME)
    return Step(claim, Status.INSIDE if claim.source == claim.target else Status.NEW)


def counts(steps: Sequence[Step]) -> Mapping[str, int]:
    """How many lines become what."""
    return {one.value: sum(step.status == one for step in steps) for one in Status}


def require_no_conflict(steps: Sequence[Step]) -> None:
    """Refuse lines that contradict the record, or each other, naming both of each."""
    wrong = [step for step in steps if step.status == Status.CONFLICT]
    if wrong:
        more = f" And {len(wrong) - 1} more." if len(wrong) > 1 else ""
        raise Conflict(
            f"Line {wrong[0].claim.line}: {wrong[0].sentence}{more}",
            next_step="End what is on record before it is counted anew, or leave the lines out: nothing was written.",
            fields={f"line {step.claim.line}": [step.sentence] for step in wrong[:MOST_NAMED]},
        )
