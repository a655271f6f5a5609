"""What meetings put on the dossier of a change: where it stood and stands on an agenda, and what became of it there."""

from django.db.models import F

from apps.accounts.models import Person
from apps.cab import panels
from apps.cab.models import Change
from apps.clusters.panels import Panel
from apps.meetings.models import AgendaItem, Meeting

MOST_SHOWN = 20  # the newest


def register_panels() -> None:
    """Called once, when the area is ready."""
    panels.register(of_change)


def of_change(change: Change, person: Person) -> Panel | None:
    """The agendas of meetings this person may know of, the newest first; the verdict as the minutes have it."""
    rows = AgendaItem.objects.filter(change=change.pk, meeting__in=Meeting.objects.visible_to(person).values("pk"))
    told = rows.select_related("meeting", "minutes_section").annotate(verdict=F("minutes_section__facts__verdict"))
    items = list(told.order_by("-meeting__start_at")[:MOST_SHOWN])
    return Panel("meetings/_change_panel.html", {"items": items}) if items else None
