from datetime import datetime

import pytest

SUNDAYS = {
    "name": "Sunday night",
    "start_local": datetime(2026, 3, 1, 2, 30),
    "duration_minutes": 240,
    "zone": "Europe/Berlin",
    "rrule": "FREQ=WEEKLY;BYDAY=SU",
    "reason": "Banks sleep.",
    "tiers": [],
}


@pytest.fixture
def sundays() -> dict:
    return dict(SUNDAYS)
