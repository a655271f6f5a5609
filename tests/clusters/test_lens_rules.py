import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.clusters.rules import lens

# Two triangles joined by one edge; 3 is declared to belong to the left one although it sits in the right one.
EDGES = [(0, 1, 1), (1, 2, 1), (2, 0, 1), (3, 4, 1), (4, 5, 1), (5, 3, 1), (2, 3, 1)]
HOME = {0: 1, 1: 1, 2: 1, 3: 1, 4: 2, 5: 2}


def parts(home):
    return [{pk for pk, own in home.items() if own == cluster} for cluster in sorted(set(home.values()))]


def graph(home, edges):
    made = nx.Graph()
    made.add_nodes_from(home)
    for one, other, weight in edges:
        made.add_edge(one, other, weight=made.get_edge_data(one, other, {"weight": 0})["weight"] + weight)
    return made


maps = st.integers(4, 14).flatmap(
    lambda number: st.tuples(
        st.fixed_dictionaries({pk: st.integers(1, 3) for pk in range(number)}),
        st.lists(
            st.tuples(st.integers(0, number - 1), st.integers(0, number - 1), st.integers(1, 9)).filter(
                lambda edge: edge[0] != edge[1]
            ),
            min_size=1,
            max_size=40,
        ),
    )
)


def test_coupling_counts_each_dependency_once():
    left, right = lens.couplings(HOME, EDGES)
    assert (left.inside, left.needs, left.needed) == (4, 1, 1)
    assert left.cohesion == pytest.approx(4 / 6)
    assert left.instability == pytest.approx(1 / 2)
    assert (right.inside, right.needs, right.needed) == (1, 1, 1)


def test_a_cluster_without_dependencies_has_no_cohesion_rather_than_none_of_it():
    (alone,) = lens.couplings({7: 1}, [])
    assert (alone.cohesion, alone.instability) == (None, None)
    assert lens.modularity({7: 1}, []) is None
    assert lens.communities({7: 1}, []) is None


@settings(max_examples=150, deadline=None)
@given(maps)
def test_modularity_is_the_librarys(drawn):
    home, edges = drawn
    expected = nx.community.modularity(graph(home, edges), parts(home), weight="weight")
    assert lens.modularity(home, edges) == pytest.approx(expected)


@settings(max_examples=150, deadline=None)
@given(maps)
def test_the_gain_of_a_move_is_the_modularity_after_it_less_before_it(drawn):
    home, edges = drawn
    before = lens.modularity(home, edges)
    for move in lens.moves(home, edges):
        assert move.calls_target > move.calls_home
        after = lens.modularity(home | {move.component_id: move.target}, edges)
        assert move.gain == pytest.approx(after - before)


def test_what_calls_another_cluster_more_than_its_own_is_named_and_nothing_else():
    # 5 needs 3 alone, which is declared elsewhere; 0, 1 and 4 need nobody outside.
    assert {(one.component_id, one.home, one.target) for one in lens.moves(HOME, EDGES)} == {(3, 1, 2), (5, 2, 1)}
    gains = [one.gain for one in lens.moves(HOME, [*EDGES, (2, 4, 5)])]
    assert len(gains) == 3
    assert gains == sorted(gains, reverse=True)


def test_the_search_finds_the_two_triangles_every_time():
    found = lens.communities(HOME, EDGES)
    assert found.runs == len(found.found) == 20
    assert set(found.found) == {2}
    assert max(found.modularity) == pytest.approx(nx.community.modularity(graph(HOME, EDGES), [{0, 1, 2}, {3, 4, 5}]))


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({1: 1, 2: 1, 3: 2, 4: 2}, {1: 9, 2: 9, 3: 8, 4: 8}, 1.0),
        ({1: 1, 2: 1, 3: 2, 4: 2}, {1: 1, 2: 1, 3: 2, 4: 3}, 4 / 7),  # scikit-learn's documented value, 0.57…
        ({1: 1, 2: 1, 3: 2, 4: 2}, {1: 1, 2: 2, 3: 1, 4: 2}, -0.5),
        ({1: 1}, {1: 1}, 1.0),
    ],
)
def test_the_rand_index_is_the_published_one(one, other, expected):
    assert lens.adjusted_rand(one, other) == pytest.approx(expected)
