"""Questions that are compiled once answer every time for the values they are given."""

import pytest
from django.db import connection
from django.db.models import BigIntegerField
from django.db.transaction import TransactionManagementError
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Person
from apps.kernel.prepared import Prepared

pytestmark = pytest.mark.django_db


def test_each_asking_has_its_own_values(ada, ben):
    named = Prepared(lambda pk: Person.objects.filter(pk=pk), pk=BigIntegerField())
    assert (named(pk=ada.pk), named(pk=ben.pk), named(pk=ada.pk)) == ([ada], [ben], [ada])


def test_it_reads_the_database_each_time(ada):
    named = Prepared(lambda pk: Person.objects.filter(pk=pk), pk=BigIntegerField())
    named(pk=ada.pk)
    Person.objects.filter(pk=ada.pk).update(name="Ada Renamed")
    with CaptureQueriesContext(connection) as asked:
        assert named(pk=ada.pk)[0].name == "Ada Renamed"
    assert len(asked) == 1


def test_a_question_that_leaves_a_value_out_is_refused(ada):
    careless = Prepared(lambda pk: Person.objects.all(), pk=BigIntegerField())
    with pytest.raises(TypeError, match="leaves out pk"):
        careless(pk=ada.pk)


@pytest.mark.django_db(transaction=True)
def test_a_lock_needs_a_transaction_every_time(ada):
    from django.db import transaction

    locked = Prepared(lambda pk: Person.objects.select_for_update().filter(pk=pk), pk=BigIntegerField())
    with transaction.atomic():
        assert locked(pk=ada.pk) == [ada]
    with pytest.raises(TransactionManagementError):
        locked(pk=ada.pk)
