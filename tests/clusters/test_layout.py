"""Where boxes stand: who needs on the left, what is needed on the right."""

from hypothesis import given
from hypothesis import strategies as st

from apps.clusters.web.layout import flow_order, layers, untangled

weighted = st.dictionaries(
    st.tuples(st.integers(0, 15), st.integers(0, 15)).filter(lambda pair: pair[0] != pair[1]),
    st.integers(1, 1_000),
    max_size=60,
)


@given(weighted)
def test_every_key_stands_once_and_no_column_is_too_tall(weights):
    columns = layers(range(16), weights, tallest=4)
    assert sorted(key for column in columns for key in column) == list(range(16))
    assert all(0 < len(column) <= 4 for column in columns)


@given(weighted.filter(lambda weights: all(one < other for one, other in weights)))
def test_without_a_cycle_every_line_leads_to_the_right(weights):
    place = {key: number for number, column in enumerate(layers(range(16), weights)) for key in column}
    assert all(place[one] < place[other] for one, other in weights)


@given(weighted)
def test_at_least_half_of_the_weight_leads_to_the_right(weights):
    """The bound of the heuristic; in most graphs it is far more."""
    place = {key: at for at, key in enumerate(flow_order(range(16), weights))}
    forth = sum(weight for (one, other), weight in weights.items() if place[one] < place[other])
    assert 2 * forth >= sum(weights.values())


def test_of_a_cycle_the_lightest_line_leads_back():
    weights = {("web", "api"): 900, ("api", "store"): 700, ("store", "web"): 1}
    assert layers(["store", "web", "api"], weights) == [["web"], ["api"], ["store"]]


def test_lines_cross_less_where_they_need_not_cross():
    assert untangled([["a", "b"], ["x", "y"]], [("a", "y"), ("b", "x")]) in (
        [["b", "a"], ["x", "y"]],
        [["a", "b"], ["y", "x"]],
    )


def test_the_same_graph_is_drawn_the_same_way():
    weights = {(one, (one * 7) % 16): one + 1 for one in range(1, 16) if one != (one * 7) % 16}
    assert layers(range(16), weights) == layers(range(16), dict(reversed(weights.items())))
