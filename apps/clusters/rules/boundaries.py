"""Whether the map keeps to its boundaries: where data may flow, what charters cover, how far a regime reaches.

Pure functions over plain facts; each yields findings. What is not known is not guessed at, but named as unknown.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from apps.clusters.rules.findings import BLOCKER, Found
from apps.clusters.rules.places import MEMBERS, UNION, covers

VERSION = 1
NOTE, WARNING = 1, 2
HARMLESS = frozenset({"public", "internal"})  # data that no regime follows
ANYWHERE = "*"  # in a transfer rule: every jurisdiction
LONGEST_PATH = 12  # steps that the evidence of a reach shows


class Verdict(StrEnum):
    """What a transfer rule says of data that crosses a border."""

    ALLOWED = "allowed"
    SAFEGUARD = "safeguard"  # allowed with a safeguard, such as standard contractual clauses
    REFUSED = "refused"


@dataclass(frozen=True)
class Transfer:
    """One row of the transfer table."""

    pk: int
    data_class: str
    origin: str
    destination: str
    verdict: str
    safeguard: str = ""


@dataclass(frozen=True)
class Spot:
    """A component as boundaries see it. `jurisdictions` are where it runs; `regimes` what it says it is in scope of."""

    pk: int
    name: str
    cluster_id: int
    jurisdictions: frozenset[str] = frozenset()
    data_class: str = ""
    regimes: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()  # regimes whose reach ends here, by a declared control
    unknown_sites: tuple[str, ...] = ()


@dataclass(frozen=True)
class Flow:
    """The provider's data goes to the consumer; where the edge names a class of its own, both ways."""

    pk: int
    consumer: int
    provider: int
    kind: str = "calls"
    data_class: str = ""
    safeguard: str = ""


@dataclass(frozen=True)
class Claim:
    """The charter in force of one cluster."""

    jurisdictions: frozenset[str] = frozenset()
    data_classes: frozenset[str] = frozenset()
    regimes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Territory:
    """Everything that boundaries are judged by."""

    clusters: Mapping[int, str]  # id → name
    charters: Mapping[int, Claim] = field(default_factory=dict)
    spots: Mapping[int, Spot] = field(default_factory=dict)
    flows: Sequence[Flow] = ()
    transfers: Sequence[Transfer] = ()
    restricted: frozenset[int] = frozenset()  # clusters that not everyone may know of


def ruling(transfers: Iterable[Transfer], *, data_class: str, origin: str, destination: str) -> Transfer | None:
    """The row that decides: the nearest to the case, and of two as near the stricter; None where no row speaks.

    Nearer is: both ends named, then the origin alone, then the destination alone, then neither. A member of the
    European Union is named more nearly by its own code than by EU.
    """
    strictness = list(Verdict)
    speaking = [
        (
            -_nearness(one.origin, origin) * 4 - _nearness(one.destination, destination),
            -strictness.index(Verdict(one.verdict)),
            one.pk,
            one,
        )
        for one in transfers
        if one.data_class == data_class and _nearness(one.origin, origin) and _nearness(one.destination, destination)
    ]
    return min(speaking)[-1] if speaking else None


def findings(territory: Territory) -> Iterator[Found]:
    """Everything that is wrong with the boundaries of the map."""
    yield from _uncharted(territory)
    for spot in territory.spots.values():
        yield from _misplaced(territory, spot)
    for flow in territory.flows:
        yield from _crossings(territory, flow)
    yield from _reaches(territory)


def reach(territory: Territory, regime: str) -> dict[int, int | None]:
    """Every component in scope of a regime, each with the one before it on a shortest way (None: it says so itself).

    The regime follows, in both directions, every flow of confidential or restricted data, and those of which nobody has
    said what flows, until a component that segments it: that one is not in scope.
    """
    beside: dict[int, list[int]] = {}
    for flow in territory.flows:
        provider = territory.spots.get(flow.provider)
        if (flow.data_class or (provider.data_class if provider else "")) in HARMLESS:
            continue
        beside.setdefault(flow.consumer, []).append(flow.provider)
        beside.setdefault(flow.provider, []).append(flow.consumer)
    before: dict[int, int | None] = {pk: None for pk, spot in sorted(territory.spots.items()) if regime in spot.regimes}
    waiting = deque(before)
    while waiting:
        here = waiting.popleft()
        for there in sorted(beside.get(here, ())):
            if there not in before and there in territory.spots and regime not in territory.spots[there].segments:
                before[there] = here
                waiting.append(there)
    return before


def way(before: Mapping[int, int | None], pk: int) -> list[int]:
    """The shortest way by which a regime reaches a component, from the one that says so itself."""
    steps: list[int] = []
    here: int | None = pk
    while here is not None:
        steps.append(here)
        here = before[here]
    return steps[::-1]


def _nearness(said: str, place: str) -> int:
    """How nearly a code of a rule names a place: 3 by itself, 2 by its union, 1 by naming everything, 0 not at all."""
    if said == place:
        return 3
    if said == UNION and place in MEMBERS:
        return 2
    return 1 if said == ANYWHERE else 0


def _uncharted(territory: Territory) -> Iterator[Found]:
    for pk, name in territory.clusters.items():
        if pk not in territory.charters:
            yield Found(
                code="no-charter",
                key=f"no-charter:{pk}",
                severity=NOTE,
                cluster_id=pk,
                sentence=f"{name} has no charter.",
                next_step="Its owners draft one: what it is for, what it owns, where its data lives.",
            )


def _misplaced(territory: Territory, spot: Spot) -> Iterator[Found]:
    """Sites nobody has placed, and places and data the charter does not cover."""
    cluster = territory.clusters[spot.cluster_id]
    if spot.unknown_sites:
        sites = ", ".join(spot.unknown_sites)
        yield Found(
            code="site-unknown",
            key=f"site-unknown:{spot.pk}",
            severity=NOTE,
            cluster_id=spot.cluster_id,
            component_id=spot.pk,
            sentence=f"Nobody has said in which jurisdiction {sites} lies, where {spot.name} runs.",
            next_step="A chair or an administrator names the jurisdiction of the site.",
            evidence={"sites": list(spot.unknown_sites)},
        )
    claim = territory.charters.get(spot.cluster_id)
    if claim is None:
        return
    if outside := sorted(code for code in spot.jurisdictions if not covers(claim.jurisdictions, code)):
        yield Found(
            code="jurisdiction-outside-charter",
            key=f"jurisdiction-outside-charter:{spot.pk}",
            severity=BLOCKER,
            cluster_id=spot.cluster_id,
            component_id=spot.pk,
            sentence=f"{spot.name} runs in {_listed(outside)}, where the charter of {cluster} lets no data live.",
            next_step="Move it, or have a charter approved that covers the jurisdiction.",
            evidence={"jurisdictions": outside, "charter": sorted(claim.jurisdictions)},
        )
    if spot.data_class and spot.data_class not in claim.data_classes:
        yield Found(
            code="data-class-outside-charter",
            key=f"data-class-outside-charter:{spot.pk}",
            severity=WARNING,
            cluster_id=spot.cluster_id,
            component_id=spot.pk,
            sentence=f"{spot.name} holds {spot.data_class} data, which the charter of {cluster} does not name.",
            next_step="Have a charter approved that names the class, or move the data.",
            evidence={"data_class": spot.data_class, "charter": sorted(claim.data_classes)},
        )


def _crossings(territory: Territory, flow: Flow) -> Iterator[Found]:
    """What the transfer table says of a flow: at most one finding a direction, of the strictest ruling."""
    provider, consumer = territory.spots.get(flow.provider), territory.spots.get(flow.consumer)
    if provider is None or consumer is None:
        return
    directions = [(provider, consumer, flow.data_class or provider.data_class)]
    if flow.data_class:
        directions.append((consumer, provider, flow.data_class))
    for source, target, data_class in directions:
        if data_class:
            yield from _crossing(territory, flow, source, target, data_class)


def _crossing(territory: Territory, flow: Flow, source: Spot, target: Spot, data_class: str) -> Iterator[Found]:
    said = [
        (
            ruling(territory.transfers, data_class=data_class, origin=origin, destination=destination),
            origin,
            destination,
        )
        for origin in sorted(source.jurisdictions)
        for destination in sorted(target.jurisdictions - source.jurisdictions)  # where it lives already is no border
    ]
    refused = [one for one in said if one[0] and one[0].verdict == Verdict.REFUSED]
    unguarded = [one for one in said if one[0] and one[0].verdict == Verdict.SAFEGUARD and not flow.safeguard]
    unruled = [one for one in said if one[0] is None]
    for rows, code, severity in (
        (refused, "transfer-refused", BLOCKER),
        (unguarded, "transfer-without-safeguard", WARNING),
        (unruled, "transfer-not-ruled", WARNING),
    ):
        if rows:
            yield _crossing_finding(flow, source, target, data_class, code=code, severity=severity, row=rows[0])
            return


def _crossing_finding(
    flow: Flow,
    source: Spot,
    target: Spot,
    data_class: str,
    *,
    code: str,
    severity: int,
    row: tuple[Transfer | None, str, str],
) -> Found:
    rule, origin, destination = row
    way = f"{data_class} data from {source.name} in {origin} to {target.name} in {destination}"
    sentence, step = {
        "transfer-refused": (
            f"The transfer table refuses {way}.",
            "Withdraw the dependency, keep the data in place, or have the rule changed.",
        ),
        "transfer-without-safeguard": (
            f"{way[0].upper()}{way[1:]} needs a safeguard ({rule.safeguard if rule else ''}), and none is named.",
            "Name the safeguard on the dependency.",
        ),
        "transfer-not-ruled": (
            f"No transfer rule speaks of {way}.",
            "A chair or an administrator adds a rule to the transfer table.",
        ),
    }[code]
    return Found(
        code=code,
        key=f"transfer:{flow.pk}:{source.pk}",
        severity=severity,
        cluster_id=source.cluster_id,
        component_id=source.pk,
        counterpart_id=target.cluster_id if target.cluster_id != source.cluster_id else None,
        sentence=sentence,
        next_step=step,
        evidence={
            "dependency": flow.pk,
            "data_class": data_class,
            "from": origin,
            "to": destination,
            "rule": rule.pk if rule else None,
        },
    )


def _reaches(territory: Territory) -> Iterator[Found]:
    """Components that a regime reaches in a cluster whose charter does not name it."""
    regimes = sorted({regime for spot in territory.spots.values() for regime in spot.regimes})
    for regime in regimes:
        before = reach(territory, regime)
        for pk in before:
            spot = territory.spots[pk]
            claim = territory.charters.get(spot.cluster_id)
            if claim is None or regime in claim.regimes:
                continue
            steps = way(before, pk)
            names = [_name_on_way(territory, step, steps) for step in steps]
            shown = names if len(names) <= LONGEST_PATH else [*names[: LONGEST_PATH - 1], "…", names[-1]]
            through = f" by way of {' → '.join(shown)}" if len(steps) > 1 else ""
            first = territory.spots[steps[0]]
            yield Found(
                code="regime-outside-charter",
                key=f"regime:{regime}:{pk}",
                severity=WARNING,
                cluster_id=spot.cluster_id,
                component_id=pk,
                counterpart_id=first.cluster_id if first.cluster_id != spot.cluster_id else None,
                sentence=f"{spot.name} is in scope of {regime}{through}; the charter of "
                f"{territory.clusters[spot.cluster_id]} does not name it.",
                next_step="Have the charter name the regime, or declare where its reach ends (the tag segment:"
                f"{regime.lower()}).",
                evidence={"regime": regime, "path": shown},
            )


def _name_on_way(territory: Territory, step: int, steps: Sequence[int]) -> str:
    """Whoever may know both ends of a way need not know what lies between."""
    spot, ends = territory.spots[step], {territory.spots[steps[0]].cluster_id, territory.spots[steps[-1]].cluster_id}
    return "a restricted component" if spot.cluster_id in territory.restricted - ends else spot.name


def _listed(words: Sequence[str]) -> str:
    *head, last = words
    return f"{', '.join(head)} and {last}" if head else last
