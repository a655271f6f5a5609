"""Sentences say moments in UTC; who reads them sees their own clocks."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from apps.kernel.signs import day_words, moment_words
from apps.kernel.windows import moments_in

BERLIN, NEPAL, SAO_PAULO = (ZoneInfo(name) for name in ("Europe/Berlin", "Asia/Kathmandu", "America/Sao_Paulo"))


@pytest.mark.parametrize(
    ("sentence", "zone", "read"),
    [
        ("It closed at 02 March 2026 12:00 UTC.", BERLIN, "It closed at 2 March 2026 13:00 CET."),  # as they were kept
        ("It closed at 2 March 2026 12:00 UTC.", BERLIN, "It closed at 2 March 2026 13:00 CET."),
        ("It closed at 31 July 2026 23:00 UTC.", BERLIN, "It closed at 1 August 2026 01:00 CEST."),
        ("It closed at 31 July 2026 23:00 UTC.", NEPAL, "It closed at 1 August 2026 04:45 UTC+0545."),
        ("It closed at 31 July 2026 23:00 UTC.", ZoneInfo("UTC"), "It closed at 31 July 2026 23:00 UTC."),
        (
            "“Sales” stops it from 1 March 2026 08:00 to 5 March 2026 23:30 UTC.",
            BERLIN,
            "“Sales” stops it from 1 March 2026 09:00 to 6 March 2026 00:30 CET.",
        ),
        (
            "From 28 March 2026 12:00 to 29 March 2026 12:00 UTC. Two: 1 January 2026 00:00 UTC.",
            BERLIN,
            "From 28 March 2026 13:00 CET to 29 March 2026 14:00 CEST. Two: 1 January 2026 01:00 CET.",
        ),
        ("31 February 2026 08:00 UTC", BERLIN, "31 February 2026 08:00 UTC"),
        ("02 Nonsense 2026 08:00 UTC, 01 January 0001 00:00 UTC", SAO_PAULO, None),
        ("No moment, not even 12:00 UTC.", BERLIN, None),
    ],
)
def test_moments_are_reckoned_where_they_are_said(sentence, zone, read):
    assert moments_in(sentence, zone) == (read or sentence)


def test_days_and_moments_are_said_without_a_leading_zero():
    assert day_words(date(2026, 12, 5)) == "5 December 2026"
    assert moment_words(datetime(2026, 12, 5, 9, 5, tzinfo=BERLIN)) == "5 December 2026 09:05"
