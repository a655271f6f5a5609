"""The check of agreements: a review that is overdue, a floor that was raised above them, a cluster without one."""

from datetime import datetime

from apps.clusters.checks import Outcome
from apps.clusters.models import Cluster, Severity
from apps.clusters.rules.findings import Found
from apps.stakeholders.models import ThresholdAgreement, ThresholdFloor
from apps.stakeholders.queries.thresholds import floor_in_force, proof_of, thresholds_of, today_of
from apps.stakeholders.rules.thresholds import digest
from apps.stakeholders.states import AgreementState

CHECKER = "thresholds"
VERSION = 1


def evaluated(at: datetime) -> Outcome:
    """What stands against the agreements in force at `at`, judged by the days of their clusters' zones."""
    floor = floor_in_force()
    rows = ThresholdAgreement.objects.filter(state=AgreementState.IN_FORCE).select_related("cluster", "offer")
    agreements = {one.cluster_id: one for one in rows}
    clusters = list(Cluster.objects.order_by("pk"))
    read = {
        "floor": floor.digest if floor else "",
        "agreements": [[one.pk, one.offer.digest if one.offer else ""] for one in agreements.values()],
        "days": [[one.pk, today_of(one, at).isoformat()] for one in clusters],
    }
    found = [
        one
        for cluster in clusters
        for one in (_of(agreements[cluster.pk], floor, at) if cluster.pk in agreements else _without(cluster, floor))
    ]
    return Outcome(found, digest(read), {"agreements": len(agreements), "clusters": len(clusters)})


def _of(agreement: ThresholdAgreement, floor: ThresholdFloor | None, at: datetime) -> list[Found]:
    offer, cluster = agreement.offer, agreement.cluster
    assert offer is not None  # a constraint says so
    found = []
    if offer.review_on < today_of(cluster, at):
        found.append(
            Found(
                code="thresholds-review-overdue",
                key=f"review:{agreement.pk}",
                severity=Severity.WARNING,
                cluster_id=cluster.pk,
                sentence=f"The thresholds of {cluster.name} were to be reviewed by {offer.review_on:%-d %B %Y}.",
                next_step="Open a negotiation: the same text with new days will do, if it still serves both sides.",
                evidence={"agreement": agreement.pk, "review_on": offer.review_on.isoformat()},
            )
        )
    if floor and floor.pk != agreement.floor_id:
        proof = proof_of(thresholds_of(offer), floor)
        if not proof.holds:
            found.append(_below(agreement, floor, proof.examples[0].sentence, len(proof.examples)))
    return found


def _below(agreement: ThresholdAgreement, floor: ThresholdFloor, example: str, number: int) -> Found:
    cluster = agreement.cluster
    return Found(
        code="thresholds-below-floor",
        key=f"floor:{agreement.pk}",
        severity=Severity.WARNING,
        cluster_id=cluster.pk,
        sentence=f"The thresholds of {cluster.name} ask less than version {floor.number} of the floor. {example}",
        next_step="The floor counts beside them. Negotiate an agreement that holds it, so that one text says it all.",
        evidence={"agreement": agreement.pk, "floor": floor.number, "counter_examples": number},
    )


def _without(cluster: Cluster, floor: ThresholdFloor | None) -> list[Found]:
    if floor is None:
        return []
    return [
        Found(
            code="thresholds-not-agreed",
            key=f"none:{cluster.pk}",
            severity=Severity.NOTE,
            cluster_id=cluster.pk,
            sentence=f"{cluster.name} has agreed on no thresholds: the enterprise floor alone says when it asks.",
            next_step="Its owners or a board's chair propose the first ones.",
            evidence={"floor": floor.number},
        )
    ]
