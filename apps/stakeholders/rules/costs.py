"""What integrations cost: hours at their rate, licences, running them, spread over months. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from apps.kernel.refusals import Invalid
from apps.stakeholders.rules.metrics import Cadence, Period, period_of

MOST_MONTHS = 120  # over which a cost is spread
MOST_COST = Decimal("9999999999.99")
MOST_HOURS = Decimal(100_000)
LONGEST_NOTE = 300
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_CENT = Decimal("0.01")


class CostKind(StrEnum):
    """What a cost is for."""

    LABOUR = "labour"
    LICENCE = "licence"
    RUN = "run"


COST_WORDS = {CostKind.LABOUR: "labour", CostKind.LICENCE: "licence", CostKind.RUN: "running it"}


@dataclass(frozen=True)
class Cost:
    """One cost as the rules see it: `amount` in `currency`, in equal parts over `months` from that of `from_on` on."""

    amount: Decimal
    currency: str
    from_on: date
    months: int = 1


def share_in(cost: Cost, period: Period) -> Decimal:
    """How much of a cost falls into the period: a month's part for each of its months that lies in it."""
    first = _number(period_of(Cadence.MONTH, cost.from_on).first_on)
    begins, ends = max(first, _number(period.first_on)), min(first + cost.months, _number(period.end_on))
    return cost.amount * max(0, ends - begins) / cost.months


@dataclass(frozen=True)
class CostPerIntegration:
    """The answer: a value, or why there is none."""

    value: Decimal | None
    reason: str
    total: Decimal
    currency: str


def cost_per_integration(costs: Iterable[Cost], period: Period, *, went_live: int) -> CostPerIntegration:
    """Everything spent in the period ÷ the integrations that went live in it.

    No integration, no value: neither nothing nor without end. Costs in several currencies are never added up.
    """
    shares = [(one.currency, share) for one in costs if (share := share_in(one, period))]
    currencies = sorted({currency for currency, _ in shares})
    if len(currencies) > 1:
        reason = f"The costs are in {' and '.join(currencies)}, and are not converted."
        return CostPerIntegration(None, reason, Decimal(0), "")
    total = sum((share for _, share in shares), Decimal(0)).quantize(_CENT)
    currency = currencies[0] if currencies else ""
    if not went_live:
        return CostPerIntegration(None, "No integration went live in this period.", total, currency)
    if not shares:
        return CostPerIntegration(None, "No cost is recorded for this period.", total, currency)
    return CostPerIntegration((total / went_live).quantize(_CENT), "", total, currency)


def require_cost(
    kind: str, *, hours: Decimal | None, rate: Decimal | None, amount: Decimal | None, currency: str, months: int
) -> Decimal:
    """The whole amount of a cost: hours × rate for labour, else the amount said; refuses what does not fit together."""
    if not _CURRENCY.fullmatch(currency):
        raise Invalid(
            f"“{currency[:10]}” is no currency.",
            next_step="Write its three letters, such as EUR.",
            fields={"currency": ["Three letters."]},
        )
    if not 1 <= months <= MOST_MONTHS:
        raise Invalid(
            f"A cost is spread over 1 to {MOST_MONTHS} months.",
            next_step="Choose a number in between.",
            fields={"months": ["Out of range."]},
        )
    if kind == CostKind.LABOUR:
        if hours is None or rate is None or amount is not None:
            raise Invalid(
                "Labour is said in hours and a rate.",
                next_step="Give both, and no amount: it is computed.",
                fields={"hours": ["Hours and rate belong together."]},
            )
        _require_between("hours", hours, MOST_HOURS)
        _require_between("rate", rate, MOST_COST)
        amount = (hours * rate).quantize(_CENT)
    elif amount is None or hours is not None or rate is not None:
        raise Invalid(
            "A licence or a running cost is said as an amount.",
            next_step="Give the amount, without hours and rate.",
            fields={"amount": ["Needed, by itself."]},
        )
    _require_between("amount", amount, MOST_COST)
    return amount


def _require_between(name: str, number: Decimal, most: Decimal) -> None:
    if not number.is_finite() or not 0 < number <= most:
        raise Invalid(
            f"The {name} must be above 0 and at most {most:,}.",
            next_step="Correct it.",
            fields={name: ["Out of range."]},
        )


def _number(day: date) -> int:
    """Months since the year nought, so that they can be counted."""
    return day.year * 12 + day.month
