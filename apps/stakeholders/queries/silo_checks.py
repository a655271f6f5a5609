"""What is found of silos: pairs that came to be one in the last assessment, and required links that are missing now."""

import hashlib
from datetime import datetime

from apps.clusters.checks import Outcome
from apps.clusters.models import Cluster, Visibility
from apps.clusters.rules.findings import Found
from apps.stakeholders.models import RequiredLink, SiloAssessment, SiloRun
from apps.stakeholders.queries.required_links import read_with_observed
from apps.stakeholders.rules.silos import Silo

SILOS, SILOS_VERSION = "silos", 3  # since 3 links have a check of their own, as what they read changes with the map
LINKS, LINKS_VERSION = "required-links", 1
WARNING = 2


def silos_found(at: datetime) -> Outcome:
    """One finding a silo of the newest run."""
    del at
    run = SiloRun.objects.finished().order_by("-number").first()
    if run is None:
        return Outcome([], "")
    rows = SiloAssessment.objects.filter(run=run, level=Silo.SILO).select_related("first", "second").order_by("pk")
    return Outcome([_silo(one) for one in rows], run.inputs_sha256, {"run": run.number, "silos": len(rows)})


def missing_links(at: datetime) -> Outcome:
    """One finding a required link through which nothing passes on the map as it is."""
    del at
    every = read_with_observed(RequiredLink.objects.current().order_by("pk"))
    rows = [one for one in every if one.is_missing]  # type: ignore[attr-defined]  # read with what passes
    read = hashlib.sha256(repr([(one.pk, one.version) for one in rows]).encode()).hexdigest()
    return Outcome([_gap(one) for one in rows], read, {"missing": len(rows)})


def _silo(row: SiloAssessment) -> Found:
    one, other = _teller_first(row.first, row.second)
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


def _gap(link: RequiredLink) -> Found:
    one, other = _teller_first(link.source, link.target)
    return Found(
        code="link-missing",
        key=f"link:{link.pk}",
        severity=WARNING,
        cluster_id=one.pk,
        counterpart_id=other.pk,
        sentence=f"A required link is missing: nothing passes from {link.source} to {link.target}.",
        next_step="Read what would close it, and plan an action; or end the link, if nobody needs it any longer.",
        evidence={"reason": link.reason, "why": link.why, "volume": link.volume},
    )


def _teller_first(one: Cluster, other: Cluster) -> tuple[Cluster, Cluster]:
    """The two, the one first that the finding is of: the restricted one, so that nobody else reads of it there."""
    return (other, one) if other.visibility == Visibility.RESTRICTED else (one, other)
