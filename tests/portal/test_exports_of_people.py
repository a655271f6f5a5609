"""People, inbox, webhooks, targets, models and dashboards as files: what their pages give, and no more."""

from decimal import Decimal

import pytest

from apps.accounts.models import Person
from apps.accounts.rules import Role
from apps.cab.actions.dashboards import make_dashboard
from apps.cab.actions.targets import set_target
from apps.clusters.models import Visibility
from apps.notify.actions import webhooks
from apps.notify.models import Endpoint, Sending
from tests.conftest import NOON, make_person, signed_in
from tests.notify.test_pages import notices_for
from tests.portal.test_exports import cells, lines

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(admin) -> Endpoint:
    address = "https://93.184.215.14/=hook"
    return webhooks.add_endpoint(owner=admin, url=address, events_heard=[], description="=cmd", at=NOON).endpoint


def test_people_come_with_their_roles_to_those_who_may_look(ada, admin, auditor):
    make_person("zoe", Role.OPERATOR, Role.REQUESTER)
    Person.objects.filter(handle="zoe").update(name="@Zoe")
    told_ = {row["handle"]: row for row in lines(signed_in(auditor), "/account/people/?export=csv")}
    assert (told_["zoe"]["name"], told_["zoe"]["roles"]) == ("'@Zoe", "operator, requester")
    assert list(lines(signed_in(admin), "/account/people/?export=csv&search=zo")[0].values())[1] == "zoe"
    assert "email" not in told_["zoe"]  # nor does the page show it
    assert signed_in(ada).get("/account/people/?export=csv").status_code == 403


def test_an_inbox_is_its_owners_alone(ada, ben, payments):
    notices_for(ada, payments, title="=A vote waits")
    notices_for(ben, payments, title="Another")
    assert [row["title"] for row in lines(signed_in(ada), "/inbox/?export=csv")] == ["'=A vote waits"]
    assert [row["title"] for row in lines(signed_in(ben), "/inbox/?show=unread&export=csv")] == ["Another"]
    assert lines(signed_in(ada), "/inbox/?show=read&export=csv")[0]["read"] == ""


def test_webhooks_come_without_their_secret(endpoint, admin, auditor, ada):
    row = lines(signed_in(auditor), "/webhooks/?export=csv")[0]
    assert (row["address"], row["description"], row["events"]) == (endpoint.url, "'=cmd", "every event")
    assert "secret" not in " ".join(row)
    assert signed_in(ada).get("/webhooks/?export=csv").status_code == 403


def test_all_sendings_of_one_webhook_come_also_those_the_page_leaves_out(endpoint, auditor, admin, ada):
    other = webhooks.add_endpoint(
        owner=admin, url="https://93.184.215.14/b", events_heard=[], description="", at=NOON
    ).endpoint
    Sending.objects.bulk_create(
        Sending(endpoint=one, next_attempt_at=NOON, excerpt="-1+1") for one in [endpoint] * 60 + [other]
    )
    rows = lines(signed_in(auditor), f"{endpoint.get_absolute_url()}?export=csv")
    assert (len(rows), rows[0]["event"], rows[0]["answer"]) == (60, "concordat.test", "'-1+1")
    assert signed_in(ada).get(f"{endpoint.get_absolute_url()}?export=csv").status_code == 403
    assert signed_in(auditor).get("/webhooks/999999/?export=csv").status_code == 404


def test_targets_of_clusters_one_may_not_know_of_stay_out(ada, admin, auditor, logistics):
    programme = make_person("pia", Role.PROGRAMME_MANAGER)
    of = {"metric": "change_failure_rate", "direction": "at_most", "owner": programme, "setter": programme, "at": NOON}
    set_target(value=Decimal(10), **of)
    set_target(value=Decimal(8), cluster=logistics, **of)
    logistics.visibility = Visibility.RESTRICTED
    logistics.save()
    assert [row["for"] for row in lines(signed_in(ada), "/programme/targets/?export=csv")] == ["the federation"]
    row = next(one for one in lines(signed_in(auditor), "/programme/targets/?export=csv") if one["for"] == "Logistics")
    assert (float(row["value"]), row["unit"], row["owner"]) == (8, "%", "pia")


def test_dashboards_are_ones_own_and_those_of_boards(ada, ben, cleo, board):
    make_dashboard(maker=ada, name="+Mondays", at=NOON)
    make_dashboard(maker=cleo, name="Ours", board=board, at=NOON)
    rows = lines(signed_in(ada), "/dashboards/?export=csv")
    assert sorted((row["name"], row["whose"]) for row in rows) == [("'+Mondays", "mine"), ("Ours", board.name)]
    assert [row["name"] for row in lines(signed_in(ben), "/dashboards/?export=csv")] == ["Ours"]


def test_each_type_stands_in_the_file_of_models(ada):
    rows = lines(signed_in(ada), "/models/?export=csv")
    assert [row["type"] for row in rows] == ["standard", "normal", "emergency"]
    assert {row["in_force"] for row in rows} == {""}


@pytest.mark.parametrize(
    "address", ["/account/people/", "/inbox/", "/webhooks/", "/programme/targets/", "/models/", "/dashboards/"]
)
def test_both_kinds_hold_the_same_and_the_page_links_to_them(address, endpoint, admin, payments):
    notices_for(admin, payments, title="=Something")
    make_dashboard(maker=admin, name="Mine", at=NOON)
    set_target(
        metric="change_failure_rate", direction="at_most", value=Decimal(1), owner=admin, setter=admin, at=NOON,
    )  # fmt: skip
    client = signed_in(admin)
    rows = lines(client, f"{address}?export=csv")
    table = cells(b"".join(client.get(f"{address}?export=xlsx").streaming_content))
    assert rows
    assert [row[0] for row in table[1:]] == [next(iter(row.values())).removeprefix("'") for row in rows]
    assert "export=csv" in client.get(address).content.decode()
    refused = client.get(f"{address}?export=pdf")
    assert (refused.status_code, "Ask for csv, xlsx or json" in refused.content.decode()) == (404, True)
