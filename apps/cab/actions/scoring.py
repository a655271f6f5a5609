"""Computing a change's risk and keeping it with its reasons."""

from datetime import datetime

from apps.accounts.models import Person
from apps.cab import events
from apps.cab.models import Change
from apps.cab.queries.changes import risk_facts
from apps.cab.rules import risk
from apps.journal import actions as journal


def score(change: Change, *, actor: Person | None, at: datetime, is_first: bool = False) -> None:
    """Compute the risk anew and keep it with its factors; what a person raised stays raised. Saves the change.

    A risk that comes out differently is told in the journal with what made the difference, so that none falls in
    silence; the first one of a new change (`is_first`) has nothing to differ from.
    """
    before, had = change.risk, change.risk_factors
    found = risk.factors(risk_facts(change, at=at))
    change.risk_computed = risk.level(found)
    change.risk_factors = [factor.as_data() for factor in found]
    change.risk = max(change.risk_computed, change.risk_raised_to or 0)
    change.save()
    if change.risk != before and not is_first:
        reason = risk.difference(had, change.risk_factors, before=before, after=change.risk)
        event = events.RiskRecomputed(change_id=change.pk, from_risk=before, to_risk=change.risk, reason=reason)
        journal.record(event, subject=change, actor=actor, at=at)
