"""Targets of metrics: set and withdrawn by programme managers, and by owners for their own cluster."""

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError, transaction

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab import events
from apps.cab.models import Board, MetricTarget
from apps.cab.rules.metrics import HIGHEST_TARGET, METRICS, Direction
from apps.clusters.models import Cluster
from apps.clusters.queries import standing
from apps.journal import actions as journal
from apps.kernel.refusals import Invalid, NotAllowed, NotFound, refusal_from_constraint


@transaction.atomic
def set_target(
    *,
    setter: Person,
    metric: str,
    value: Decimal,
    owner: Person,
    direction: str = "",
    cluster: Cluster | None = None,
    board: Board | None = None,
    at: datetime,
) -> MetricTarget:
    """Set the target of a metric for a cluster, a board or (neither named) the federation; replaces the one before.

    `value` is in the metric's unit, 0 to 1,000,000. Without a direction, the one in which the metric gets better.
    The same target again changes nothing.
    """
    _require_sense(metric, value, owner, of_one_place=not (cluster and board))
    require_may_set(setter, cluster or (board.cluster if board else None))
    target = MetricTarget.objects.select_for_update().filter(metric=metric, cluster=cluster, board=board).first()
    target = target or MetricTarget(metric=metric, cluster=cluster, board=board, version=0)
    wanted = (Direction(direction or METRICS[metric].direction), value, owner.pk)
    if target.version and (target.direction, target.value, target.owner_id) == wanted:
        return target
    target.direction, target.value, target.owner = wanted[0], value, owner
    target.set_by, target.set_at, target.version = setter, at, target.version + 1
    _save(target)
    told = events.TargetSet(target_id=target.pk, metric=metric, direction=target.direction, value=str(value))
    journal.record(told, subject=target, actor=setter, at=at)
    return target


@transaction.atomic
def withdraw_target(*, target_id: int, person: Person, at: datetime) -> MetricTarget:
    """Take a target away; what it was stays in the journal."""
    target = (
        MetricTarget.objects.select_for_update(of=("self",))
        .select_related("cluster", "board__cluster")
        .filter(pk=target_id)
        .first()
    )
    if target is None:
        raise NotFound("There is no such target any more.", next_step="Reload the list of targets.")
    require_may_set(person, target.cluster or (target.board.cluster if target.board else None))
    told = events.TargetWithdrawn(target_id=target.pk, metric=target.metric, value=str(target.value))
    journal.record(told, subject=target, actor=person, at=at)
    MetricTarget.objects.filter(pk=target.pk).delete()
    return target


def require_may_set(person: Person, cluster: Cluster | None) -> None:
    """Refuse who neither manages programmes nor owns the cluster that the target is for."""
    if person.may(Capability.SET_TARGETS) or (cluster is not None and standing(person, cluster).may_own):
        return
    raise NotAllowed(
        "You may not set targets here.",
        next_step="Ask a programme manager, or the owner of the cluster for a target of its own.",
    )


def _require_sense(metric: str, value: Decimal, owner: Person, *, of_one_place: bool) -> None:
    wrong = {
        "metric": ("There is no such metric.", "Choose one of the list.", metric in METRICS),
        "value": (
            "A target lies between 0 and 1,000,000.",
            "Write it in the metric's unit.",
            value.is_finite() and 0 <= value <= HIGHEST_TARGET,
        ),
        "board": (
            "A target is the federation's, a cluster's or a board's; name at most one.",
            "Leave the cluster or the board out.",
            of_one_place,
        ),
        "owner": (
            f"{owner} cannot answer for a target.",
            "Name somebody who is active and holds a role.",
            owner.is_active and bool(owner.capabilities),
        ),
    }
    for field, (sentence, next_step, is_right) in wrong.items():
        if not is_right:
            raise Invalid(sentence, next_step=next_step, fields={field: [sentence]})


def _save(target: MetricTarget) -> None:
    try:
        with transaction.atomic():
            target.save()
    except IntegrityError as error:
        raise refusal_from_constraint(error, MetricTarget) from error
