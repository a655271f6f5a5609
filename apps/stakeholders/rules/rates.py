"""Rates between currencies, as somebody wrote them down, and the one currency that the enterprise reckons in. Pure."""

import re
from collections.abc import Collection, Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from apps.accounts.rules import Capability
from apps.kernel.refusals import Invalid, NotAllowed

LEAST_RATE, MOST_RATE = Decimal("0.00000001"), Decimal(1_000_000)  # of the enterprise's currency for one of another
DECIMALS = 8  # of a rate
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)  # ISO 4217
_CENT = Decimal("0.01")


def require_currency(said: str, *, field: str) -> str:
    """The three letters of a currency, in capitals; refuses what is none."""
    currency = said.strip().upper()
    if not _CURRENCY.fullmatch(currency):
        raise Invalid(
            f"“{said.strip()[:10]}” is no currency.",
            next_step="Write its three letters, such as EUR.",
            fields={field: ["Three letters."]},
        )
    return currency


def require_rate(currency: str, rate: Decimal, as_of: date, *, into: str, today: date) -> None:
    """Refuse a rate of the enterprise's own currency, one out of bounds, and one of a day to come."""
    if currency == into:
        raise Invalid(
            f"{into} is the currency that the enterprise reckons in: it needs no rate.",
            next_step="Name another currency.",
            fields={"currency": ["It is the enterprise's own."]},
        )
    if not rate.is_finite() or not LEAST_RATE <= rate <= MOST_RATE or rate != round(rate, DECIMALS):
        raise Invalid(
            f"A rate lies between {LEAST_RATE:f} and {MOST_RATE:,}, with at most {DECIMALS} decimals.",
            next_step=f"Say how many {into} one {currency} is worth.",
            fields={"rate": ["Out of range."]},
        )
    if as_of > today:
        raise Invalid(
            "A rate of a day to come is a guess.",
            next_step="Record it on the day.",
            fields={"as_of": ["Must not lie ahead."]},
        )


def rate_in(rates: Mapping[str, Decimal], currency: str, *, into: str, field: str) -> Decimal:
    """How much of `into` one `currency` is worth by the stored rates; refuses a currency that has none."""
    if currency == into:
        return Decimal(1)
    if currency not in rates:
        sentence = f"No rate from {currency} into {into} is stored."
        raise Invalid(
            sentence,
            next_step=f"Say it in {into}, or have a programme manager record the rate.",
            fields={field: [sentence]},
            code="no_rate",
        )
    return rates[currency]


def converted(amount: Decimal, rate: Decimal) -> Decimal:
    """The amount at the rate, to hundredths; half a hundredth goes up."""
    return (amount * rate).quantize(_CENT, rounding=ROUND_HALF_UP)


def require_keeps_rates(held: Collection[Capability]) -> None:
    """Refuse others than programme managers and administrators."""
    if Capability.SET_TARGETS not in held:
        raise NotAllowed(
            "Only programme managers and administrators record rates.", next_step="Ask one of them to record it."
        )
