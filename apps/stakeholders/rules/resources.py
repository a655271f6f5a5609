"""Resources that initiatives need and people control: kinds, units, limits. Pure functions over plain facts."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from apps.kernel.refusals import Conflict, Invalid, NotAllowed

MOST_AMOUNT = Decimal("99999999999999.99")
LONGEST_UNIT = 20  # characters
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_UNIT = re.compile(r"[A-Za-z][A-Za-z0-9 /%._-]*", re.ASCII)


class Resource(StrEnum):
    """What can be given to an initiative."""

    BUDGET = "budget"
    HEADCOUNT = "headcount"
    PLATFORM = "platform"
    DATA = "data"
    APPROVAL = "approval"


RESOURCE_WORDS: Mapping[str, str] = {
    Resource.BUDGET: "budget",
    Resource.HEADCOUNT: "head-count",
    Resource.PLATFORM: "platform capacity",
    Resource.DATA: "access to data",
    Resource.APPROVAL: "approval of changes",
}
# What is counted in one way only; a budget is counted in a currency, platform capacity in whatever the platform has.
UNITS: Mapping[str, str] = {Resource.HEADCOUNT: "FTE", Resource.DATA: "grants", Resource.APPROVAL: "approvals"}


@dataclass(frozen=True)
class Holding:
    """One authority as the rules see it: `amount` of `unit`, from `starts` to before `ends` (None: without end).

    `cluster` None is the enterprise. `parent` is the authority it was delegated from.
    """

    key: int
    holder: int
    resource: str
    unit: str
    cluster: int | None
    amount: Decimal
    starts: date
    ends: date | None = None
    parent: int | None = None
    is_active: bool = True  # its holder still has an account that may sign in, or never had one

    def holds_on(self, day: date) -> bool:
        """Whether it is in force on that day, by somebody who is still there."""
        return self.is_active and self.starts <= day and (self.ends is None or day < self.ends)


@dataclass(frozen=True)
class Need:
    """How much of a resource is demanded, of one cluster or (None) of the enterprise."""

    resource: str
    unit: str
    cluster: int | None
    amount: Decimal

    def is_served_by(self, holding: Holding) -> bool:
        """Whether the authority is over what is needed: the enterprise's also serves a cluster, never the reverse."""
        return (holding.resource, holding.unit) == (self.resource, self.unit) and holding.cluster in {
            None,
            self.cluster,
        }


def require_unit(resource: str, unit: str) -> str:
    """The unit a resource is counted in ("" where there is one only); refuses another."""
    said = " ".join(unit.split())
    if only := UNITS.get(resource):
        if said not in {"", only}:
            raise _wrong("unit", f"{RESOURCE_WORDS[resource].capitalize()} is counted in {only}.")
        return only
    if resource == Resource.BUDGET and not _CURRENCY.fullmatch(said):
        raise _wrong("unit", "A budget is counted in a currency: three capital letters, such as EUR.")
    if not said or len(said) > LONGEST_UNIT or not _UNIT.fullmatch(said):
        raise _wrong("unit", f"Say what it is counted in, in at most {LONGEST_UNIT} characters: vCPU, GB.")
    return said


def require_amount(amount: Decimal, *, least: Decimal = Decimal(0)) -> Decimal:
    """The amount to hundredths; refuses one below `least`, and what is no number or too great to be meant."""
    if not amount.is_finite() or amount < least:
        raise _wrong("amount", "An amount is not below nothing.")
    if amount > MOST_AMOUNT:
        raise _wrong("amount", "The amount is too great to be meant.")
    said = amount.quantize(Decimal("0.01"))
    if said != amount:
        raise _wrong("amount", "An amount has at most two decimals.")
    return said


def require_days(starts: date, ends: date | None) -> None:
    """Refuse an end on or before the beginning (`ends` is the first day it holds no more)."""
    if ends is not None and ends <= starts:
        raise Invalid(
            "An authority ends after the day it begins.",
            next_step="Choose a later end, or none.",
            fields={"last_day": ["Before the first day."]},
        )


def require_not_own(*, recorder: int, holder_people: Iterable[int], what: str = "an authority") -> None:
    """Refuse recording what one has oneself, alone or in a team: nobody raises their own standing."""
    if recorder in set(holder_people):
        raise NotAllowed(
            f"Nobody records {what} of their own, or of their own team.",
            next_step="Ask another owner, a board's chair or an administrator to record it.",
        )


def require_delegable(parent: Holding, child: Holding, *, siblings: Iterable[Holding]) -> None:
    """Refuse a delegation that is more, longer or wider than what it comes from.

    `siblings` are the other delegations of the same authority: on no day may all of them together exceed its limit.
    """
    if child.holder == parent.holder:
        raise Invalid("Nobody delegates to themselves.", next_step="Choose somebody else.")
    if (child.resource, child.unit) != (parent.resource, parent.unit):
        raise Invalid(
            "A delegation is of the same resource, counted in the same unit.",
            next_step="Choose the authority that it comes from anew.",
        )
    if parent.cluster is not None and child.cluster != parent.cluster:
        raise Invalid(
            "An authority over one cluster is delegated within that cluster.",
            next_step="Name the same cluster.",
            fields={"cluster": ["Wider than what it comes from."]},
        )
    if child.starts < parent.starts or (parent.ends is not None and (child.ends is None or child.ends > parent.ends)):
        raise Invalid(
            "A delegation lies within the days of the authority it comes from.",
            next_step="Shorten it, or have that authority prolonged.",
            fields={"last_day": ["Outside the days of what it comes from."]},
        )
    most = peak([*siblings, child])
    if most > parent.amount:
        raise Conflict(
            f"Delegated would be {most:,f} {parent.unit} at once, of a limit of {parent.amount:,f}.",
            next_step="Delegate less, or end another delegation of the same authority.",
            fields={"amount": ["Above the delegator's limit."]},
            code="above_limit",
        )


def peak(holdings: Iterable[Holding]) -> Decimal:
    """The greatest sum of limits that are in force on the same day."""
    rows = list(holdings)
    days = sorted({row.starts for row in rows})
    return max(
        (
            sum((row.amount for row in rows if row.starts <= day and (row.ends is None or day < row.ends)), Decimal(0))
            for day in days
        ),
        default=Decimal(0),
    )


def limits_on(holdings: Iterable[Holding], day: date) -> dict[int, Decimal]:
    """What each authority in force on that day still comes to, once its delegations of that day are taken off.

    A delegation counts for who received it, not twice; one whose receiver has left falls back to who gave it.
    """
    rows = {row.key: row for row in holdings if row.holds_on(day)}
    given: dict[int, Decimal] = defaultdict(Decimal)
    for row in rows.values():
        if row.parent in rows:
            given[row.parent] += row.amount
    return {key: row.amount - given[key] for key, row in rows.items()}


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, next_step="Correct it and send it again.", fields={field: [sentence]})
