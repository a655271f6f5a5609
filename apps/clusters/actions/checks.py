"""Asking for a check of the map, and running what was asked for."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from time import monotonic
from typing import Any

from django.db import transaction
from django.db.models import F

from apps.clusters.actions.findings import settle_findings
from apps.clusters.models import CheckRun, Cluster


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


def run_check_by_cluster(*, checker: str, version: int, evaluate: Callable[[int, datetime], Any], at: datetime) -> bool:
    """As `run_check`, cluster by cluster, each in a transaction of its own; a run that broke off goes on.

    What is asked for while it runs is answered by the run after. True where at least one cluster was judged.
    """
    went = False
    while _judge_next(checker, version, evaluate, at):
        went = True
    return went


@transaction.atomic
def _judge_next(checker: str, version: int, evaluate: Callable[[int, datetime], Any], at: datetime) -> bool:
    """Judge the next cluster of the present run, beginning one where one was asked for; False where it is over."""
    run = CheckRun.objects.select_for_update(skip_locked=True).filter(checker=checker).first()
    if run is None or (run.answering is None and run.asked == run.answered and run.checker_version == version):
        return False
    if run.answering is None or run.checker_version != version:
        run.answering, run.checker_version, run.after_cluster, run.done = run.asked, version, 0, 0
        run.total, run.took_ms, run.inputs_sha256 = Cluster.objects.count(), 0, ""
        run.counts = {"raised": 0, "resolved": 0, "standing": 0, "judged": 0}
    cluster_id = Cluster.objects.filter(pk__gt=run.after_cluster).order_by("pk").values_list("pk", flat=True).first()
    if cluster_id is None:
        run.answered, run.answering, run.ran_at = run.answering, None, at
        run.save()
        return False
    begun = monotonic()
    outcome = evaluate(cluster_id, at)
    settled = settle_findings(checker=checker, version=version, found=outcome.found, cluster_ids=[cluster_id], at=at)
    new = {**asdict(settled), "judged": outcome.result.get("judged", 0)}
    run.counts = {name: run.counts.get(name, 0) + number for name, number in new.items()}
    run.inputs_sha256 = hashlib.sha256(f"{run.inputs_sha256}{outcome.inputs_sha256}".encode()).hexdigest()
    run.after_cluster, run.done = cluster_id, run.done + 1
    run.took_ms += int((monotonic() - begun) * 1000)
    run.save()
    return True
