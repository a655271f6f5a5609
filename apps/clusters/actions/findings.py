"""Keeping what checks of the map find, and leaving a finding so for a while."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from apps.accounts.models import Person
from apps.clusters import events, queries
from apps.clusters.actions.clusters import require_version
from apps.clusters.models import Cluster, Finding
from apps.clusters.rules import findings as rules
from apps.clusters.states import FINDING, FindingState
from apps.journal import actions as journal
from apps.kernel.refusals import NotFound, WrongState

_LOCK = 0x6669_6E64  # the first half of the advisory locks of checks; the second is the check's own
_SAID = (
    "cluster_id",
    "component_id",
    "counterpart_id",
    "checker_version",
    "code",
    "severity",
    "sentence",
    "next_step",
    "evidence",
    "inputs_sha256",
)


@dataclass(frozen=True)
class Settled:
    """What one run of a check came to, in numbers of findings."""

    raised: int
    resolved: int
    standing: int


@transaction.atomic
def settle_findings(
    *, checker: str, version: int, found: Iterable[rules.Found], cluster_ids: Collection[int] | None, at: datetime
) -> Settled:
    """Keep what a check found in these clusters (None: in all of them), and resolve what it finds no longer.

    What stands already stays as it is, with its waiver, unless it says something else now; a waiver does not outlive a
    rise of the severity. The same again writes nothing. Runs of one check take turns.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK, checker])
    now = {one.key: one for one in found if cluster_ids is None or one.cluster_id in cluster_ids}
    rows = Finding.objects.standing().filter(checker=checker).select_for_update(of=("self",)).order_by("pk")
    if cluster_ids is not None:  # what it is about may have moved here from another cluster
        rows = rows.filter(Q(cluster__in=cluster_ids) | Q(key__in=list(now)))
    stood = {one.key: one for one in rows}
    raised = Finding.objects.bulk_create(
        [_new(checker, version, one, at) for key, one in now.items() if key not in stood], batch_size=1_000
    )
    _say_again([(row, now[key]) for key, row in stood.items() if key in now], version)
    gone = [row for key, row in stood.items() if key not in now]
    for row in gone:
        _move(row, FindingState.RESOLVED)
        row.resolved_at = at
    Finding.objects.bulk_update(gone, ["state", "resolved_at", "version"], batch_size=1_000)
    _tell(checker, raised, gone, at)
    return Settled(len(raised), len(gone), len(now))


@transaction.atomic
def waive_finding(
    *, finding_id: int, waiver: Person, reason: str, until: datetime, version: int, at: datetime
) -> Finding:
    """Leave a finding so until a day, and answer for it; one that is waived already gets the new end and reason.

    Refuses who may not (a blocker: whoever owns the cluster), none or a long-winded reason, and more than half a year.
    """
    finding = _locked(finding_id, waiver)
    rules.require_may_waive(
        queries.standing(waiver, finding.cluster), severity=finding.severity, cluster=finding.cluster.name
    )
    require_version(version, finding.version)
    said = rules.require_waiver(reason=reason, until=until, at=at)
    if finding.state != FindingState.WAIVED:
        _move(finding, FindingState.WAIVED)
    finding.waived_by, finding.waived_at, finding.waived_until, finding.waiver_reason = waiver, at, until, said
    finding.version = version + 1
    finding.save()
    event = events.FindingWaived(finding_id=finding.pk, code=finding.code, until=until.isoformat(), reason=said)
    journal.record(event, subject=finding.cluster, actor=waiver, at=at)
    return finding


@transaction.atomic
def end_waiver(*, finding_id: int, person: Person, at: datetime) -> Finding:
    """Take a waiver back before its day: whoever could give it may."""
    finding = _locked(finding_id, person)
    rules.require_may_waive(
        queries.standing(person, finding.cluster), severity=finding.severity, cluster=finding.cluster.name
    )
    if finding.state != FindingState.WAIVED:
        raise WrongState("This finding is not waived.", next_step="Reload the page.")
    _reopen(finding, person, at)
    return finding


@transaction.atomic
def reopen_lapsed(*, finding_id: int, at: datetime) -> bool:
    """Open a finding again whose waiver is over; False where somebody was quicker."""
    finding = Finding.objects.lapsed(at).select_for_update(of=("self",), skip_locked=True).filter(pk=finding_id).first()
    if finding is None:
        return False
    _reopen(finding, None, at)
    return True


def _reopen(finding: Finding, person: Person | None, at: datetime) -> None:
    _move(finding, FindingState.OPEN)
    finding.save(update_fields=["state", "version"])
    event = events.WaiverEnded(finding_id=finding.pk, code=finding.code)
    journal.record(event, subject=finding.cluster, actor=person, at=at)


def _locked(finding_id: int, person: Person) -> Finding:
    rows = Finding.objects.visible_to(person).select_for_update(of=("self",)).select_related("cluster")
    finding = rows.filter(pk=finding_id).first()
    if finding is None:
        raise NotFound("There is no such finding.", next_step="Go back to the list of findings.")
    return finding


def _move(finding: Finding, target: FindingState) -> None:
    FINDING.require(finding.state, target)
    finding.state = target
    finding.version += 1


def _new(checker: str, version: int, found: rules.Found, at: datetime) -> Finding:
    return Finding(
        checker=checker,
        key=found.key,
        found_at=at,
        **_saying(version, found),
    )


def _saying(version: int, found: rules.Found) -> dict[str, Any]:
    said: dict[str, Any] = {
        "cluster_id": found.cluster_id,
        "component_id": found.component_id,
        "counterpart_id": found.counterpart_id,
        "code": found.code,
        "severity": found.severity,
        "sentence": found.sentence,
        "next_step": found.next_step,
        "evidence": dict(found.evidence),
    }
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return said | {"checker_version": version, "inputs_sha256": hashlib.sha256(text.encode()).hexdigest()}


def _say_again(pairs: Iterable[tuple[Finding, rules.Found]], version: int) -> None:
    """Write what stands but reads differently now."""
    changed = []
    for row, found in pairs:
        said = _saying(version, found)
        if said["inputs_sha256"] == row.inputs_sha256 and said["checker_version"] == row.checker_version:
            continue
        if row.state == FindingState.WAIVED and found.severity > row.severity:
            _move(row, FindingState.OPEN)
        else:
            row.version += 1
        for name, value in said.items():
            setattr(row, name, value)
        changed.append(row)
    Finding.objects.bulk_update(changed, [*_SAID, "state", "version"], batch_size=1_000)


def _tell(checker: str, raised: Iterable[Finding], gone: Iterable[Finding], at: datetime) -> None:
    """One entry for each cluster that the run changed something in."""
    told: Mapping[int, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for row in raised:
        told[row.cluster_id][0].append(row.pk)
    for row in gone:
        told[row.cluster_id][1].append(row.pk)
    named = Cluster.objects.in_bulk(told)
    for cluster_id, (new, ended) in sorted(told.items()):
        event = events.FindingsSettled(checker=checker, raised=tuple(new), resolved=tuple(ended))
        journal.record(event, subject=named[cluster_id], actor=None, at=at)
