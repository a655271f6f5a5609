"""Questions about currencies: which one the enterprise reckons in, and what another is worth in it."""

from decimal import Decimal

from django.conf import settings
from django.db.models import QuerySet

from apps.stakeholders.models import ExchangeRate
from apps.stakeholders.rules.rates import rate_in


def enterprise_currency() -> str:
    """The currency that the enterprise reckons in, three letters: what an installation is set up with."""
    return str(settings.CONCORDAT_CURRENCY)


def rates_recorded() -> QuerySet[ExchangeRate]:
    """Every rate, also of before; everybody may read them."""
    return ExchangeRate.objects.select_related("recorded_by")


def rates_now() -> dict[str, Decimal]:
    """For each currency its newest rate into the enterprise's; one query."""
    return dict(_newest().values_list("currency", "rate"))


def newest_ids() -> frozenset[int]:
    """The keys of the rates that count."""
    return frozenset(_newest().values_list("pk", flat=True))


def rate_now(currency: str, *, field: str) -> Decimal:
    """The newest rate of one currency; refuses, at that field, a currency without one."""
    into = enterprise_currency()
    return rate_in({} if currency == into else rates_now(), currency, into=into, field=field)


def _newest() -> QuerySet[ExchangeRate]:
    """One rate a currency into the enterprise's: of the latest day; of one day, the one recorded last."""
    rows = ExchangeRate.objects.filter(into=enterprise_currency())
    return rows.order_by("currency", "-as_of", "-pk").distinct("currency")
