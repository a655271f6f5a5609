"""Search over the house, and the palette's fragment: it finds by beginnings and shows only what one may see."""

import pytest

from apps.cab.actions import flow, proposing
from apps.cab.models import Change
from apps.clusters.models import Cluster, Component, Visibility
from apps.portal import queries
from apps.portal.queries import finding
from tests.cab.conftest import content
from tests.conftest import NOON, make_person, signed_in


def found(words: str, person) -> dict[str, list[str]]:
    return {group.label: [row.name for row in group.rows] for group in queries.search(words, person)}


@pytest.fixture
def change(ada, payments, ledger):
    draft = proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)
    return flow.submit_change(change_id=draft.pk, submitter=ada, at=NOON)


class TestWhatIsFound:
    def test_a_change_by_its_words_their_beginning_and_its_reference(self, change, cleo):
        by_reference = (change.reference, change.reference.lower(), str(change.number))
        for words in ("signing keys", "sign", "rotat", "keys may", *by_reference):
            assert found(words, cleo).get("Changes") == [str(change)], words

    def test_every_word_must_match(self, change, cleo):
        assert "Changes" not in found("signing ledgerless", cleo)

    def test_clusters_components_boards_and_people_by_a_part_of_their_name(self, ledger, board, ben, cleo):
        assert found("edge", cleo)["Components"] == ["Ledger"]
        assert found("paym", cleo)["Clusters"] == ["Payments"]
        assert found("enterp", cleo)["Boards"] == ["Enterprise board"]
        assert found("BEN", cleo)["People"] == ["Ben"]

    def test_people_who_cannot_sign_in_are_not_found(self, cleo, dan):
        dan.is_active = False
        dan.save(update_fields=["is_active"])
        assert "People" not in found("dan", cleo)

    def test_a_person_leads_to_what_they_requested_or_to_their_page_for_who_manages_people(self, ada, cleo, admin):
        (group,) = queries.search("ada", cleo)
        assert group.rows[0].url == "/changes/?requester=ada"
        (group,) = queries.search("ada", admin)
        assert group.rows[0].url == "/account/people/ada/"
        assert signed_in(cleo).get("/changes/?requester=ada").status_code == 200

    def test_more_than_fit_lead_to_the_list_of_all(self, ada, cleo, payments):
        for number in range(finding.FOUND_EACH + 1):
            Component.objects.create(cluster=payments, slug=f"node-{number}", name=f"Node {number}")
        (group,) = queries.search("node", cleo)
        assert (len(group.rows), group.more_url) == (finding.FOUND_EACH, "/clusters/search/?q=node&kind=component")

    @pytest.mark.parametrize("words", ["", "  ", "\0", "'", "a:* & | !", "<->", "((", "😀", "%", "_", "x" * 5000])
    def test_any_words_answer(self, change, cleo, words):
        answer = signed_in(cleo).get("/search/", {"q": words})
        assert answer.status_code == 200

    def test_the_questions_to_the_database_are_few(self, change, board, cleo, django_assert_max_num_queries):
        client = signed_in(cleo)
        client.get("/search/?q=sign")
        with django_assert_max_num_queries(18):  # the nearest names too, for the catalogue holds none of the words
            client.get("/search/?q=sign")


class TestWhatIsHidden:
    def test_restricted_clusters_and_what_is_in_them(self, change, cleo, auditor, payments, ledger):
        Cluster.objects.filter(pk=payments.pk).update(visibility=Visibility.RESTRICTED)
        assert [found(words, cleo) for words in ("signing", "ledger", "payments", change.reference)] == [{}] * 4
        assert found("signing", auditor)["Changes"] == [str(change)]
        assert found("ledger", auditor)["Components"] == ["Ledger"]

    def test_hidden_matches_do_not_push_visible_ones_out(self, change, cleo, monkeypatch, logistics, dispatch):
        monkeypatch.setattr(finding, "MOST_RANKED", 1)
        other = make_person("nils")
        Cluster.objects.filter(pk=logistics.pk).update(visibility=Visibility.RESTRICTED)
        newer = proposing.propose_change(
            requester=change.requester, content=content(change.cluster, *change.components.all()), at=NOON
        )
        Change.objects.filter(pk=newer.pk).update(cluster=logistics, requester=other, state="submitted")
        assert found("signing", cleo)["Changes"] == [str(change)]

    def test_other_peoples_drafts(self, ada, cleo, payments, ledger):
        proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)
        assert "Changes" not in found("signing", cleo)
        assert len(found("signing", ada)["Changes"]) == 1


class TestDoors:
    def test_the_page_keeps_the_words_and_the_palette_gets_a_part(self, change, cleo):
        client = signed_in(cleo)
        page = client.get("/search/?q=sign").content.decode()
        assert 'value="sign"' in page
        assert "<title>" in page
        part = client.get("/search/?q=sign", headers={"HX-Request": "true"}).content.decode()
        assert change.reference in part
        assert "<title>" not in part

    def test_nothing_found_says_what_to_try(self, cleo):
        page = signed_in(cleo).get("/search/?q=xyzzy").content.decode()
        assert "Nothing that you may see matches “xyzzy”" in page

    def test_words_are_text_not_markup(self, cleo):
        assert b"<script>alert" not in signed_in(cleo).get("/search/?q=<script>alert(1)</script>").content

    def test_strangers_sign_in_first(self, client, db):
        assert client.get("/search/?q=sign").status_code == 302
