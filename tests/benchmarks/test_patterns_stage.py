"""The bench of the decision aid: its floors answer the same, and its statement follows the tables."""

import pytest

from benchmarks import map as the_map
from benchmarks import patterns, stage


@pytest.mark.django_db
def test_numpy_ranks_the_same_and_one_statement_reopens_as_many(monkeypatch):
    monkeypatch.setattr(the_map, "COMPONENTS", 450)
    monkeypatch.setattr(the_map, "EDGES", 500)
    monkeypatch.setattr(patterns, "INTEGRATIONS", 40)
    stage.people()
    the_map.surround()
    pair = patterns.surround()
    ranked, found = patterns.ranked(pair[0])  # asserts that both find the same winners
    assert ranked.number == 40
    assert min(ranked.ours, ranked.bare) > 0
    done = patterns.reopened(pair, found)  # asserts that both reopened and told all
    assert done.number == 40
    assert done.queries < 20, "as many statements for forty users as for four"
