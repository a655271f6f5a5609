"""No circles of reporting; centrality against an exact solution in fractions."""

import random
from fractions import Fraction
from itertools import pairwise

import networkx as nx
import pytest

from apps.kernel.refusals import Conflict
from apps.stakeholders.rules import influence as rules
from apps.stakeholders.rules.influence import Sway


def exact(nodes, edges):
    """PageRank by Gaussian elimination over fractions: (I - d P^T) r = (1 - d)/n."""
    order, damping = sorted(nodes), Fraction(85, 100)
    place, size = {one: at for at, one in enumerate(order)}, len(order)
    out = [[Fraction(0)] * size for _ in range(size)]
    for source, target, kind, weight in edges:
        swayed, swaying = (source, target) if kind == Sway.REPORTS_TO else (target, source)
        out[place[swayed]][place[swaying]] += Fraction(weight)
    for row in out:
        total = sum(row)
        for at in range(size):
            row[at] = row[at] / total if total else Fraction(1, size)
    matrix = [
        [(1 if at == to else 0) - damping * out[to][at] for to in range(size)] + [(1 - damping) / size]
        for at in range(size)
    ]
    for at in range(size):
        pivot = next(row for row in range(at, size) if matrix[row][at])
        matrix[at], matrix[pivot] = matrix[pivot], matrix[at]
        matrix[at] = [value / matrix[at][at] for value in matrix[at]]
        for row in range(size):
            if row != at and matrix[row][at]:
                factor = matrix[row][at]
                matrix[row] = [value - factor * own for value, own in zip(matrix[row], matrix[at], strict=True)]
    return {one: float(matrix[place[one]][-1]) for one in order}


def test_pagerank_is_the_exact_solution():
    dice = random.Random(7)
    for _ in range(60):
        nodes = range(dice.randint(1, 9))
        edges = [
            (a, b, dice.choice(list(Sway)), dice.choice([0.25, 0.5, 1.0]))
            for a in nodes
            for b in nodes
            if a != b and dice.random() < 0.3
        ]
        found, right = rules.pagerank(nodes, edges), exact(nodes, edges)
        assert sum(found.values()) == pytest.approx(1)
        assert found == pytest.approx(right, abs=1e-9)


def test_who_is_reported_to_and_who_vetoes_is_central():
    found = rules.centrality([1, 2, 3], [(2, 1, "reports_to", 1.0), (3, 1, "reports_to", 1.0)])
    assert found == {1: 1.0, 2: 0.0, 3: 0.0}
    turned = rules.centrality([1, 2], [(1, 2, "vetoes", 1.0)])
    assert turned == {1: 1.0, 2: 0.0}
    assert rules.centrality([1, 2], []) == {1: 0.0, 2: 0.0}
    assert rules.centrality([], []) == {}


def test_a_circle_is_refused_exactly_where_the_graph_library_finds_one():
    dice, refused = random.Random(2), 0
    for _ in range(400):
        names = {one: f"P{one}" for one in range(6)}
        reports: dict[int, int] = {}
        for source in dice.sample(range(6), 6):
            target = dice.choice([one for one in range(6) if one != source])
            graph = nx.DiGraph([*reports.items(), (source, target)])
            if nx.is_directed_acyclic_graph(graph):
                rules.require_no_circle(reports, source=source, target=target, names=names)
                reports[source] = target
            else:
                with pytest.raises(Conflict) as circle:
                    rules.require_no_circle(reports, source=source, target=target, names=names)
                way = circle.value.sentence.split(": ")[1].rstrip(".").split(" → ")
                assert way[0] == way[-1] == f"P{source}"
                assert all(graph.has_edge(int(a[1:]), int(b[1:])) for a, b in pairwise(way))
                refused += 1
    assert refused > 100
