"""Questions about thresholds: which floor and agreements are in force, and what they say to facts."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, QuerySet

from apps.accounts.models import Person
from apps.accounts.rules import Role
from apps.clusters.models import Cluster
from apps.clusters.queries import owning_people
from apps.kernel.refusals import NotFound
from apps.policies import facts
from apps.policies.rules.columns import Column, Facts
from apps.stakeholders.models import ThresholdAgreement, ThresholdFloor, ThresholdOffer, ThresholdSignature
from apps.stakeholders.rules import thresholds as texts
from apps.stakeholders.rules.levels import Judgement, Source, Threshold, conditions_told, level_of, usable
from apps.stakeholders.rules.negotiating import Side
from apps.stakeholders.rules.proofs import Proof, prove
from apps.stakeholders.states import OPEN_AGREEMENTS, AgreementState, FloorState


@dataclass(frozen=True)
class Line:
    """One threshold as pages and exports show it."""

    number: int
    conditions: str
    threshold: Threshold

    @property
    def level(self) -> str:
        """Its level in words."""
        return self.threshold.level.words


def columns() -> tuple[Column, ...]:
    """The facts that thresholds may name."""
    return usable(facts.columns())


def thresholds_of(row: ThresholdFloor | ThresholdOffer | None) -> tuple[Threshold, ...]:
    """The thresholds that the row says; none without a row."""
    return texts.thresholds_from(columns(), row.thresholds) if row else ()


def lines_of(row: ThresholdFloor | ThresholdOffer | None) -> list[Line]:
    """The same with their conditions in words."""
    said = enumerate(thresholds_of(row), start=1)
    return [Line(number, conditions_told(columns(), one), one) for number, one in said]


def floors() -> QuerySet[ThresholdFloor]:
    """Every version of the floor; everybody may read it."""
    return ThresholdFloor.objects.select_related("written_by", "adopted_by")


def floor_in_force() -> ThresholdFloor | None:
    """The floor in force, if one is."""
    return floors().filter(state=FloorState.IN_FORCE).first()


def floor_numbered(number: int) -> ThresholdFloor:
    """A version of the floor, or a refusal."""
    found = floors().filter(number=number).first()
    if found is None:
        raise NotFound("There is no such version of the floor.", next_step="Go back to the thresholds.")
    return found


def agreements_seen_by(person: Person) -> QuerySet[ThresholdAgreement]:
    """Agreements of clusters the person may know of, each with the offer that was signed."""
    rows = ThresholdAgreement.objects.visible_to(person)
    return rows.select_related("cluster", "opened_by", "offer", "floor")


def visible_agreement(agreement_id: int, person: Person) -> ThresholdAgreement:
    """One of them with its offers and signatures, or a refusal."""
    signatures = ThresholdSignature.objects.select_related("signer").order_by("pk")
    offers = ThresholdOffer.objects.select_related("author").order_by("-number")
    rows = agreements_seen_by(person).prefetch_related(
        Prefetch("offers", offers.prefetch_related(Prefetch("signatures", signatures)))
    )
    found = rows.filter(pk=agreement_id).first()
    if found is None:
        raise NotFound("There is no such agreement.", next_step="Go back to the thresholds.")
    return found


def agreement_in_force(cluster: Cluster) -> ThresholdAgreement | None:
    """The cluster's agreement in force, if there is one."""
    rows = ThresholdAgreement.objects.filter(cluster=cluster, state=AgreementState.IN_FORCE)
    return rows.select_related("offer", "floor", "cluster").first()


def open_agreement(cluster: Cluster) -> ThresholdAgreement | None:
    """What is being negotiated, or signed and not yet begun."""
    return ThresholdAgreement.objects.filter(cluster=cluster, state__in=OPEN_AGREEMENTS).first()


def today_of(cluster: Cluster, at: datetime) -> date:
    """The day it is in the cluster's zone."""
    return at.astimezone(ZoneInfo(cluster.zone)).date()


def proof_of(said: Sequence[Threshold], floor: ThresholdFloor | None) -> Proof:
    """Whether a text holds the floor everywhere."""
    return prove(columns(), said, thresholds_of(floor), named=floor.digest if floor else "")


def said_of(cluster: Cluster, number: int, thresholds: Any, effective_on: date, review_on: date) -> dict[str, Any]:
    """What a signature binds to, as its hash is made of it."""
    return {
        "cluster": cluster.slug,
        "agreement": number,
        "thresholds": thresholds,
        "effective_on": effective_on.isoformat(),
        "review_on": review_on.isoformat(),
    }


class Governing:
    """The floor and the agreements in force, read once for many questions; two queries.

    `offer` takes the place of its cluster's agreement, to see what it would change.
    """

    def __init__(self, cluster_id: int | None = None, *, offer: ThresholdOffer | None = None) -> None:
        rows = ThresholdAgreement.objects.filter(state=AgreementState.IN_FORCE).select_related("cluster", "offer")
        if cluster_id is not None:
            rows = rows.filter(cluster=cluster_id)
        self._columns = columns()
        self._floor = [_source(str(one), one, one.get_absolute_url()) for one in floors().filter(state="in_force")]
        self._own: dict[int, list[Source]] = defaultdict(list)
        for row in rows:
            if row.offer and (offer is None or row.cluster_id != offer.agreement.cluster_id):
                self._own[row.cluster_id] = [_source(str(row), row.offer, row.get_absolute_url())]
        if offer is not None:
            agreement = offer.agreement
            name = f"{agreement}, offer {offer.number}"
            self._own[agreement.cluster_id] = [_source(name, offer, agreement.get_absolute_url())]

    def judge(self, cluster_id: int, given: Facts) -> Judgement | None:
        """The level of these facts in the cluster; None where neither a floor nor an agreement is in force."""
        sources = [*self._floor, *self._own.get(cluster_id, [])]
        return level_of(self._columns, sources, given) if sources else None

    @cached_property
    def is_silent(self) -> bool:
        """Whether nothing at all is in force."""
        return not self._floor and not self._own


def judged(cluster_id: int, given: Facts) -> Judgement | None:
    """The level of these facts in the cluster, by what is in force now; None where nothing is."""
    return Governing(cluster_id).judge(cluster_id, given)


def board_people(cluster: Cluster) -> list[Person]:
    """Who hears for the board: chairs who may know of the cluster and do not own it, else administrators."""
    owners = set(owning_people([cluster.pk]).values_list("pk", flat=True))
    for role in (Role.BOARD_CHAIR, Role.ADMINISTRATOR):
        holding = Person.objects.filter(role_grants__role=role, is_active=True).exclude(pk__in=owners).distinct()
        seeing = [one for one in holding if Cluster.objects.visible_to(one).filter(pk=cluster.pk).exists()]
        if seeing:
            return seeing
    return []


def people_of(side: str, cluster: Cluster) -> list[Person]:
    """Who hears for a side."""
    return list(owning_people([cluster.pk])) if side == Side.CLUSTER else board_people(cluster)


def _source(name: str, row: ThresholdFloor | ThresholdOffer, url: str) -> Source:
    return Source(name, thresholds_of(row), url)
