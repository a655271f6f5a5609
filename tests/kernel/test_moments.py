"""Sentences say moments in UTC; who reads them sees their own clocks."""

from zoneinfo import ZoneInfo

import pytest

from apps.kernel.windows import moments_in

BERLIN, NEPAL, SAO_PAULO = (ZoneInfo(name) for name in ("Europe/Berlin", "Asia/Kathmandu", "America/Sao_Paulo"))


@pytest.mark.parametrize(
    ("sentence", "zone", "read"),
    [
        ("It closed at 02 March 2026 12:00 UTC.", BERLIN, "It closed at 02 March 2026 13:00 CET."),
        ("It closed at 31 July 2026 23:00 UTC.", BERLIN, "It closed at 01 August 2026 01:00 CEST."),
        ("It closed at 31 July 2026 23:00 UTC.", NEPAL, "It closed at 01 August 2026 04:45 UTC+0545."),
        ("It closed at 31 July 2026 23:00 UTC.", ZoneInfo("UTC"), "It closed at 31 July 2026 23:00 UTC."),
        (
            "“Sales” stops it from 01 March 2026 08:00 to 05 March 2026 23:30 UTC.",
            BERLIN,
            "“Sales” stops it from 01 March 2026 09:00 to 06 March 2026 00:30 CET.",
        ),
        (
            "From 28 March 2026 12:00 to 29 March 2026 12:00 UTC. Two: 01 January 2026 00:00 UTC.",
            BERLIN,
            "From 28 March 2026 13:00 CET to 29 March 2026 14:00 CEST. Two: 01 January 2026 01:00 CET.",
        ),
        ("31 February 2026 08:00 UTC", BERLIN, "31 February 2026 08:00 UTC"),
        ("02 Nonsense 2026 08:00 UTC, 01 January 0001 00:00 UTC", SAO_PAULO, None),
        ("No moment, not even 12:00 UTC.", BERLIN, None),
    ],
)
def test_moments_are_reckoned_where_they_are_said(sentence, zone, read):
    assert moments_in(sentence, zone) == (read or sentence)
