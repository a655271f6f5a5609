"""Setting what a change is thought to cost."""

from collections.abc import Mapping
from decimal import Decimal

from apps.cab.models import Change
from apps.cab.rules.costs import require_amount
from apps.stakeholders.queries.rates import enterprise_currency, rate_now
from apps.stakeholders.rules.rates import rate_in, require_currency


def set_estimate(
    change: Change, amount: Decimal | None, currency: str, *, rates: Mapping[str, Decimal] | None = None
) -> None:
    """Set it on the row, unsaved, at the stored rate of now (of `rates`, where they were read); None: nobody said.

    Without a currency it is the enterprise's. Said again unchanged, it keeps the rate it has: rates that move on are no
    edit. Refuses a currency without a rate, and an amount out of bounds.
    """
    if amount is None:
        change.cost_amount, change.cost_rate, change.cost_currency, change.cost_into = None, None, "", ""
        return
    into, field = enterprise_currency(), "cost_currency"
    said = require_amount(amount), require_currency(currency or into, field=field), into
    if said != (change.cost_amount, change.cost_currency, change.cost_into):
        rate = rate_now(said[1], field=field) if rates is None else rate_in(rates, said[1], into=into, field=field)
        change.cost_rate = rate
        change.cost_amount, change.cost_currency, change.cost_into = said
