"""Mailboxes of members: what each mail brings to a calendar, read from its bytes by another's library (ical.js)."""

import email
import json
import subprocess
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from typing import Any

from django.core import mail

from apps.journal.actions import deliver_due
from apps.meetings.models import Meeting
from apps.meetings.queries.meetings import HORIZON
from apps.meetings.states import MeetingState
from apps.notify.actions.telling import send_due_mail
from stack import places
from stack.install import node_env
from tests.conftest import NOON

DAY, WEEK = timedelta(days=1), timedelta(days=7)
HERE = "tests/meetings/expand.mjs"


class Guest:
    """A member's mailbox, and the calendar that keeps what comes into it."""

    def __init__(self, address: str, *, at: datetime = NOON + 200 * DAY) -> None:
        self.address, self.at = address, at

    def newest(self, *, until: datetime = NOON + HORIZON) -> list[dict[str, Any]]:
        """Deliver and send what is due; what each new mail to this member brought."""
        while deliver_due(at=self.at):
            pass
        mail.outbox.clear()
        while send_due_mail(at=self.at):
            pass
        return [read(one, until=until) for one in mail.outbox if self.address in one.to[0] and calendar_of(one)]


def calendar_of(message: Any) -> EmailMessage | None:
    """The calendar part of a mail, as its bytes on the wire say it."""
    sent = email.message_from_bytes(message.message().as_bytes(), policy=default)
    found = [part for part in sent.walk() if part.get_content_type() == "text/calendar"]
    assert len(found) <= 1
    return found[0] if found else None


def read(message: Any, *, until: datetime = NOON + HORIZON) -> dict[str, Any]:
    part = calendar_of(message)
    assert part is not None
    said = subprocess.run(
        ["node", HERE, str(int(until.timestamp()))], input=part.get_content(), capture_output=True, text=True,
        check=False, cwd=places.ROOT, env=node_env(), timeout=60,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    found: dict[str, Any] = json.loads(said.stdout)
    assert part["Content-Type"].params["method"] == found["method"]
    return found | {"subject": message.subject}


def times(told: dict[str, Any]) -> list[tuple[datetime, datetime]]:
    return [
        (datetime.fromtimestamp(one["start"], UTC), datetime.fromtimestamp(one["end"], UTC)) for one in told["shown"]
    ]


def held(series) -> list[tuple[datetime, datetime]]:
    rows = Meeting.objects.filter(series=series, start_at__lt=NOON + HORIZON).exclude(state=MeetingState.CANCELLED)
    return list(rows.order_by("start_at").values_list("start_at", "end_at"))
