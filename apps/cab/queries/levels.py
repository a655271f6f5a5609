"""What an offer on thresholds would have made of the last 90 days' changes of its cluster."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.db.models.lookups import GreaterThanOrEqual, LessThan

from apps.accounts.models import Person
from apps.cab.models import Change
from apps.cab.queries.replays import READ, facts_of_each
from apps.cab.rules.levels import DAYS, Judged, Moved, moved
from apps.cab.states import ChangeState
from apps.kernel.refusals import NotFound
from apps.stakeholders.models import ThresholdOffer
from apps.stakeholders.queries.thresholds import Governing, agreements_seen_by
from apps.stakeholders.rules.levels import Judgement, Level

MOST = 5_000  # changes of one comparison: about a second and a half


@dataclass(frozen=True)
class Comparison:
    """The offer beside what is in force, on past changes."""

    offer: ThresholdOffer
    since_at: datetime
    until_at: datetime
    judged: tuple[Judged, ...]  # the newest change first
    is_cut: bool  # there are more changes than are looked at

    @property
    def figures(self) -> Moved:
        """The numbers of it."""
        return moved(self.judged)


def compared(offer: ThresholdOffer, person: Person, *, at: datetime) -> Comparison:
    """Judge the changes of the offer's cluster that were handed in within the last 90 days, as far as `person` sees.

    A change that was handed over counts with the facts it had then, any other with those it has now.
    """
    since = at - timedelta(days=DAYS)
    cluster_id = offer.agreement.cluster_id
    rows = list(_handed_in(person, cluster_id, since, at).order_by("-pk")[: MOST + 1])
    changes = rows[:MOST]
    now, then = Governing(cluster_id), Governing(cluster_id, offer=offer)
    judged = []
    for pk, facts in facts_of_each(changes).items():
        before, after = now.judge(cluster_id, facts), then.judge(cluster_id, facts)
        judged.append(Judged(pk, _level(before), _level(after), after.missing if after else ()))
    return Comparison(offer, since, at, tuple(judged), len(rows) > MOST)


def offer_shown_to(person: Person, agreement_id: int) -> ThresholdOffer:
    """The offer that stands on an agreement the person may see, or a refusal."""
    agreement = agreements_seen_by(person).filter(pk=agreement_id).first()
    if agreement is None:
        raise NotFound("There is no such agreement.", next_step="Go back to the thresholds.")
    offer = agreement.offer or agreement.offers.order_by("-number").first()
    assert offer is not None  # a negotiation begins with one
    offer.agreement = agreement
    return offer


def _handed_in(person: Person, cluster_id: int, since: datetime, until: datetime) -> QuerySet[Change]:
    handed_in_at = Coalesce("submitted_at", "created_at")
    rows = Change.objects.visible_to(person).filter(~Q(state=ChangeState.DRAFT), cluster=cluster_id)
    within = rows.filter(GreaterThanOrEqual(handed_in_at, since), LessThan(handed_in_at, until))
    return within.select_related("cluster").only(*READ)


def _level(judgement: Judgement | None) -> Level:
    return judgement.level if judgement else Level.AUTONOMOUS
