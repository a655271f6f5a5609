"""Who is asked when a conflict is not settled: steps, who is on call or recused, who may do what, payoffs. Pure."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from apps.accounts.rules import Capability
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, StaleRevision
from apps.stakeholders.rules.business_time import Calendar
from apps.stakeholders.rules.metrics import FIRST_YEAR, LAST_YEAR

MOST_STEPS = 12
LONGEST_STEP = timedelta(days=60)  # of working time; more is no escalation
LONGEST_NAME = 120  # characters
LONGEST_REASON = 2_000
FEWEST_PARTIES, MOST_PARTIES = 2, 10
LONGEST_PLAN = 60  # days that a simulation waits for somebody to come back
STALLED_AFTER = timedelta(hours=80)  # of working time: ten days without an answer to an offer
QUIET = timedelta(days=90)  # a case by rule is not opened again so soon after the last was over
_HOUR = timedelta(hours=1)


class Asks(StrEnum):
    """Whom a step turns to."""

    PARTIES = "parties"  # the owners of the clusters in conflict, to talk to each other
    ROLE = "role"
    PERSON = "person"


class Act(StrEnum):
    """What a step wants of them."""

    NOTIFY = "notify"  # know of it
    ASK = "ask"  # take it and decide
    HAND_OVER = "hand_over"  # take it over: whoever was asked before decides no more


class Trigger(StrEnum):
    """What opens a case without a person."""

    STALLED = "stalled_negotiation"
    PULLING_APART = "pulling_apart"


class ResolutionKind(StrEnum):
    """How a conflict ends."""

    TRANSFER = "transfer"  # one party makes good what the other bears
    KPI_CHANGE = "kpi_change"
    SEQUENCE = "sequence"  # first the one, then the other
    OVERRIDE = "override"  # decided over the heads of both


ACT_WORDS = {Act.NOTIFY: "is told", Act.ASK: "is asked to decide", Act.HAND_OVER: "takes it over"}
TRIGGER_WORDS = {
    Trigger.STALLED: "thresholds are negotiated and an offer has had no answer for ten working days",
    Trigger.PULLING_APART: "metrics of two clusters pull one KPI apart",
}
RESOLUTION_WORDS = {
    ResolutionKind.TRANSFER: "a transfer between the parties",
    ResolutionKind.KPI_CHANGE: "a KPI or its weights change",
    ResolutionKind.SEQUENCE: "one after the other",
    ResolutionKind.OVERRIDE: "decided over both",
}


@dataclass(frozen=True)
class Step:
    """One rung: whom it asks, what for, and how long it waits (working time) before the next."""

    number: int
    asks: Asks
    act: Act
    limit: timedelta
    role: str = ""
    person: int | None = None

    @property
    def target(self) -> tuple[str, str, int | None]:
        """Whom it asks, to be compared."""
        return self.asks, self.role, self.person


@dataclass(frozen=True)
class Candidate:
    """Somebody a step would ask. `party` says why they are recused; `away` that they are not there that day."""

    person: int
    party: str = ""
    is_away: bool = False


@dataclass(frozen=True)
class OnCall:
    """Who of a step is asked, who is recused (with the reason), and who would be but is away."""

    asked: tuple[int, ...] = ()
    recused: tuple[tuple[int, str], ...] = ()
    away: tuple[int, ...] = ()

    @property
    def is_skipped(self) -> bool:
        """Whether everybody it could ask is a party: then the next step is asked at once."""
        return not self.asked and not self.away and bool(self.recused)


def on_call(step: Step, candidates: Iterable[Candidate]) -> OnCall:
    """Who of the candidates is asked. Parties are recused, but where the step is meant for them."""
    asked, recused, away = [], [], []
    for one in candidates:
        if one.party and step.asks != Asks.PARTIES:
            recused.append((one.person, one.party))
        elif one.is_away:
            away.append(one.person)
        else:
            asked.append(one.person)
    return OnCall(tuple(asked), tuple(recused), tuple(away))


def require_steps(steps: Sequence[Step]) -> None:
    """Refuse a text that is no ladder: empty or too long, no time, the same people twice, nobody who decides."""
    if not 1 <= len(steps) <= MOST_STEPS:
        raise Invalid(
            f"A protocol has 1 to {MOST_STEPS} steps.", next_step="Write at least one.", fields={"steps": ["None."]}
        )
    for step in steps:
        _require_step(step)
    seen: dict[tuple[str, str, int | None], int] = {}
    for step in steps:
        if step.target in seen:
            raise _wrong(
                step, f"asks whom step {seen[step.target]} asked: the ladder goes in a circle", "Go further up."
            )
        seen[step.target] = step.number
    if steps[-1].act == Act.NOTIFY:
        raise _wrong(steps[-1], "is the last and asks nobody to decide", "End with somebody who decides.")


def _require_step(step: Step) -> None:
    if not timedelta(0) < step.limit <= LONGEST_STEP:
        raise _wrong(step, "waits no time or too long", "Give it a time in working hours, above 0.")
    if step.asks == Asks.PARTIES and step.act != Act.NOTIFY:
        raise _wrong(step, "asks the parties to decide on themselves", "Only tell them.")
    if (step.asks == Asks.ROLE) != bool(step.role) or (step.asks == Asks.PERSON) != (step.person is not None):
        raise _wrong(step, "asks nobody", "Name a role or a person.")


def require_members(steps: Iterable[Step], members: Callable[[Step], int]) -> None:
    """Refuse steps that nobody active stands behind; `members` counts them. The parties are not known yet."""
    for step in steps:
        if step.asks != Asks.PARTIES and not members(step):
            raise _wrong(step, "has nobody behind it who is active", "Name somebody who is there.", code="nobody_there")


def require_writes(held: Collection[Capability]) -> None:
    """Refuse protocols to all but those who keep the boards."""
    if Capability.MANAGE_BOARD not in held:
        raise NotAllowed(
            "Only a board’s chair or an administrator writes escalation protocols.", next_step="Ask one of them."
        )


def require_publishes(held: Collection[Capability], *, wrote_it: bool) -> None:
    """Refuse publishing by others, and by its author."""
    require_writes(held)
    if wrote_it:
        raise NotAllowed(
            "Nobody publishes a protocol they wrote.",
            next_step="Ask another chair or administrator to read and publish it.",
            code="own_protocol",
        )


def require_seen(seen: str, stands: str) -> None:
    """Refuse to act on another text than was read."""
    if seen != stands:
        raise StaleRevision("The text has changed since you read it.", next_step="Read it again, then decide.")


def may_open(held: Collection[Capability], *, owns_one: bool) -> bool:
    """Who opens cases: owners of a party, chairs, programme managers, administrators."""
    writes = Capability.PROPOSE_CHANGE in held
    return writes and (owns_one or bool({Capability.MANAGE_BOARD, Capability.SET_TARGETS} & set(held)))


def require_may_open(held: Collection[Capability], *, owns_one: bool) -> None:
    """Refuse others."""
    if not may_open(held, owns_one=owns_one):
        raise NotAllowed(
            "Only owners of a cluster in the conflict, board chairs and programme managers open a case.",
            next_step="Ask an owner named on the cluster’s page.",
        )


def require_parties(count: int) -> None:
    """Refuse a conflict with fewer than two parties, or with a crowd."""
    if not FEWEST_PARTIES <= count <= MOST_PARTIES:
        raise Invalid(
            f"A conflict has {FEWEST_PARTIES} to {MOST_PARTIES} parties.",
            next_step="Choose the clusters that want different things.",
            fields={"clusters": ["Two at least."]},
        )


@dataclass(frozen=True)
class Standing:
    """What somebody is to a case. `asked` holds the numbers of the steps at which they were asked."""

    is_party: bool
    asked: frozenset[int] = frozenset()
    administers: bool = False
    opened_it: bool = False


def deciding_from(steps: Iterable[Step], current: int) -> int:
    """The first step whose people still decide: the last that took the case over, up to the current one."""
    handed = [one.number for one in steps if one.act == Act.HAND_OVER and one.number <= current]
    return max(handed, default=1)


def may_decide(who: Standing, *, first: int, current: int) -> bool:
    """Who acknowledges and resolves: whoever was asked since the case was last taken over, and is no party."""
    return not who.is_party and any(first <= one <= current for one in who.asked)


def require_decides(who: Standing, *, first: int, current: int, act: str) -> None:
    """Refuse parties, whoever was not asked, and whoever handed it over."""
    if who.is_party:
        raise NotAllowed(
            f"You are a party to this conflict, so you cannot {act} it.",
            next_step="Tell whoever was asked what you can agree to.",
            code="party",
        )
    if not may_decide(who, first=first, current=current):
        raise NotAllowed(
            f"You were not asked to decide on this case, so you cannot {act} it.",
            next_step="Its ladder shows who was.",
        )


def require_current(seen: int, current: int) -> None:
    """Refuse an acknowledgement of a step that is over: the case is with others now."""
    if seen != current:
        raise Conflict(
            f"The case has moved on from step {seen} to step {current}.",
            next_step="Reload it; if you are asked there, acknowledge that step.",
            code="escalated_meanwhile",
        )


def require_transfer(kind: str, transfers: Sequence[object]) -> None:
    """Refuse a transfer that says no amount, and amounts of another kind."""
    if (kind == ResolutionKind.TRANSFER) != bool(transfers):
        raise Invalid(
            "A transfer says who gives how much to whom, and nothing else does.",
            next_step="Add the amounts, or choose another kind.",
            fields={"transfers": ["Belong to a transfer."]},
        )


@dataclass(frozen=True)
class Planned:
    """One step of a simulation: who would be asked, from when to when; `held` while nobody is on call."""

    step: Step
    on_call: OnCall
    asked_at: datetime | None  # None: nobody came back in time, or it is skipped
    due_at: datetime | None
    held_from: datetime | None = None


def plan(
    steps: Iterable[Step],
    calendar: Calendar,
    start: datetime,
    people: Callable[[Step, datetime], Iterable[Candidate]],
) -> list[Planned]:
    """Who would be asked when, if nobody ever answered; refuses a start in a far time.

    A step without anybody on call waits until somebody is back.
    """
    if not FIRST_YEAR <= start.year <= LAST_YEAR:
        raise Invalid(
            f"The year {start.year} is out of range.",
            next_step=f"Choose a day between {FIRST_YEAR} and {LAST_YEAR}.",
            fields={"start": ["Out of range."]},
        )
    found: list[Planned] = []
    at: datetime | None = start
    for step in steps:
        if at is None:
            found.append(Planned(step, OnCall(), None, None))
            continue
        begins, asked = _when_somebody_is_there(step, calendar, at, people)
        if asked.is_skipped or begins is None:
            found.append(Planned(step, asked, None, None, at if begins is None else None))
            at = at if asked.is_skipped else None
            continue
        due = calendar.after(begins, step.limit)
        found.append(Planned(step, asked, begins, due, at if begins > at else None))
        at = due
    return found


def _when_somebody_is_there(
    step: Step, calendar: Calendar, at: datetime, people: Callable[[Step, datetime], Iterable[Candidate]]
) -> tuple[datetime | None, OnCall]:
    now = on_call(step, people(step, at))
    if now.asked or now.is_skipped:
        return at, now
    for ahead in range(1, LONGEST_PLAN + 1):
        later = calendar.after(at + timedelta(days=ahead), timedelta(seconds=1)) - timedelta(seconds=1)
        then = on_call(step, people(step, later))
        if then.asked:
            return later, then
    return None, now


def limit_of(hours: float) -> timedelta:
    """So many hours as a time limit; refuses what is no number."""
    try:
        return timedelta(hours=hours)
    except (ValueError, OverflowError):
        raise Invalid(
            "The hours of a step are no number.", next_step="Write them as 4 or 1.5.", fields={"steps": ["No number."]}
        ) from None


def hours_of(limit: timedelta) -> float:
    """A time limit in hours."""
    return limit / _HOUR


@dataclass(frozen=True)
class Transfer:
    """That one party makes good to another."""

    giver: int
    taker: int
    amount: int  # in hundredths of the currency


@dataclass(frozen=True)
class Payoffs:
    """What a conflict is worth to each party (benefit − cost, in hundredths), and the least that makes it good.

    `misaligned` are those whose own result has another sign than everybody's together.
    """

    net: dict[int, int]
    total: int
    index: float  # share of what is lost in all that moves, 0 to 1
    misaligned: tuple[int, ...]
    transfers: tuple[Transfer, ...] = field(default_factory=tuple)
    why_none: str = ""


def payoffs(net: dict[int, int]) -> Payoffs:
    """The least total transfer after which nobody is worse off; none where all together lose, or nobody does.

    Every loss must be made good once, so the least total is the sum of losses; gains cover it exactly when the total
    is not below nothing. Givers give in proportion to what they gain, to the hundredth.
    """
    total = sum(net.values())
    losses = {key: -value for key, value in net.items() if value < 0}
    gains = {key: value for key, value in net.items() if value > 0}
    moved = sum(abs(value) for value in net.values())
    index = sum(losses.values()) / moved if moved else 0.0
    apart = tuple(key for key, value in net.items() if value and total and (value > 0) != (total > 0))
    if not losses:
        return Payoffs(net, total, index, apart, why_none="Nobody loses by it.")
    if total < 0:
        return Payoffs(net, total, index, apart, why_none="All together lose by it: no transfer mends that.")
    return Payoffs(net, total, index, apart, tuple(_shared(gains, losses)))


def _shared(gains: dict[int, int], losses: dict[int, int]) -> list[Transfer]:
    wanted = sum(losses.values())
    gained = sum(gains.values())
    gives = Counter({key: value * wanted // gained for key, value in gains.items()})
    short = wanted - sum(gives.values())
    for key in sorted(gains, key=lambda one: (-gains[one], one)):
        extra = min(short, gains[key] - gives[key])
        gives[key] += extra
        short -= extra
    found = []
    givers = [[key, gives[key]] for key in sorted(gains) if gives[key]]
    for taker, loss in sorted(losses.items()):
        left = loss
        while left:
            giver = givers[0]
            amount = min(left, giver[1])
            found.append(Transfer(giver[0], taker, amount))
            giver[1] -= amount
            left -= amount
            if not giver[1]:
                givers.pop(0)
    return found


def _wrong(step: Step, what: str, next_step: str, *, code: str = "invalid") -> Invalid:
    return Invalid(
        f"Step {step.number} {what}.",
        next_step=next_step,
        fields={"steps": [f"Step {step.number} {what}."]},
        code=code,
    )
