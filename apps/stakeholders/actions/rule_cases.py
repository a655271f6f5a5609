"""Cases that rules open: offers on thresholds without an answer, and metrics that pull a KPI apart."""

from datetime import datetime

from django.urls import reverse

from apps.accounts.models import Person
from apps.clusters.models import Cluster
from apps.kernel.refusals import Refusal
from apps.stakeholders.actions.escalations import open_case
from apps.stakeholders.models import EscalationProtocol, Metric, ThresholdAgreement
from apps.stakeholders.queries import escalations as queries
from apps.stakeholders.queries.metrics import judged_pairs, told_pair
from apps.stakeholders.queries.thresholds import board_people
from apps.stakeholders.rules.escalation import QUIET, STALLED_AFTER, Trigger
from apps.stakeholders.rules.negotiating import Side
from apps.stakeholders.states import AgreementState


def open_cases_by_rule(*, at: datetime) -> int:
    """Open a case for every conflict that a published protocol waits for; returns how many.

    Safe to run twice and beside another: one unfinished case a key, by the database; and none within a quarter after.
    """
    opened = 0
    for protocol in queries.protocols().exclude(trigger="").filter(versions__state="published").distinct():
        rule = _stalled if protocol.trigger == Trigger.STALLED else _pulling_apart
        opened += rule(protocol, at)
    return opened


def _stalled(protocol: EscalationProtocol, at: datetime) -> int:
    version = queries.published_version(protocol)
    assert version is not None  # asked for
    calendar, opened = queries.calendar_for(version), 0
    rows = ThresholdAgreement.objects.filter(state=AgreementState.NEGOTIATING).select_related("cluster")
    for row in rows.order_by("pk"):
        offer = row.offers.select_related("author").order_by("-number").first()
        if offer is None or calendar.between(offer.made_at, at) < STALLED_AFTER:
            continue
        other = _for_the_board(row)
        if other is None:
            continue
        title = f"No answer on the thresholds of {row.cluster}"
        reason = (
            f"Offer {offer.number} of the {offer.side}, by {offer.author}, has had no answer since "
            f"{offer.made_at:%-d %B %Y}."
        )
        key, url = f"stalled:{row.pk}:{offer.number}", row.get_absolute_url()
        opened += _opened(protocol, title, reason, key, url, [row.cluster], [other], at)
    return opened


def _for_the_board(row: ThresholdAgreement) -> Person | None:
    """Who negotiates for the board: the author of its last offer, else whoever hears for it."""
    last = row.offers.filter(side=Side.BOARD).select_related("author").order_by("-number").first()
    return last.author if last else next(iter(board_people(row.cluster)), None)


def _pulling_apart(protocol: EscalationProtocol, at: datetime) -> int:
    opened = 0
    for pair in judged_pairs():
        if not pair.is_conflict:
            continue
        metrics = Metric.objects.select_related("cluster").in_bulk([pair.kpi, pair.left, pair.right])
        left, right = metrics[pair.left], metrics[pair.right]
        assert left.cluster is not None  # pairs are of clusters
        assert right.cluster is not None
        title = f"{left} against {right}"[:120]
        reason = f"{told_pair(pair, left, right)} Both carry {metrics[pair.kpi]}."
        key = f"pulling-apart:{pair.kpi}:{pair.left}:{pair.right}"
        url = reverse("stakeholders:metric_conflicts")
        opened += _opened(protocol, title, reason, key, url, [left.cluster, right.cluster], [], at)
    return opened


def _opened(
    protocol: EscalationProtocol,
    title: str,
    reason: str,
    key: str,
    url: str,
    clusters: list[Cluster],
    people: list[Person],
    at: datetime,
) -> bool:
    if queries.recent_with_key(key, at - QUIET):
        return False
    try:
        open_case(
            protocol=protocol,
            title=title,
            reason=reason,
            clusters=clusters,
            people=people,
            opener=None,
            key=key,
            subject_url=url,
            at=at,
        )
    except Refusal:  # somebody was quicker, or the protocol was taken back
        return False
    return True
