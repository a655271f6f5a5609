"""Changes of Payments that ask to be excepted from the year-end freeze: one in every state a request can be in."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from apps.accounts.models import Person
from apps.cab.actions import exceptions, flow, proposing
from apps.cab.models import Change, FreezeException
from apps.clusters.models import Component
from apps.windows.models import Freeze

FREEZE = "Year-end closing of Payments"
ENFORCED_BEFORE = timedelta(days=5)  # the freeze
BEGUN_BEFORE = timedelta(minutes=85)  # the first of the changes


@dataclass(frozen=True)
class Request:
    """One change and what became of its request; `nights` counts from the start of the freeze."""

    title: str
    purpose: str
    component: str
    nights: int
    reason: str
    end: str  # requested, granted, denied, withdrawn, expired
    decider: str = ""
    decision: str = ""


REQUESTS = (
    Request("New certificate of the card scheme's link", "The scheme's certificate ends on the 20th.", "payments/card-gateway", 2, "The certificate ends in the middle of the freeze; after that no card is taken.", "granted", "lena", "One host at a time, and the old certificate stays valid for two days. The books are not touched."),
    Request("Show the fee beside each booking", "Merchants ask for it in every survey.", "payments/ledger", 4, "Sales promised it for this year.", "denied", "marit", "It changes bookings while the auditors compare them. January is soon enough."),
    Request("Larger disks for the statement archive", "Eight per cent are free; growth takes one a week.", "payments/statement-archive", 6, "It will be full before the freeze ends.", "requested"),
    Request("Fraud scoring learns the new voucher pattern", "Forty cases this week.", "payments/fraud-scoring", 5, "Losses grow until it knows the pattern.", "withdrawn"),
    Request("Retire the second payout queue", "Nothing has used it since summer.", "payments/payouts", 8, "The contract for its host ends with the year.", "expired", "lena", "Nothing reads from it any more."),
)  # fmt: skip


def ask(people: dict[str, Person], parts: dict[str, Component], *, at: datetime) -> None:
    """Hand the changes in, ask for their exceptions, and let each go its way."""
    freeze = Freeze.objects.get(name=FREEZE)
    for number, one in enumerate(REQUESTS):
        told_at = at - BEGUN_BEFORE + timedelta(minutes=7 * number)
        change = _handed_in(one, people, parts[one.component], freeze, at=told_at)
        asked = exceptions.request_exception(
            change_id=change.pk,
            requester=people["joan"],
            freeze_id=freeze.pk,
            reason=one.reason,
            at=told_at + timedelta(minutes=12),
        )
        _end(one, asked, people, at=told_at + timedelta(minutes=35))


def _handed_in(one: Request, people: dict[str, Person], part: Component, freeze: Freeze, *, at: datetime) -> Change:
    first = freeze.start_at.astimezone(ZoneInfo(part.cluster.zone)).date() + timedelta(days=one.nights)
    start = datetime.combine(first, time(1, 0))
    content = proposing.Content(
        title=one.title, purpose=one.purpose, cluster=part.cluster, components=[part], implementer=people["piotr"],
        implementation_plan="1. Announce it in the channel.\n2. Do the first host and watch it for ten minutes.\n3. Do the rest.",
        test_plan="The smoke tests run against the changed host.",
        backout_plan="Switch back to the state before. Takes ten minutes.",
        window_start=start, window_end=start + timedelta(hours=1), window_zone=part.cluster.zone,
    )  # fmt: skip
    change = proposing.propose_change(requester=people["joan"], content=content, at=at)
    return flow.submit_change(change_id=change.pk, submitter=people["joan"], at=at + timedelta(minutes=10))


def _end(one: Request, asked: FreezeException, people: dict[str, Person], *, at: datetime) -> None:
    if one.decider:
        exceptions.decide_exception(
            exception_id=asked.pk,
            decider=people[one.decider],
            decision="denied" if one.end == "denied" else "granted",
            reason=one.decision,
            at=at,
        )
    if one.end == "withdrawn":
        exceptions.withdraw_exception(exception_id=asked.pk, person=people["joan"], at=at)
    elif one.end == "expired":
        _move(Change.objects.get(pk=asked.change_id), at=at + timedelta(minutes=9))


def _move(change: Change, *, at: datetime) -> None:
    """To the next night: another window than the one that was excepted."""
    assert change.window_start_local is not None
    assert change.window_end_local is not None
    start, end = (one + timedelta(days=1) for one in (change.window_start_local, change.window_end_local))
    content = proposing.content_from(change, window_start=start, window_end=end)
    proposing.edit_change(
        change_id=change.pk, editor=change.requester, content=content, based_on=change.revision, at=at
    )
