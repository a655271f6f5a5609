"""Inbox, webhooks and feeds over the API: the same sentences as the pages."""

import pytest

from apps.accounts.rules import Role, Scope
from apps.notify.actions.telling import tell
from apps.notify.models import Endpoint, Feed, Sending
from apps.notify.queries import unread_count
from apps.notify.states import SendingState
from tests.accounts.conftest import caller
from tests.conftest import NOON, make_person, signed_in, version_in
from tests.notify.conftest import say
from tests.notify.test_feeds import items  # noqa: F401  # a fixture

API = "/api/v1"
JSON = "application/json"


class TestInbox:
    @pytest.fixture
    def notices(self, ada, ben, payments):
        for number, kind in enumerate(("vote", "decision", "vote")):
            entry = say(payments, at=NOON, number=number)
            tell([ada], entry=entry, kind=kind, title=f"CHG-{number}", url="/changes/", at=NOON)
        tell([ben], entry=entry, kind="vote", title="Ben's", url="/changes/", at=NOON)

    def test_list_filter_and_page(self, ada, notices):
        client = caller(ada)

        def titles(query=""):
            return [row["title"] for row in client.get(f"{API}/inbox/{query}").json()["results"]]

        assert titles() == ["CHG-2", "CHG-1", "CHG-0"]
        assert titles("?kind=decision") == ["CHG-1"]
        assert titles("?unread=false") == []
        first = client.get(f"{API}/inbox/?limit=2").json()
        assert [row["title"] for row in client.get(first["next"]).json()["results"]] == ["CHG-0"]

    def test_read_some_all_and_back(self, ada, ben, notices):
        client = signed_in(ada)
        newest = client.get(f"{API}/inbox/").json()["results"][0]["id"]
        assert client.post(f"{API}/inbox/readings/", {"notices": [newest]}, JSON).json() == {"read": 1}
        assert client.post(f"{API}/inbox/readings/", {"notices": []}, JSON).json() == {"read": 0}
        assert client.post(f"{API}/inbox/readings/", {}, JSON).json() == {"read": 2}
        assert client.delete(f"{API}/inbox/{newest}/reading/").status_code == 204
        assert (unread_count(ada), unread_count(ben)) == (1, 1)

    @pytest.mark.parametrize("sent", [{"notices": "all"}, {"notices": [0]}, {"notices": [2**63]}, {"notices": [None]}])
    def test_what_does_not_fit_is_refused(self, ada, notices, sent):
        assert signed_in(ada).post(f"{API}/inbox/readings/", sent, JSON).status_code == 422
        assert unread_count(ada) == 3

    def test_somebody_elses_is_not_there(self, ben, ada, notices):
        others = caller(ada).get(f"{API}/inbox/").json()["results"][0]["id"]
        assert caller(ben).get(f"{API}/inbox/{others}/").status_code == 404
        assert signed_in(ben).delete(f"{API}/inbox/{others}/reading/").status_code == 404
        assert caller(ben).post(f"{API}/inbox/readings/", {}, JSON).status_code == 403, "no key reads for a person"


class TestWebhooks:
    @pytest.fixture
    def client(self, operator):
        return caller(operator, Scope.READ, Scope.WEBHOOKS)

    def test_add_read_edit_switch(self, client, receiver):
        sent = {"url": receiver.url, "events": ["cab.VoteCast"], "description": "CI"}
        made = client.post(f"{API}/webhooks/", sent, JSON)
        assert (made.status_code, made.json()["secret"][:6]) == (201, "whsec_")
        path = f"{API}/webhooks/{made.json()['webhook']['id']}/"
        told = client.get(path)
        assert (version_in(told), told.json()["owner"], "secret" in told.json()) == ("1", "gustav", False)
        assert client.patch(path, {"is_active": False}, JSON).status_code == 428
        off = client.patch(path, {"is_active": False}, JSON, headers={"If-Match": '"1"'})
        assert (off.status_code, version_in(off), off.json()["is_active"]) == (200, "2", False)
        assert client.patch(path, {"is_active": True}, JSON, headers={"If-Match": '"1"'}).status_code == 412
        assert [row["id"] for row in client.get(f"{API}/webhooks/?is_active=false").json()["results"]]

    def test_a_replay_never_holds_the_secret(self, client, receiver):
        answers = [
            client.post(f"{API}/webhooks/", {"url": receiver.url}, JSON, headers={"Idempotency-Key": "k"})
            for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [201, 201]
        assert answers[1].json()["secret"] is None
        assert Endpoint.objects.count() == 1

    @pytest.mark.parametrize(
        "sent",
        [
            {},
            {"url": "http://10.0.0.1/"},
            {"url": "https://localhost/"},
            {"url": "https://[::1]/"},
            {"url": "https://user:pass@example.org/"},
            {"url": "x" * 501},
            {"url": "https://example.org/", "events": ["no.Such"]},
            {"url": "https://example.org/", "events": "all"},
        ],
    )
    def test_what_does_not_fit_is_refused_by_field(self, client, sent):
        answer = client.post(f"{API}/webhooks/", sent, JSON)
        assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
        assert answer.json()["errors"]
        assert not Endpoint.objects.exists()

    def test_rotate_end_test_and_repeat(self, client, endpoint):
        path = f"{API}/webhooks/{endpoint.pk}/"
        assert client.post(f"{path}secret/").json()["secret"].startswith("whsec_")
        assert client.get(path).json()["has_old_secret"] is True
        assert client.delete(f"{path}secret/old/").status_code == 204
        assert client.get(path).json()["has_old_secret"] is False
        sending = client.post(f"{path}tests/").json()
        assert (sending["webhook"], sending["entry"], sending["state"]) == (endpoint.pk, None, "waiting")
        Sending.objects.update(state=SendingState.FAILED, attempts=9)
        again = client.post(f"{API}/webhook-sendings/{sending['id']}/repetition/").json()
        assert (again["state"], again["attempts"]) == ("waiting", 0)
        listed = client.get(f"{API}/webhook-sendings/?webhook={endpoint.pk}&state=waiting").json()["results"]
        assert sending["id"] in [row["id"] for row in listed]
        assert client.get(f"{API}/webhook-sendings/?webhook={2**64}").status_code == 422

    def test_who_may(self, operator, ada, endpoint):
        for person in (ada, make_person("opal", Role.OPERATOR)):
            assert caller(person).get(f"{API}/webhooks/").status_code == 403
            assert caller(person).get(f"{API}/webhook-sendings/").status_code == 403
            refused = caller(person, Scope.WEBHOOKS).post(f"{API}/webhooks/{endpoint.pk}/secret/")
            assert refused.status_code == 403
        unscoped = caller(operator, Scope.READ).post(f"{API}/webhooks/{endpoint.pk}/tests/")
        assert (unscoped.status_code, unscoped.json()["code"]) == (403, "scope_missing")
        assert not Sending.objects.filter(entry=None).exists()


class TestFeeds:
    def test_open_list_and_revoke(self, ada, cleo, items):  # noqa: F811
        client = signed_in(ada)
        made = client.post(f"{API}/feeds/", {"kind": "changes"}, JSON)
        assert made.status_code == 201
        path = "/" + made.json()["address"].split("/", 3)[3]
        assert client.get(path).status_code == 200
        (listed,) = client.get(f"{API}/feeds/").json()["results"]
        assert (listed["kind"], listed["revoked_at"], "address" in listed) == ("changes", None, False)
        assert client.post(f"{API}/feeds/", {"kind": "changes"}, JSON).status_code == 409
        assert signed_in(cleo).post(f"{API}/feeds/{listed['id']}/revocation/").status_code == 404
        assert client.post(f"{API}/feeds/{listed['id']}/revocation/").json()["revoked_at"]
        assert client.get(path).status_code == 410

    def test_a_replay_never_holds_the_address(self, ada, items):  # noqa: F811
        client = signed_in(ada)
        sent = {"kind": "changes"}
        answers = [client.post(f"{API}/feeds/", sent, JSON, headers={"Idempotency-Key": "k"}) for _ in range(2)]
        assert answers[0].json()["address"]
        assert answers[1].json()["address"] is None
        assert Feed.objects.count() == 1

    def test_no_key_opens_a_feed(self, ada, items):  # noqa: F811
        assert caller(ada).post(f"{API}/feeds/", {"kind": "changes"}, JSON).status_code == 403
        assert signed_in(ada).post(f"{API}/feeds/", {"kind": "meetings"}, JSON).status_code == 404
