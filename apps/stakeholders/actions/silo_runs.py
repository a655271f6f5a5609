"""Assessing how far clusters work apart: a run is asked for, worked off in parcels, and shown at its end.

A run that dies is continued where it stands, if the map is as it was; otherwise it begins anew, so that every pair of a
run tells of one moment.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from apps.accounts.models import Person
from apps.clusters.actions.clusters import save_new
from apps.clusters.rules.parts import Standing
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict
from apps.stakeholders import events
from apps.stakeholders.actions.silos import take_turns
from apps.stakeholders.models import SiloAssessment, SiloRound, SiloRun, SiloStanding
from apps.stakeholders.queries.silo_facts import Reading, read
from apps.stakeholders.queries.silos import is_monthly_done, run_under_way, weights_now
from apps.stakeholders.rules import silo_runs as rules
from apps.stakeholders.rules import silo_survey as survey
from apps.stakeholders.rules.silos import VERSION, Indicator, Pair
from apps.stakeholders.rules.silos import Standing as Stood
from apps.stakeholders.states import SILO_RUN, SiloRunState

logger = logging.getLogger(__name__)


@transaction.atomic
def begin_silo_run(*, assessor: Person | None, at: datetime) -> SiloRun:
    """Ask for an assessment of every pair of clusters; a worker does it. None is the schedule, once a month.

    Refuses who governs nothing, a run while another is under way, and a second scheduled one of the month.
    """
    if assessor is not None:
        survey.require_may_assess(Standing(assessor.capabilities))
    take_turns()
    if other := run_under_way():
        rules.require_none_under_way(other.number, other.done, other.total)
    month = at.date().replace(day=1)
    if assessor is None and is_monthly_done(month):
        raise Conflict("This month was assessed already.", next_step="Wait for the next, or assess by hand.")
    last = SiloRun.objects.order_by("-number").first()
    run = SiloRun(number=last.number + 1 if last else 1, month=month, by=assessor, asked_at=at)
    save_new(run)
    journal.record(events.SiloRunBegun(run_id=run.pk, number=run.number), subject=run, actor=assessor, at=at)
    transaction.on_commit(_wake_up)
    return run


def work_off(*, run_id: int, at: datetime, until: datetime | None = None) -> SiloRun:
    """Continue a run from where it stands to its end, or past `until`, but by a parcel at least; as it then is.

    So a map that takes longer to read than a turn lasts is judged all the same. `at` is the moment at which the map is
    said to be read. Refused with a Conflict when another worker has it.
    """
    run = take_up(run_id=run_id, at=at)
    if run.is_over:
        return run
    run, reading = read_map(run_id=run_id, attempt=run.attempts, at=at)
    while True:
        run = judge_parcel(run_id=run_id, attempt=run.attempts, reading=reading, at=at)
        if run.is_over or (until is not None and timezone.now() >= until):
            return run


def continue_silo_runs(*, at: datetime, until: datetime) -> int:
    """Go on with the run that is not over, until `until`; returns how many came to their end.

    Any number of workers may run this at once. A run on which something unforeseen happens is left where it stands.
    """
    over = 0
    for run_id in list(SiloRun.objects.under_way().values_list("pk", flat=True)):
        try:
            over += work_off(run_id=run_id, at=at, until=until).is_over
        except Conflict:
            continue
        except Exception:
            logger.exception("Silo assessment %s stopped; the next turn tries again.", run_id)
    return over


@transaction.atomic
def take_up(*, run_id: int, at: datetime) -> SiloRun:
    """Note that a worker has the run, before it does anything; gives up one that never gets on."""
    run = _taken(run_id)
    run.attempts += 1
    _move(run, SiloRunState.RUNNING)
    if rules.is_given_up(run.attempts, run.done):
        SiloAssessment.objects.filter(run=run).delete()
        run.failure = (
            f"It was taken up {run.attempts} times and never came to its end; the log of the workers says why."
        )
        run.ended_at = at
        _move(run, SiloRunState.FAILED)
        event = events.SiloRunFailed(run_id=run.pk, number=run.number, reason=run.failure)
        journal.record(event, subject=run, actor=run.by, at=at)
    run.save()
    return run


def read_map(*, run_id: int, attempt: int, at: datetime) -> tuple[SiloRun, Reading]:
    """Read the map and judge every pair; what was kept of another map, or by other rules, is begun anew."""
    with _one_moment():
        run = _taken(run_id, attempt)
        reading = read(weights_now())
        if (run.inputs_sha256, run.rules_version) != (reading.digest, VERSION):
            SiloAssessment.objects.filter(run=run).delete()
            run.inputs_sha256, run.rules_version, run.weights = reading.digest, VERSION, dict(reading.weights)
            run.done, run.total, run.ran_at = 0, len(reading.pairs), at
            run.round = SiloRound.objects.order_by("-number").first()
            run.save()
    return run, reading


@transaction.atomic
def judge_parcel(*, run_id: int, attempt: int, reading: Reading, at: datetime) -> SiloRun:
    """Keep the next pairs and note, in the same transaction, that they are done; the last parcel ends the run.

    Refused with a Conflict, and nothing written, when another worker has gone on with it.
    """
    run = _taken(run_id, attempt)
    pairs = reading.pairs[run.done : run.done + rules.PARCEL]
    SiloAssessment.objects.bulk_create([_assessment(run, pair, reading) for pair in pairs])
    run.done += len(pairs)
    if run.done >= len(reading.pairs):
        SiloStanding.objects.bulk_create([_standing(run, one) for one in reading.standings])
        run.counts, run.ended_at = reading.counts(), at
        _move(run, SiloRunState.DONE)
        event = events.SilosAssessed(run_id=run.pk, number=run.number, digest=run.inputs_sha256)
        journal.record(event, subject=run, actor=run.by, at=at)
    run.save()
    return run


@contextmanager
def _one_moment() -> Iterator[None]:
    """A transaction all of whose queries see the map as its first one does; inside another it sees what that sees."""
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def _taken(run_id: int, attempt: int | None = None) -> SiloRun:
    """The run under its lock, when it is not over, and nobody else holds it or has gone on with it."""
    rows = SiloRun.objects.under_way().select_for_update(skip_locked=True, of=("self",)).select_related("by")
    if attempt is not None:
        rows = rows.filter(attempts=attempt)
    run = rows.filter(pk=run_id).first()
    if run is None:
        raise Conflict(
            "Another process has gone on with this assessment, or it is over.",
            next_step="Leave it to that one; its page tells how far it is.",
        )
    return run


def _move(run: SiloRun, target: SiloRunState) -> None:
    SILO_RUN.require(run.state, target)
    run.state = target


def _assessment(run: SiloRun, pair: Pair, reading: Reading) -> SiloAssessment:
    parts, advice = reading.told(pair)
    return SiloAssessment(
        run=run,
        first_id=pair.first,
        second_id=pair.second,
        score=pair.score,
        level=pair.level,
        few=reading.why_not(pair),
        parts=parts,
        missing_links=int(pair.part(Indicator.LINKS).numbers["missing"] or 0),
        advice=advice,
    )


def _standing(run: SiloRun, one: Stood) -> SiloStanding:
    return SiloStanding(
        run=run,
        cluster_id=one.cluster,
        inside=one.inside,
        needs=one.needs,
        needed=one.needed,
        passings=one.passings,
        ei=one.ei,
        homophily=one.homophily,
        is_judged=one.is_judged,
    )


def _wake_up() -> None:
    """Ask a worker to begin now. Without Redis the schedule does it later, so a failure here is only a delay."""
    from apps.stakeholders.tasks import continue_silo_runs as task

    try:
        task.apply_async(ignore_result=True, retry=False)
    except Exception as error:  # noqa: BLE001  # whatever the broker's client raises, the commit stands
        logger.warning("No wake-up sent (%s); the schedule will continue the assessment.", type(error).__name__)
