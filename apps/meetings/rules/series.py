"""How the meetings of a series follow it when its times change. Pure functions."""

from collections.abc import Iterable
from datetime import datetime, timedelta

NEAR = timedelta(days=6)  # a meeting follows its series to another day of the week, not into another week's place


def paired(old: Iterable[datetime], new: Iterable[datetime]) -> dict[datetime, datetime]:
    """Which new time each old one becomes; those without one are missing from the answer.

    A time that stays is itself. Each other one, the earliest first, takes the nearest new time that none has yet and
    that lies at most six days away; of two as near, the later.
    """
    before, after = sorted(set(old)), set(new)
    found = {one: one for one in before if one in after}
    free = sorted(after - found.keys())
    for one in before:
        near = [start for start in free if abs(start - one) <= NEAR]
        if one not in found and near:
            found[one] = min(near, key=lambda start: (abs(start - one), one - start))
            free.remove(found[one])
    return found
