import pytest

from apps.clusters import actions
from apps.clusters.models import Dependency
from apps.journal.models import Entry
from apps.kernel.refusals import NotAllowed, NotFound


def test_the_consumers_owner_takes_it_back(omar, ledger, dispatch, noon):
    dependency = Dependency.objects.create(consumer=ledger, provider=dispatch)
    actions.withdraw_dependency(dependency_id=dependency.pk, withdrawer=omar, at=noon)
    assert not Dependency.objects.exists()
    assert Entry.objects.get().data == {"consumer_id": ledger.pk, "provider_id": dispatch.pk, "kind": "calls"}


def test_others_cannot(ada, omar, ledger, dispatch, noon):
    dependency = Dependency.objects.create(consumer=dispatch, provider=ledger)
    for withdrawer in (ada, omar):
        with pytest.raises(NotAllowed):
            actions.withdraw_dependency(dependency_id=dependency.pk, withdrawer=withdrawer, at=noon)


def test_a_second_withdrawal_says_that_it_is_gone(omar, ledger, dispatch, noon):
    dependency = Dependency.objects.create(consumer=ledger, provider=dispatch)
    actions.withdraw_dependency(dependency_id=dependency.pk, withdrawer=omar, at=noon)
    with pytest.raises(NotFound, match="no such dependency"):
        actions.withdraw_dependency(dependency_id=dependency.pk, withdrawer=omar, at=noon)


def test_what_touches_a_restricted_cluster_is_not_there(omar, ledger, safe, noon):
    dependency = Dependency.objects.create(consumer=ledger, provider=safe)
    with pytest.raises(NotFound):
        actions.withdraw_dependency(dependency_id=dependency.pk, withdrawer=omar, at=noon)
