"""The journal's pages and API: everyone reads what they may know of, and nothing else."""

import csv
from datetime import timedelta

import pytest
from django.db import transaction

from apps.accounts.rules import Capability, Role
from apps.cab.actions import flow, proposing
from apps.clusters.models import Cluster, Visibility
from apps.journal import actions
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid
from apps.notify.events import FeedOpened
from apps.portal import queries
from tests.accounts.conftest import caller
from tests.cab.conftest import content
from tests.conftest import NOON, make_person, signed_in, version_in

API = "/api/v1/journal/"


def note(subject, *, actor=None, at=NOON, number=1) -> Entry:
    with transaction.atomic():
        return actions.record(FeedOpened(feed_id=number), subject=subject, actor=actor, at=at)


@pytest.fixture
def vault(db) -> Cluster:
    return Cluster.objects.create(slug="vault", name="Vault", zone="UTC", visibility=Visibility.RESTRICTED)


def read(person, **asked) -> set[Entry]:
    return set(queries.journal_for(person, asked=asked))


class TestWhoReadsWhat:
    def test_entries_of_hidden_clusters_are_invisible(self, ada, cleo, vera, auditor, vault, payments):
        hidden = actions_about(vault)
        shown = actions_about(payments)
        assert (hidden in read(ada), shown in read(ada)) == (False, True)
        assert {hidden, shown} <= read(vera)
        assert {hidden, shown} <= read(auditor)
        client = signed_in(ada)
        assert client.get(f"/journal/{hidden.pk}/").status_code == 404
        assert client.get(f"/journal/{shown.pk}/").status_code == 200
        assert "Vault" not in client.get("/journal/").content.decode()
        assert "Vault" not in b"".join(client.get("/journal/entries.csv").streaming_content).decode()
        api = caller(ada)
        assert api.get(f"{API}{hidden.pk}/").status_code == 404
        assert hidden.pk not in [row["id"] for row in api.get(API).json()["results"]]

    def test_entries_of_the_federation_are_for_its_readers_and_for_who_acted(self, ada, cleo, vera):
        entry = note(ada, actor=ada)
        assert entry in read(ada)
        assert entry in read(vera)
        assert entry not in read(cleo)

    def test_a_draft_is_its_authors_secret_until_it_is_submitted(self, ada, cleo, omar, vera, payments, ledger):
        draft = proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)
        proposed = Entry.objects.get(event="cab.ChangeProposed")
        assert proposed in read(ada)
        assert proposed in read(vera)
        assert proposed not in read(cleo)
        assert signed_in(cleo).get(f"/journal/{proposed.pk}/").status_code == 404
        flow.submit_change(change_id=draft.pk, submitter=ada, at=NOON)
        assert proposed in read(cleo)

    def test_someone_without_a_role_reads_nothing(self, db, payments):
        newcomer = make_person("nora")
        actions_about(payments)
        client = signed_in(newcomer)
        assert [client.get(url).status_code for url in ("/journal/", "/journal/entries.csv")] == [403, 403]
        assert caller(newcomer).get(API).status_code == 403

    def test_the_signed_out_are_asked_to_sign_in(self, client, db):
        assert client.get("/journal/").status_code == 302
        assert client.get("/journal/entries.csv").status_code == 302
        assert client.get(API).status_code == 401


def actions_about(cluster: Cluster) -> Entry:
    with transaction.atomic():
        return actions.record(FeedOpened(feed_id=1), subject=cluster, actor=None, at=NOON, cluster_id=cluster.pk)


class TestFilters:
    def test_by_event_actor_words_and_days(self, vera, ada, ben, payments):
        by_ada = note(payments, actor=ada, at=NOON)
        by_ben = note(ben, actor=ben, at=NOON + timedelta(days=1))
        assert read(vera, event="notify.FeedOpened") == {by_ada, by_ben}
        assert read(vera, event="cab.VoteCast") == set()
        assert read(vera, actor="ADA ") == {by_ada}
        assert read(vera, subject="PAYM") == {by_ada}
        assert read(vera, since="2026-03-03") == {by_ben}
        assert read(vera, until="2026-03-02") == {by_ada}
        assert read(vera, since="2026-03-02", until="2026-03-03") == {by_ada, by_ben}

    def test_days_are_the_readers_own(self, vera, payments):
        vera.zone = "Pacific/Auckland"  # 13 hours ahead: noon in UTC is already tomorrow there
        entry = note(payments)
        assert read(vera, since="2026-03-03") == {entry}
        assert read(vera, until="2026-03-02") == set()

    @pytest.mark.parametrize("day", ["yesterday", "2026-02-30", "0001-01-01", "9999-12-31", "\0", "2026-03-02T10:00"])
    @pytest.mark.parametrize("name", ["since", "until"])
    def test_what_is_no_day_is_refused(self, vera, name, day):
        with pytest.raises(Invalid, match="is not a day"):
            read(vera, **{name: day})
        assert signed_in(vera).get("/journal/", {name: day}).status_code == 422
        assert caller(vera).get(API, {name: day}).status_code == 422

    @pytest.mark.parametrize("name", ["event", "actor", "subject"])
    def test_hostile_words_find_nothing_and_break_nothing(self, vera, name):
        for words in ("\0", "%' OR 1=1 --", "ー" * 5000):
            assert signed_in(vera).get("/journal/", {name: words}).status_code == 200

    def test_pages_go_on_by_key(self, vera, payments):
        made = [note(payments, number=n).pk for n in range(3)]
        client, told = caller(vera), []
        url = f"{API}?limit=2&event=notify.FeedOpened"
        while url:
            page = client.get(url).json()
            told += [row["id"] for row in page["results"]]
            url = page["next"]
        assert told == made[::-1]


class TestProof:
    def test_an_entry_shows_its_digest_as_written_and_as_computed(self, vera, payments):
        entry = note(payments)
        page = signed_in(vera).get(f"/journal/{entry.pk}/").content.decode()
        assert page.count(entry.digest) == 2
        assert "reads exactly as it was written" in page
        told = caller(vera).get(f"{API}{entry.pk}/")
        assert version_in(told) == entry.digest
        body = told.json()
        assert (body["is_intact"], body["data"], body["words"]) == (True, {"feed_id": 1}, "opened a calendar feed")
        assert body["subject"] == {"type": "clusters.cluster", "id": payments.pk, "label": "Payments"}

    @pytest.mark.parametrize("address", ["/journal/999999999/", "/journal/99999999999999999999999/", f"{API}9/"])
    def test_unknown_numbers(self, vera, address):
        assert signed_in(vera).get(address).status_code == 404


class TestExport:
    def test_the_file_holds_what_the_filters_leave(self, vera, ada, payments):
        entry = note(payments, actor=ada)
        note(ada)
        answer = signed_in(vera).get("/journal/entries.csv?subject=payments&actor=ada")
        assert answer["Content-Disposition"] == 'attachment; filename="journal.csv"'
        header, *rows = csv.reader(b"".join(answer.streaming_content).decode().splitlines())
        assert len(rows) == 1
        row = dict(zip(header, rows[0], strict=True))
        assert (row["sequence"], row["at"], row["actor"]) == (str(entry.pk), "2026-03-02T12:00:00+00:00", "ada")
        assert (row["data"], row["digest"]) == ('{"feed_id": 1}', entry.digest)

    @pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
    def test_no_cell_is_run_by_a_spreadsheet(self, vera, payments, start):
        Cluster.objects.filter(pk=payments.pk).update(name=f'{start}HYPERLINK("http://example.org")')
        payments.refresh_from_db()
        note(payments)
        body = b"".join(signed_in(vera).get("/journal/entries.csv").streaming_content).decode()
        header, row = list(csv.reader(body.splitlines(keepends=True)))
        assert dict(zip(header, row, strict=True))["subject"] == f'\'{start}HYPERLINK("http://example.org")'

    def test_the_page_links_to_the_export_with_its_filters(self, vera, payments):
        note(payments)
        page = signed_in(vera).get("/journal/?subject=pay&after=").content.decode()
        assert "/journal/entries.csv?subject=pay" in page


def test_every_role_that_reads_the_journal_is_meant_to():
    readers = {role for role in Role if Capability.READ_JOURNAL in capabilities_of(role)}
    assert readers == {Role.AUDITOR, Role.COMPLIANCE_OFFICER, Role.ADMINISTRATOR}


def capabilities_of(role: Role):
    from apps.accounts.rules import capabilities

    return capabilities([role])
