"""What the tests of escalation share: a calendar without days off, a published ladder, a case on it."""

from datetime import time, timedelta

from apps.stakeholders.actions import calendars, protocols
from apps.stakeholders.actions import escalations as actions
from tests.conftest import NOON

HOUR = timedelta(hours=1)
EVERY_DAY = {"opens": time(0), "closes": time(23, 59), "weekdays": range(7)}


def ask(role="", person=None, hours=2, act="ask"):
    asks = "role" if role else "person" if person else "parties"
    return {"asks": asks, "role": role, "person": person, "act": act, "limit": hours * HOUR}


LADDER = [
    ask(act="notify", hours=4),
    ask("programme_manager"),
    ask("board_chair", hours=8),
    ask("administrator", act="hand_over"),
]


def publish(author, publisher, steps=LADDER, *, slug="standard", trigger="", at=NOON, hours=None):
    """A published protocol of these steps, its clock running day and night."""
    calendar = calendars.write_calendar(
        name=f"Hours of {slug}", cluster=None, zone="UTC", holidays={}, writer=author, at=at, **(hours or EVERY_DAY)
    )
    protocol = protocols.make_protocol(
        slug=slug, name=slug.title(), trigger=trigger, calendar=calendar, maker=author, at=at
    )
    draft = protocols.write_steps(protocol=protocol, author=author, steps=steps, based_on=0, at=at)
    protocols.publish_protocol(version_id=draft.pk, publisher=publisher, digest=draft.digest, at=at)
    return protocol


def open_one(protocol, opener, clusters, at=NOON, **more):
    said = {"title": "Late orders", "reason": "One gains what the other loses."} | more
    return actions.open_case(protocol=protocol, opener=opener, clusters=clusters, at=at, **said)
