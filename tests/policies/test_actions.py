"""Founding, saving, enabling and retiring policies: what is refused, and what is kept."""

from threading import Barrier, Thread

import pytest
from django.db import DatabaseError, connections, transaction

from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, Refusal, StaleRevision, WrongState
from apps.policies import actions, queries
from apps.policies.models import Policy, PolicyVersion
from tests.conftest import NOON
from tests.policies.conftest import FLOOR, OTHERS, STANDARD, enable, rule


def test_a_draft_with_a_gap_is_refused_with_its_example_and_nothing_is_written(floor, ben):
    with pytest.raises(WrongState) as refused:
        actions.save_draft(policy_id=floor.pk, author=ben, rows=FLOOR[2:], at=NOON)
    assert refused.value.sentence == "Type standard: nobody decides."
    assert not PolicyVersion.objects.exists()


def test_a_contradiction_and_an_idle_rule_are_refused(floor, ben):
    rows = [
        *FLOOR,
        rule("approve", reason="Quick.", downtime={"to": 5}),
        rule("cluster", type=OTHERS, risk={"from": 5}),
    ]
    with pytest.raises(WrongState) as refused:
        actions.save_draft(policy_id=floor.pk, author=ben, rows=rows, at=NOON)
    sentences = " ".join(refused.value.fields["rows"])
    assert "rule 5 says approved automatically" in sentences
    assert "Rule 6 never changes a decision" in sentences


def test_no_one_enables_their_own(floor, ben, admin):
    draft = actions.save_draft(policy_id=floor.pk, author=ben, rows=FLOOR, at=NOON)
    with pytest.raises(NotAllowed, match="their own"):
        actions.enable_version(version_id=draft.pk, enabler=ben, digest=draft.digest, at=NOON)
    with pytest.raises(DatabaseError), transaction.atomic():
        PolicyVersion.objects.filter(pk=draft.pk).update(state="enabled", enabled_by=ben, enabled_at=NOON)
    enabled = actions.enable_version(version_id=draft.pk, enabler=admin, digest=draft.digest, at=NOON)
    assert (enabled.state, enabled.enabled_by) == ("enabled", admin)
    assert Entry.objects.filter(event="policies.PolicyEnabled", data__digest=draft.digest).exists()


def test_what_was_read_is_what_is_enabled(floor, ben, admin):
    read = actions.save_draft(policy_id=floor.pk, author=ben, rows=FLOOR, at=NOON)
    other = [*FLOOR, rule("enterprise", "Long", type=OTHERS, downtime={"from": 60})]
    again = actions.save_draft(policy_id=floor.pk, author=ben, rows=other, at=NOON, based_on=read.saves)
    assert again.pk == read.pk
    with pytest.raises(StaleRevision):
        actions.enable_version(version_id=read.pk, enabler=admin, digest=read.digest, at=NOON)
    with pytest.raises(StaleRevision):
        actions.save_draft(policy_id=floor.pk, author=ben, rows=FLOOR, at=NOON, based_on=read.saves)


def test_an_enabled_version_is_superseded_and_never_rewritten(floor, in_force, ben, admin):
    longer = [*FLOOR, rule("enterprise", "Long", type=OTHERS, downtime={"from": 60})]
    second = enable(floor, longer, ben, admin)
    in_force.refresh_from_db()
    assert (in_force.state, second.number) == ("superseded", 2)
    with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
        PolicyVersion.objects.filter(pk=in_force.pk).update(rows=[])
    with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
        PolicyVersion.objects.filter(pk=second.pk).delete()


def test_a_clusters_policy_may_not_be_weaker_than_the_floor(in_force, own, omar, admin):
    weaker = [rule("cluster", "All")]
    with pytest.raises(WrongState) as refused:
        actions.save_draft(policy_id=own.pk, author=omar, rows=weaker, at=NOON)
    assert any("of the floor asks for the enterprise board" in one for one in refused.value.fields["rows"])
    stricter = [rule("refuse", reason="No.", type=STANDARD), rule("enterprise", roles=["security"], type=OTHERS)]
    version = enable(own, stricter, omar, admin)
    assert version.proof["floor"] == in_force.digest
    assert version.proof["compared_with_floor"] > 0


def test_a_tighter_floor_holds_at_once_in_every_cluster(floor, in_force, own, omar, ben, admin, payments):
    own_rows = [rule("refuse", reason="No.", type=STANDARD), rule("enterprise", roles=["security"], type=OTHERS)]
    enable(own, own_rows, omar, admin)
    enable(floor, [*FLOOR, rule("enterprise", roles=["legal"], type=OTHERS, downtime={"from": 60})], ben, admin)
    facts = {"type": "normal", "risk": 1, "downtime": 90}
    decided = queries.required(facts, cluster_id=payments.pk)
    assert decided.ruling.outcome.roles == {"security", "legal"}
    assert len(decided.versions) == 2


def test_retiring_needs_a_reason_and_leaves_the_scope_without_policy(in_force, admin):
    with pytest.raises(Invalid):
        actions.retire_version(version_id=in_force.pk, person=admin, reason=" ", at=NOON)
    actions.retire_version(version_id=in_force.pk, person=admin, reason="Wrong.", at=NOON)
    assert queries.required({"risk": 1}, cluster_id=None) is None


def test_only_those_who_may_write_a_policy_write_it(floor, own, ada, omar, auditor):
    for person in (ada, omar, auditor):
        with pytest.raises(NotAllowed):
            actions.save_draft(policy_id=floor.pk, author=person, rows=FLOOR, at=NOON)
    with pytest.raises(NotAllowed):
        actions.save_draft(policy_id=own.pk, author=ada, rows=FLOOR, at=NOON)


def test_a_scope_has_one_policy(floor, own, ben, payments):
    with pytest.raises(Conflict, match="scope"):
        actions.found_policy(founder=ben, slug="second", name="Second", cluster=None, at=NOON)
    with pytest.raises(Conflict, match="short name"):
        actions.found_policy(founder=ben, slug="payments", name="Second", cluster=payments, at=NOON)
    assert Policy.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_who_enable_at_once_leave_one_version_in_force(floor, ben, admin, cleo):
    draft = actions.save_draft(policy_id=floor.pk, author=ben, rows=FLOOR, at=NOON)
    gate, said = Barrier(2), []

    def go() -> None:
        gate.wait()
        try:
            actions.enable_version(version_id=draft.pk, enabler=admin, digest=draft.digest, at=NOON)
            said.append("enabled")
        except Refusal as refusal:
            said.append(refusal.code)
        finally:
            connections.close_all()

    threads = [Thread(target=go) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(said) == ["enabled", "wrong_state"]
    assert PolicyVersion.objects.filter(state="enabled").count() == 1
