"""What a change is thought to cost: as it was said, and in the currency that the enterprise reckons in. Pure."""

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from apps.kernel.refusals import Invalid
from apps.stakeholders.rules.costs import MOST_COST
from apps.stakeholders.rules.rates import converted

DIGITS = 12  # of an amount, two of them behind the point
_CENT = Decimal("0.01")


@dataclass(frozen=True)
class Estimate:
    """`amount` of `currency`; one of it was worth `rate` of `into` when it was said."""

    amount: Decimal
    currency: str
    rate: Decimal
    into: str

    @property
    def converted(self) -> Decimal:
        """The amount in `into`, to hundredths."""
        return converted(self.amount, self.rate)

    @property
    def rate_told(self) -> str:
        """The rate without noughts at its end."""
        return f"{self.rate.normalize():f}"

    @property
    def is_foreign(self) -> bool:
        """Whether it was said in another currency than the enterprise's."""
        return self.currency != self.into

    def told(self) -> str:
        """As a revision keeps it: “1,200.00 USD = 1,104.00 EUR at 0.92”."""
        said = f"{self.amount:,.2f} {self.currency}"
        return f"{said} = {self.converted:,.2f} {self.into} at {self.rate_told}" if self.is_foreign else said

    def fact(self, into: str) -> int | None:
        """The whole units of `into` that rules compare; None when it was reckoned in another currency.

        Rounded up: a fraction never brings a change below a threshold that it is above.
        """
        if self.into != into:
            return None
        return int((self.amount * self.rate).to_integral_value(rounding=ROUND_CEILING))


def require_amount(amount: Decimal) -> Decimal:
    """The amount to hundredths; refuses one below nothing, with more decimals, or above MOST_COST."""
    if not amount.is_finite() or not 0 <= amount <= MOST_COST or amount != amount.quantize(_CENT):
        sentence = f"An estimated cost lies between 0 and {MOST_COST:,}, with at most two decimals."
        raise Invalid(sentence, next_step="Correct it, or leave it empty.", fields={"cost_amount": [sentence]})
    return amount.quantize(_CENT)
