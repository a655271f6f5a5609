"""Asking for a check of the map, and running what was asked for."""

from collections.abc import Callable
from datetime import datetime
from time import monotonic
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.clusters.actions.findings import settle_findings
from apps.clusters.models import CheckRun


@transaction.atomic
def ask_for_check(*, checker: str) -> None:
    """Have a check run again: what it reads has changed. Asking often before it ran costs one run."""
    CheckRun.objects.bulk_create([CheckRun(checker=checker)], ignore_conflicts=True)
    CheckRun.objects.filter(checker=checker).update(asked=F("asked") + 1)


@transaction.atomic
def run_check(*, checker: str, version: int, evaluate: Callable[[datetime], Any], at: datetime) -> bool:
    """Run a check that was asked for since it last ran, and keep what it found; False where there was nothing to do.

    `evaluate` answers as `checks.Check` says. Another run of the same check is not waited for: the next beat looks
    again. What is asked for while it runs is answered by the run after.
    """
    run = CheckRun.objects.select_for_update(skip_locked=True).filter(checker=checker).first()
    if run is None or (run.asked == run.answered and run.checker_version == version):
        return False
    asked, begun = run.asked, monotonic()
    outcome = evaluate(at)
    settled = settle_findings(checker=checker, version=version, found=outcome.found, cluster_ids=None, at=at)
    run.answered, run.ran_at, run.checker_version = asked, at, version
    run.took_ms = int((monotonic() - begun) * 1000)
    run.inputs_sha256, run.result = outcome.inputs_sha256, dict(outcome.result)
    run.counts = {"raised": settled.raised, "resolved": settled.resolved, "standing": settled.standing}
    run.save()
    return True
