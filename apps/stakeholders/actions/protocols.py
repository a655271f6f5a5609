"""Making protocols of escalation, writing their steps, publishing them; and saying who is away."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import Max

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.clusters.actions.clusters import save_new
from apps.journal import actions as journal
from apps.kernel.refusals import Invalid, NotAllowed, NotFound, StaleRevision, WrongState
from apps.stakeholders import events
from apps.stakeholders.models import Absence, EscalationProtocol, ProtocolStep, ProtocolVersion, WorkingCalendar
from apps.stakeholders.queries import escalations as queries
from apps.stakeholders.rules import escalation as rules
from apps.stakeholders.rules.escalation import Act, Asks, Step
from apps.stakeholders.rules.initiatives import require_text
from apps.stakeholders.rules.metrics import require_code
from apps.stakeholders.states import PROTOCOL, ProtocolState

LONGEST_ABSENCE = timedelta(days=366)


@transaction.atomic
def make_protocol(
    *, slug: str, name: str, trigger: str, calendar: WorkingCalendar, maker: Person, at: datetime
) -> EscalationProtocol:
    """Make a protocol without steps. `trigger` names the rule that opens cases of it; empty: people do."""
    rules.require_writes(maker.capabilities)
    row = EscalationProtocol(
        slug=require_code(slug),
        name=require_text(name, field="name", most=rules.LONGEST_NAME, what="The name"),
        trigger=trigger,
        calendar=calendar,
        made_by=maker,
        made_at=at,
    )
    save_new(row)
    journal.record(events.ProtocolMade(protocol_id=row.pk), subject=row, actor=maker, at=at)
    return row


@transaction.atomic
def write_steps(
    *, protocol: EscalationProtocol, author: Person, steps: Sequence[Mapping[str, Any]], based_on: int, at: datetime
) -> ProtocolVersion:
    """Write the draft of the next version, or write it anew; `based_on` is the draft's version that was read, else 0.

    Each step says `asks`, `act`, `limit` (working time) and `role` or `person` (an account). Refuses what is no ladder.
    """
    rules.require_writes(author.capabilities)
    told = [_step(number, one) for number, one in enumerate(steps, start=1)]
    rules.require_steps(told)
    EscalationProtocol.objects.select_for_update().get(pk=protocol.pk)
    draft = protocol.versions.filter(state=ProtocolState.DRAFT).first()
    last = protocol.versions.aggregate(last=Max("number"))["last"] or 0
    row = draft or ProtocolVersion(protocol=protocol, number=last + 1, version=0)
    if row.version != based_on:
        raise StaleRevision("Someone else wrote this draft first.", next_step="Reload it and make your change again.")
    row.digest, row.written_by, row.written_at, row.version = _digest(protocol, told), author, at, based_on + 1
    row.save()
    row.steps.all().delete()
    for one in told:
        save_new(
            ProtocolStep(
                version=row,
                number=one.number,
                asks=one.asks,
                role=one.role,
                person_id=one.person,
                act=one.act,
                limit=one.limit,
            )
        )
    event = events.ProtocolStepsWritten(version_id=row.pk, digest=row.digest)
    journal.record(event, subject=protocol, actor=author, at=at)
    return row


@transaction.atomic
def publish_protocol(*, version_id: int, publisher: Person, digest: str, at: datetime) -> ProtocolVersion:
    """Let new cases follow a draft; never by its author. Cases that run keep the version they began with.

    Refuses a step behind which nobody active stands. `digest` is the hash of what the publisher read.
    """
    row = _locked(version_id)
    rules.require_publishes(publisher.capabilities, wrote_it=row.written_by_id == publisher.pk)
    PROTOCOL.require(row.state, ProtocolState.PUBLISHED)
    rules.require_seen(digest, row.digest)
    steps = queries.steps_of(row)
    rules.require_steps(steps)
    rules.require_members(steps, lambda one: queries.members(one).count())
    before = row.protocol.versions.filter(state=ProtocolState.PUBLISHED).first()
    if before:
        _move(before, ProtocolState.SUPERSEDED)
        before.save()
    _move(row, ProtocolState.PUBLISHED)
    row.published_by, row.published_at = publisher, at
    row.save()
    event = events.ProtocolPublished(version_id=row.pk, digest=row.digest)
    journal.record(event, subject=row.protocol, actor=publisher, at=at)
    return row


@transaction.atomic
def discard_steps(*, version_id: int, person: Person, at: datetime) -> ProtocolVersion:
    """Give up a draft."""
    row = _locked(version_id)
    rules.require_writes(person.capabilities)
    _move(row, ProtocolState.DISCARDED)
    row.save()
    journal.record(events.ProtocolDraftDiscarded(version_id=row.pk), subject=row.protocol, actor=person, at=at)
    return row


@transaction.atomic
def record_absence(*, person: Person, first_on: date, last_on: date, recorder: Person, at: datetime) -> Absence:
    """Say that somebody is away: no case asks them on these days, both included. For oneself, or by administrators."""
    _require_may_say(recorder, person)
    if last_on < max(first_on, at.date()) or last_on - first_on > LONGEST_ABSENCE:
        raise Invalid(
            "An absence ends after it begins, not in the past, and within a year.",
            next_step="Correct the two days.",
            fields={"last_on": ["Too early or too late."]},
        )
    row = Absence(person=person, first_on=first_on, last_on=last_on, recorded_by=recorder, recorded_at=at)
    save_new(row)
    event = events.AbsenceRecorded(absence_id=row.pk, person_id=person.pk)
    journal.record(event, subject=row, actor=recorder, at=at)
    return row


@transaction.atomic
def end_absence(*, absence_id: int, person: Person, at: datetime) -> Absence:
    """Say that somebody is back, or never goes."""
    row = Absence.objects.select_for_update(of=("self",)).select_related("person").filter(pk=absence_id).first()
    if row is None:
        raise NotFound("There is no such absence.", next_step="Reload the page.")
    _require_may_say(person, row.person)
    if row.ended_at is not None:
        raise WrongState("This absence is over already.", next_step="Reload the page.")
    row.ended_at = at
    row.save(update_fields=["ended_at"])
    event = events.AbsenceEnded(absence_id=row.pk, person_id=row.person_id)
    journal.record(event, subject=row, actor=person, at=at)
    return row


def _require_may_say(recorder: Person, person: Person) -> None:
    if recorder.pk != person.pk and Capability.MANAGE_PEOPLE not in recorder.capabilities:
        raise NotAllowed(
            "You may only say when you are away yourself.", next_step="Ask an administrator to say it for others."
        )


def _step(number: int, said: Mapping[str, Any]) -> Step:
    person = said.get("person")
    return Step(
        number,
        Asks(said["asks"]),
        Act(said["act"]),
        said["limit"],
        said.get("role") or "",
        person.pk if person else None,
    )


def _digest(protocol: EscalationProtocol, steps: Sequence[Step]) -> str:
    text = "\n".join(f"{one.number} {one.asks} {one.role} {one.person} {one.act} {one.limit}" for one in steps)
    return sha256(f"{protocol.slug}\n{text}".encode()).hexdigest()


def _locked(version_id: int) -> ProtocolVersion:
    rows = ProtocolVersion.objects.select_related("protocol__calendar").prefetch_related("steps")
    found = rows.filter(pk=version_id).first()
    if found is None:
        raise NotFound("There is no such version.", next_step="Go back to the protocol.")
    EscalationProtocol.objects.select_for_update().get(pk=found.protocol_id)
    found.refresh_from_db()
    return found


def _move(row: ProtocolVersion, target: ProtocolState) -> None:
    PROTOCOL.require(row.state, target)
    row.state = target
    row.version += 1
