"""Who hears of rounds, actions and required links, and the checks of silos and of links that are missing."""

from apps.clusters import checks
from apps.clusters import events as map_events
from apps.clusters.models import Cluster
from apps.clusters.queries import owning_people
from apps.journal.actions import subscribe
from apps.journal.models import Entry
from apps.notify.actions.telling import tell
from apps.stakeholders import events
from apps.stakeholders.models import RequiredLink, SiloAction, SiloRound
from apps.stakeholders.queries import silo_checks


def register() -> None:
    """The checks of pairs of clusters that came to be silos, and of required links that are missing."""
    checks.register(
        checks.Check(silo_checks.SILOS, silo_checks.SILOS_VERSION, silo_checks.silos_found), events.SilosAssessed
    )
    checks.register(
        checks.Check(silo_checks.LINKS, silo_checks.LINKS_VERSION, silo_checks.missing_links),
        *(events.LinkRequired, events.RequiredLinkDescribed, events.RequiredLinkEnded),
        *(events.HandOffRecorded, events.HandOffsRecorded, events.HandOffEnded),
        *(map_events.DependencyDeclared, map_events.DependencyWithdrawn, map_events.CatalogImported),
        *(map_events.ComponentAdded, map_events.ComponentDescribed, map_events.ComponentsNamed),
        map_events.ClusterDescribed,
    )


@subscribe("stakeholders.silo_round_opened", events.SiloRoundOpened)
def ask_owners(entry: Entry) -> None:
    """Ask every owner of a cluster, while the round is open."""
    row = SiloRound.objects.get(pk=entry.data["round_id"])
    if row.closed_at is not None:
        return
    tell(
        owning_people(Cluster.objects.values_list("pk", flat=True)),
        entry=entry,
        kind="work",
        title=f"The silo questionnaire is open until {row.closes_on:%-d %B}",
        body="Say how you work together with your neighbours: six questions a cluster, under your name.",
        url="/stakeholders/silos/",
        at=entry.at,
    )


@subscribe("stakeholders.silo_action_planned", events.SiloActionPlanned)
def tell_of_action(entry: Entry) -> None:
    """Tell who is to act that it was planned for them."""
    _tell(entry, "You are to act on a silo")


@subscribe("stakeholders.silo_action_due", events.SiloActionDue)
def remind_of_action(entry: Entry) -> None:
    """Remind who is to act, unless it was settled meanwhile."""
    _tell(entry, "Overdue" if entry.data["is_overdue"] else "Due soon")


@subscribe("stakeholders.link_required", events.LinkRequired, events.RequiredLinkDescribed)
def tell_who_answers(entry: Entry) -> None:
    """Tell who from then on answers for a required link, unless they said so themselves, or no longer do."""
    if "owner" not in entry.data.get("fields", ["owner"]):
        return
    rows = RequiredLink.objects.current().select_related("source", "target", "owner")
    row = rows.filter(pk=entry.data["link_id"]).first()
    if row is None or row.owner_id != entry.data.get("owner_id", row.owner_id) or row.owner_id == entry.actor_id:
        return
    if not rows.visible_to(row.owner).filter(pk=row.pk).exists():
        return
    tell(
        [row.owner],
        entry=entry,
        kind="work",
        title=f"You answer for a required link: {row.source} to {row.target}",
        body=row.why,
        url=row.get_absolute_url(),
        at=entry.at,
    )


def _tell(entry: Entry, opening: str) -> None:
    rows = SiloAction.objects.select_related("first", "second", "owner")
    row = rows.filter(pk=entry.data["action_id"], settled_at__isnull=True).first()
    if row is None or not SiloAction.objects.visible_to(row.owner).filter(pk=row.pk).exists():
        return
    tell(
        [row.owner],
        entry=entry,
        kind="work",
        title=f"{opening}: {row.first} and {row.second}, until {row.due_on:%-d %B}",
        body=row.what,
        url=row.get_absolute_url(),
        at=entry.at,
    )
