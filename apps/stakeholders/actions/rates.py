"""Writing down what other currencies are worth in the enterprise's."""

from datetime import date, datetime
from decimal import Decimal

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters.actions.clusters import save_new
from apps.journal import actions as journal
from apps.stakeholders import events
from apps.stakeholders.models import ExchangeRate
from apps.stakeholders.queries.rates import enterprise_currency
from apps.stakeholders.rules import rates as rules


@transaction.atomic
def record_rate(*, currency: str, rate: Decimal, as_of: date, recorder: Person, at: datetime) -> ExchangeRate:
    """Store how much of the enterprise's currency one of `currency` was worth on a day.

    From now on the newest counts. What was estimated before keeps the rate it was estimated with. Refuses others than
    programme managers and administrators, and days that have not come where the recorder is.
    """
    rules.require_keeps_rates(recorder.capabilities)
    into, said = enterprise_currency(), rules.require_currency(currency, field="currency")
    rules.require_rate(said, rate, as_of, into=into, today=at.astimezone(recorder.tzinfo).date())
    row = ExchangeRate(currency=said, into=into, rate=rate, as_of=as_of, recorded_by=recorder, recorded_at=at)
    save_new(row)
    event = events.ExchangeRateRecorded(
        rate_id=row.pk, currency=said, into=into, rate=f"{rate.normalize():f}", as_of=as_of.isoformat()
    )
    journal.record(event, subject=row, actor=recorder, at=at)
    return row
