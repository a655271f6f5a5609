"""Sampling of automatic approvals: the draw that anybody can check, who reviews, what the reviews say. Pure."""

import hashlib
import hmac
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from math import ceil

from apps.cab.rules.intervals import Interval, difference, wilson
from apps.kernel.refusals import Invalid, NotAllowed

MOST_MINIMUM = 100  # reviews of a period that nobody's attention outlasts
MOST_DAYS = 92  # a quarter: later nobody remembers
LONGEST_REASON = 2000  # characters
SEED_BYTES = 32  # of the seed; as many as the digest it keys


@dataclass(frozen=True)
class Draw:
    """How a period draws: a share in percent (0–100), and how many at least."""

    share: int
    minimum: int

    def size(self, candidates: int) -> int:
        """How many of so many are drawn: the share, rounded up, at least the minimum, at most all of them."""
        return min(candidates, max(self.minimum, ceil(candidates * self.share / 100)))


def commitment(seed: str) -> str:
    """What is told of a seed (64 hexadecimal digits) beforehand: the SHA-256 of its 32 bytes, hexadecimal.

    Who knows it cannot find the seed; who is told the seed later can check that it was that one.
    """
    return hashlib.sha256(bytes.fromhex(seed)).hexdigest()


def digest(seed: str, reference: str) -> str:
    """HMAC-SHA-256 (RFC 2104) of a change's reference, keyed with the period's seed, hexadecimal.

    Without the seed nobody can tell it from chance, so no requester can ask for a reference that is not drawn.
    """
    return hmac.new(bytes.fromhex(seed), reference.encode(), hashlib.sha256).hexdigest()


def ranked(seed: str, references: Iterable[str]) -> list[tuple[str, str]]:
    """Each reference once with its digest, the lowest digest first: the first `Draw.size` of them are drawn."""
    return sorted((digest(seed, one), one) for one in set(references))


def require_setting(share: int, minimum: int, days: int, reason: str) -> None:
    """Refuse a setting that is out of range, or says no reason."""
    wrong = {
        "share": (f"A share lies between 0 and 100 %, not {share}.", 0 <= share <= 100),  # noqa: PLR2004  # percent
        "minimum": (
            f"At least 0 and at most {MOST_MINIMUM} are drawn in any case.",
            0 <= minimum <= MOST_MINIMUM,
        ),
        "days": (f"A period lasts from 1 to {MOST_DAYS} days.", 1 <= days <= MOST_DAYS),
        "reason": (
            f"A setting has a reason of at most {LONGEST_REASON:,} characters.",
            0 < len(reason.strip()) <= LONGEST_REASON,
        ),
    }
    found = {name: [sentence] for name, (sentence, fits) in wrong.items() if not fits}
    if found:
        raise Invalid(next(iter(found.values()))[0], next_step="Correct the fields that are marked.", fields=found)


def require_reason(reason: str, *, what: str) -> str:
    """The reason without blanks around it; refuses one that is empty or too long."""
    if not 0 < len(reason.strip()) <= LONGEST_REASON:
        sentence = f"{what} needs a reason of at most {LONGEST_REASON:,} characters."
        raise Invalid(sentence, next_step="Say in a sentence why.", fields={"reason": [sentence]})
    return reason.strip()


def require_may_review(person: int, *, barred: Collection[int], has_seat: bool, board: str) -> None:
    """Refuse who has no vote on the board, and whoever took part in the change or authorized its template."""
    if not has_seat:
        raise NotAllowed(
            f"Only who has a vote on the {board} reviews what it samples.",
            next_step="Ask one of its members.",
            code="no_seat",
        )
    if person in barred:
        raise NotAllowed(
            "You took part in this change, or authorized the template that it rests on.",
            next_step="Ask another member of the board to review it.",
            code="own_change",
        )


@dataclass(frozen=True)
class Counted:
    """Finished changes of one group, and how many of them failed."""

    finished: int
    failed: int

    @property
    def rate(self) -> float | None:
        """The share that failed (0–1); None without any."""
        return self.failed / self.finished if self.finished else None

    @property
    def interval(self) -> Interval:
        """Its 95 % interval (Wilson)."""
        return wilson(self.failed, self.finished)


@dataclass(frozen=True)
class Comparison:
    """What was reviewed beside what was not drawn, and what the reviews found.

    `refused_failed` and `refused_fine` are reviewed changes that the board would have refused, by how they went.
    `minutes` are of the board for one decision.
    """

    reviewed: Counted
    unreviewed: Counted
    refused_failed: int
    refused_fine: int
    minutes: int

    @property
    def gap(self) -> float | None:
        """Failure rate of the reviewed less that of the others (-1 to 1); None where one group is empty."""
        if self.reviewed.rate is None or self.unreviewed.rate is None:
            return None
        return self.reviewed.rate - self.unreviewed.rate

    @property
    def gap_interval(self) -> Interval:
        """Its 95 % interval (Newcombe)."""
        one, other = self.reviewed, self.unreviewed
        return difference(one.failed, one.finished, other.failed, other.finished)

    @property
    def minutes_spent(self) -> int:
        """Board minutes, had the board decided about each reviewed change beforehand."""
        return self.reviewed.finished * self.minutes

    @property
    def minutes_a_failure(self) -> float | None:
        """Board minutes for one prevented failure; None while the reviews found none.

        Reviewed changes × minutes ÷ failures that the board would have refused: the drawn stand for all, so the same
        holds for the whole had nothing been approved automatically.
        """
        return self.minutes_spent / self.refused_failed if self.refused_failed else None

    @property
    def minutes_interval(self) -> tuple[float, float | None]:
        """Its 95 % interval: minutes ÷ the bounds (Wilson) of the share it rests on; no upper end where that is 0."""
        share = wilson(self.refused_failed, self.reviewed.finished)
        return self.minutes / share.high, self.minutes / share.low if share.low else None


def barred(authors: Iterable[int], publisher: int | None) -> set[int]:
    """Who does not review a change: its authors, and who published the template that authorized it."""
    return {one for one in (*authors, publisher) if one}
