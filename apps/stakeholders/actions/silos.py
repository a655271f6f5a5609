"""Setting what each indicator of silos weighs, and the turns of all that is counted on from the last."""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction

from apps.accounts.models import Person
from apps.clusters.actions.clusters import save_new
from apps.clusters.rules.parts import Standing
from apps.journal import actions as journal
from apps.stakeholders import events
from apps.stakeholders.models import SiloWeighting
from apps.stakeholders.rules import silo_survey as survey
from apps.stakeholders.rules import silos as rules

_TURN = 0x7369_6C6F  # the advisory lock under which runs, weights and rounds take turns: each counts on from the last


@transaction.atomic
def set_silo_weights(*, weights: Mapping[str, int], reason: str, setter: Person, at: datetime) -> SiloWeighting:
    """Set what each indicator weighs from the next assessment on. Refuses others than boards' keepers."""
    survey.require_board(Standing(setter.capabilities), what="set the weights")
    take_turns()
    last = SiloWeighting.objects.order_by("-number").first()
    row = SiloWeighting(
        number=last.number + 1 if last else 1,
        weights=rules.require_weights(weights),
        reason=survey.require_line(reason, field="reason", what="The reason"),
        set_by=setter,
        set_at=at,
    )
    save_new(row)
    journal.record(events.SiloWeightsSet(number=row.number, reason=row.reason), subject=row, actor=setter, at=at)
    return row


def take_turns() -> None:
    """Wait until no other run, weighting or round is being written; ends with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])
