"""When work may happen at the demo organisation: maintenance windows, blackouts, freezes."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from apps.accounts.models import Person
from apps.clusters.models import Cluster
from apps.windows.actions import freezes
from apps.windows.actions.recurring import plan_window, retire_window

QUIET = timedelta(days=28)  # between announcement and start: whoever tries the product plans for tomorrow

# kind, cluster ("" for the federation), who plans it, and the fields of a window; it starts at that hour of its zone
WINDOWS = (
    ("maintenance", "payments", "lena", "02:00", {"name": "Payments Sunday night", "duration_minutes": 240, "zone": "Europe/Berlin", "rrule": "FREQ=WEEKLY;BYDAY=SU", "reason": "Banks settle nothing between Saturday evening and Monday."}),
    ("maintenance", "logistics", "hiro", "01:00", {"name": "Logistics before the first vans", "duration_minutes": 180, "zone": "Asia/Tokyo", "rrule": "FREQ=WEEKLY;BYDAY=TU,TH", "reason": "Dispatch sleeps until five."}),
    ("maintenance", "", "marit", "22:00", {"name": "Evening window", "duration_minutes": 360, "zone": "Europe/Oslo", "rrule": "FREQ=DAILY", "reason": "What has no window of its own may change in the evening."}),
    ("blackout", "payments", "lena", "06:00", {"name": "Month-end closing", "duration_minutes": 60 * 18, "zone": "Europe/Berlin", "rrule": "FREQ=MONTHLY;BYMONTHDAY=-1", "tiers": [0, 1], "reason": "The books close; the ledger and what feeds it stay as they are."}),
    ("blackout", "", "marit", "06:00", {"name": "National day", "duration_minutes": 60 * 14, "zone": "Europe/Oslo", "rrule": "FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=17", "reason": "Nobody is there to help."}),
)  # fmt: skip


def plan_windows(people: dict[str, Person], *, at: datetime) -> None:
    """The windows as they were planned when the clusters were founded, and one that is retired since."""
    for kind, slug, planner, hour, fields in WINDOWS:
        cluster = Cluster.objects.filter(slug=slug).first()
        values = {"start_local": datetime.combine(at.date(), time.fromisoformat(hour)), **fields}
        plan_window(planner=people[planner], cluster=cluster, kind=kind, values=values, at=at)
    old = {"name": "Payments Wednesday noon", "start_local": datetime.combine(at.date(), time(12)), "duration_minutes": 60, "zone": "Europe/Berlin", "rrule": "FREQ=WEEKLY;BYDAY=WE"}  # fmt: skip
    payments = Cluster.objects.get(slug="payments")
    window = plan_window(planner=people["lena"], cluster=payments, kind="maintenance", values=old, at=at)
    retired_at = at + timedelta(days=90)
    retire_window(window_id=window.pk, person=people["lena"], reason="Noon is the busiest hour now.", at=retired_at)


def announce_freezes(people: dict[str, Person], *, at: datetime) -> None:
    """A year-end hard freeze in force, a soft one of the federation, one only previewed, one lifted, one a draft."""
    payments, logistics = (Cluster.objects.get(slug=slug) for slug in ("payments", "logistics"))
    year = year_of_freezes(at)
    emergencies = {"types": ["emergency"], "roles": [], "risk_at_most": None, "reason": "what is on fire is put out"}
    operators = {"types": ["standard"], "roles": ["operator"], "risk_at_most": 2, "reason": "routine work of operators"}
    rows: tuple[Any, ...] = (
        ("Year-end closing of Payments", "hard", [payments], _day(year, 12, 15), _day(year + 1, 1, 4), "lena", "greta", [emergencies, operators], "The year closes; auditors compare every booking."),
        ("Holiday season", "soft", [], _day(year, 12, 1), _day(year, 12, 27), "marit", "marit", [], "Half the house is away: think twice."),
        ("Peak week of Logistics", "hard", [logistics], _day(year, 12, 8), _day(year, 12, 14), "hiro", "", [emergencies], "The busiest parcels of the year."),
    )  # fmt: skip
    for name, strength, clusters, start, end, author, enforcer, exemptions, reason in rows:
        values = _freeze(name, strength, start, end, reason, exemptions)
        freeze = freezes.draft_freeze(author=people[author], clusters=clusters, values=values, at=at)
        freezes.preview_freeze(freeze_id=freeze.pk, viewer=people[author], version=1, at=at)
        if enforcer:
            freezes.enforce_freeze(freeze_id=freeze.pk, enforcer=people[enforcer], version=1, at=at)
    midsummer = _freeze("Midsummer", "soft", _day(year + 1, 6, 19), _day(year + 1, 6, 22), "", [])
    freezes.draft_freeze(author=people["marit"], clusters=[], values=midsummer, at=at)
    old = _freeze("Move of the data centre", "soft", at + timedelta(days=300), at + timedelta(days=303), "", [])  # fmt: skip
    freeze = freezes.draft_freeze(author=people["marit"], clusters=[], values=old, at=at)
    freezes.preview_freeze(freeze_id=freeze.pk, viewer=people["marit"], version=1, at=at)
    freezes.enforce_freeze(freeze_id=freeze.pk, enforcer=people["marit"], version=1, at=at)
    freezes.lift_freeze(freeze_id=freeze.pk, lifter=people["marit"], reason="The move is put off.", at=at)


def year_of_freezes(at: datetime) -> int:
    """The year in whose December the freezes begin: the first whose December is `QUIET` or more after `at`."""
    return at.year if at + QUIET <= _day(at.year, 12, 1) else at.year + 1


def _day(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def _freeze(name: str, strength: str, start: datetime, end: datetime, reason: str, exemptions: list[Any]) -> dict[str, Any]:  # fmt: skip
    clocks = {"start_local": start.replace(second=0, microsecond=0, tzinfo=None), "end_local": end.replace(second=0, microsecond=0, tzinfo=None), "zone": "Europe/Berlin"}  # fmt: skip
    return {"name": name, "strength": strength, "reason": reason, "tiers": [], "types": [], "exemptions": exemptions, **clocks}  # fmt: skip
