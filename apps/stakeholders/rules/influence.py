"""Who sways whom: no circle of reporting, and how central each stands. Pure functions over plain facts."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

from apps.kernel.refusals import Conflict

DAMPING = 0.85  # Brin and Page 1998
_TOLERANCE = 1e-12
_MOST_ROUNDS = 300  # 0.85 ** 300 is far below the tolerance


class Sway(StrEnum):
    """How one stakeholder stands to another: the first word of the sentence is the source."""

    REPORTS_TO = "reports_to"
    ADVISES = "advises"
    SPONSORS = "sponsors"
    VETOES = "vetoes"


Edge = tuple[int, int, str, float]  # source, target, kind, weight above 0


def require_no_circle(reports: Mapping[int, int], *, source: int, target: int, names: Mapping[int, str]) -> None:
    """Refuse that `source` reports to `target` where that closes a circle, naming everyone in it.

    `reports` holds who reports to whom already, without a circle.
    """
    way, here = [source], target
    while here != source:
        way.append(here)
        if here not in reports:
            return
        here = reports[here]
    told = " → ".join(names.get(one, "somebody") for one in [*way, source])
    raise Conflict(
        f"That closes a circle of reporting: {told}.",
        next_step="Take another of these lines away first.",
        fields={"target": ["Closes a circle."]},
        code="reporting_circle",
    )


def centrality(nodes: Collection[int], edges: Iterable[Edge]) -> dict[int, float]:
    """PageRank (damping 0.85) of everyone, scaled so that the least central has 0 and the most central 1.

    Rank flows from who is swayed to who sways: from one who reports to whom they report to, and from one who is
    advised, sponsored or vetoed to who does it. A node that nobody sways shares its rank with all. Where all are
    equally central (none sways another, say), everyone has 0.
    """
    ranks = pagerank(nodes, edges)
    low, high = min(ranks.values(), default=0.0), max(ranks.values(), default=0.0)
    if high - low < _TOLERANCE * 1_000:
        return dict.fromkeys(ranks, 0.0)
    return {one: (rank - low) / (high - low) for one, rank in ranks.items()}


def pagerank(nodes: Collection[int], edges: Iterable[Edge]) -> dict[int, float]:
    """The stationary shares of a reader who follows influence backwards; they sum to 1.

    Our own, in plain Python, because the graph library's needs two numeric packages for what is a short loop here.
    """
    order = sorted(nodes)
    if not order:
        return {}
    out: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for source, target, kind, weight in edges:
        swayed, swaying = (source, target) if kind == Sway.REPORTS_TO else (target, source)
        out[swayed][swaying] += weight
    total = {one: sum(out[one].values()) for one in out}
    share = 1 / len(order)
    ranks = dict.fromkeys(order, share)
    for _ in range(_MOST_ROUNDS):
        idle = sum(rank for one, rank in ranks.items() if not total.get(one))
        after = dict.fromkeys(order, (1 - DAMPING) * share + DAMPING * idle * share)
        for one, heads in out.items():
            for head, weight in heads.items():
                after[head] += DAMPING * ranks[one] * weight / total[one]
        moved = sum(abs(after[one] - ranks[one]) for one in order)
        ranks = after
        if moved < _TOLERANCE:
            break
    return ranks
