"""What the demo organisation's reviews left behind: checks with answers, one retired, and proposals for standards."""

from datetime import datetime, timedelta

from apps.accounts.models import Person
from apps.cab.actions import checks
from apps.cab.models import Change
from apps.clusters.models import Component

# The change whose review found it, the question, where it comes up, who found it.
REPLICAS = "Catalogue reads from replicas"
PAYOUTS = "Faster payouts on Fridays"
ANSWERS = (
    ("Split the catalogue's widest table", "Measured for an hour under the evening load: four hundred milliseconds at most."),
)  # fmt: skip


def keep(people: dict[str, Person], parts: dict[str, Component], *, at: datetime) -> None:
    """Turn what reviews found into checks and proposals, and answer and close some of them."""
    replicas, payouts = Change.objects.get(title=REPLICAS), Change.objects.get(title=PAYOUTS)
    ago = at - timedelta(days=2)
    lag = checks.add_check(
        change_id=replicas.pk, author=people["anneke"], at=ago, component=parts["storefront/catalogue"],
        question="Was the lag of the replicas measured under the evening's load?",
    )  # fmt: skip
    checks.add_check(
        change_id=replicas.pk, author=people["marit"], at=ago, component_kind="data store", everywhere=True,
        question="Does somebody watch the first node for an hour before the second one is touched?",
    )  # fmt: skip
    batch = checks.add_check(
        change_id=payouts.pk, author=people["lena"], at=ago, type="normal", component=parts["payments/payouts"],
        question="Has the Friday batch been replayed on a copy?",
    )  # fmt: skip
    reason = "The pipeline replays the batch before every release now."
    checks.retire_check(check_id=batch.pk, person=people["lena"], reason=reason, at=at - timedelta(days=1))
    for title, answer in ANSWERS:
        change = Change.objects.get(title=title)
        checks.answer_check(
            change_id=change.pk, check_id=lag.pk, person=change.requester, answer=answer, at=at - timedelta(minutes=30)
        )
    _propose(replicas, payouts, people, at=ago)


def _propose(replicas: Change, payouts: Change, people: dict[str, Person], *, at: datetime) -> None:
    rows = (
        (replicas, "Replication", "Say how lag is measured, and which lag is too much.", "anneke", 20, "", ""),
        (replicas, "Changes of shared databases", "Ask for a rehearsal on a copy of the data.", "tomas", 40, "adopted", "Section 4 asks for it since this month."),
        (payouts, "Payout windows", "Forbid releases of Payouts on Fridays.", "lena", 30, "dropped", "The replay before each release finds the same faults earlier."),
    )  # fmt: skip
    for change, standard, text, owner, days, outcome, note in rows:
        proposal = checks.propose_standard_change(
            change_id=change.pk,
            author=people["marit"],
            standard=standard,
            text=text,
            owner=people[owner],
            due_on=(at + timedelta(days=days)).date(),
            at=at,
        )
        if outcome:
            checks.close_proposal(
                proposal_id=proposal.pk, person=people[owner], outcome=outcome, note=note, at=at + timedelta(days=1)
            )
