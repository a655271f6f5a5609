"""Required links: by whom, what passes there, what is missing and what would close it, on every door."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from apps.clusters import checks
from apps.clusters.actions.dependencies import declare_dependency, withdraw_dependency
from apps.clusters.models import Cluster, Component, Dependency, Finding, Visibility
from apps.clusters.states import FindingState
from apps.integrations import actions as integrations
from apps.journal.actions import deliver_due
from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, Invalid, NotAllowed, NotFound, Refusal, StaleRevision, WrongState
from apps.notify.models import Notice
from apps.stakeholders.actions import required_links as actions
from apps.stakeholders.actions import silo_survey as survey
from apps.stakeholders.models import RequiredLink
from apps.stakeholders.queries import required_links as queries
from apps.stakeholders.queries import silo_checks
from apps.stakeholders.rules import required_links as rules
from tests.conftest import make_person, signed_in, version_in
from tests.stakeholders.siloed import assess, hand_off

API = "/api/v1/required-links/"
LISTING = "stakeholders:required_links"


def require(declarer, source, target, at, *, owner=None, **more):
    values = {"reason": "workflow", "why": "Refunds of lost parcels", **more}
    return actions.require_link(
        source=source, target=target, owner=owner or declarer, declarer=declarer, at=at, **values
    )


def at_once(*acts):
    """All of them in threads of their own; gives the refusals."""
    refused = []

    def go(act):
        try:
            act()
        except Refusal as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    threads = [Thread(target=go, args=[act]) for act in acts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return refused


def passes(person, link):
    """As pages of the API read it, which must be as those read it that read all at once."""
    told = [
        (one.dependencies, one.integrations, one.handoffs, one.is_missing)
        for one in (
            queries.links_seen_by(person).get(pk=link.pk),
            next(each for each in queries.current_links(person) if each.pk == link.pk),
        )
    ]
    assert told[0] == told[1]
    return told[0]


class TestRequiring:
    def test_by_owners_of_either_side_and_chairs(self, payments, logistics, omar, nora, ben, noon):
        row = require(omar, payments, logistics, noon, owner=nora, volume=120)
        assert (row.owner, row.declared_by, row.volume) == (nora, omar, 120)
        require(nora, payments, logistics, noon, reason="lineage")
        require(ben, payments, logistics, noon, reason="strategy", owner=omar)
        assert Entry.objects.filter(event="stakeholders.LinkRequired").count() == 3
        while deliver_due(at=noon + timedelta(seconds=1)):
            pass
        told = Notice.objects.filter(title="You answer for a required link: Payments to Logistics")
        assert set(told.values_list("person__handle", flat=True)) == {"nora", "omar"}, "who says it of themselves knows"

    def test_not_by_others_nor_for_who_cannot(self, payments, logistics, omar, ada, auditor, noon):
        with pytest.raises(NotAllowed):
            require(ada, payments, logistics, noon)
        for wrong in (
            {"owner": auditor},
            {"why": " "},
            {"why": "x" * 301},
            {"volume": 0},
            {"volume": rules.MOST_VOLUME + 1},
        ):
            with pytest.raises(Invalid):
                require(omar, payments, logistics, noon, **wrong)
        with pytest.raises(Invalid, match="two clusters"):
            require(omar, payments, payments, noon)
        assert not RequiredLink.objects.exists()

    def test_once_and_again_after_its_end(self, payments, logistics, omar, nora, ada, noon):
        row = require(omar, payments, logistics, noon)
        with pytest.raises(Conflict, match="required already"):
            require(nora, payments, logistics, noon, why="REFUNDS of lost parcels")
        require(omar, logistics, payments, noon)
        with pytest.raises(NotAllowed):
            actions.end_required_link(link_id=row.pk, reason="No.", ender=ada, at=noon)
        with pytest.raises(Invalid):
            actions.end_required_link(link_id=row.pk, reason="", ender=nora, at=noon)
        actions.end_required_link(link_id=row.pk, reason="The workflow is gone.", ender=nora, at=noon)
        with pytest.raises(NotFound):
            actions.end_required_link(link_id=row.pk, reason="Again.", ender=nora, at=noon)
        require(omar, payments, logistics, noon)
        assert Entry.objects.filter(event="stakeholders.RequiredLinkEnded").count() == 1

    def test_never_between_two_restricted_clusters(self, payments, logistics, omar, noon):
        Cluster.objects.update(visibility=Visibility.RESTRICTED)
        payments.refresh_from_db()
        logistics.refresh_from_db()
        with pytest.raises(WrongState):
            require(omar, payments, logistics, noon)

    def test_only_so_many(self):
        rules.require_room(rules.MOST_LINKS - 1)
        with pytest.raises(Conflict, match="2,000 links"):
            rules.require_room(rules.MOST_LINKS)


class TestCorrecting:
    @pytest.fixture
    def link(self, payments, logistics, omar, noon):
        return require(omar, payments, logistics, noon, volume=9)

    def correct(self, link, editor, at, *, version=1, **changes):
        return actions.describe_required_link(link_id=link.pk, editor=editor, version=version, changes=changes, at=at)

    def test_what_is_said_of_it_and_who_answers(self, link, omar, nora, noon):
        edited = self.correct(link, nora, noon, why=" Damages of parcels ", reason="strategy", volume=None, owner=nora)
        link.refresh_from_db()
        assert (link.why, link.reason, link.volume, link.owner, link.version) == (
            *("Damages of parcels", "strategy", None, nora, 2),
        )
        assert (edited.source, edited.target, edited.declared_by) == (link.source, link.target, omar)
        entry = Entry.objects.get(event="stakeholders.RequiredLinkDescribed")
        assert (entry.data["version"], entry.data["fields"]) == (2, ["reason", "why", "volume", "owner"])
        self.correct(link, nora, noon, version=2, owner=omar, why="Damages of parcels")
        assert Entry.objects.last().data["fields"] == ["owner"]
        while deliver_due(at=noon + timedelta(seconds=1)):
            pass
        told = Notice.objects.filter(title="You answer for a required link: Payments to Logistics")
        assert list(told.values_list("person__handle", flat=True)) == ["omar"], "once, by who it was not himself"

    def test_the_same_again_is_no_edit_and_an_owner_who_left_stays_until_another_is_named(self, link, omar, nora, noon):
        self.correct(link, omar, noon, owner=nora)
        nora.is_active = False
        nora.save()
        assert self.correct(link, omar, noon, version=2, why="Refunds of lost parcels", owner=nora).version == 2
        assert self.correct(link, omar, noon, version=2, why="Damages", owner=nora).version == 3
        with pytest.raises(Invalid, match="cannot answer for it"):
            self.correct(link, omar, noon, version=3, owner=make_person("eve"))

    def test_not_by_others_nor_an_old_version_nor_what_does_not_fit(self, link, omar, nora, ada, noon):
        with pytest.raises(NotAllowed, match="which links between them are required"):
            self.correct(link, ada, noon, why="Mine.")
        with pytest.raises(StaleRevision):
            self.correct(link, omar, noon, version=2, why="Late.")
        for wrong in ({"why": " "}, {"why": "x" * 301}, {"volume": 0}, {"owner": ada, "why": ""}):
            with pytest.raises(Invalid):
                self.correct(link, omar, noon, **wrong)
        other = require(nora, link.source, link.target, noon, why="Damages")
        with pytest.raises(Conflict, match="required already"):
            self.correct(other, omar, noon, why="refunds of LOST parcels")
        actions.end_required_link(link_id=link.pk, reason="Gone.", ender=omar, at=noon)
        with pytest.raises(NotFound):
            self.correct(link, omar, noon, version=2, why="Late.")
        assert not Entry.objects.filter(event="stakeholders.RequiredLinkDescribed").exists()

    @pytest.mark.django_db(transaction=True)
    def test_of_two_at_once_one_is_told_to_read_again(self, link, omar, nora, noon):
        refused = at_once(
            lambda: self.correct(link, omar, noon, why="Damages"), lambda: self.correct(link, nora, noon, why="Losses")
        )
        link.refresh_from_db()
        assert (link.version, [type(one) for one in refused]) == (2, [StaleRevision])
        assert Entry.objects.filter(event="stakeholders.RequiredLinkDescribed").count() == 1

    def test_by_the_page(self, link, omar, nora, ada):
        address = reverse("stakeholders:describe_required_link", args=[link.pk])
        assert f'href="{address}"' in signed_in(omar).get(reverse(LISTING)).content.decode()
        assert address not in signed_in(ada).get(reverse(LISTING)).content.decode()
        assert signed_in(ada).get(address).status_code == 403
        form = signed_in(omar).get(address).content.decode()
        assert 'value="Refunds of lost parcels"' in form
        assert 'value="omar"' in form
        sent = {"reason": "lineage", "why": "Damages", "owner": "nora", "volume": "", "version": 1}
        assert signed_in(omar).post(address, sent | {"owner": "nobody"}).status_code == 422
        assert signed_in(omar).post(address, sent)["Location"].endswith(f"#link-{link.pk}")
        late = signed_in(nora).post(address, sent | {"why": "Losses"})
        assert (late.status_code, "Someone changed this" in late.content.decode()) == (412, True)
        text = signed_in(ada).get(reverse(LISTING)).content.decode()
        assert "Damages" in text
        assert "Refunds" not in text
        Cluster.objects.filter(pk=link.source_id).update(visibility=Visibility.RESTRICTED)
        assert signed_in(nora).get(address).status_code == 404

    def test_by_the_api(self, link, omar, ada):
        address = f"{API}{link.pk}/"

        def patch(person, body, **headers):
            return signed_in(person).patch(address, body, content_type="application/json", headers=headers)

        seen = {"If-Match": signed_in(omar).get(address)["ETag"]}
        assert patch(omar, {"why": "Damages"}).status_code == 428
        assert patch(ada, {"why": "Damages"}, **seen).status_code == 403
        assert patch(omar, {"owner": "nobody"}, **seen).status_code == 404
        assert patch(omar, {"volume": 10**30}, **seen).status_code == 422
        elsewhere = patch(omar, {"source": "logistics"}, **seen)
        assert (elsewhere.status_code, list(elsewhere.json()["errors"])) == (422, ["source"]), "its ends stay"
        done = patch(omar, {"why": "Damages", "volume": None}, **seen)
        assert (done.status_code, done.json()["why"], done.json()["volume"], version_in(done)) == (
            200,
            "Damages",
            None,
            "2",
        )
        assert patch(omar, {"why": "Losses"}, **seen).status_code == 412

    def test_a_reader_who_has_it_is_told_when_something_passes(self, link, omar, noon):
        """Nobody edits the link then, so its version alone would not show it."""
        client, address = signed_in(omar), f"{API}{link.pk}/"
        known = {"If-None-Match": client.get(address)["ETag"]}
        assert client.get(address, headers=known).status_code == 304
        hand_off(omar, link.source, link.target, noon)
        assert client.get(address, headers=known).json()["is_missing"] is False


class TestWhatPasses:
    def test_a_dependency_closes_it_either_way(self, payments, logistics, ledger, dispatch, omar, noon):
        there, back = require(omar, payments, logistics, noon), require(omar, logistics, payments, noon)
        assert passes(omar, there) == (0, 0, 0, True)
        edge = Dependency.objects.create(consumer=dispatch, provider=ledger)
        assert passes(omar, there) == passes(omar, back) == (1, 0, 0, False)
        edge.delete()
        ledger.lifecycle = "retired"
        ledger.save()
        Dependency.objects.create(consumer=dispatch, provider=ledger)
        assert passes(omar, there) == (0, 0, 0, True), "what is retired is no longer part of the map"

    def test_a_hand_off_counts_in_its_direction(self, payments, logistics, omar, noon):
        there, back = require(omar, payments, logistics, noon), require(omar, logistics, payments, noon)
        hand_off(omar, payments, logistics, noon)
        assert passes(omar, there) == (0, 0, 1, False)
        assert passes(omar, back) == (0, 0, 0, True)

    def test_a_data_product_in_use_is_an_integration_and_one_that_is_not_would_close_it(
        self, weave, payments, logistics, omar, nora, noon
    ):
        Dependency.objects.filter(consumer=weave["p0"], provider=weave["l0"]).delete()
        there = require(omar, payments, logistics, noon)
        offered = {"name": "Postings", "kind": "file", "is_data_product": True}
        file = integrations.offer_interface(component_id=weave["p1"].pk, offerer=omar, values=offered, at=noon)
        [said] = queries.closings(queries.current_links(omar)).values()
        assert said == ["Logistics uses the data product “Postings” of Payments."]
        Component.objects.filter(pk=weave["p1"].pk).update(lifecycle="retired")
        [said] = queries.closings(queries.current_links(omar)).values()
        assert said[0].startswith("Payments offers Logistics an interface"), "what is retired is offered to nobody"
        Component.objects.filter(pk=weave["p1"].pk).update(lifecycle="production")
        needs = {"purpose": "Nightly.", "freshness_s": 86_400}
        integrations.declare_integration(
            consumer_id=weave["l2"].pk, interface=file, declarer=nora, values=needs, at=noon
        )
        assert passes(omar, there) == (1, 1, 0, False)
        assert queries.closings(queries.current_links(omar)) == {}
        again = integrations.offer_interface(
            component_id=weave["p1"].pk, offerer=omar, values=offered | {"name": "Balances"}, at=noon
        )
        integrations.declare_integration(
            consumer_id=weave["l2"].pk, interface=again, declarer=nora, values=needs, at=noon
        )
        assert passes(omar, there) == (1, 1, 0, False), "two integrations are one dependency of the map"

    def test_the_tally_weighs_by_what_would_pass(self, payments, logistics, omar, noon):
        assert queries.tally_of([]) == queries.Tally(0, 0, None)
        require(omar, payments, logistics, noon, volume=300)
        require(omar, logistics, payments, noon, volume=100)
        require(omar, logistics, payments, noon, reason="strategy")
        hand_off(omar, payments, logistics, noon)
        assert queries.tally_of(queries.current_links(omar)) == queries.Tally(3, 2, 25.0)

    def test_in_words(self):
        assert rules.observed(0, 0, 0) == "nothing"
        assert rules.observed(1, 0, 2) == "1 dependency and 2 hand-offs"
        assert rules.observed(1, 1, 0) == "1 dependency, built as an integration"
        assert rules.observed(3, 2, 0) == "3 dependencies, 2 of them built as integrations"
        assert len(rules.closing("A", "B", ["x", "y", "z", "w"])) == rules.MOST_NAMED
        assert rules.closing("A", "B", [])[0] == "A offers B an interface, and B declares the integration."


class TestInAnAssessment:
    @pytest.fixture
    def apart(self, weave):
        Dependency.objects.filter(consumer=weave["p0"], provider=weave["l0"]).delete()

    def test_the_run_keeps_what_was_missing_and_advises_its_owner(self, apart, payments, logistics, omar, nora, noon):
        link = require(omar, payments, logistics, noon, owner=nora)
        require(omar, logistics, payments, noon)
        hand_off(omar, payments, logistics, noon, what="Refund list")
        row = assess(omar, noon).assessments.get()
        part = next(one for one in row.parts if one["indicator"] == "links")
        assert (part["value"], part["weight"], row.missing_links) == (50.0, 0, 1)
        assert part["sentence"] == "Nothing is observed to pass through 1 of 2 required links."
        assert [one["text"] for one in part["rows"]["met"]] == [
            "Payments to Logistics: Refunds of lost parcels (a workflow runs through both; Nora answers for it)"
        ]
        [advice] = [one for one in row.advice if one["indicator"] == "links"]
        assert advice["owner"] == "omar"
        assert advice["sentence"].startswith("Close the required link of Logistics to Payments: Logistics offers")
        run = row.run
        assert (run.counts["required_links"], run.counts["missing_links"]) == (2, 1)
        actions.end_required_link(link_id=link.pk, reason="Gone.", ender=omar, at=noon)
        assert assess(omar, noon).inputs_sha256 != run.inputs_sha256

    def test_it_stands_beside_the_score_until_a_board_weighs_it(self, apart, payments, logistics, omar, ben, noon):
        from apps.stakeholders.actions.silos import set_silo_weights
        from apps.stakeholders.rules.silos import WEIGHTS

        before = assess(omar, noon).assessments.get()
        require(omar, payments, logistics, noon)
        beside = assess(omar, noon).assessments.get()
        assert (beside.score, beside.run.rules_version) == (before.score, 2)
        weights = {one.value: weight for one, weight in WEIGHTS.items() if weight} | {"duplicates": 0, "links": 10}
        set_silo_weights(weights=weights, reason="What must be joined counts.", setter=ben, at=noon)
        weighed = assess(omar, noon).assessments.get()
        assert weighed.run.weights == {**weights, "delays": 0}
        assert (before.score, weighed.score) == (77.8, 100.0)

    def test_a_finding_until_it_is_closed_or_ended(self, payments, logistics, omar, noon):
        link = require(omar, payments, logistics, noon)
        [found] = silo_checks.missing_links(noon).found
        assert (found.code, found.cluster_id, found.counterpart_id) == ("link-missing", payments.pk, logistics.pk)
        assert found.evidence["why"] == "Refunds of lost parcels"
        Cluster.objects.filter(pk=logistics.pk).update(visibility=Visibility.RESTRICTED)
        assert silo_checks.missing_links(noon).found[0].cluster_id == logistics.pk, "told to its people alone"
        Cluster.objects.update(visibility=Visibility.OPEN)
        actions.end_required_link(link_id=link.pk, reason="Gone.", ender=omar, at=noon)
        assert silo_checks.missing_links(noon).found == []

    def test_the_finding_follows_what_passes(self, payments, logistics, ledger, dispatch, omar, nora, noon):
        """A month lies between two assessments: a finding that waited for the next would tell what is not so."""

        def standing():
            while deliver_due(at=timezone.now()):
                pass
            checks.run(checks.registered()[silo_checks.LINKS], at=noon)
            return Finding.objects.filter(code="link-missing", state=FindingState.OPEN).count()

        require(omar, payments, logistics, noon)
        assert standing() == 1
        passed = hand_off(omar, payments, logistics, noon)
        assert standing() == 0
        survey.end_handoff(handoff_id=passed.pk, reason="It stopped.", ender=omar, at=noon)
        assert standing() == 1
        needs = declare_dependency(consumer_id=dispatch.pk, provider_id=ledger.pk, declarer=nora, at=noon)
        assert standing() == 0
        withdraw_dependency(dependency_id=needs.pk, withdrawer=nora, at=noon)
        assert standing() == 1


class TestPages:
    SENT = {"source": "payments", "target": "logistics", "reason": "workflow", "why": "Refunds", "owner": "nora"}

    def test_listed_with_what_would_close_it_and_as_a_file(self, payments, logistics, omar, ada, noon):
        require(omar, payments, logistics, noon, volume=40)
        text = signed_in(ada).get(reverse(LISTING)).content.decode()
        assert "Refunds of lost parcels" in text
        assert "Payments offers Logistics an interface" in text
        assert "Require it" not in text, "she governs nothing"
        assert "No such link" in signed_in(ada).get(reverse(LISTING) + "?which=met").content.decode()
        assert "Refunds of lost" in signed_in(ada).get(reverse(LISTING) + "?which=missing").content.decode()
        file = b"".join(signed_in(ada).get(reverse(LISTING) + "?export=csv").streaming_content).decode("utf-8-sig")
        head, row = file.splitlines()
        assert head.startswith("source,target,reason,why,volume,owner,is_missing")
        assert "Payments,Logistics,workflow" in row
        Cluster.objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
        assert "Refunds of lost" not in signed_in(ada).get(reverse(LISTING)).content.decode()

    def test_more_links_between_more_clusters_cost_no_more_questions(self, payments, logistics, omar, ben, noon):
        def asked(address):
            client = signed_in(omar)
            client.get(address)
            with CaptureQueriesContext(connection) as questions:
                client.get(address)
            return len(questions)

        pages = [reverse(LISTING), reverse(LISTING) + "?which=missing", reverse("stakeholders:silos")]
        require(omar, payments, logistics, noon)
        few = [asked(one) for one in pages]
        for number in range(4):
            other = Cluster.objects.create(slug=f"other-{number}", name=f"Other {number}")
            require(ben, logistics, other, noon)
        assert [asked(one) for one in pages] == few

    def test_required_and_ended_by_forms(self, payments, logistics, omar, nora, ada):
        address = reverse("stakeholders:require_link")
        assert signed_in(ada).post(address, self.SENT).status_code == 403
        assert signed_in(omar).post(address, self.SENT | {"owner": "nobody"}).status_code == 422
        assert signed_in(omar).post(address, self.SENT | {"target": "payments"}).status_code == 422
        assert signed_in(omar).post(address, self.SENT | {"target": "nowhere"}).status_code == 422
        assert signed_in(omar).post(address, self.SENT).status_code == 302
        assert signed_in(omar).post(address, self.SENT).status_code == 409
        prefilled = signed_in(omar).get(reverse(LISTING) + "?source=payments&target=logistics").content.decode()
        assert '<option value="logistics" selected>' in prefilled
        link = RequiredLink.objects.get()
        end = reverse("stakeholders:end_required_link", args=[link.pk])
        assert "End it" in signed_in(omar).get(reverse(LISTING)).content.decode()
        assert signed_in(ada).post(end, {"reason": "No."}).status_code == 403
        assert signed_in(omar).post(end, {"reason": ""}).status_code == 422
        assert signed_in(omar).post(end, {"reason": "The workflow is gone."}).status_code == 302
        assert "The workflow is gone." in signed_in(ada).get(reverse(LISTING) + "?which=ended").content.decode()

    def test_outlined_on_the_grid_at_once_and_on_older_ones_as_it_was(self, weave, payments, logistics, omar, ada):
        now = timezone.now()
        Dependency.objects.filter(consumer=weave["p0"], provider=weave["l0"]).delete()
        assess(omar, now)
        grid = reverse("stakeholders:silos")
        assert "link missing" not in signed_in(ada).get(grid).content.decode()
        link = require(omar, payments, logistics, now)
        text = signed_in(ada).get(grid).content.decode()
        assert text.count('class="is-missing"') == 2
        assert "required links missing" in text
        assess(omar, now)
        Dependency.objects.create(consumer=weave["p0"], provider=weave["l0"])
        assert 'class="is-missing"' not in signed_in(ada).get(grid).content.decode()
        assert 'class="is-missing"' not in signed_in(ada).get(grid + "?run=1").content.decode()
        assess(omar, now)
        assert 'class="is-missing"' in signed_in(ada).get(grid + "?run=2").content.decode()
        pair = signed_in(omar).get(reverse("stakeholders:silo", args=["payments", "logistics"])).content.decode()
        assert "1 dependency" in pair
        assert f"link-{link.pk}" in pair

    def test_scores_that_do_not_compare_say_so(self, weave, omar, ben, ada):
        from apps.stakeholders.actions.silos import set_silo_weights
        from apps.stakeholders.rules.silos import WEIGHTS

        now = timezone.now()
        assess(omar, now - timedelta(days=2))
        assess(omar, now - timedelta(days=1))
        page = reverse("stakeholders:silo", args=["payments", "logistics"])
        assert "does not compare" not in signed_in(ada).get(page).content.decode()
        heavier = {**{key.value: value for key, value in WEIGHTS.items()}, "mixing": 45, "answers": 10}
        set_silo_weights(weights=heavier, reason="Few answer.", setter=ben, at=now)
        assess(omar, now)
        text = signed_in(ada).get(page).content.decode()
        assert "dependencies against chance weighs 45, and did 35" in text
        assert "From assessment 3 on scores do not compare" in text


class TestApi:
    BODY = {"source": "payments", "target": "logistics", "reason": "lineage", "why": "Refunds", "owner": "nora"}

    def test_required_listed_narrowed_ended(self, payments, logistics, omar, nora, ada):
        def post(person, path="", **body):
            return signed_in(person).post(API + path, body, content_type="application/json")

        assert post(ada, **self.BODY).status_code == 403
        assert post(omar, **self.BODY | {"reason": "whim"}).status_code == 422
        assert post(omar, **self.BODY | {"target": "nowhere"}).status_code == 404
        assert post(omar, **self.BODY | {"owner": "nobody"}).status_code == 404
        assert post(omar, **self.BODY | {"volume": 10**30}).status_code == 422
        made = post(omar, **self.BODY, volume=9)
        assert (made.status_code, made.json()["is_missing"], made.json()["owner"]) == (201, True, "nora")
        assert made.json()["would_close"][0].startswith("Payments offers Logistics")
        assert post(omar, **self.BODY).status_code == 409
        gaps = signed_in(ada).get(API + "?is_missing=true&ended=false").json()["results"]
        assert [one["id"] for one in gaps] == [made.json()["id"]]
        hand_off(omar, payments, logistics, timezone.now())
        assert signed_in(ada).get(API + "?is_missing=true").json()["results"] == []
        one = signed_in(ada).get(f"{API}{made.json()['id']}/").json()
        assert (one["handoffs"], one["is_missing"], one["would_close"]) == (1, False, [])
        assert post(ada, f"{made.json()['id']}/end/", reason="No.").status_code == 403
        assert post(nora, f"{made.json()['id']}/end/", reason="Gone.").json()["end_reason"] == "Gone."
        assert len(signed_in(ada).get(API + "?ended=true").json()["results"]) == 1
        Cluster.objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
        assert signed_in(ada).get(f"{API}{made.json()['id']}/").status_code == 404

    def test_a_read_key_may_not_write_and_refusals_are_problems(self, payments, logistics, omar):
        eve = make_person("eve")
        refused = signed_in(eve).post(API, self.BODY, content_type="application/json")
        assert refused.status_code == 403
        assert refused["Content-Type"] == "application/problem+json"


def test_an_owner_who_left_is_refused_with_a_next_step(payments, logistics, omar, nora, noon):
    nora.is_active = False
    nora.save()
    with pytest.raises(Refusal, match="Choose somebody who may"):
        require(omar, payments, logistics, noon, owner=nora)
