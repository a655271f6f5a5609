import threading

import pytest
from django.db import IntegrityError, connection, transaction

from apps.clusters import actions as map_actions
from apps.clusters.models import Component, Dependency
from apps.integrations import actions, queries
from apps.integrations.models import Integration
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal, StaleRevision
from tests.integrations.conftest import API, NEEDS


class TestDeclaring:
    def test_it_is_a_dependency_of_the_map_too(self, integration, dispatch, ledger, nora):
        edge = Dependency.objects.get()
        assert (edge.consumer, edge.provider, edge.kind) == (dispatch, ledger, "calls")
        assert (edge.weight, edge.data_class) == (12, "internal")
        entry = Entry.objects.get(event="integrations.IntegrationDeclared")
        assert (entry.actor, entry.data["provider_id"]) == (nora, ledger.pk)

    def test_a_dependency_that_stands_already_is_kept_and_says_more(self, api, dispatch, ledger, nora, noon):
        edge = map_actions.declare_dependency(
            consumer_id=dispatch.pk, provider_id=ledger.pk, declarer=nora, safeguard="a tunnel", at=noon
        )
        actions.declare_integration(consumer_id=dispatch.pk, interface=api, declarer=nora, values=NEEDS, at=noon)
        edge.refresh_from_db()
        assert (Dependency.objects.count(), edge.weight, edge.safeguard) == (1, 12, "a tunnel")

    def test_two_of_a_kind_are_one_dependency_with_their_sum_and_the_strictest_data(
        self, integration, ledger, dispatch, omar, nora, noon
    ):
        second = actions.offer_interface(
            component_id=ledger.pk, offerer=omar, values=API | {"name": "Balances API"}, at=noon
        )
        needs = NEEDS | {"rate_per_s": 30, "data_class": "confidential"}
        made = actions.declare_integration(
            consumer_id=dispatch.pk, interface=second, declarer=nora, values=needs, at=noon
        )
        edge = Dependency.objects.get()
        assert (edge.weight, edge.data_class) == (42, "confidential")
        actions.withdraw_integration(integration_id=made.pk, withdrawer=nora, reason="Over.", at=noon)
        edge.refresh_from_db()
        assert (edge.weight, edge.data_class) == (12, "internal")
        actions.withdraw_integration(integration_id=integration.pk, withdrawer=nora, reason="Over.", at=noon)
        assert not Dependency.objects.exists()
        assert Entry.objects.filter(event="integrations.IntegrationWithdrawn").count() == 2

    def test_another_kind_of_interface_is_another_dependency(self, integration, topic, dispatch, nora, noon):
        needs = NEEDS | {"latency_ms": None}
        actions.declare_integration(consumer_id=dispatch.pk, interface=topic, declarer=nora, values=needs, at=noon)
        assert sorted(Dependency.objects.values_list("kind", flat=True)) == ["calls", "consumes"]

    def test_who_does_not_own_the_consumer_may_not(self, api, dispatch, omar, noon):
        with pytest.raises(NotAllowed):
            actions.declare_integration(consumer_id=dispatch.pk, interface=api, declarer=omar, values=NEEDS, at=noon)

    def test_once_is_enough_and_never_with_itself(self, integration, api, dispatch, ledger, nora, omar, noon):
        with pytest.raises(Conflict, match="integrated with that interface already"):
            actions.declare_integration(consumer_id=dispatch.pk, interface=api, declarer=nora, values=NEEDS, at=noon)
        with pytest.raises(Conflict, match="cannot depend on itself"), transaction.atomic():
            actions.declare_integration(consumer_id=ledger.pk, interface=api, declarer=omar, values=NEEDS, at=noon)
        assert Integration.objects.count() == 1

    @pytest.mark.parametrize(
        ("more", "field", "words"),
        [
            ({"latency_ms": 0}, "latency_ms", "between 1 and"),
            ({"freshness_s": -1}, "freshness_s", "between 0 and 2,678,400 seconds"),
            ({"rate_per_s": 0}, "rate_per_s", "between 0.001 and 1,000,000 a second"),
            ({"rate_per_s": float("inf")}, "rate_per_s", "between 0.001"),
            ({"replay_days": 3_651}, "replay_days", "between 0 and 3,650 days"),
            ({"payload_kb": 0}, "payload_kb", "between 1 and"),
            ({"availability_percent": 100.5}, "availability_percent", "between 0 and 99.9999 percent"),
            ({"survives_s": 10**9}, "survives_s", "between 0 and"),
            ({"purpose": " "}, "purpose", "Say what it is for"),
            ({"consistency": "strong"}, "freshness_s", "does not need strong consistency"),
            ({"latency_ms": 90_000}, "latency_ms", "would be older than the 60 s"),
            ({"rate_per_s": 1_000_000, "payload_kb": 1_000}, "payload_kb", "over 10 GB a second"),
        ],
    )
    def test_needs_out_of_range_or_against_each_other_are_refused(self, api, dispatch, nora, noon, more, field, words):
        with pytest.raises(Invalid) as refused:
            actions.declare_integration(
                consumer_id=dispatch.pk, interface=api, declarer=nora, values=NEEDS | more, at=noon
            )
        assert words in str(refused.value)
        assert field in refused.value.fields
        assert refused.value.next_step
        assert not Integration.objects.exists()
        assert not Dependency.objects.exists()

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"latency_ms": None, "consistency": "strong", "freshness_s": 0}, "replays in batches"),
            ({"latency_ms": 500}, "a file gives none"),
        ],
    )
    def test_a_file_cannot_be_current_nor_answer(self, ledger, dispatch, omar, nora, noon, more, words):
        file = actions.offer_interface(
            component_id=ledger.pk, offerer=omar, values={"name": "Day", "kind": "file"}, at=noon
        )
        with pytest.raises(Invalid, match=words) as refused:
            actions.declare_integration(
                consumer_id=dispatch.pk, interface=file, declarer=nora, values=NEEDS | more, at=noon
            )
        assert refused.value.code == "contradiction"

    @pytest.mark.parametrize(
        "wrong",
        [
            {"consistency": "strong"},
            {"latency_ms": 60_001},
            {"rate_per_s": 1_000_000, "payload_kb": 1_000},
            {"direction": "both"},
            {"ordering": "some"},
            {"coupling": "none"},
            {"data_class": ""},
            {"freshness_s": 2_678_401},
            {"availability_percent": 100},
            {"survives_s": 2_678_401},
        ],
    )
    def test_the_database_holds_what_the_rules_say(self, integration, wrong):
        with pytest.raises(IntegrityError), transaction.atomic():
            Integration.objects.filter(pk=integration.pk).update(**wrong)


class TestDescribing:
    def test_a_change_tells_before_and_after_and_moves_the_map(self, integration, nora, noon):
        changed = actions.describe_integration(
            integration_id=integration.pk,
            editor=nora,
            version=1,
            changes={"rate_per_s": 80, "purpose": NEEDS["purpose"]},
            at=noon,
        )
        assert (changed.version, Dependency.objects.get().weight) == (2, 80)
        entry = Entry.objects.get(event="integrations.IntegrationDescribed")
        assert (entry.data["before"], entry.data["after"]) == ({"rate_per_s": "12.5"}, {"rate_per_s": "80"})

    def test_a_withdrawn_dependency_is_declared_again(self, integration, nora, noon):
        map_actions.withdraw_dependency(dependency_id=Dependency.objects.get().pk, withdrawer=nora, at=noon)
        actions.describe_integration(
            integration_id=integration.pk, editor=nora, version=1, changes={"replay_days": 3}, at=noon
        )
        assert Dependency.objects.count() == 1

    def test_a_part_is_judged_with_the_rest(self, integration, nora, noon):
        with pytest.raises(Invalid, match="does not need strong"):
            actions.describe_integration(
                integration_id=integration.pk, editor=nora, version=1, changes={"consistency": "strong"}, at=noon
            )

    def test_stale_foreign_and_hidden_ones_are_refused(self, integration, nora, omar, noon):
        said = {"integration_id": integration.pk, "changes": {"replay_days": 1}, "at": noon}
        with pytest.raises(StaleRevision):
            actions.describe_integration(editor=nora, version=7, **said)
        with pytest.raises(NotAllowed):
            actions.describe_integration(editor=omar, version=1, **said)
        with pytest.raises(NotFound):
            actions.describe_integration(editor=nora, version=1, **(said | {"integration_id": 0}))


class TestSeeing:
    def test_an_integration_with_a_hidden_end_is_hidden(self, hidden, ledger, omar, ada, auditor, noon):
        needs = NEEDS | {"latency_ms": None}
        made = actions.declare_integration(
            consumer_id=ledger.pk, interface=hidden, declarer=omar, values=needs, at=noon
        )
        assert not queries.integrations_seen_by(ada).exists()
        assert not queries.interfaces_seen_by(ada).exists()
        assert queries.integrations_seen_by(omar).get() == made
        assert queries.integrations_seen_by(auditor).get() == made
        with pytest.raises(NotFound):
            queries.visible_integration(made.pk, ada)
        with pytest.raises(Refusal):
            queries.interface_named("vault/safe", ada)

    def test_the_edges_of_a_cluster_and_of_a_component(self, integration, payments, logistics, ledger, dispatch, ada):
        for cluster in (payments, logistics):
            assert list(queries.edges_of_cluster(cluster, ada)) == [integration]
        assert list(queries.edges_of_consumer(dispatch, ada)) == [integration]
        assert list(queries.edges_of_provider(ledger, ada)) == [integration]
        assert not queries.edges_of_consumer(ledger, ada).exists()
        assert list(queries.edges().across_clusters()) == [integration]

    def test_an_interface_is_found_by_what_people_write(self, api, ada):
        assert queries.interface_named("payments/ledger: postings api", ada) == api
        assert queries.interface_named("ledger", ada) == api
        with pytest.raises(Invalid, match="offers no such interface"):
            queries.interface_named("ledger: other", ada)

    def test_several_ask_for_a_name(self, api, topic, ada):
        with pytest.raises(Invalid, match="offers several") as refused:
            queries.interface_named("ledger", ada)
        assert "“ledger.posted”" in refused.value.next_step


@pytest.mark.django_db(transaction=True)
def test_two_declared_at_once_are_one_dependency(api, omar, nora, ledger, dispatch, noon):
    second = actions.offer_interface(component_id=ledger.pk, offerer=omar, values=API | {"name": "Balances"}, at=noon)
    start, failures = threading.Barrier(2), []

    def declare(interface):
        try:
            start.wait()
            actions.declare_integration(
                consumer_id=dispatch.pk, interface=interface, declarer=nora, values=NEEDS, at=noon
            )
        except Refusal as refusal:
            failures.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=declare, args=(one,)) for one in (api, second)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert (failures, Integration.objects.count()) == ([], 2)
    assert Dependency.objects.get().weight == 25
    assert Component.objects.count() == 2
