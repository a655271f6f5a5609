"""Assessing how far clusters work apart, and setting what each indicator weighs."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction

from apps.accounts.models import Person
from apps.clusters.actions.clusters import save_new
from apps.clusters.models import Cluster
from apps.clusters.rules.parts import Standing
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict
from apps.stakeholders import events
from apps.stakeholders.models import SiloAssessment, SiloRound, SiloRun, SiloStanding, SiloWeighting
from apps.stakeholders.queries import silo_facts
from apps.stakeholders.queries.silos import weights_now
from apps.stakeholders.rules import silo_survey as survey
from apps.stakeholders.rules import silos as rules
from apps.stakeholders.rules.silo_words import too_few

_TURN = 0x7369_6C6F  # the advisory lock under which runs, weights and rounds take turns: each counts on from the last


@transaction.atomic
def assess_silos(*, assessor: Person | None, at: datetime) -> SiloRun:
    """Assess every pair of clusters as the map is now, and keep it; None is the schedule, once a month.

    Refuses who governs nothing, and a second scheduled run of the month.
    """
    if assessor is not None:
        survey.require_may_assess(Standing(assessor.capabilities))
    take_turns()
    month = at.date().replace(day=1)
    if assessor is None and SiloRun.objects.filter(by__isnull=True, month=month).exists():
        raise Conflict("This month was assessed already.", next_step="Wait for the next, or assess by hand.")
    facts, weights = silo_facts.facts_now(), weights_now()
    known = rules.standings(facts)
    pairs = rules.assessed(facts, weights)
    last = SiloRun.objects.order_by("-number").first()
    ei, homophily = rules.whole_ei(known)
    run = SiloRun(
        number=last.number + 1 if last else 1,
        month=month,
        by=assessor,
        ran_at=at,
        rules_version=rules.VERSION,
        inputs_sha256=silo_facts.digest_of(facts, weights),
        weights=weights,
        counts={
            "clusters": len(known),
            "dependencies": len(facts.edges),
            "pairs": len(pairs),
            "judged": sum(one.score is not None for one in pairs),
            "ei": ei,
            "homophily": homophily,
        },
        round=SiloRound.objects.order_by("-number").first(),
    )
    save_new(run)
    SiloStanding.objects.bulk_create([_standing(run, one) for one in known])
    names = dict(Cluster.objects.values_list("pk", "name"))
    SiloAssessment.objects.bulk_create(
        [
            SiloAssessment(
                run=run,
                first_id=pair.first,
                second_id=pair.second,
                score=pair.score,
                level=pair.level,
                few=_why_not(pair, names),
                parts=parts,
                advice=advice,
            )
            for pair, parts, advice in silo_facts.told(pairs, weights)
        ],
        batch_size=500,
    )
    event = events.SilosAssessed(run_id=run.pk, number=run.number, digest=run.inputs_sha256)
    journal.record(event, subject=run, actor=assessor, at=at)
    return run


@transaction.atomic
def set_silo_weights(*, weights: Mapping[str, int], reason: str, setter: Person, at: datetime) -> SiloWeighting:
    """Set what each indicator weighs from the next assessment on. Refuses others than boards' keepers."""
    survey.require_board(Standing(setter.capabilities), what="set the weights")
    take_turns()
    last = SiloWeighting.objects.order_by("-number").first()
    row = SiloWeighting(
        number=last.number + 1 if last else 1,
        weights=rules.require_weights(weights),
        reason=survey.require_line(reason, field="reason", what="The reason"),
        set_by=setter,
        set_at=at,
    )
    save_new(row)
    journal.record(events.SiloWeightsSet(number=row.number, reason=row.reason), subject=row, actor=setter, at=at)
    return row


def _why_not(pair: rules.Pair, names: Mapping[int, str]) -> str:
    if pair.score is not None:
        return ""
    return too_few([names[pk] for pk in pair.few]) or "There is too little between them to judge by."


def take_turns() -> None:
    """Wait until no other run, weighting or round is being written; ends with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])


def _standing(run: SiloRun, one: rules.Standing) -> SiloStanding:
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
