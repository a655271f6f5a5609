"""The demo organisation's freezes leave the days alone in which somebody tries the product."""

from datetime import UTC, datetime, timedelta

import pytest

from apps.portal.demo.seasons import QUIET, year_of_freezes


@pytest.mark.parametrize(
    ("day", "year"),
    [
        (datetime(2026, 6, 1, tzinfo=UTC), 2026),
        (datetime(2026, 11, 3, tzinfo=UTC), 2026),
        (datetime(2026, 11, 4, tzinfo=UTC), 2027),
        (datetime(2026, 12, 31, 23, tzinfo=UTC), 2027),
        (datetime(2027, 1, 1, tzinfo=UTC), 2027),
    ],
)
def test_the_year_of_the_freezes(day, year):
    assert year_of_freezes(day) == year


def test_on_no_day_does_a_freeze_begin_within_four_weeks():
    for number in range(4 * 366):
        at = datetime(2026, 1, 5, 12, tzinfo=UTC) + timedelta(days=number)
        assert datetime(year_of_freezes(at), 12, 1, tzinfo=UTC) - at >= QUIET
