"""Recording hand-offs in bulk: compared with the record first, then written whole or not at all."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby

from django.db import IntegrityError, transaction

from apps.accounts.models import Person
from apps.clusters.models import Cluster
from apps.kernel.refusals import Refusal, refusal_from_constraint
from apps.stakeholders import events
from apps.stakeholders.actions.silo_survey import flags, tell
from apps.stakeholders.formats.hand_offs import MOST_FAULTS, Row, refuse_lines, said
from apps.stakeholders.models import HandOff
from apps.stakeholders.queries.silos import pairing_of
from apps.stakeholders.rules import silo_survey as survey
from apps.stakeholders.rules.handoff_plans import Claim, Status, Step, planned, require_no_conflict


@transaction.atomic
def record_handoffs(*, rows: Sequence[Row], recorder: Person, is_dry: bool, at: datetime) -> list[Step]:
    """Record every line that is new, or with `is_dry` only say what would become of each.

    What is on record with the same count stays; a line of a cluster with itself is counted and not kept. Refuses lines
    about clusters that the recorder may not know of or not record for, and, unless it is dry, any contradiction.
    """
    clusters = {one.slug: one for one in Cluster.objects.visible_to(recorder)}
    _require_ends(rows, clusters, recorder)
    ends = {clusters[slug].pk for row in rows for slug in (row.source, row.target)}
    current = HandOff.objects.current().filter(source__in=ends, target__in=ends).select_related("source", "target")
    steps = planned(
        [Claim(row.line, row.source, row.target, row.what, row.often) for row in rows],
        [
            Claim(0, one.source.slug, one.target.slug, one.what, said(one.count, one.period, one.delay_hours))
            for one in current
        ],
    )
    if is_dry:
        return steps
    require_no_conflict(steps)
    new = {step.claim.line for step in steps if step.status == Status.NEW}
    made = [_handoff(row, clusters, recorder, at) for row in rows if row.line in new]
    try:
        with transaction.atomic():
            HandOff.objects.bulk_create(made)
    except IntegrityError as error:
        raise refusal_from_constraint(error, HandOff) from error
    _tell_of(made, recorder, at)
    return steps


def _require_ends(rows: Sequence[Row], clusters: Mapping[str, Cluster], recorder: Person) -> None:
    faults: dict[str, list[str]] = {}
    allowed: dict[tuple[str, str], str] = {}
    for row in rows:
        unknown = next((slug for slug in (row.source, row.target) if slug not in clusters), None)
        if unknown is not None:
            faults[f"line {row.line}"] = [f"There is no cluster “{unknown}” that you may know of."]
            continue
        pair = (row.source, row.target)
        if pair not in allowed:
            allowed[pair] = _why_not((clusters[row.source], clusters[row.target]), recorder)
        if allowed[pair]:
            faults[f"line {row.line}"] = [allowed[pair]]
    refuse_lines(dict(list(faults.items())[:MOST_FAULTS]))


def _why_not(ends: tuple[Cluster, Cluster], recorder: Person) -> str:
    try:
        survey.require_recorder(pairing_of(recorder, *ends))
        if ends[0].pk != ends[1].pk:
            survey.require_pair(is_same=False, restricted=flags(ends))
    except Refusal as refusal:
        return refusal.sentence
    return ""


def _handoff(row: Row, clusters: Mapping[str, Cluster], recorder: Person, at: datetime) -> HandOff:
    return HandOff(
        source=clusters[row.source],
        target=clusters[row.target],
        what=row.what,
        way=row.way,
        count=row.count,
        period=row.period,
        delay_hours=row.delay_hours,
        evidence=row.evidence,
        declared_by=recorder,
        declared_at=at,
    )


def _tell_of(made: Sequence[HandOff], recorder: Person, at: datetime) -> None:
    """One entry a pair and direction: whose people alone know of a restricted cluster alone read of its hand-offs."""
    for (source, target), rows in groupby(sorted(made, key=_ends), key=_ends):
        group = list(rows)
        event = events.HandOffsRecorded(
            handoff_ids=tuple(one.pk for one in group), source_id=source, target_id=target, number=len(group)
        )
        tell(event, group[0], (group[0].source, group[0].target), actor=recorder, at=at)


def _ends(one: HandOff) -> tuple[int, int]:
    return one.source_id, one.target_id
