"""Windows that come round and what they leave free, against an oracle that knows no ranges: it asks every minute.

The oracle goes the other way about: it reads the local clock at every minute of UTC, one bit each, where the product
turns wall-clock times into instants.
"""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from apps.cab.rules import slots
from apps.windows.rules.intervals import joined
from apps.windows.rules.recurrence import occurrences

COUNT, SEED = 100_000, 20260302
DAYS_EACH, WINDOWS_EACH = 6, 28  # of each zone; of each of its days
SPAN = 3 * 24 * 60  # minutes looked at around each day
MINUTE = timedelta(minutes=1)
FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def days_of(zone, rng):
    """The days on which the zone's clocks change, and some others."""
    offsets = [(FIRST + timedelta(days=n)).astimezone(zone).utcoffset() for n in range(366)]
    moved = [n for n in range(1, 366) if offsets[n] != offsets[n - 1]]
    wanted = [*(max(n - 1, 0) for n in moved for _ in range(2)), *(rng.randrange(365) for _ in range(DAYS_EACH))]
    return wanted[:DAYS_EACH]


def clock(zone, base):
    """The local time shown at every minute from `base` on, as (day, minute of the day), and each minute's offset."""
    shown = [(base + n * MINUTE).astimezone(zone) for n in range(SPAN)]
    return [(one.date(), one.hour * 60 + one.minute) for one in shown], [one.utcoffset() for one in shown]


def first_minutes(shown, offsets):
    """When the clock first shows each (day, minute of the day); where it skips one, when the old clock would."""
    seen = {}
    for minute, at in enumerate(shown):
        seen.setdefault(at, minute)
    for minute in range(1, SPAN):
        if offsets[minute] > offsets[minute - 1]:
            (day, of_day), jump = shown[minute - 1], (offsets[minute] - offsets[minute - 1]) // MINUTE
            for skipped in range(1, jump + 1):
                later, at = divmod(of_day + skipped, 1440)
                seen.setdefault((day + timedelta(days=later), at), minute + skipped - 1)
    return seen


def bits_of(ranges, base):
    """Bits of the minutes that the ranges hold, from the instants' own epoch seconds, cut to the span."""
    bits = 0
    for start, end in ranges:
        low = max(int((start - base) / MINUTE), 0)
        high = min(int((end - base) / MINUTE), SPAN)
        bits |= ((1 << high) - (1 << low)) if high > low else 0
    return bits


def slots_by_minute(bits, lasts, base):
    minute, mask, start = 0, (1 << lasts) - 1, int(base.timestamp()) // 60
    while minute + lasts <= SPAN:
        free = (bits >> minute) & mask == mask and (start + minute) % 15 == 0
        if free:
            yield minute
        minute = -(-(minute + (lasts if free else 1)) // 15) * 15


@pytest.mark.slow
def test_a_hundred_thousand_windows_in_every_zone_agree_with_a_minute_by_minute_oracle():
    rng, tried = random.Random(SEED), 0
    whole = (1 << SPAN) - 1
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        for number in days_of(zone, rng):
            base = FIRST + timedelta(days=number)
            stretch = (base, base + SPAN * MINUTE)
            shown, offsets = clock(zone, base)
            seen = first_minutes(shown, offsets)
            # Whatever began the day before reaches in: only days whose clock is seen whole count as starts.
            days = sorted({day for day, _ in shown})[1:-1]
            rules, oracle = [], whole
            for window in range(WINDOWS_EACH):
                at, lasts = rng.randrange(1440), rng.choice([1, 15, 60, 90, 480, 1439])
                duration = timedelta(minutes=lasts)
                first = datetime(days[0].year, days[0].month, days[0].day, at // 60, at % 60)
                rule = f"FREQ=DAILY;COUNT={len(days)}"
                found = occurrences(rule=rule, start_local=first, duration=duration, zone=name, between=stretch)
                mine = bits_of(found, base)
                theirs = 0
                for day in days:
                    theirs |= (((1 << lasts) - 1) << seen[day, at]) & whole
                assert mine == theirs, (name, first, lasts)
                tried += 1
                if window % 8 == 0:  # all of them together would leave nothing free
                    rules.append(slots.Rule("blackout", str(window), tuple(found)))
                    oracle &= ~theirs
            ranges = slots.free(stretch, rules)
            assert bits_of(ranges, base) == oracle, (name, base)
            assert joined(ranges) == ranges
            lasts = rng.randrange(15, 600)
            got = [int((one.start_at - base) / MINUTE) for one in slots.slots(ranges, lasts=timedelta(minutes=lasts))]
            assert got == list(slots_by_minute(oracle, lasts, base)), (name, base, lasts)
    assert tried >= COUNT
