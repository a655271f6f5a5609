import pytest
from guardian.shortcuts import assign_perm

from apps.clusters import actions, queries
from apps.clusters.rules import Part
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, NotAllowed, WrongState


def test_an_owner_appoints_another_person(omar, ada, payments, noon):
    actions.appoint(subject=payments, part=Part.OPERATE, holder=ada, appointer=omar, at=noon)
    assert [(holder.part, holder.name) for holder in queries.holders(payments)] == [("own", "Omar"), ("operate", "Ada")]
    assert Entry.objects.get().data == {"part": "operate", "person_id": ada.pk, "team_id": None}


def test_a_team_owns_through_its_members(omar, ada, payments, night_shift, noon):
    actions.appoint(subject=payments, part=Part.OWN, holder=night_shift, appointer=omar, at=noon)
    assert queries.standing(ada, payments).parts == frozenset()
    ada.groups.add(night_shift)
    assert queries.standing(ada, payments).parts == {Part.OWN}


def test_owners_of_the_cluster_appoint_to_its_components(omar, ada, ledger, noon):
    actions.appoint(subject=ledger, part=Part.OWN, holder=ada, appointer=omar, at=noon)
    assert queries.standing(ada, ledger).parts == {Part.OWN}
    assert queries.standing(ada, ledger.cluster).parts == frozenset()


def test_nobody_appoints_themselves(omar, payments, noon):
    with pytest.raises(NotAllowed, match="cannot appoint yourself"):
        actions.appoint(subject=payments, part=Part.OPERATE, holder=omar, appointer=omar, at=noon)


def test_nor_a_team_they_are_in(omar, payments, night_shift, noon):
    omar.groups.add(night_shift)
    with pytest.raises(NotAllowed, match="cannot appoint yourself"):
        actions.appoint(subject=payments, part=Part.OPERATE, holder=night_shift, appointer=omar, at=noon)


def test_an_administrator_may_because_somebody_must_be_first(admin, logistics, noon):
    actions.appoint(subject=logistics, part=Part.OWN, holder=admin, appointer=admin, at=noon)
    assert queries.standing(admin, logistics).parts == {Part.OWN}


def test_operators_and_owners_of_other_clusters_do_not_appoint(omar, ada, ben, logistics, noon):
    assign_perm("operate_cluster", ada, logistics)
    for appointer in (ada, omar):
        with pytest.raises(NotAllowed, match="Only an owner of Logistics"):
            actions.appoint(subject=logistics, part=Part.OPERATE, holder=ben, appointer=appointer, at=noon)


def test_an_auditor_takes_no_part(omar, auditor, payments, noon):
    with pytest.raises(WrongState, match="do not let them write"):
        actions.appoint(subject=payments, part=Part.OPERATE, holder=auditor, appointer=omar, at=noon)


def test_the_same_appointment_twice_is_refused(omar, ada, payments, noon):
    actions.appoint(subject=payments, part=Part.OPERATE, holder=ada, appointer=omar, at=noon)
    with pytest.raises(Conflict, match="Ada is already operator of Payments"):
        actions.appoint(subject=payments, part=Part.OPERATE, holder=ada, appointer=omar, at=noon)


def test_a_component_of_a_restricted_cluster_goes_only_to_its_people(admin, ada, night_shift, safe, vault, noon):
    for holder in (ada, night_shift):
        with pytest.raises(WrongState, match="does not belong to this restricted cluster"):
            actions.appoint(subject=safe, part=Part.OWN, holder=holder, appointer=admin, at=noon)
        actions.appoint(subject=vault, part=Part.OPERATE, holder=holder, appointer=admin, at=noon)
        actions.appoint(subject=safe, part=Part.OWN, holder=holder, appointer=admin, at=noon)
