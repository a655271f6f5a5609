import pytest

from apps.clusters import actions, queries
from apps.clusters.models import Cluster
from apps.clusters.rules import Part
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, WrongState


def test_the_founder_becomes_the_first_owner_and_the_journal_says_so(omar, noon):
    cluster = actions.found_cluster(founder=omar, slug="claims", name="Claims", at=noon)
    assert queries.standing(omar, cluster).parts == {Part.OWN}
    entry = Entry.objects.get(event="clusters.ClusterFounded")
    assert (entry.subject_id, entry.actor, entry.cluster_id) == (cluster.pk, omar, cluster.pk)


def test_another_person_can_be_named_as_the_first_owner(admin, ada, noon):
    cluster = actions.found_cluster(founder=admin, slug="claims", name="Claims", owner=ada, at=noon)
    assert queries.standing(ada, cluster).parts == {Part.OWN}
    assert queries.standing(admin, cluster).parts == frozenset()


def test_a_requester_cannot_found_a_cluster(ada, noon):
    with pytest.raises(NotAllowed, match="found a cluster"):
        actions.found_cluster(founder=ada, slug="claims", name="Claims", at=noon)


def test_an_auditor_cannot_be_the_first_owner(admin, auditor, noon):
    with pytest.raises(WrongState, match="do not let them write"):
        actions.found_cluster(founder=admin, slug="claims", name="Claims", owner=auditor, at=noon)
    assert not Cluster.objects.filter(slug="claims").exists()


@pytest.mark.parametrize("slug", ["payments", "PAYMENTS"])
def test_a_short_name_is_given_once_whatever_its_case(admin, payments, noon, slug):
    with pytest.raises(Conflict, match="already exists"):
        actions.found_cluster(founder=admin, slug=slug, name="Again", at=noon)
    assert not Entry.objects.exists()


@pytest.mark.parametrize("slug", ["", "two words", "-dash", "../up", "import", "New", "x" * 81, "naïve"])
def test_a_short_name_must_fit_an_address(admin, noon, slug):
    with pytest.raises(Invalid):
        actions.found_cluster(founder=admin, slug=slug, name="Claims", at=noon)


def test_the_zone_must_exist(admin, noon):
    with pytest.raises(Invalid, match="Mars/Olympus"):
        actions.found_cluster(founder=admin, slug="claims", name="Claims", zone="Mars/Olympus", at=noon)


def test_the_name_and_the_visibility_are_checked(admin, noon):
    for wrong in ({"name": ""}, {"name": "x" * 121}, {"name": "Claims", "visibility": "secret"}):
        with pytest.raises(Invalid):
            actions.found_cluster(founder=admin, slug="claims", at=noon, **wrong)
