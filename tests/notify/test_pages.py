"""Inbox, preferences, feeds and webhooks as people click them; all of it without JavaScript."""

import re

import pytest
from django.test import Client

from apps.notify.actions import webhooks
from apps.notify.actions.telling import tell
from apps.notify.models import Endpoint, Feed, Notice, Preference, Sending
from apps.notify.queries import unread_count
from apps.notify.states import SendingState
from tests.conftest import NOON, make_person, signed_in
from tests.notify.conftest import say
from tests.notify.test_feeds import items  # noqa: F401  # a fixture


def notices_for(person, payments, count=1, **more) -> list[Notice]:
    for number in range(count):
        fields = {"title": f"CHG-{number} waits", "url": "/inbox/preferences/", **more}
        tell([person], entry=say(payments, at=NOON, number=number), kind="vote", at=NOON, **fields)
    return list(Notice.objects.filter(person=person).order_by("pk"))


class TestInbox:
    def test_newest_first_and_only_ones_own(self, ada, ben, payments):
        notices_for(ada, payments, 2)
        notices_for(ben, payments, title="Not for Ada")
        page = signed_in(ada).get("/inbox/").content.decode()
        assert page.index("CHG-1 waits") < page.index("CHG-0 waits")
        assert "Not for Ada" not in page

    def test_an_empty_one_says_what_will_stand_here(self, ada):
        assert "Nothing here." in signed_in(ada).get("/inbox/").content.decode()

    def test_opening_marks_it_read_and_goes_there(self, ada, payments):
        (notice,) = notices_for(ada, payments)
        client = signed_in(ada)
        assert client.get(f"/inbox/{notice.pk}/").status_code == 405, "reading a page changes nothing"
        answer = client.post(f"/inbox/{notice.pk}/")
        assert (answer.status_code, answer["Location"]) == (302, "/inbox/preferences/")
        assert unread_count(ada) == 0
        assert "CHG-0" not in client.get("/inbox/?show=unread").content.decode()

    @pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
    def test_a_notice_never_leads_away(self, ada, payments, url):
        (notice,) = notices_for(ada, payments, url=url)
        assert signed_in(ada).post(f"/inbox/{notice.pk}/")["Location"] == "/inbox/"

    def test_somebody_elses_is_not_there(self, ada, ben, payments):
        (notice,) = notices_for(ben, payments)
        assert signed_in(ada).post(f"/inbox/{notice.pk}/").status_code == 404
        signed_in(ada).post("/inbox/read/", {"notice": [notice.pk]})
        assert unread_count(ben) == 1

    def test_the_chosen_or_all_are_marked_read(self, ada, payments):
        first, *_ = notices_for(ada, payments, 3)
        client = signed_in(ada)
        client.post("/inbox/read/", {"notice": [first.pk]})
        assert unread_count(ada) == 2
        for odd in ("x", "9" * 5000, "-1"):
            client.post("/inbox/read/", {"notice": [odd]})
            assert unread_count(ada) == 2, "what is no number chooses nothing, and not everything"
        client.post("/inbox/read/")
        assert unread_count(ada) == 0

    def test_long_ones_go_on_by_key(self, ada, payments):
        notices_for(ada, payments, 51)
        client = signed_in(ada)
        page = client.get("/inbox/").content.decode()
        assert "CHG-0 waits" not in page
        following = re.search(r'rel="next" href="([^"]+)"', page)
        assert following
        assert "CHG-0 waits" in client.get(f"/inbox/{following[1]}").content.decode()
        assert client.get("/inbox/?after=nonsense").status_code == 422

    def test_the_navigation_counts_what_is_unread(self, ada, payments):
        notices_for(ada, payments, 3)
        (inbox,) = re.findall(
            r'href="/inbox/"[^>]*>(.*?)</a>', signed_in(ada).get("/boards/").content.decode(), re.DOTALL
        )
        assert "3" in inbox

    def test_the_signed_out_and_the_newcomer(self, client, db):
        assert client.get("/inbox/")["Location"].startswith("/accounts/login/")
        assert signed_in(make_person("nora")).get("/inbox/").status_code == 403


class TestPreferences:
    def test_what_is_not_ticked_does_not_come_by_mail(self, ada):
        client = signed_in(ada)

        def ticked():
            return re.findall(r'value="(\w+)" checked', client.get("/inbox/preferences/").content.decode())

        assert len(ticked()) == 11
        assert client.post("/inbox/preferences/", {"by_mail": ["vote", "nonsense"]}).status_code == 302
        assert set(Preference.objects.filter(by_mail=True).values_list("kind", flat=True)) == {"vote"}
        assert ticked() == ["vote"]

    def test_a_feed_shows_its_address_once_and_is_revoked(self, ada, cleo, items):  # noqa: F811
        client = signed_in(ada)
        page = client.post("/inbox/feeds/", {"kind": "changes"}).content.decode()
        (address,) = re.findall(r"/feeds/[\w-]{43}\.ics", page)
        assert "Also by mail when" in page, "the rest of the page is there too"
        assert Client().get(address).status_code == 200
        assert ".ics" not in client.get("/inbox/preferences/").content.decode()
        feed = Feed.objects.get()
        assert signed_in(cleo).post(f"/inbox/feeds/{feed.pk}/revocation/").status_code == 404
        assert client.post(f"/inbox/feeds/{feed.pk}/revocation/").status_code == 302
        assert Client().get(address).status_code == 410

    def test_a_second_one_of_a_kind_is_refused_with_the_next_step(self, ada, items):  # noqa: F811
        client = signed_in(ada)
        client.post("/inbox/feeds/", {"kind": "changes"})
        refused = client.post("/inbox/feeds/", {"kind": "changes"})
        assert refused.status_code == 409
        assert "revoke it first" in refused.content.decode()
        assert client.post("/inbox/feeds/", {"kind": "meetings"}).status_code == 404


class TestWebhooks:
    def test_add_shows_the_secret_once(self, operator, receiver):
        client = signed_in(operator)
        assert "No webhook yet." in client.get("/webhooks/").content.decode()
        sent = {"url": receiver.url, "description": "CI", "events": ["cab.VoteCast"]}
        page = client.post("/webhooks/new/", sent).content.decode()
        (secret,) = re.findall(r"whsec_[\w+/=]+", page)
        endpoint = Endpoint.objects.get()
        assert (endpoint.events, endpoint.owner) == (["cab.VoteCast"], operator)
        again = client.get(endpoint.get_absolute_url()).content.decode()
        assert secret not in again
        assert "cab.VoteCast" in again
        assert "CI" in client.get("/webhooks/").content.decode()

    @pytest.mark.parametrize(
        "url", ["", "http://169.254.169.254/", "https://localhost/", "javascript:1", "https://a\0b/"]
    )
    def test_a_bad_address_comes_back_with_the_reason(self, operator, url):
        answer = signed_in(operator).post("/webhooks/new/", {"url": url, "description": "kept words"})
        assert answer.status_code == 422
        assert "kept words" in answer.content.decode()
        assert not Endpoint.objects.exists()

    def test_the_page_shows_sendings_and_sends_again(self, operator, endpoint, receiver, payments):
        receiver.status, receiver.body = 500, b"<script>alert(1)</script>"
        client = signed_in(operator)
        client.post(f"/webhooks/{endpoint.pk}/test/")
        webhooks.send_due(at=Sending.objects.latest("pk").next_attempt_at)
        page = client.get(f"/webhooks/{endpoint.pk}/").content.decode()
        assert "concordat.test" in page
        assert "&lt;script&gt;alert(1)" in page
        Sending.objects.update(state=SendingState.FAILED)
        sending = Sending.objects.get()
        assert client.post(f"/webhooks/sendings/{sending.pk}/again/").status_code == 302
        sending.refresh_from_db()
        assert sending.state == SendingState.WAITING

    def test_rotate_and_end_the_old_secret(self, operator, endpoint):
        client = signed_in(operator)
        assert re.findall(r"whsec_", client.post(f"/webhooks/{endpoint.pk}/secret/").content.decode())
        assert "two signatures" in client.get(f"/webhooks/{endpoint.pk}/").content.decode()
        assert client.post(f"/webhooks/{endpoint.pk}/secret/old/").status_code == 302
        endpoint.refresh_from_db()
        assert endpoint.old_secret == ""

    def test_off_and_on(self, operator, endpoint):
        client = signed_in(operator)
        client.post(f"/webhooks/{endpoint.pk}/switch/")
        endpoint.refresh_from_db()
        assert not endpoint.is_active
        assert client.post(f"/webhooks/{endpoint.pk}/test/").status_code == 409
        client.post(f"/webhooks/{endpoint.pk}/switch/")
        endpoint.refresh_from_db()
        assert endpoint.is_active

    @pytest.mark.parametrize("who", ["ada", "omar"])
    def test_others_may_not(self, request, who, endpoint):
        client = signed_in(request.getfixturevalue(who))
        pk = endpoint.pk
        assert {client.get(url).status_code for url in ("/webhooks/", f"/webhooks/{pk}/")} == {403}
        acts = (f"{pk}/switch/", f"{pk}/secret/", f"{pk}/secret/old/", f"{pk}/test/")
        assert {client.post(f"/webhooks/{act}").status_code for act in acts} == {403}
        assert client.post("/webhooks/new/", {"url": "https://example.org/"}).status_code in {403, 422}
        assert Endpoint.objects.get() == endpoint

    def test_an_auditor_reads_all_but_the_secret_and_finds_nothing_to_press(self, auditor, new, endpoint):
        client, pk = signed_in(auditor), endpoint.pk
        for url in ("/webhooks/", f"/webhooks/{pk}/"):
            main = client.get(url).content.decode().partition("<main")[2].partition("</main>")[0]
            assert "CI" in main
            assert "<form" not in main
            assert "<button" not in main
            assert "whsec_" not in main
        assert 'href="/webhooks/"' in client.get("/queue/").content.decode()
        for path in (f"webhooks/{pk}/", "webhooks/", "webhook-sendings/"):
            listed = client.get(f"/api/v1/{path}")
            assert listed.status_code == 200
            assert "whsec_" not in listed.content.decode()
        acts = (f"{pk}/switch/", f"{pk}/secret/", f"{pk}/secret/old/", f"{pk}/test/", "new/")
        assert {client.post(f"/webhooks/{act}").status_code for act in acts} == {403}
        assert Endpoint.objects.get() == endpoint

    def test_unknown_ones(self, operator):
        client = signed_in(operator)
        assert client.get("/webhooks/99/").status_code == 404
        assert client.post("/webhooks/99/switch/").status_code == 404
        assert client.post("/webhooks/sendings/99/again/").status_code == 404


def test_ticked_notices_are_marked_and_ticking_none_marks_none(ada, payments):
    for number in (1, 2):
        tell([ada], entry=say(payments, at=NOON, number=number), kind="vote", title="x", url="/x/", at=NOON)
    client, ids = signed_in(ada), list(Notice.objects.order_by("pk").values_list("pk", flat=True))
    page = client.get("/inbox/").content.decode()
    assert page.count('form="chosen"') == 2
    client.post("/inbox/read/", {"only_chosen": "1"})
    assert Notice.objects.filter(read_at__isnull=True).count() == 2
    client.post("/inbox/read/", {"only_chosen": "1", "notice": [ids[0]]})
    assert list(Notice.objects.filter(read_at__isnull=True).values_list("pk", flat=True)) == [ids[1]]


def test_what_was_marked_in_one_go_is_taken_back_and_nothing_else(ada, cleo, payments):
    for number in (1, 2, 3):
        tell([ada, cleo], entry=say(payments, at=NOON, number=number), kind="vote", title="x", url="/x/", at=NOON)
    mine = Notice.objects.filter(person=ada)
    Notice.objects.filter(person=cleo).update(read_at=NOON)
    mine.filter(pk=mine.earliest("pk").pk).update(read_at=NOON)
    client = signed_in(ada)
    client.post("/inbox/read/")
    page = client.get("/inbox/").content.decode()
    assert "2 notices marked as read." in page
    (read_at,) = re.findall(r'name="read_at" value="([^"]+)"', page)
    assert client.post("/inbox/unread/", {"read_at": read_at}).status_code == 302
    assert mine.filter(read_at=None).count() == 2
    assert Notice.objects.filter(person=cleo, read_at=None).count() == 0
    for nonsense in ("", "yesterday", "2026-13-40T00:00:00+00:00", "2026-03-02T12:00:00"):
        assert client.post("/inbox/unread/", {"read_at": nonsense}).status_code == 422
