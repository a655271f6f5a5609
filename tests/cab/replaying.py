"""Leads recorded requests for exceptions through our own actions, each freeze and each day as its record has it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby

from apps.accounts.models import Person
from apps.cab.actions import exceptions, flow, proposing
from apps.cab.formats.freeze_exceptions import RecordedRequest
from apps.cab.models import Change, FreezeException
from apps.cab.queries.freezes import facts_of, freezes_before
from apps.cab.queries.verdicts import verdict_on
from apps.clusters.models import Cluster, Component
from apps.windows.actions.freezes import draft_freeze, enforce_freeze, preview_freeze
from apps.windows.models import Freeze

UNDATED = date(2018, 3, 1)  # the earliest files name no days


@dataclass
class Replay:
    """What came out of it."""

    freezes: int = 0
    states: Counter = field(default_factory=Counter)
    asked_again: int = 0  # the record took longer than our clock of 72 hours
    wrong: list = field(default_factory=list)


def replay(records: Sequence[RecordedRequest], *, author: Person, keepers: tuple[Person, Person], chair: Person):
    """One cluster and one hard freeze for each list of each file; one change for each request."""
    told = Replay()
    for number, (_, rows) in enumerate(groupby(records, key=lambda one: (one.place, one.freeze))):
        group = list(rows)
        freeze, part = _frozen(group, number, keepers)
        told.freezes += 1
        for record in group:
            _one(record, freeze, part, told, author=author, chair=chair)
    return told


def _days(record: RecordedRequest) -> tuple[datetime, datetime]:
    asked = record.requested_on or UNDATED
    decided = max(record.reviewed_on or asked, asked)  # one record was decided before it was asked
    return datetime.combine(asked, time(12), UTC), datetime.combine(decided, time(13), UTC)


def _frozen(group: list[RecordedRequest], number: int, keepers: tuple[Person, Person]) -> tuple[Freeze, Component]:
    starts = min(_days(one)[0] for one in group) - timedelta(days=1)
    ends = max(_days(one)[1] for one in group) + timedelta(days=3)
    cluster = Cluster.objects.create(slug=f"release-{number}", name=f"Release {number}", zone="UTC")
    part = Component.objects.create(cluster=cluster, slug="release", name="The release")
    clocks = {"start_local": starts.replace(tzinfo=None), "end_local": ends.replace(tzinfo=None), "zone": "UTC"}
    values = {"name": f"{group[0].freeze} {number}", "reason": "", "strength": "hard", "tiers": [], "types": []}
    at = starts - timedelta(days=1)
    freeze = draft_freeze(author=keepers[0], clusters=[cluster], values={**values, **clocks, "exemptions": []}, at=at)
    preview_freeze(freeze_id=freeze.pk, viewer=keepers[0], version=1, at=at)
    return enforce_freeze(freeze_id=freeze.pk, enforcer=keepers[1], version=1, at=at), part


def _one(record: RecordedRequest, freeze: Freeze, part: Component, told: Replay, *, author: Person, chair: Person):
    asked_at, decided_at = _days(record)
    starts = decided_at.replace(tzinfo=None) + timedelta(days=1)
    content = proposing.Content(
        title=record.name[:300],
        cluster=part.cluster,
        components=[part],
        implementation_plan=record.thread or "As asked.",
        backout_plan="Revert.",
        window_start=starts,
        window_end=starts + timedelta(hours=2),
        window_zone="UTC",
    )
    change = proposing.propose_change(requester=author, content=content, at=asked_at - timedelta(hours=2))
    flow.submit_change(change_id=change.pk, submitter=author, at=asked_at - timedelta(hours=1))
    one = _ask(change, freeze, author, asked_at)
    if one.decide_by <= decided_at:
        exceptions.expire_exception(exception_id=one.pk, at=one.decide_by)
        one = _ask(change, freeze, author, decided_at - timedelta(minutes=30))
        told.asked_again += 1
    if record.decision == "withdrawn":
        exceptions.withdraw_exception(exception_id=one.pk, person=author, at=decided_at)
    else:
        exceptions.decide_exception(
            exception_id=one.pk, decider=chair, decision=record.decision, reason=record.status, at=decided_at
        )
    _compare(record, Change.objects.get(pk=change.pk), one, told, author, decided_at)


def _ask(change: Change, freeze: Freeze, author: Person, at: datetime) -> FreezeException:
    return exceptions.request_exception(
        change_id=change.pk, requester=author, freeze_id=freeze.pk, reason="As recorded.", at=at
    )


def _compare(record, change: Change, one: FreezeException, told: Replay, author: Person, at: datetime) -> None:
    """What the house says about the change now is what the record says was decided."""
    state = FreezeException.objects.get(pk=one.pk).state
    told.states[state] += 1
    passes = not any(stop.stands for stop in freezes_before(change, at=at))
    facts = facts_of(change, change.window_start_at, change.window_end_at)
    verdict = verdict_on(author, facts, change=change).verdict
    expected = record.decision == "granted"
    if state != record.decision or passes is not expected or verdict != ("clear" if expected else "stopped"):
        told.wrong.append((record.place, record.name, state, passes, verdict))
