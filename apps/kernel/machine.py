"""State machines as data: which state may follow which, and the refusal when it may not."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from apps.kernel.refusals import WrongState


@dataclass(frozen=True)
class Machine:
    """A named set of states with the moves allowed between them.

    `words` gives each state's name as people read it; a state missing from `moves` is final.
    """

    name: str
    moves: Mapping[StrEnum, frozenset[StrEnum]]

    def states(self) -> list[StrEnum]:
        """Every state, in declaration order."""
        return list(self.moves)

    def allows(self, current: str, target: str) -> bool:
        """Whether `target` may follow `current`."""
        return any(target == state for move, targets in self.moves.items() if move == current for state in targets)

    def require(self, current: str, target: str) -> None:
        """Refuse a move that the machine does not know, naming what may follow instead."""
        if self.allows(current, target):
            return
        follow = sorted(
            state.replace("_", " ") for move, targets in self.moves.items() if move == current for state in targets
        )
        steps = f"From here it can become {_listed(follow)}." if follow else "It is final: open a new one instead."
        raise WrongState(
            f"A {self.name} that is {current.replace('_', ' ')} cannot become {target.replace('_', ' ')}.",
            next_step=steps,
        )


def _listed(words: Iterable[str]) -> str:
    *head, last = words
    return f"{', '.join(head)} or {last}" if head else last
