"""How often a failed delivery is tried again, and how long slots are kept."""

from datetime import timedelta

MOST_ATTEMPTS = 8
FIRST_WAIT = timedelta(seconds=10)
LONGEST_WAIT = timedelta(hours=1)
# Longer than the rarest job waits for its turn, plus any clock that is behind.
SLOT_KEPT = timedelta(days=8)


def retry_after(attempts: int) -> timedelta | None:
    """The wait after the given number of failed attempts (doubling from 10 s to at most 1 h); None: give up."""
    if attempts >= MOST_ATTEMPTS:
        return None
    doubled: timedelta = FIRST_WAIT * 2 ** (attempts - 1)
    return min(doubled, LONGEST_WAIT)
