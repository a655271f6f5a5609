"""Changes that stand in each other's way: two open conflicts, one accepted with its reason, one resolved by an edit."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.accounts.models import Person
from apps.cab.actions import conflicts, flow, proposing
from apps.cab.models import Change, Conflict
from apps.clusters.models import Component

START, LASTS = time(23, 0), timedelta(hours=2)  # an hour into the window of the story it meets
ACCEPTED, RESOLVED = "Labels for the winter tariff", "Patch the statement archive"
BESIDE = "Retire the old label templates"  # the story that the accepted one meets; by the hour it meets others, too


@dataclass(frozen=True)
class Meeting:
    """A change beside one of the stories: `day` counts from today, the window is in its cluster's zone."""

    title: str
    purpose: str
    component: str
    requester: str
    day: int
    implementer: str = ""


MEETINGS = (
    Meeting("Move the event stream's brokers to new nodes", "The old nodes leave the contract at the end of the quarter.", "data-platform/event-stream", "joan", 3),
    Meeting("Split the catalogue's widest table", "Imports lock it for minutes at a time.", "storefront/catalogue", "joan", 2),
    Meeting(ACCEPTED, "Carriers print the winter surcharge on the label.", "logistics/label-printer", "joan", 5),
    Meeting(RESOLVED, "The release in use has a known hole in its upload page.", "payments/statement-archive", "joan", 1, implementer="piotr"),
)  # fmt: skip


def propose(people: dict[str, Person], parts: dict[str, Component], *, at: datetime) -> None:
    """Hand in the changes that meet others; the outbox finds the conflicts."""
    for number, one in enumerate(MEETINGS):
        part, told_at = parts[one.component], at - timedelta(hours=2) + timedelta(minutes=7 * number)
        zone = part.cluster.zone
        start = datetime.combine(at.astimezone(ZoneInfo(zone)).date() + timedelta(days=one.day), START)
        content = proposing.Content(
            title=one.title, purpose=one.purpose, cluster=part.cluster, components=[part],
            implementer=people.get(one.implementer),
            implementation_plan="1. Announce it in the channel.\n2. Do the first node and watch it for ten minutes.\n3. Do the rest.",
            test_plan="The smoke tests run against the changed node.",
            backout_plan="Switch back to the release before. Takes ten minutes.",
            window_start=start, window_end=start + LASTS, window_zone=zone,
        )  # fmt: skip
        change = proposing.propose_change(requester=people[one.requester], content=content, at=told_at)
        flow.submit_change(change_id=change.pk, submitter=people[one.requester], at=told_at + timedelta(minutes=40))


def settle(people: dict[str, Person], *, at: datetime) -> None:
    """Accept one conflict by the cluster's owner, and edit the other change so that its conflict is gone."""
    accepted = Conflict.objects.get(change__title=BESIDE, other__title=ACCEPTED)
    reason = "The templates are retired by switching a flag; the tariff touches other files. One team does both."
    conflicts.accept_conflict(conflict_id=accepted.pk, acceptor=people["hiro"], reason=reason, at=at)
    change = Change.objects.get(title=RESOLVED)
    content = proposing.content_from(change, implementer=people["lena"])
    proposing.edit_change(
        change_id=change.pk, editor=change.requester, content=content, based_on=change.revision, at=at
    )
