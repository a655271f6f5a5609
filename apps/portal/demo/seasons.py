"""When work may happen at the demo organisation: maintenance windows and blackouts."""

from datetime import datetime, time, timedelta

from apps.accounts.models import Person
from apps.clusters.models import Cluster
from apps.windows.actions.recurring import plan_window, retire_window

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
