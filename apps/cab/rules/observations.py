"""Observed drift: which change covers it, and what a report must say. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps.kernel.refusals import Invalid
from apps.kernel.signs import moment_words

LONGEST_SOURCE, LONGEST_ID, LONGEST_FINDER, LONGEST_SUMMARY, LONGEST_DETAILS = 80, 200, 200, 280, 20_000
MOST_LINKS = 20
LARGEST_REPORT = 64 * 1024  # bytes of one call
FAST_CLOCK = timedelta(minutes=5)  # a detector's clock may be ahead of ours by this much
OLDEST = timedelta(days=365)  # what is older is history, and imported


@dataclass(frozen=True)
class Candidate:
    """A change on the component that might be what was seen."""

    change_id: int
    window_start_at: datetime | None
    window_end_at: datetime | None
    started_at: datetime | None
    implemented_at: datetime | None

    def covers(self, moment: datetime) -> bool:
        """Whether its work ran at the moment, or was planned to: [start, end); without an end it still runs."""
        ran = self.started_at is not None and self.started_at <= moment
        if ran and (self.implemented_at is None or moment < self.implemented_at):
            return True
        if self.window_start_at is None or self.window_end_at is None:
            return False
        return self.window_start_at <= moment < self.window_end_at


def covering(candidates: Iterable[Candidate], moment: datetime) -> int | None:
    """The change that covers the moment: of several, the one whose work began last, then the newest."""
    fits = [one for one in candidates if one.covers(moment)]
    if not fits:
        return None
    began = [(one.started_at or one.window_start_at or moment, one.change_id) for one in fits]
    return max(began)[1]


def require_credible(observed_at: datetime, *, at: datetime) -> None:
    """Refuse a time more than five minutes ahead, or more than a year ago."""
    if observed_at > at + FAST_CLOCK:
        sentence = f"It was observed at {moment_words(observed_at)} UTC, which is yet to come."
        raise Invalid(sentence, next_step="Set the detector's clock.", fields={"observed_at": [sentence]})
    if observed_at < at - OLDEST:
        sentence = f"It was observed more than {OLDEST.days} days ago."
        raise Invalid(
            sentence, next_step="Import what lies so far back as changes.", fields={"observed_at": [sentence]}
        )
