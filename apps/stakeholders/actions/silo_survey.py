"""Asking owners, recording what passes by hand, and planning what is done about silos."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import models, transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.clusters.actions.clusters import save_new
from apps.clusters.models import Cluster, Visibility
from apps.clusters.rules.parts import Standing
from apps.journal import actions as journal
from apps.journal.events import Event
from apps.kernel.refusals import Conflict, Invalid, NotFound
from apps.stakeholders import events
from apps.stakeholders.actions.silos import take_turns
from apps.stakeholders.models import HandOff, SiloAction, SiloAnswer, SiloRound
from apps.stakeholders.queries.silos import due_actions, pairing_of
from apps.stakeholders.rules import silo_survey as rules
from apps.stakeholders.rules.silos import Indicator
from apps.stakeholders.states import SILO_ACTION, SiloActionState


@transaction.atomic
def open_silo_round(*, closes_on: date, opener: Person, at: datetime) -> SiloRound:
    """Ask the owners of clusters; a round that is open ends. Refuses others than boards' keepers."""
    rules.require_board(Standing(opener.capabilities), what="open a round of the questionnaire")
    take_turns()
    last = SiloRound.objects.order_by("-number").first()
    SiloRound.objects.filter(closed_at__isnull=True).update(closed_at=at)
    row = SiloRound(
        number=last.number + 1 if last else 1,
        opened_by=opener,
        opened_at=at,
        closes_on=rules.require_round_end(closes_on, today=at.date()),
    )
    save_new(row)
    journal.record(events.SiloRoundOpened(round_id=row.pk, number=row.number), subject=row, actor=opener, at=at)
    return row


@transaction.atomic
def answer_silo_questions(
    *,
    clusters: tuple[Cluster, Cluster],
    person: Person,
    marks: Mapping[str, Any],
    reasons: Mapping[str, str],
    at: datetime,
    side: str = "",
) -> SiloAnswer:
    """Answer on two clusters in the open round, for the side one owns; who owns both says which (`side`, a slug).

    Refuses others than owners, a second answer in the round, marks off the scale, and low marks without a reason.
    """
    first, second = _ordered(clusters)
    number = rules.require_side(pairing_of(person, first, second), side, (first.slug, second.slug))
    given, why = rules.require_answers(marks, reasons)
    asked = SiloRound.objects.select_for_update().filter(closed_at__isnull=True).first()
    rules.require_open_round(is_open=asked is not None and asked.is_open_on(at.date()))
    assert asked is not None
    row = SiloAnswer(
        round=asked,
        first=first,
        second=second,
        side=(first, second)[number],
        person=person,
        marks=given,
        reasons=why,
        questions_version=rules.QUESTIONS_VERSION,
        answered_at=at,
    )
    save_new(row)
    event = events.SiloAnswered(
        round_id=asked.pk, answer_id=row.pk, first_id=first.pk, second_id=second.pk, for_id=row.side_id
    )
    tell(event, row, (first, second), actor=person, at=at)
    return row


@transaction.atomic
def record_handoff(
    *,
    source: Cluster,
    target: Cluster,
    what: str,
    way: str,
    count: int,
    period: str,
    evidence: str,
    recorder: Person,
    at: datetime,
    delay_hours: float | None = None,
) -> HandOff:
    """Record work that passes by hand, `count` times a `period`, and how many hours it waits to be taken up.

    Refuses what is on record already.
    """
    rules.require_pair(is_same=source.pk == target.pk, restricted=flags((source, target)))
    rules.require_recorder(pairing_of(recorder, source, target))
    row = HandOff(
        source=source,
        target=target,
        what=rules.require_line(what, field="what", what="What is passed"),
        way=way,
        count=rules.require_count(count),
        period=period,
        delay_hours=rules.require_hours(delay_hours),
        evidence=rules.require_line(evidence, field="evidence", what="What the count rests on"),
        declared_by=recorder,
        declared_at=at,
    )
    before = HandOff.objects.current().filter(source=source, target=target, what__iexact=row.what).first()
    if before is not None:
        raise Conflict(
            f"This hand-off is on record already, {before.often}; you say {row.often}.",
            next_step="End it, then record it with its new count.",
        )
    save_new(row)
    event = events.HandOffRecorded(
        handoff_id=row.pk, source_id=source.pk, target_id=target.pk, count=row.count, period=row.period
    )
    tell(event, row, (source, target), actor=recorder, at=at)
    return row


@transaction.atomic
def end_handoff(*, handoff_id: int, reason: str, ender: Person, at: datetime) -> HandOff:
    """Say that something is no longer passed by hand, and why."""
    rows = (
        HandOff.objects.visible_to(ender).current().select_for_update(of=("self",)).select_related("source", "target")
    )
    row = rows.filter(pk=handoff_id).first()
    if row is None:
        raise NotFound("There is no such hand-off.", next_step="Reload the page.")
    rules.require_recorder(pairing_of(ender, row.source, row.target))
    row.end_reason = rules.require_line(reason, field="reason", what="The reason")
    row.ended_at, row.ended_by, row.version = at, ender, row.version + 1
    row.save(update_fields=["end_reason", "ended_at", "ended_by", "version"])
    event = events.HandOffEnded(handoff_id=row.pk, reason=row.end_reason)
    tell(event, row, (row.source, row.target), actor=ender, at=at)
    return row


@transaction.atomic
def plan_silo_action(
    *,
    clusters: tuple[Cluster, Cluster],
    what: str,
    owner: Person,
    due_on: date,
    planner: Person,
    at: datetime,
    indicator: str = "",
    advice_key: str = "",
) -> SiloAction:
    """Plan that `owner` does something about two clusters until a day; they are reminded three days ahead, and after.

    Refuses others than owners of either and boards' keepers, an owner who may not see or write, a past day.
    """
    first, second = _ordered(clusters)
    rules.require_keeper(pairing_of(planner, first, second))
    require_may_act(owner, (first, second), to="do it")
    row = SiloAction(
        first=first,
        second=second,
        what=rules.require_line(what, field="what", what="What is to be done"),
        indicator=Indicator(indicator) if indicator else "",
        advice_key=advice_key,
        owner=owner,
        due_on=rules.require_due(due_on, today=at.date()),
        planned_by=planner,
        planned_at=at,
    )
    save_new(row)
    event = events.SiloActionPlanned(action_id=row.pk, owner_id=owner.pk)
    tell(event, row, (first, second), actor=planner, at=at)
    return row


@transaction.atomic
def move_silo_action(*, action_id: int, state: str, mover: Person, at: datetime, outcome: str = "") -> SiloAction:
    """Start an action, or settle it (done, dropped) with what came of it. Its owner, or who may plan one."""
    rows = SiloAction.objects.visible_to(mover).select_for_update(of=("self",)).select_related("first", "second")
    row = rows.filter(pk=action_id).first()
    if row is None:
        raise NotFound("There is no such action.", next_step="Go back to the list of actions.")
    if row.owner_id != mover.pk or Capability.PROPOSE_CHANGE not in mover.capabilities:
        rules.require_keeper(pairing_of(mover, row.first, row.second))
    target = SiloActionState(state)
    _move(row, target)
    if target in {SiloActionState.DONE, SiloActionState.DROPPED}:
        row.outcome = rules.require_line(outcome, field="outcome", what="What came of it")
        row.settled_at = at
    row.version += 1
    row.save(update_fields=["state", "outcome", "settled_at", "version"])
    event = events.SiloActionMoved(action_id=row.pk, state=target.value)
    tell(event, row, (row.first, row.second), actor=mover, at=at)
    return row


def remind_of_silo_actions(*, at: datetime, limit: int = 200) -> int:
    """Say that actions are due or overdue; returns how many. Safe beside another, and to run twice."""
    return sum(_remind(pk, at) for pk in due_actions(at).values_list("pk", flat=True)[:limit])


@transaction.atomic
def _remind(action_id: int, at: datetime) -> bool:
    rows = due_actions(at).select_for_update(of=("self",), skip_locked=True).select_related("first", "second")
    row = rows.filter(pk=action_id).first()
    if row is None:
        return False
    row.reminded_at = at
    row.save(update_fields=["reminded_at"])
    event = events.SiloActionDue(action_id=row.pk, is_overdue=row.due_on < at.date())
    tell(event, row, (row.first, row.second), actor=None, at=at)
    return True


def _move(row: SiloAction, target: SiloActionState) -> None:
    SILO_ACTION.require(row.state, target)
    row.state = target


def require_may_act(owner: Person, clusters: tuple[Cluster, Cluster], *, to: str) -> None:
    """Refuse an owner who may not see both clusters, or not write at all; `to` is what they cannot do then."""
    writes = owner.is_active and Capability.PROPOSE_CHANGE in owner.capabilities
    seen = Cluster.objects.visible_to(owner).filter(pk__in=[one.pk for one in clusters])
    if not writes or seen.count() != len(clusters):
        raise Invalid(
            f"{owner} cannot {to}: they may not see both clusters, or their roles do not let them write.",
            next_step="Choose somebody who may.",
            fields={"owner": ["May not act on both."]},
        )


def _ordered(clusters: tuple[Cluster, Cluster]) -> tuple[Cluster, Cluster]:
    one, other = clusters
    rules.require_pair(is_same=one.pk == other.pk, restricted=flags(clusters))
    return (one, other) if one.pk < other.pk else (other, one)


def flags(clusters: tuple[Cluster, Cluster]) -> list[bool]:
    """Which of the two are restricted."""
    return [one.visibility == Visibility.RESTRICTED for one in clusters]


def tell(
    event: Event, subject: models.Model, clusters: tuple[Cluster, Cluster], *, actor: Person | None, at: datetime
) -> None:
    """Record what happened; where one of the two is restricted, for its people only."""
    hidden = next((one.pk for one in clusters if one.visibility == Visibility.RESTRICTED), None)
    journal.record(event, subject=subject, actor=actor, at=at, cluster_id=hidden)
