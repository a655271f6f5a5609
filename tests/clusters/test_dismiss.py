from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from guardian.shortcuts import assign_perm

from apps.clusters import actions, queries
from apps.clusters.rules import Part
from apps.journal.models import Entry
from apps.kernel.refusals import NotAllowed, NotFound, WrongState


def test_an_owner_dismisses_an_operator(omar, ada, payments, noon):
    assign_perm("operate_cluster", ada, payments)
    actions.dismiss(subject=payments, part=Part.OPERATE, holder=ada, dismisser=omar, at=noon)
    assert queries.standing(ada, payments).parts == frozenset()
    assert Entry.objects.get().event == "clusters.PartDismissed"


def test_anyone_lays_down_their_own_part(ada, payments, noon):
    assign_perm("operate_cluster", ada, payments)
    actions.dismiss(subject=payments, part=Part.OPERATE, holder=ada, dismisser=ada, at=noon)
    assert queries.standing(ada, payments).parts == frozenset()


def test_a_member_does_not_dismiss_the_whole_team(ada, payments, night_shift, noon):
    ada.groups.add(night_shift)
    assign_perm("operate_cluster", night_shift, payments)
    with pytest.raises(NotAllowed):
        actions.dismiss(subject=payments, part=Part.OPERATE, holder=night_shift, dismisser=ada, at=noon)


def test_the_last_owner_stays_until_another_is_appointed(omar, admin, payments, noon):
    with pytest.raises(WrongState, match="last owner of Payments"):
        actions.dismiss(subject=payments, part=Part.OWN, holder=omar, dismisser=omar, at=noon)
    actions.dismiss(subject=payments, part=Part.OWN, holder=omar, dismisser=admin, at=noon)


def test_the_last_owner_of_a_component_may_go_because_the_cluster_has_owners(ada, ledger, noon):
    assign_perm("own_component", ada, ledger)
    actions.dismiss(subject=ledger, part=Part.OWN, holder=ada, dismisser=ada, at=noon)


def test_who_is_not_appointed_cannot_be_dismissed(omar, ada, payments, noon):
    with pytest.raises(NotFound, match="Ada is not owner of Payments"):
        actions.dismiss(subject=payments, part=Part.OWN, holder=ada, dismisser=omar, at=noon)


@pytest.mark.django_db(transaction=True)
def test_two_owners_who_dismiss_each_other_at_once_leave_one(omar, ada, payments, noon):
    assign_perm("own_cluster", ada, payments)

    def try_to(pair):
        holder, dismisser = pair
        try:
            actions.dismiss(subject=payments, part=Part.OWN, holder=holder, dismisser=dismisser, at=noon)
        except (WrongState, NotAllowed) as refusal:
            return type(refusal).__name__
        finally:
            connection.close()
        return "done"

    with ThreadPoolExecutor(2) as threads:
        answers = sorted(threads.map(try_to, [(ada, omar), (omar, ada)]))
    assert answers in (["NotAllowed", "done"], ["WrongState", "done"])
    assert [holder.part for holder in queries.holders(payments)] == [Part.OWN]
