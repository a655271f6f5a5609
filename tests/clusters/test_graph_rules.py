"""The walk and the ways beside a graph library that has long had them."""

from collections import defaultdict

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from apps.clusters.rules.graph import Ways, shortest_ways, walk

graphs = st.sets(st.tuples(st.integers(0, 11), st.integers(0, 11)).filter(lambda pair: pair[0] != pair[1]), max_size=40)


def step_over(edges):
    leaving = defaultdict(list)
    for start, end in edges:
        leaving[start].append(end)
    return lambda front: [(start, end) for start in front for end in leaving[start]]


def beside(edges):
    graph = nx.DiGraph()
    graph.add_nodes_from(range(12))
    graph.add_edges_from(edges)
    return graph


@given(graphs, st.integers(1, 4))
def test_what_is_reached_is_what_the_library_reaches(edges, hops):
    found = walk(step_over(edges), 0, hops=hops)
    assert found.steps == nx.single_source_shortest_path_length(beside(edges), 0, cutoff=hops)
    assert not found.is_cut


@given(graphs)
def test_the_ways_are_all_shortest_ones_and_no_other(edges):
    found, graph = shortest_ways(step_over(edges), 0, 11), beside(edges)
    if not nx.has_path(graph, 0, 11):
        assert found is None
        return
    wanted = sorted(nx.all_shortest_paths(graph, 0, 11))
    assert found.written_out(1_000) == wanted
    assert (found.count, found.length) == (len(wanted), len(wanted[0]) - 1)
    assert set(found.steps) == {one for way in wanted for one in way}


class TestCeilings:
    def test_a_walk_stops_at_its_ceiling_and_says_so(self):
        star = [(0, end) for end in range(1, 100)]
        found = walk(step_over(star), 0, hops=1, most=10)
        assert found.is_cut
        assert list(found.steps) == list(range(10))

    def test_a_walk_that_fits_exactly_is_whole(self):
        found = walk(step_over([(0, end) for end in range(1, 10)]), 0, hops=3, most=10)
        assert (len(found.steps), found.is_cut) == (10, False)

    def test_each_level_is_asked_for_once(self):
        asked = []
        chain = step_over([(one, one + 1) for one in range(50)])
        walk(lambda front: asked.append(list(front)) or chain(front), 0, hops=3)
        assert asked == [[0], [1], [2]]

    def test_a_way_longer_than_the_longest_is_none(self):
        chain = step_over([(one, one + 1) for one in range(30)])
        assert shortest_ways(chain, 0, 20).length == 20
        assert shortest_ways(chain, 0, 21) is None

    def test_very_many_ways_are_counted_and_the_first_written_out(self):
        layers = [
            (layer * 10 + one, (layer + 1) * 10 + other)
            for layer in range(9)
            for one in range(10)
            for other in range(10)
        ]
        edges = [(-1, one) for one in range(10)] + layers + [(90 + one, 1_000) for one in range(10)]
        found = shortest_ways(step_over(edges), -1, 1_000)
        assert found.count == 10**10
        assert len(found.written_out(20)) == 20

    def test_a_thing_is_no_step_from_itself(self):
        assert shortest_ways(step_over([(0, 1), (1, 0)]), 0, 0) == Ways(0, 0, {0: 0}, {})
