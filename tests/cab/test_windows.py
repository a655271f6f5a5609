"""Windows as people write them: the hour that is skipped, the hour that comes twice, and years beyond reason."""

from datetime import datetime, timedelta

import pytest

from apps.kernel.refusals import Invalid
from apps.kernel.windows import read_wall_clock, require_window

BERLIN = "Europe/Berlin"


def window(start, end, zone=BERLIN):
    return require_window(start_local=read_wall_clock(start), end_local=read_wall_clock(end), zone=zone)


@pytest.mark.parametrize(
    ("start", "end", "minutes"),
    [
        ("2026-10-25T02:15", "2026-10-25T02:45", 90),  # first 02:15 to second 02:45
        ("2026-10-25T02:45", "2026-10-25T02:15", 30),  # first 02:45 to second 02:15
        ("2026-10-25T01:30", "2026-10-25T03:30", 180),
        ("2026-03-29T01:30", "2026-03-29T03:30", 60),
    ],
)
def test_a_window_over_the_change_of_clocks_never_shrinks(start, end, minutes):
    found = window(start, end)
    assert found.end_at - found.start_at == timedelta(minutes=minutes)


@pytest.mark.parametrize("start", ["2026-03-29T02:00", "2026-03-29T02:59"])
def test_a_time_that_is_skipped_is_refused_on_either_side(start):
    with pytest.raises(Invalid, match="does not exist in Europe/Berlin") as refused:
        window(start, "2026-03-29T05:00")
    assert list(refused.value.fields) == ["window_start"]
    with pytest.raises(Invalid, match="does not exist") as refused:
        window("2026-03-29T01:00", start)
    assert list(refused.value.fields) == ["window_end"]


@pytest.mark.parametrize("year", ["0001", "1969", "9999"])
@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/Adak", "UTC"])
def test_a_year_that_no_zone_can_reckon_with_is_refused(year, zone):
    with pytest.raises(Invalid, match="out of range"):
        window(f"{year}-01-01T00:00", f"{year}-12-31T23:59", zone)


@pytest.mark.parametrize("text", ["", "tomorrow", "2026-02-30T10:00", "2026-03-10T22:00+01:00", "x" * 10_000])
def test_what_is_no_wall_clock_time_is_refused_with_the_next_step(text):
    with pytest.raises(Invalid) as refused:
        read_wall_clock(text)
    assert refused.value.next_step


def test_seconds_are_left_out_so_that_no_edit_hides_in_them():
    assert read_wall_clock("2026-03-10T22:00:59.5") == datetime(2026, 3, 10, 22, 0)
