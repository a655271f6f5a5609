"""Free windows against an oracle that knows nothing of ranges: it asks every minute, one bit each."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest

from apps.cab.rules import slots
from apps.windows.rules.intervals import joined

COUNT, SEED = 100_000, 20260302
SPAN = 3 * 24 * 60  # minutes looked at around each window


def _wall(rng, zone, day):
    return (day + timedelta(minutes=rng.randrange(24 * 60))).replace(tzinfo=zone, fold=rng.randrange(2))


def _minutes(start, end, base):
    """Bits of the minutes that the range holds, from the instants' own epoch seconds, cut to the span."""
    low = max(int(start.timestamp()) // 60 - base, 0)
    high = min(int(end.timestamp()) // 60 - base, SPAN)
    return ((1 << high) - (1 << low)) if high > low else 0


def _free_by_minute(closed, base):
    bits = (1 << SPAN) - 1
    for start, end in closed:
        bits &= ~_minutes(start, end, base)
    return bits


@pytest.mark.slow
def test_free_ranges_and_slots_agree_with_a_minute_by_minute_oracle_in_every_zone():
    rng, zones = random.Random(SEED), sorted(available_timezones())
    tried, seen = 0, set()
    while tried < COUNT:
        name = zones[(tried // 4) % len(zones)]
        seen.add(name)
        zone = ZoneInfo(name)
        day = datetime(2026, 1, 1) + timedelta(days=rng.randrange(365))  # every change of clocks of the year
        base = int((day - timedelta(days=1)).replace(tzinfo=UTC).timestamp()) // 60
        low = datetime.fromtimestamp(base * 60, UTC)
        stretch = (low, low + timedelta(minutes=SPAN))
        closed = []
        for _ in range(4):
            start = _wall(rng, zone, day).astimezone(UTC)
            closed.append((start, start + timedelta(minutes=rng.randrange(1, 1200))))
        tried += len(closed)
        rules = [slots.Rule("blackout", str(n), (one,)) for n, one in enumerate(closed)]
        ranges = slots.free(stretch, rules)
        bits = sum(_minutes(start, end, base) for start, end in ranges)
        oracle = _free_by_minute(closed, base)
        assert bits == oracle, (name, closed)
        assert joined(ranges) == ranges
        lasts = rng.randrange(15, 600)
        got = [int(start.timestamp()) // 60 - base for start, _ in slots.slots(ranges, lasts=timedelta(minutes=lasts))]
        mask = (1 << lasts) - 1
        assert got == list(_slots_by_minute(oracle, mask, lasts)), (name, closed, lasts)
    assert len(seen) == len(zones)


def _slots_by_minute(bits, mask, lasts):
    minute = 0
    while minute + lasts <= SPAN:
        if (bits >> minute) & mask == mask:
            yield minute
            minute = -(-(minute + lasts) // 15) * 15
        else:
            minute += 15
