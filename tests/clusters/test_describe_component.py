import pytest
from guardian.shortcuts import assign_perm

from apps.clusters import actions
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotAllowed, NotFound, StaleRevision


def test_the_owner_of_the_cluster_describes_its_components(omar, ledger, noon):
    edited = actions.describe_component(
        component_id=ledger.pk, editor=omar, version=1, changes={"tier": 0, "sites": ["fra", "ams"]}, at=noon
    )
    assert (edited.tier, edited.sites, edited.version) == (0, ["fra", "ams"], 2)
    assert Entry.objects.get().data["fields"] == ["tier", "sites"]


def test_the_owner_of_the_component_alone_describes_it(ada, ledger, noon):
    with pytest.raises(NotAllowed):
        actions.describe_component(component_id=ledger.pk, editor=ada, version=1, changes={"tier": 2}, at=noon)
    assign_perm("own_component", ada, ledger)
    actions.describe_component(component_id=ledger.pk, editor=ada, version=1, changes={"tier": 2}, at=noon)


def test_its_operator_does_not(ada, ledger, noon):
    assign_perm("operate_component", ada, ledger)
    with pytest.raises(NotAllowed, match="Only an owner"):
        actions.describe_component(component_id=ledger.pk, editor=ada, version=1, changes={"tier": 2}, at=noon)


def test_an_auditor_writes_nothing_even_as_owner(auditor, ledger, noon):
    assign_perm("own_component", auditor, ledger)
    with pytest.raises(NotAllowed):
        actions.describe_component(component_id=ledger.pk, editor=auditor, version=1, changes={"tier": 2}, at=noon)


def test_an_old_version_is_refused(omar, ledger, noon):
    with pytest.raises(StaleRevision):
        actions.describe_component(component_id=ledger.pk, editor=omar, version=7, changes={"tier": 2}, at=noon)


def test_values_must_fit(omar, ledger, noon):
    for changes in ({"tier": 9}, {"lifecycle": "asleep"}, {"name": ""}, {"cluster": 1}, {"tags": ["x" * 64]}):
        with pytest.raises(Invalid):
            actions.describe_component(component_id=ledger.pk, editor=omar, version=1, changes=changes, at=noon)
    assert not Entry.objects.exists()


def test_what_is_restricted_is_not_there(omar, safe, noon):
    with pytest.raises(NotFound):
        actions.describe_component(component_id=safe.pk, editor=omar, version=1, changes={"tier": 2}, at=noon)
