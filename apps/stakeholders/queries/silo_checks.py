"""What is found of silos: pairs of clusters that came to be one in the last assessment, and required links missing."""

import hashlib
from datetime import datetime

from apps.clusters.checks import Outcome
from apps.clusters.models import Visibility
from apps.clusters.rules.findings import Found
from apps.stakeholders.models import RequiredLink, SiloAssessment, SiloRun
from apps.stakeholders.rules.silos import Silo

CHECKER, VERSION = "silos", 2
WARNING = 2


def evaluated(at: datetime) -> Outcome:
    """One finding a silo of the newest run, for its first open cluster; and one a required link that is missing now."""
    del at
    missing = list(RequiredLink.objects.current().with_observed().missing().select_related("source", "target"))
    links = [_gap(one) for one in missing]
    run = SiloRun.objects.finished().order_by("-number").first()
    read = hashlib.sha256(repr((run and run.inputs_sha256, [one.pk for one in missing])).encode()).hexdigest()
    if run is None:
        return Outcome(links, read)
    rows = SiloAssessment.objects.filter(run=run, level=Silo.SILO).select_related("first", "second").order_by("pk")
    told = {"run": run.number, "silos": len(rows), "missing_links": len(links)}
    return Outcome([*map(_found, rows), *links], read, told)


def _gap(link: RequiredLink) -> Found:
    """Whose people alone know of a restricted cluster read of it there."""
    hidden = link.target.visibility == Visibility.RESTRICTED
    one, other = (link.target, link.source) if hidden else (link.source, link.target)
    return Found(
        code="link_missing",
        key=f"link:{link.pk}",
        severity=WARNING,
        cluster_id=one.pk,
        counterpart_id=other.pk,
        sentence=f"A required link is missing: nothing passes from {link.source} to {link.target}.",
        next_step="Read what would close it, and plan an action; or end the link, if nobody needs it any longer.",
        evidence={"reason": link.reason, "why": link.why, "volume": link.volume},
    )


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
