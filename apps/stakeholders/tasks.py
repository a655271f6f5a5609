"""Celery shells of the stakeholders: read the clock, call one action. Each is safe to run twice and beside another."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from apps.clusters.models import Cluster
from apps.kernel.refusals import Conflict
from apps.stakeholders.actions import escalations, metrics, rule_cases, silo_runs, thresholds
from apps.stakeholders.actions.engagements import remind_of_engagements as remind
from apps.stakeholders.actions.silo_survey import remind_of_silo_actions as remind_of_actions
from apps.stakeholders.models import ThresholdAgreement
from apps.stakeholders.queries.silos import is_monthly_done, run_under_way
from apps.stakeholders.states import AgreementState

BATCH = 500
SILO_TURN = timedelta(minutes=5)  # well below the time limit of a task; the next turn goes on
MEASURED_AGAIN = 2  # periods: corrections come late, and seldom later


@shared_task(name="apps.stakeholders.tasks.remind_of_engagements")
def remind_of_engagements() -> int:
    """Remind who is to hold a conversation that is due or overdue."""
    return remind(at=timezone.now())


@shared_task(name="apps.stakeholders.tasks.begin_agreements")
def begin_agreements() -> int:
    """Bring every signed agreement into force whose first day has come."""
    now = timezone.now()
    signed = ThresholdAgreement.objects.filter(state=AgreementState.AGREED).order_by("pk")
    due = signed.values_list("pk", flat=True)[:BATCH]
    return sum(thresholds.bring_into_force(agreement_id=pk, at=now) for pk in due)


@shared_task(name="apps.stakeholders.tasks.measure_metrics")
def measure_metrics() -> int:
    """Compute every period of a metric that is over and has no value yet."""
    return metrics.measure_metrics(at=timezone.now())


@shared_task(name="apps.stakeholders.tasks.measure_metrics_again")
def measure_metrics_again() -> int:
    """Compute the last periods anew: a value whose rows were corrected is replaced, and stays in the history."""
    return metrics.measure_metrics(at=timezone.now(), again=MEASURED_AGAIN)


@shared_task(name="apps.stakeholders.tasks.assess_silos")
def assess_silos() -> int:
    """Ask how far clusters work apart, unless this month was assessed, or somebody is at it by hand."""
    now = timezone.now()
    if not Cluster.objects.exists() or is_monthly_done(now.date().replace(day=1)) or run_under_way():
        return 0
    try:
        silo_runs.begin_silo_run(assessor=None, at=now)
    except Conflict:  # another beat was faster
        return 0
    return 1


@shared_task(name="apps.stakeholders.tasks.continue_silo_runs")
def continue_silo_runs() -> int:
    """Go on with the assessment of silos that is not over, from where it stands."""
    now = timezone.now()
    return silo_runs.continue_silo_runs(at=now, until=now + SILO_TURN)


@shared_task(name="apps.stakeholders.tasks.remind_of_silo_actions")
def remind_of_silo_actions() -> int:
    """Remind who is to act on a silo soon, or should have."""
    return remind_of_actions(at=timezone.now())


@shared_task(name="apps.stakeholders.tasks.run_clocks")
def run_clocks() -> int:
    """Take cases whose time is up to their next step, and hold or resume those whose people went or came back."""
    return escalations.run_clocks(at=timezone.now())


@shared_task(name="apps.stakeholders.tasks.open_cases_by_rule")
def open_cases_by_rule() -> int:
    """Open a case for every stalled negotiation and every pair of metrics that pulls apart."""
    return rule_cases.open_cases_by_rule(at=timezone.now())
