"""What the last assessment of silos leaves as findings: pairs of clusters that came to be one."""

from datetime import datetime

from apps.clusters.checks import Outcome
from apps.clusters.models import Visibility
from apps.clusters.rules.findings import Found
from apps.stakeholders.models import SiloAssessment, SiloRun
from apps.stakeholders.rules.silos import Silo

CHECKER, VERSION = "silos", 1
WARNING = 2


def evaluated(at: datetime) -> Outcome:
    """One finding a silo of the newest run, for its first open cluster."""
    del at
    run = SiloRun.objects.finished().order_by("-number").first()
    if run is None:
        return Outcome([], "")
    rows = SiloAssessment.objects.filter(run=run, level=Silo.SILO).select_related("first", "second").order_by("pk")
    return Outcome([_found(one) for one in rows], run.inputs_sha256, {"run": run.number, "silos": len(rows)})


def _found(row: SiloAssessment) -> Found:
    """Whose people alone know of a restricted cluster read of it there."""
    hidden = row.second.visibility == Visibility.RESTRICTED
    one, other = (row.second, row.first) if hidden else (row.first, row.second)
    return Found(
        code="silo",
        key=f"{row.first_id}:{row.second_id}",
        severity=WARNING,
        cluster_id=one.pk,
        counterpart_id=other.pk,
        sentence=f"{row.first} and {row.second} are a silo: {row.score:.0f} of 100.",
        next_step="Read what it comes from, and plan an action with an owner and a day.",
        evidence={"score": row.score, **{part["indicator"]: part["value"] for part in row.parts}},
    )
