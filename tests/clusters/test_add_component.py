import pytest

from apps.clusters import actions
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound


def test_an_owner_of_the_cluster_adds_a_component(omar, payments, noon):
    component = actions.add_component(
        cluster_id=payments.pk, editor=omar, slug="card-gateway", values={"name": "Card gateway", "tier": 1}, at=noon
    )
    assert (component.cluster, component.tier, component.lifecycle) == (payments, 1, "production")
    assert Entry.objects.get().event == "clusters.ComponentAdded"


@pytest.mark.parametrize("slug", ["modules/profile", "api:orders", "helmfile.d/services/citoid", "a"])
def test_paths_and_references_are_names_of_components(omar, payments, noon, slug):
    assert actions.add_component(cluster_id=payments.pk, editor=omar, slug=slug, values={"name": "X"}, at=noon).pk


@pytest.mark.parametrize("slug", ["", "two words", "/leading", "trailing/", "x" * 201, "a\x00b"])
def test_other_names_are_refused(omar, payments, noon, slug):
    with pytest.raises(Invalid):
        actions.add_component(cluster_id=payments.pk, editor=omar, slug=slug, values={"name": "X"}, at=noon)


def test_a_name_is_given_once_in_a_cluster(omar, ledger, noon):
    with pytest.raises(Conflict, match="already has a component"):
        actions.add_component(
            cluster_id=ledger.cluster_id, editor=omar, slug="ledger", values={"name": "Again"}, at=noon
        )


def test_others_cannot_add_components(ada, omar, payments, logistics, noon):
    for editor, cluster in ((ada, payments), (omar, logistics)):
        with pytest.raises(NotAllowed):
            actions.add_component(cluster_id=cluster.pk, editor=editor, slug="x", values={"name": "X"}, at=noon)


def test_a_restricted_cluster_is_not_there_for_others(omar, vault, noon):
    with pytest.raises(NotFound):
        actions.add_component(cluster_id=vault.pk, editor=omar, slug="x", values={"name": "X"}, at=noon)


@pytest.mark.parametrize("values", [{"name": ""}, {"name": "X", "tier": 7}, {"name": "X", "lifecycle": "eternal"}])
def test_values_must_fit(omar, payments, noon, values):
    with pytest.raises(Invalid):
        actions.add_component(cluster_id=payments.pk, editor=omar, slug="x", values=values, at=noon)
