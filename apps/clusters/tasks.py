"""Celery shells of the map: read the clock, call one action. Each is safe to run twice and beside another."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from apps.clusters import actions, checks
from apps.clusters.actions import conventions, imports
from apps.clusters.actions.checks import ask_for_check
from apps.clusters.models import CheckRun, Cluster, ConventionExemption, Finding
from apps.clusters.queries.conventions import CHECKER, kept

BATCH = 500
IMPORT_TURN = timedelta(minutes=5)  # well below the time limit of a task; the next turn goes on


@shared_task(name="apps.clusters.tasks.reopen_lapsed_findings")
def reopen_lapsed_findings() -> int:
    """Open every finding again whose waiver is over."""
    now = timezone.now()
    due = Finding.objects.lapsed(now).order_by("pk").values_list("pk", flat=True)[:BATCH]
    return sum(actions.reopen_lapsed(finding_id=pk, at=now) for pk in due)


@shared_task(name="apps.clusters.tasks.keep_conventions")
def keep_conventions() -> int:
    """End exemptions whose time is over, warn of ends within a week, and scan by what came into force since."""
    now = timezone.now()
    run = CheckRun.objects.filter(checker=CHECKER, ran_at__isnull=False).first()
    if run and kept().filter(in_force_from__gt=run.ran_at, in_force_from__lte=now).exists():
        ask_for_check(checker=CHECKER)
    for pk in ConventionExemption.objects.ending(now).order_by("until", "pk").values_list("pk", flat=True):
        conventions.warn_of_end(exemption_id=pk, at=now)
    due = ConventionExemption.objects.lapsed(now).order_by("pk").values_list("pk", flat=True)[:BATCH]
    return sum(actions.end_lapsed_exemption(exemption_id=pk, at=now) for pk in due)


@shared_task(name="apps.clusters.tasks.run_checks")
def run_checks() -> int:
    """Run every check that was asked for."""
    now = timezone.now()
    return sum(checks.run(one, at=now) for one in checks.registered().values())


@shared_task(name="apps.clusters.tasks.ask_for_all_checks")
def ask_for_all_checks() -> int:
    """Have every check run again: what was lost on the way, or went wrong by hand, is found within a day."""
    if not Cluster.objects.exists():
        return 0
    for name in checks.registered():
        ask_for_check(checker=name)
    return len(checks.registered())


@shared_task(name="apps.clusters.tasks.continue_imports")
def continue_imports() -> int:
    """Go on with the catalogues that wait to be compared or written, from where they stand."""
    return imports.continue_imports(until=timezone.now() + IMPORT_TURN)
