"""What the stakeholders do when others speak: their check runs again, and whoever is to hold a conversation hears."""

from apps.accounts import events as account_events
from apps.clusters import checks
from apps.clusters import events as map_events
from apps.journal.actions import subscribe
from apps.journal.models import Entry
from apps.notify.actions.telling import tell
from apps.stakeholders import events
from apps.stakeholders.models import Engagement, Initiative
from apps.stakeholders.queries.initiatives import judged
from apps.stakeholders.rules import coverage

COVERAGE = "coverage"


def register() -> None:
    """The check of who decides on what initiatives need."""
    checks.register(
        checks.Check(COVERAGE, coverage.VERSION, judged),
        events.InitiativeOpened,
        events.InitiativeDescribed,
        events.InitiativeClosed,
        events.ResourceDemanded,
        events.DemandWithdrawn,
        events.AuthorityRecorded,
        events.AuthorityEnded,
        map_events.ClusterDescribed,
        account_events.PersonDeactivated,
        account_events.PersonReactivated,
    )


@subscribe("stakeholders.engagement_planned", events.EngagementPlanned)
def tell_of_plan(entry: Entry) -> None:
    """Tell who is to hold a conversation that it was planned for them."""
    _tell(entry, "You are to speak to")


@subscribe("stakeholders.engagement_due", events.EngagementDue)
def remind_of_conversation(entry: Entry) -> None:
    """Remind who is to hold a conversation, unless it was held meanwhile."""
    _tell(entry, "Overdue: speak to" if entry.data["is_overdue"] else "Due soon: speak to")


def _tell(entry: Entry, opening: str) -> None:
    rows = Engagement.objects.select_related("stakeholder", "owner", "initiative")
    row = rows.filter(pk=entry.data["engagement_id"], settled_at__isnull=True).first()
    if row is None or not Initiative.objects.visible_to(row.owner).filter(pk=row.initiative_id).exists():
        return
    tell(
        [row.owner],
        entry=entry,
        kind="work",
        title=f"{opening} {row.stakeholder} until {row.due_on:%-d %B}",
        body=f"{row.what} ({row.initiative})",
        url=row.initiative.get_absolute_url() + "plan/",
        at=entry.at,
    )
