import pytest

from apps.clusters import actions
from apps.clusters.models import Dependency
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound


def declare(declarer, consumer, provider, noon, kind="calls"):
    return actions.declare_dependency(
        consumer_id=consumer.pk, provider_id=provider.pk, declarer=declarer, kind=kind, at=noon
    )


def test_the_consumers_owner_says_what_it_needs(omar, ledger, dispatch, noon):
    dependency = declare(omar, ledger, dispatch, noon)
    assert (dependency.consumer, dependency.provider) == (ledger, dispatch)
    entry = Entry.objects.get()
    assert (entry.event, entry.subject_label) == ("clusters.DependencyDeclared", "Ledger")


def test_the_providers_owner_cannot_say_it_for_the_consumer(omar, ledger, dispatch, noon):
    with pytest.raises(NotAllowed, match="Only an owner of Dispatch"):
        declare(omar, dispatch, ledger, noon)


def test_a_component_does_not_need_itself(omar, ledger, noon):
    with pytest.raises(Conflict, match="cannot depend on itself"):
        declare(omar, ledger, ledger, noon)


def test_a_dependency_is_declared_once_for_each_kind(omar, ledger, dispatch, noon):
    declare(omar, ledger, dispatch, noon)
    with pytest.raises(Conflict, match="already declared"):
        declare(omar, ledger, dispatch, noon)
    declare(omar, ledger, dispatch, noon, kind="reads from")
    assert Dependency.objects.count() == 2


def test_an_invisible_provider_is_not_there(omar, ledger, safe, noon):
    with pytest.raises(NotFound):
        declare(omar, ledger, safe, noon)


def test_a_kind_must_fit(omar, ledger, dispatch, noon):
    for kind in ("", "x" * 41):
        with pytest.raises(Invalid):
            declare(omar, ledger, dispatch, noon, kind=kind)
