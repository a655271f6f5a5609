"""How much power, interest and salience a stakeholder has in an initiative. Pure functions over plain facts.

Sources: Mendelow 1991 (power and interest), Mitchell, Agle and Wood 1997 (power, legitimacy, urgency: seven classes).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from apps.kernel.refusals import Invalid, NotAllowed
from apps.stakeholders.rules.resources import Holding, Need, limits_on

VERSION = 1
# Parts of power, in hundredths: what one may decide, whom one sways, and what others feel.
AUTHORITY, SWAY, FELT = 50, 30, 20
LEGITIMATE = URGENT = 50  # from here on, of 100
LONGEST_EVIDENCE = 2_000  # characters
STANCES: Mapping[int, str] = {
    -2: "works against it",
    -1: "doubts it",
    0: "neutral",
    1: "supports it",
    2: "drives it",
}


@dataclass(frozen=True)
class Share:
    """One row behind a share of authority: what somebody may decide, of all that may be decided of it."""

    resource: str
    unit: str
    own: Decimal
    all: Decimal

    @property
    def share(self) -> float:
        """0 to 1."""
        return float(self.own / self.all) if self.all else 0.0


@dataclass(frozen=True)
class Power:
    """Power from 0 to 100, and the three parts that it is the sum of, in points."""

    authority: float  # of 50
    sway: float  # of 30
    felt: float  # of 20
    shares: tuple[Share, ...] = ()

    @property
    def total(self) -> float:
        """0 to 100."""
        return round(self.authority + self.sway + self.felt, 1)

    @property
    def computed(self) -> float:
        """Without what others feel: what no assessment moves."""
        return round(self.authority + self.sway, 1)


def shares(
    holdings: Iterable[Holding], needs: Collection[Need], *, clusters: Collection[int], day: date
) -> dict[int, tuple[Share, ...]]:
    """For each holder, their share of every resource that the initiative needs (where it needs none yet: of any).

    In scope is what is over the enterprise or one of the initiative's clusters. Delegations count for who received
    them. Amounts of different units are never added: a share is taken within each.
    """
    rows = {one.key: one for one in holdings}
    wanted = {(need.resource, need.unit) for need in needs}
    own: dict[tuple[str, str], dict[int, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for key, amount in limits_on(rows.values(), day).items():
        row = rows[key]
        if (row.cluster is None or row.cluster in clusters) and (not wanted or (row.resource, row.unit) in wanted):
            own[row.resource, row.unit][row.holder] += amount
    told: dict[int, list[Share]] = defaultdict(list)
    for (resource, unit), by_holder in sorted(own.items()):
        everything = sum(by_holder.values(), Decimal(0))
        for holder, amount in by_holder.items():
            told[holder].append(Share(resource, unit, amount, everything))
    return {holder: tuple(found) for holder, found in told.items()}


def kinds_of(needs: Collection[Need], told: Mapping[int, tuple[Share, ...]]) -> int:
    """Over how many resources shares are averaged: those that are needed; where none is, those that are held."""
    wanted = {(need.resource, need.unit) for need in needs}
    held = {(one.resource, one.unit) for found in told.values() for one in found}
    return len(wanted or held)


def power(*, own: tuple[Share, ...], kinds: int, centrality: float, felt: int) -> Power:
    """Power = 50 x share of authority + 30 x centrality + 20 x felt power / 100.

    The share of authority is the mean over all `kinds` of resources in question; `centrality` lies between 0 and 1,
    `felt` between 0 and 100.
    """
    share = sum(one.share for one in own) / kinds if kinds else 0.0
    return Power(
        authority=round(AUTHORITY * share, 2),
        sway=round(SWAY * centrality, 2),
        felt=round(FELT * felt / 100, 2),
        shares=own,
    )


def felt_for(total: float, *, computed: float) -> int:
    """Which felt power (0 to 100) brings power nearest to `total`: an assessment moves its own part only."""
    return round(min(max((total - computed) / FELT * 100, 0), 100))


def quadrant(*, power: float, interest: float, power_cut: int, interest_cut: int) -> str:
    """What Mendelow's grid advises; on the cut counts as high."""
    if power >= power_cut:
        return "manage closely" if interest >= interest_cut else "keep satisfied"
    return "keep informed" if interest >= interest_cut else "watch"


_CLASSES: Mapping[tuple[bool, bool, bool], str] = {
    (True, True, True): "definitive",
    (True, True, False): "dominant",
    (True, False, True): "dangerous",
    (False, True, True): "dependent",
    (True, False, False): "dormant",
    (False, True, False): "discretionary",
    (False, False, True): "demanding",
    (False, False, False): "non-stakeholder",
}


def salience(*, power: float, legitimacy: int, urgency: int, power_cut: int) -> str:
    """The class of Mitchell, Agle and Wood: who has power, legitimacy, urgency, or several of them."""
    return _CLASSES[power >= power_cut, legitimacy >= LEGITIMATE, urgency >= URGENT]


def require_assessor(*, assessor: int, subjects: Collection[int]) -> None:
    """Refuse who assesses themselves, or a team they belong to."""
    if assessor in subjects:
        raise NotAllowed(
            "Nobody assesses themselves or their own team.", next_step="Ask somebody else who keeps this map."
        )


def require_marks(marks: Mapping[str, int]) -> None:
    """Refuse marks outside 0 to 100, and a stance outside −2 to 2."""
    for name, value in marks.items():
        low, high = (-2, 2) if name == "stance" else (0, 100)
        if not low <= value <= high:
            sentence = f"{name.capitalize()} lies between {low} and {high}."
            raise Invalid(sentence, next_step="Correct it and send it again.", fields={name: [sentence]})


def require_evidence(text: str) -> str:
    """What the assessment rests on, trimmed; refuses none, and one that is too long."""
    said = text.strip()
    if not said or len(said) > LONGEST_EVIDENCE:
        raise Invalid(
            "An assessment says what it rests on.",
            next_step=f"Write it in at most {LONGEST_EVIDENCE:,} characters.",
            fields={"evidence": ["Missing or too long."]},
        )
    return said
