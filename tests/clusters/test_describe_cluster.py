import pytest

from apps.clusters import actions
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotAllowed, NotFound, StaleRevision


def test_its_owner_describes_it_and_the_version_counts(omar, payments, noon):
    edited = actions.describe_cluster(
        cluster_id=payments.pk, editor=omar, version=1, changes={"purpose": "Moves money."}, at=noon
    )
    assert (edited.purpose, edited.version) == ("Moves money.", 2)
    assert Entry.objects.get().data == {"cluster_id": payments.pk, "version": 2, "fields": ["purpose"]}


def test_the_same_words_again_change_nothing(omar, payments, noon):
    edited = actions.describe_cluster(
        cluster_id=payments.pk, editor=omar, version=1, changes={"name": "Payments"}, at=noon
    )
    assert edited.version == 1
    assert not Entry.objects.exists()


def test_an_edit_of_an_old_version_is_refused(omar, payments, noon):
    actions.describe_cluster(cluster_id=payments.pk, editor=omar, version=1, changes={"purpose": "One"}, at=noon)
    with pytest.raises(StaleRevision, match="while you were editing"):
        actions.describe_cluster(cluster_id=payments.pk, editor=omar, version=1, changes={"purpose": "Two"}, at=noon)
    payments.refresh_from_db()
    assert payments.purpose == "One"


def test_the_owner_of_one_cluster_cannot_edit_another(omar, logistics, noon):
    with pytest.raises(NotAllowed, match="Only an owner of Logistics"):
        actions.describe_cluster(cluster_id=logistics.pk, editor=omar, version=1, changes={"name": "Mine"}, at=noon)


def test_an_administrator_can_edit_any_cluster(admin, logistics, noon):
    edited = actions.describe_cluster(
        cluster_id=logistics.pk, editor=admin, version=1, changes={"visibility": "restricted"}, at=noon
    )
    assert edited.visibility == "restricted"


def test_a_restricted_cluster_is_not_there_for_others(omar, vault, noon):
    with pytest.raises(NotFound):
        actions.describe_cluster(cluster_id=vault.pk, editor=omar, version=1, changes={"name": "Mine"}, at=noon)


@pytest.mark.parametrize(
    "changes", [{"slug": "other"}, {"zone": "Nowhere/At_all"}, {"name": ""}, {"visibility": "hidden"}, {"version": 9}]
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(omar, payments, noon, changes):
    with pytest.raises(Invalid):
        actions.describe_cluster(cluster_id=payments.pk, editor=omar, version=1, changes=changes, at=noon)
    assert not Entry.objects.exists()
