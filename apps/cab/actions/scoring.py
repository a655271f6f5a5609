"""Computing a change's risk and keeping it with its reasons."""

from datetime import datetime

from apps.cab.models import Change
from apps.cab.queries.changes import risk_facts
from apps.cab.rules import risk


def score(change: Change, *, at: datetime) -> None:
    """Compute the risk anew and keep it with its factors; what a person raised stays raised. Saves the change."""
    found = risk.factors(risk_facts(change, at=at))
    change.risk_computed = risk.level(found)
    change.risk_factors = [factor.as_data() for factor in found]
    raised = change.risk if change.risk_raised_by_id else 0
    change.risk = max(change.risk_computed, raised)
    if change.risk == change.risk_computed:
        change.risk_raised_by, change.risk_reason = None, ""
    change.save()
