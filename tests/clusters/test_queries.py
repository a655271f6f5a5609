import pytest
from guardian.shortcuts import assign_perm

from apps.clusters import queries
from apps.clusters.models import Component, Dependency
from apps.clusters.web.graph import drawn
from apps.kernel.refusals import Invalid


@pytest.fixture
def chain(ledger, dispatch, safe):
    """ledger → dispatch → far → farther, and safe → ledger; far also needs ledger, which closes a cycle."""
    far, farther = (
        Component.objects.create(cluster=dispatch.cluster, slug=slug, name=slug) for slug in ("far", "farther")
    )
    edges = [(ledger, dispatch), (dispatch, far), (far, farther), (safe, ledger), (far, ledger)]
    Dependency.objects.bulk_create(Dependency(consumer=one, provider=other) for one, other in edges)
    return ledger


def told(component, person, hops):
    found = queries.neighbours(component.pk, person=person, hops=hops)
    return [(neighbour.name, neighbour.needs, neighbour.hop) for neighbour in found]


def test_neighbours_to_one_and_two_hops_in_one_query(chain, ada, django_assert_num_queries):
    ada.may("read")
    with django_assert_num_queries(1):
        one = told(chain, ada, 1)
    assert one == [("Dispatch", True, 1), ("far", False, 1)]
    assert told(chain, ada, 2) == [
        ("Dispatch", True, 1),
        ("far", True, 2),
        ("far", False, 1),
        ("Dispatch", False, 2),
    ]


def test_the_house_and_auditors_see_the_restricted_ones_too(chain, auditor):
    assert ("Safe", False, 1) in told(chain, None, 1)
    assert ("Safe", False, 1) in told(chain, auditor, 1)


def test_nothing_is_reached_through_what_is_invisible(ledger, dispatch, safe, ada):
    Dependency.objects.bulk_create(
        [Dependency(consumer=ledger, provider=safe), Dependency(consumer=safe, provider=dispatch)]
    )
    assert told(ledger, ada, 2) == []
    assert len(told(ledger, None, 2)) == 2


@pytest.mark.parametrize("hops", [0, 3, -1])
def test_other_hops_are_refused(ledger, ada, hops):
    with pytest.raises(Invalid):
        queries.neighbours(ledger.pk, person=ada, hops=hops)


def test_the_drawing_has_a_box_for_each_and_lines_from_left_to_right(chain, ada):
    drawing = drawn(chain, queries.neighbours(chain.pk, person=ada, hops=2))
    assert len(drawing.boxes) == 5
    assert len(drawing.lines) == 4
    assert all(line.x1 < line.x2 for line in drawing.lines)
    assert all(0 <= box.y <= drawing.height - 26 for box in drawing.boxes)


def test_a_crowded_drawing_says_how_many_more(ledger, ada):
    many = Component.objects.bulk_create(
        Component(cluster=ledger.cluster, slug=f"c{n}", name=f"A component with a long name {n}") for n in range(30)
    )
    Dependency.objects.bulk_create(Dependency(consumer=component, provider=ledger) for component in many)
    drawing = drawn(ledger, queries.neighbours(ledger.pk, person=ada, hops=2))
    assert "and 20 more" in [box.label for box in drawing.boxes]
    assert max(len(box.label) for box in drawing.boxes) <= 22


def test_holders_take_one_query(payments, omar, ada, night_shift, django_assert_num_queries):
    assign_perm("operate_cluster", ada, payments)
    assign_perm("own_cluster", night_shift, payments)
    with django_assert_num_queries(1):
        assert [holder.name for holder in queries.holders(payments)] == ["Night shift", "Omar", "Ada"]


def test_standing_takes_one_query(omar, ledger, django_assert_num_queries):
    omar.may("read")
    with django_assert_num_queries(1):
        assert queries.standing(omar, ledger).parts == {"own"}


def test_owning_people_come_directly_and_through_teams(payments, logistics, omar, ada, dan, night_shift):
    ada.groups.add(night_shift)
    assign_perm("own_cluster", night_shift, logistics)
    assign_perm("operate_cluster", dan, logistics)
    assert list(queries.owning_people([payments.pk, logistics.pk])) == [ada, omar]
    assert list(queries.owning_people([logistics.pk])) == [ada]


def test_touched_clusters(ledger, dispatch, payments, logistics):
    assert list(queries.touched_clusters([ledger.pk, dispatch.pk])) == [logistics, payments]
    assert list(queries.touched_clusters([])) == []


def test_the_nearest_name_comes_first(ada, payments):
    for name in ("Ledger archive of old", "Ledger", "Big ledger"):
        Component.objects.create(cluster=payments, slug=name.lower().replace(" ", "-"), name=name)
    assert queries.find_components("ledger", ada)[0].name == "Ledger"


def test_a_component_is_found_by_its_name_or_by_both_names(ada, ledger, logistics):
    assert queries.component_named("ledger", ada) == ledger
    Component.objects.create(cluster=logistics, slug="ledger", name="Other")
    with pytest.raises(Invalid, match="Several components are called"):
        queries.component_named("ledger", ada)
    assert queries.component_named("payments/ledger", ada) == ledger
