"""A case as its page draws it: the rungs of its ladder, the time it has left, what its resolutions say."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from apps.stakeholders.models import CaseStep, EscalationCase, ProtocolStep, Resolution
from apps.stakeholders.queries import escalations as queries
from apps.stakeholders.rules.escalation import ACT_WORDS, Act, Asks, Payoffs, payoffs
from apps.stakeholders.states import CaseState

CENTS = 100
MINUTES_AN_HOUR = 60


@dataclass(frozen=True)
class Rung:
    """One step of the protocol, and what happened there if the case came so far."""

    step: ProtocolStep
    reached: CaseStep | None
    is_current: bool

    @property
    def who(self) -> str:
        """Whom it asks."""
        return asked_words(self.step)

    @property
    def act(self) -> str:
        """What for."""
        return act_words(self.step)

    @property
    def limit(self) -> str:
        """How long it waits, in working time."""
        return span(self.step.limit)

    @property
    def asked(self) -> list[str]:
        """Who was asked."""
        return [str(one.person) for one in self._asks() if not one.recused_because]

    @property
    def recused(self) -> list[str]:
        """Who was recused, and why."""
        return [f"{one.person} ({one.recused_because})" for one in self._asks() if one.recused_because]

    def _asks(self) -> list[Any]:
        return list(self.reached.asks.all()) if self.reached else []


def asked_words(step: ProtocolStep) -> str:
    """Whom a step asks, in words."""
    if step.asks == Asks.PARTIES:
        return "the parties"
    return f"every {step.get_role_display()}" if step.asks == Asks.ROLE else str(step.person)


def act_words(step: ProtocolStep) -> str:
    """What a step wants of them, to follow whom it asks."""
    words = ACT_WORDS[Act(step.act)]
    return words.replace("is ", "are ", 1) if step.asks == Asks.PARTIES else words


def rungs(case: EscalationCase, now: datetime) -> list[Rung]:
    """The whole ladder."""
    del now
    is_open = case.ended_at is None
    rows = queries.rows_of_ladder(case)
    return [Rung(step, reached, is_open and step.number == case.step) for step, reached in rows]


def time_left(case: EscalationCase, now: datetime) -> str:
    """How much working time its step still has; empty where no clock runs or stands still."""
    if case.state == CaseState.ON_HOLD and case.left:
        return span(case.left)
    if case.state != CaseState.OPEN or case.due_at is None:
        return ""
    return span(queries.calendar_for(case.version_of).between(now, case.due_at))


def span(duration: timedelta) -> str:
    """A time as people read it: 3 h 20 min."""
    minutes = round(duration.total_seconds() / MINUTES_AN_HOUR)
    hours, rest = divmod(minutes, MINUTES_AN_HOUR)
    if not hours:
        return f"{rest} min"
    return f"{hours} h {rest} min" if rest else f"{hours} h"


@dataclass(frozen=True)
class Agreed:
    """A resolution with its amounts between named parties."""

    row: Resolution
    transfers: list[str]


def agreed(row: Resolution, case: EscalationCase) -> Agreed:
    """What a resolution says."""
    names = {one.pk: str(one) for one in case.parties.all()}
    told = [
        f"{names[one['giver']]} makes good {Decimal(one['amount']):,.2f} {one['currency']} to {names[one['taker']]}"
        for one in row.transfers
    ]
    return Agreed(row, told)


@dataclass(frozen=True)
class ToldPayoffs:
    """What it is worth to each party, and the least that makes it good."""

    rows: list[tuple[str, Decimal, Decimal, Decimal, bool]]  # party, benefit, cost, net, pulls the other way
    currency: str
    total: Decimal
    index: str
    transfers: list[str]
    why_none: str


def payoffs_of(case: EscalationCase) -> ToldPayoffs | None:
    """The positions of its parties; None until every party has said its own."""
    parties = list(case.parties.all())
    known = [(one, one.benefit, one.cost) for one in parties if one.benefit is not None and one.cost is not None]
    if not known or len(known) < len(parties):
        return None
    currency = known[0][0].currency
    found: Payoffs = payoffs({one.pk: int((benefit - cost) * CENTS) for one, benefit, cost in known})
    names = {one.pk: str(one) for one in parties}
    return ToldPayoffs(
        [(names[one.pk], benefit, cost, benefit - cost, one.pk in found.misaligned) for one, benefit, cost in known],
        currency,
        Decimal(found.total) / CENTS,
        f"{found.index:.0%}",
        [
            f"{names[one.giver]} makes good {Decimal(one.amount) / CENTS:,.2f} {currency} to {names[one.taker]}"
            for one in found.transfers
        ],
        found.why_none,
    )
