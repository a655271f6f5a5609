from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction
from guardian.shortcuts import assign_perm

from apps.clusters import actions, checks
from apps.clusters.actions.checks import ask_for_check, run_check
from apps.clusters.models import BusinessCapability, Charter, CheckRun, Finding
from apps.clusters.queries import boundaries
from apps.clusters.tasks import ask_for_all_checks, run_checks
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal, StaleRevision, WrongState
from tests.conftest import make_person

VALUES = {
    "purpose": "Takes money in.",
    "capabilities": ["Take card payments", "Pay out"],
    "jurisdictions": ["de", "FR"],
    "data_classes": ["confidential", "public"],
    "regimes": ["PCI-DSS"],
}


def draft(cluster, author, at, **values):
    return actions.draft_charter(cluster=cluster, author=author, values=VALUES | values, at=at)


def propose(charter, author, at):
    return actions.propose_charter(charter_id=charter.pk, author=author, version=charter.version, at=at)


def approve(charter, approver, at, **more):
    charter.refresh_from_db()
    asked = {"version": charter.version, "reason": "Read and agreed."} | more
    return actions.approve_charter(charter_id=charter.pk, approver=approver, at=at, **asked)


def in_force(cluster, author, approver, at, **values):
    return approve(propose(draft(cluster, author, at, **values), author, at), approver, at)


def test_a_charter_is_drafted_proposed_and_approved_by_somebody_else(payments, omar, ben, noon):
    charter = draft(payments, omar, noon)
    assert (charter.number, charter.jurisdictions, charter.data_classes) == (
        1,
        ["DE", "FR"],
        ["public", "confidential"],
    )
    assert charter.accountable == omar
    charter = approve(propose(charter, omar, noon), ben, noon)
    assert (charter.state, charter.decided_by) == ("in_force", ben)
    assert list(
        BusinessCapability.objects.filter(cluster=payments).order_by("name").values_list("name", flat=True)
    ) == [
        "Pay out",
        "Take card payments",
    ]
    words = list(Entry.objects.order_by("pk").values_list("event", flat=True))
    assert words == ["clusters.CharterDrafted", "clusters.CharterProposed", "clusters.CharterApproved"]


def test_nobody_approves_their_own(payments, omar, ben, admin, ada, noon):
    charter = propose(draft(payments, admin, noon), admin, noon)
    with pytest.raises(NotAllowed, match="nobody approves their own"):
        approve(charter, admin, noon)
    with pytest.raises(NotAllowed, match="nobody approves their own"):
        approve(charter, omar, noon)
    with pytest.raises(NotAllowed, match="chair or an administrator decides"):
        approve(charter, ada, noon)
    assert approve(charter, ben, noon).state == "in_force"
    with pytest.raises(IntegrityError), transaction.atomic():
        Charter.objects.filter(pk=charter.pk).update(decided_by=admin)


def test_what_was_not_read_is_not_approved(payments, omar, ben, noon):
    charter = propose(draft(payments, omar, noon), omar, noon)
    with pytest.raises(StaleRevision):
        approve(charter, ben, noon, version=charter.version - 1)
    with pytest.raises(Invalid, match="needs its reason"):
        approve(charter, ben, noon, reason=" ")


def test_the_next_charter_takes_the_place_of_the_last_and_frees_what_it_gives_up(payments, omar, ben, noon):
    first = in_force(payments, omar, ben, noon)
    second = in_force(payments, omar, ben, noon, capabilities=["pay OUT"])
    first.refresh_from_db()
    assert (first.state, second.number) == ("superseded", 2)
    assert [str(one) for one in BusinessCapability.objects.all()] == ["Pay out"]
    entry = Entry.objects.filter(event="clusters.CharterApproved").latest("pk")
    assert entry.data["superseded_id"] == first.pk


def test_a_capability_has_one_owner(payments, logistics, omar, ben, admin, noon):
    in_force(payments, omar, ben, noon)
    charter = draft(logistics, admin, noon, capabilities=["take card payments"])
    with pytest.raises(Conflict, match="“Take card payments” belongs to Payments"):
        propose(charter, admin, noon)
    with pytest.raises(IntegrityError), transaction.atomic():
        BusinessCapability.objects.create(name="PAY OUT", cluster=logistics, since=noon)


def test_the_owner_of_a_capability_is_not_told_where_it_is_restricted(vault, logistics, omar, noon):
    BusinessCapability.objects.create(name="Keep keys", cluster=vault, since=noon)
    assign_perm("own_cluster", omar, logistics)
    charter = draft(logistics, omar, noon, capabilities=["Keep keys"])
    with pytest.raises(Conflict, match="a restricted cluster") as refused:
        propose(charter, omar, noon)
    assert "Vault" not in str(refused.value)


@pytest.mark.django_db(transaction=True)
def test_of_two_charters_that_claim_the_same_one_comes_into_force(payments, logistics, omar, ben, admin, noon):
    charters = [
        propose(draft(cluster, author, noon, capabilities=["Pay out"]), author, noon)
        for cluster, author in ((payments, omar), (logistics, admin))
    ]

    def decide(charter):
        try:
            return approve(charter, ben, noon).state
        except Refusal as refusal:
            return type(refusal).__name__
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(decide, charters)) == ["Conflict", "in_force"]
    assert BusinessCapability.objects.count() == 1
    assert sorted(Charter.objects.values_list("state", flat=True)) == ["in_force", "proposed"]


def test_one_charter_is_written_at_a_time_and_only_a_draft_is_rewritten(payments, omar, ben, noon):
    charter = draft(payments, omar, noon)
    with pytest.raises(Conflict, match="being written already"):
        draft(payments, omar, noon)
    rewrite = {"charter_id": charter.pk, "author": omar, "at": noon}
    changed = actions.rewrite_charter(version=1, changes={"purpose": "Pays out."}, **rewrite)
    assert (changed.purpose, changed.version) == ("Pays out.", 2)
    assert actions.rewrite_charter(version=2, changes={"purpose": " Pays out. "}, **rewrite).version == 2
    with pytest.raises(StaleRevision):
        actions.rewrite_charter(version=1, changes={"purpose": "No."}, **rewrite)
    propose(changed, omar, noon)
    with pytest.raises(WrongState, match="only a draft"):
        actions.rewrite_charter(version=3, changes={"purpose": "No."}, **rewrite)
    back = actions.return_charter(charter_id=charter.pk, approver=ben, reason="Name the regimes.", at=noon)
    assert (back.state, back.decision_reason) == ("draft", "Name the regimes.")
    assert actions.withdraw_charter(charter_id=charter.pk, author=omar, at=noon).state == "withdrawn"
    assert draft(payments, omar, noon).number == 2


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"purpose": " "}, "what the cluster is for"),
        ({"jurisdictions": ["ZZ"]}, "no jurisdiction “ZZ”"),
        ({"jurisdictions": []}, "at least one jurisdiction"),
        ({"data_classes": ["secret"]}, "“secret” is none of"),
        ({"regimes": ["LAW"]}, "“LAW” is none of"),
        ({"capabilities": ["x" * 121]}, "at most 120 characters"),
        ({"capabilities": [f"c{number}" for number in range(201)]}, "at most 200 capabilities"),
    ],
)
def test_what_a_charter_cannot_say_is_refused_and_nothing_is_written(payments, omar, noon, values, words):
    with pytest.raises(Invalid, match=words):
        draft(payments, omar, noon, **values)
    assert not Charter.objects.exists()


def test_only_owners_write_and_restricted_charters_are_not_there(payments, vault, ada, admin, noon):
    with pytest.raises(NotAllowed, match="Only an owner of Payments"):
        draft(payments, ada, noon)
    charter = draft(vault, admin, noon)
    with pytest.raises(NotFound):
        actions.withdraw_charter(charter_id=charter.pk, author=ada, at=noon)


class TestTheCheck:
    def settle(self, noon):
        while deliver_due(at=noon):
            pass
        return run_checks()

    def test_what_changes_on_the_map_is_judged_again_and_nothing_else(self, payments, ledger, omar, ben, noon):
        charter = in_force(payments, omar, ben, noon)
        assert self.settle(noon) >= 1
        assert self.settle(noon) == 0
        actions.place_site(keeper=ben, code="tok-1", name="Tokyo", jurisdiction="JP", at=noon)
        changes = {"sites": ["tok-1"], "tags": ["data:restricted"]}
        actions.describe_component(component_id=ledger.pk, editor=omar, version=1, changes=changes, at=noon)
        assert self.settle(noon) >= 1
        assert set(Finding.objects.standing().filter(component=ledger).values_list("code", flat=True)) == {
            "jurisdiction-outside-charter",
            "data-class-outside-charter",
        }
        in_force(payments, omar, ben, noon, jurisdictions=["JP"], data_classes=["restricted"])
        self.settle(noon)
        assert not Finding.objects.standing().filter(component=ledger).exists()
        assert charter.number == 1

    def test_the_page_of_a_charter_says_what_it_would_change(self, payments, ledger, omar, ben, noon):
        in_force(payments, omar, ben, noon)
        actions.place_site(keeper=ben, code="ber-1", name="", jurisdiction="DE", at=noon)
        actions.describe_component(
            component_id=ledger.pk, editor=omar, version=1, changes={"sites": ["BER-1"]}, at=noon
        )
        charter = draft(payments, omar, noon, jurisdictions=["US"])
        said = boundaries.difference(charter, omar)
        assert [one.code for one in said.new] == ["jurisdiction-outside-charter"]
        assert said.resolved == []

    def test_a_run_measures_the_same_print_for_the_same_map(self, payments, ledger, dispatch, noon):
        ask_for_all_checks()
        run_checks()
        first = CheckRun.objects.get(checker="boundaries").inputs_sha256
        ask_for_all_checks()
        run_checks()
        assert CheckRun.objects.get(checker="boundaries").inputs_sha256 == first

    def test_what_is_asked_while_it_runs_is_answered_by_the_next(self, payments, noon):
        ask_for_check(checker="sample")

        def evaluate(at):
            assert at == noon
            CheckRun.objects.filter(checker="sample").update(asked=2)  # as a change committed meanwhile would
            return checks.Outcome([], "")

        assert run_check(checker="sample", version=1, evaluate=evaluate, at=noon)
        assert CheckRun.objects.values_list("answered", flat=True).get(checker="sample") == 1


class TestTransfers:
    def rule(self, keeper, noon, **more):
        values = {
            "data_class": "confidential",
            "origin": "de",
            "destination": "*",
            "verdict": "refused",
            "reason": "Law.",
        }
        return actions.rule_on_transfer(keeper=keeper, at=noon, **values | more)

    def test_a_chair_rules_and_the_same_case_is_ruled_once(self, ben, ada, noon):
        rule = self.rule(ben, noon)
        assert (rule.origin, rule.destination) == ("DE", "*")
        with pytest.raises(Conflict, match="There is a rule"):
            self.rule(ben, noon, verdict="allowed")
        with pytest.raises(NotAllowed):
            self.rule(ada, noon)

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"origin": "XX"}, "no jurisdiction"),
            ({"origin": ""}, "no jurisdiction"),
            ({"verdict": "safeguard"}, "names which"),
            ({"reason": " "}, "needs its reason"),
            ({"verdict": "maybe"}, "not a valid choice"),
            ({"data_class": "secret"}, "not a valid choice"),
        ],
    )
    def test_what_makes_no_rule_is_refused(self, ben, noon, more, words):
        with pytest.raises(Invalid, match=words):
            self.rule(ben, noon, **more)

    def test_a_rule_changes_and_is_repealed(self, ben, noon):
        rule = self.rule(ben, noon)
        changes = {"verdict": "safeguard", "safeguard": "Clauses of 2025"}
        changed = actions.change_transfer_rule(rule_id=rule.pk, keeper=ben, version=1, changes=changes, at=noon)
        assert (changed.verdict, changed.safeguard, changed.version) == ("safeguard", "Clauses of 2025", 2)
        back = actions.change_transfer_rule(
            rule_id=rule.pk, keeper=ben, version=2, changes={"verdict": "allowed"}, at=noon
        )
        assert back.safeguard == ""
        actions.repeal_transfer_rule(rule_id=rule.pk, keeper=ben, at=noon)
        with pytest.raises(NotFound):
            actions.repeal_transfer_rule(rule_id=rule.pk, keeper=ben, at=noon)

    def test_a_site_lies_in_one_country_at_a_time(self, ben, noon):
        actions.place_site(keeper=ben, code="ber-1", name="Berlin", jurisdiction="de", at=noon)
        again = actions.place_site(keeper=ben, code="BER-1", name="Berlin", jurisdiction="FR", at=noon)
        assert (again.jurisdiction, again.version) == ("FR", 2)
        for wrong in ("EU", "", "QQ"):
            with pytest.raises(Invalid):
                actions.place_site(keeper=ben, code="x", name="", jurisdiction=wrong, at=noon)


def test_a_dependency_says_what_flows_and_how_much(omar, ledger, dispatch, ada, noon):
    edge = actions.declare_dependency(
        consumer_id=ledger.pk, provider_id=dispatch.pk, declarer=omar, weight=40, data_class="confidential", at=noon
    )
    said = actions.describe_dependency(dependency_id=edge.pk, editor=omar, changes={"safeguard": "Clauses"}, at=noon)
    assert (said.weight, said.data_class, said.safeguard) == (40, "confidential", "Clauses")
    entries = Entry.objects.count()
    actions.describe_dependency(dependency_id=edge.pk, editor=omar, changes={"safeguard": "Clauses"}, at=noon)
    assert Entry.objects.count() == entries
    for wrong in ({"weight": 0}, {"weight": 1_000_001}, {"data_class": "secret"}):
        with pytest.raises((Invalid, Conflict)):
            actions.describe_dependency(dependency_id=edge.pk, editor=omar, changes=wrong, at=noon)
    with pytest.raises(NotAllowed):
        actions.describe_dependency(dependency_id=edge.pk, editor=ada, changes={"weight": 2}, at=noon)


def test_an_administrator_may_write_for_a_cluster_they_do_not_own(payments, admin, noon):
    other = make_person("second", "administrator")
    charter = propose(draft(payments, admin, noon), admin, noon)
    assert approve(charter, other, noon).state == "in_force"
