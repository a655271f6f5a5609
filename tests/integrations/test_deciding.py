"""Deciding on a pattern: who, on what, and what reopens it."""

import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.rules import Role
from apps.clusters import checks
from apps.clusters.actions.checks import ask_for_check
from apps.clusters.models import Finding
from apps.integrations import actions
from apps.integrations.models import Integration, PatternDecision
from apps.integrations.queries import decisions as queries
from apps.integrations.rules.weighing import own_weights
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, StaleRevision
from tests.conftest import make_person
from tests.integrations.conftest import API, NEEDS, decided


def test_a_decision_keeps_all_that_it_rests_on(integration, nora, noon):
    made = decided(integration, nora, noon, weighing=own_weights({"autonomy": 60, "cost": 40}))
    assert (made.number, made.state, made.chosen, made.recommended) == (1, "decided", "events", "events")
    assert made.facts["latency_ms"] == 300
    assert made.facts["offered_latency_ms"] == 40
    assert (made.weighed_by, made.weights["autonomy"]) == ("own", 0.6)
    assert {one["pattern"] for one in made.ranking} == {"events"}
    assert "tables" in made.excluded["shared_database"][0]
    entry = Entry.objects.get(event="integrations.PatternDecided")
    assert (entry.actor, entry.data["inputs_sha256"]) == (nora, made.inputs_sha256)


def test_another_than_what_comes_first_may_be_chosen_but_never_what_is_excluded(integration, omar, nora, noon):
    actions.describe_interface(
        interface_id=integration.interface_id,
        editor=omar,
        version=1,
        changes={"availability_percent": 99.9},
        at=noon,
    )
    made = decided(integration, nora, noon, chosen="gateway")
    assert (made.chosen, made.recommended) == ("gateway", "events")
    for pattern, words in (("shared_database", "anti-pattern"), ("batch", "20 minutes old")):
        with pytest.raises(Conflict, match=words) as refused:
            decided(integration, nora, noon, chosen=pattern)
        assert refused.value.code == "excluded"
    assert PatternDecision.objects.count() == 1


def test_only_owners_of_the_consumers_cluster_decide(integration, omar, ada, nora, noon):
    for other in (omar, ada, make_person("greta", Role.ADMINISTRATOR)):
        with pytest.raises(NotAllowed, match="Only an owner of Logistics"):
            decided(integration, other, noon)
    with pytest.raises(NotFound):
        actions.decide_pattern(
            integration_id=0,
            decider=nora,
            chosen="events",
            reasons="x",
            weighing=own_weights({"cost": 1}),
            inputs_sha256="",
            at=noon,
        )


def test_what_was_read_must_still_be_so(integration, nora, noon):
    with pytest.raises(StaleRevision, match="no longer those"):
        decided(integration, nora, noon, inputs_sha256="0" * 64)
    for reasons in ("", " ", "x" * 4_001):
        with pytest.raises(Invalid, match="has its reasons"):
            decided(integration, nora, noon, reasons=reasons)
    assert not PatternDecision.objects.exists()


def test_a_later_decision_takes_the_place_of_the_one_before(integration, nora, noon):
    first, second = decided(integration, nora, noon), decided(integration, nora, noon + timedelta(days=1))
    first.refresh_from_db()
    assert (first.state, second.state, second.number) == ("superseded", "decided", 2)
    assert queries.current_decision(integration) == second


class TestReopening:
    def test_a_need_that_changes_reopens_it_in_the_same_breath_and_says_what(self, integration, nora, noon):
        made = decided(integration, nora, noon)
        later = noon + timedelta(days=3)
        actions.describe_integration(
            integration_id=integration.pk,
            editor=nora,
            version=1,
            changes={"latency_ms": 200, "survives_s": 7_200},
            at=later,
        )
        made.refresh_from_db()
        assert (made.state, made.reopened_at) == ("reopened", later)
        entry = Entry.objects.get(event="integrations.PatternReopened")
        assert entry.data["before"] == {"latency_ms": "300 ms", "survives_s": "not at all"}
        assert entry.data["after"] == {"latency_ms": "200 ms", "survives_s": "2 hours"}
        again = decided(integration, nora, later)
        assert (again.number, queries.current_decision(integration)) == (2, again)

    def test_a_purpose_is_no_need(self, integration, nora, noon):
        made = decided(integration, nora, noon)
        actions.describe_integration(
            integration_id=integration.pk, editor=nora, version=1, changes={"purpose": "Said better."}, at=noon
        )
        made.refresh_from_db()
        assert made.state == "decided"

    def test_an_offer_that_changes_reopens_it_too_and_only_once(self, integration, omar, nora, noon):
        made = decided(integration, nora, noon)
        for version, latency in ((1, 90), (2, 95)):
            actions.describe_interface(
                interface_id=integration.interface_id,
                editor=omar,
                version=version,
                changes={"latency_ms": latency},
                at=noon,
            )
        made.refresh_from_db()
        assert made.state == "reopened"
        entry = Entry.objects.get(event="integrations.PatternReopened")
        assert (entry.actor, entry.data["after"]) == (omar, {"offered_latency_ms": "90 ms"})

    def test_an_edit_that_is_refused_reopens_nothing(self, integration, nora, noon):
        made = decided(integration, nora, noon)
        with pytest.raises(Invalid):
            actions.describe_integration(
                integration_id=integration.pk, editor=nora, version=1, changes={"consistency": "strong"}, at=noon
            )
        made.refresh_from_db()
        assert made.state == "decided"


@pytest.mark.parametrize(
    "values",
    [{"reasons": "Other ones."}, {"chosen": "batch"}, {"weights": {}}, {"state": "decided", "reopened_at": None}],
)
def test_the_database_refuses_to_rewrite_a_decision(integration, nora, noon, values):
    made = decided(integration, nora, noon)
    PatternDecision.objects.filter(pk=made.pk).update(state="reopened", reopened_at=noon)
    with pytest.raises(IntegrityError, match="never rewritten"), transaction.atomic():
        PatternDecision.objects.filter(pk=made.pk).update(**values)


def test_it_goes_with_its_integration_and_the_journal_keeps_it(integration, nora, noon):
    decided(integration, nora, noon)
    actions.withdraw_integration(integration_id=integration.pk, withdrawer=nora, reason="Over.", at=noon)
    assert not PatternDecision.objects.exists()
    assert Entry.objects.filter(event="integrations.PatternDecided").exists()


def test_integrations_are_found_by_state_and_pattern(integration, nora, noon):
    def states():
        rows = Integration.objects.all()
        return [one for one in ("open", "decided", "reopened") if queries.in_state(rows, one).exists()]

    assert states() == ["open"]
    made = decided(integration, nora, noon)
    assert states() == ["decided"]
    listed = queries.with_decisions(queries.by_pattern(Integration.objects.all(), "events")).get()
    assert (listed.decision_state, listed.decision_pattern, listed.decided_at) == ("decided", "events", noon)
    PatternDecision.objects.filter(pk=made.pk).update(state="reopened", reopened_at=noon)
    assert states() == ["reopened"]
    assert not queries.by_pattern(Integration.objects.all(), "batch").exists()


def test_the_check_finds_what_is_reopened_and_resolves_it_with_the_next_decision(integration, nora, noon):
    def found():
        ask_for_check(checker="patterns")
        checks.run(checks.registered()["patterns"], at=noon)
        return sorted(Finding.objects.filter(checker="patterns", state="open").values_list("code", "severity"))

    decided(integration, nora, noon)
    assert found() == [("pattern-contradicted", 2), ("pattern-not-built", 1)]  # the interface says no availability
    actions.describe_integration(
        integration_id=integration.pk,
        editor=nora,
        version=1,
        changes={"latency_ms": 200, "availability_percent": None},
        at=noon,
    )
    assert found() == [("pattern-not-built", 1), ("pattern-reopened", 2)]
    said = Finding.objects.get(code="pattern-reopened")
    assert "an answer within: 300 ms, now 200 ms" in said.sentence
    decided(integration, nora, noon, chosen="gateway")
    assert found() == []


@pytest.mark.django_db(transaction=True)
def test_two_who_decide_at_once_take_turns(omar, dispatch, ledger, nora, noon):
    offered = actions.offer_interface(component_id=ledger.pk, offerer=omar, values=API, at=noon)
    integration = actions.declare_integration(
        consumer_id=dispatch.pk, interface=offered, declarer=nora, values=NEEDS, at=noon
    )
    barrier, numbers = threading.Barrier(2), []

    def decide():
        barrier.wait()
        try:
            numbers.append(decided(integration, nora, noon).number)
        finally:
            connection.close()

    threads = [threading.Thread(target=decide) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(numbers) == [1, 2]
    assert PatternDecision.objects.filter(state="decided").count() == 1
