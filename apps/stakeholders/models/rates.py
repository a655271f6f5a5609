"""Rates between currencies. The newest of a currency counts; none is ever rewritten."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from apps.stakeholders.rules.rates import DECIMALS, LEAST_RATE, MOST_RATE

CURRENCY = r"^[A-Z]{3}$"


class ExchangeRate(models.Model):
    """How much of `into` one `currency` was worth on a day."""

    currency = models.CharField(max_length=3)
    into = models.CharField(max_length=3)  # what the enterprise reckoned in when it was recorded
    rate = models.DecimalField(max_digits=16, decimal_places=DECIMALS)
    as_of = models.DateField()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(currency__regex=CURRENCY, into__regex=CURRENCY) & ~Q(currency=F("into")),
                name="exchange_rate_between_two",
                violation_error_message="A rate lies between two different currencies, each of three letters.",
            ),
            models.CheckConstraint(
                condition=Q(rate__gte=LEAST_RATE, rate__lte=MOST_RATE),
                name="exchange_rate_bounded",
                violation_error_message="The rate is out of range.",
            ),
        ]
        indexes = [models.Index(fields=["into", "currency", "-as_of", "-id"], name="exchange_rate_newest")]

    def __str__(self) -> str:
        return f"1 {self.currency} = {self.rate.normalize():f} {self.into}"
