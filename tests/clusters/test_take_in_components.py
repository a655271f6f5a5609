import pytest

from apps.clusters import actions
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid


def take_in(cluster, slugs, noon):
    return actions.take_in_components(cluster=cluster, slugs=slugs, source="records", actor=None, at=noon)


def test_what_is_missing_is_added_and_all_ids_are_told(ledger, noon):
    ids = take_in(ledger.cluster, ["ledger", "modules/profile", "modules/profile"], noon)
    assert set(ids) == {"ledger", "modules/profile"}
    assert ids["ledger"] == ledger.pk
    assert Entry.objects.get().data["added"] == 1


def test_again_nothing_happens(payments, noon):
    first = take_in(payments, ["a", "b"], noon)
    assert take_in(payments, ["b", "a"], noon) == first
    assert Entry.objects.count() == 1


def test_a_name_that_does_not_fit_stops_everything(payments, noon):
    with pytest.raises(Invalid):
        take_in(payments, ["good", "not good"], noon)
    assert not payments.components.exists()


@pytest.mark.slow
def test_ten_thousand_take_few_queries(payments, noon, django_assert_max_num_queries):
    with django_assert_max_num_queries(24):
        assert len(take_in(payments, [f"modules/{n}" for n in range(10_000)], noon)) == 10_000
