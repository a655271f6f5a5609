"""The pages, files and API of programme metrics and their targets."""

import csv
import io
import re
import zipfile
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from django.utils import timezone

from apps.accounts.rules import Role
from apps.cab.actions.targets import set_target, withdraw_target
from apps.cab.models import Change, MetricTarget
from apps.cab.rules.metrics import METRICS
from apps.clusters.models import Visibility
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotAllowed
from tests.cab.test_programme import year  # noqa: F401  # the fixture
from tests.conftest import NOON, make_person, signed_in

pytestmark = pytest.mark.django_db
PERIOD = "since=2026-01-01&until=2026-04-10"


@pytest.fixture
def priya(db):
    return make_person("priya", Role.PROGRAMME_MANAGER)


def set_one(setter, owner, **more) -> MetricTarget:
    given = {"metric": "change_failure_rate", "value": Decimal(15), "owner": owner, "at": NOON}
    return set_target(setter=setter, **(given | more))


def test_every_link_of_the_page_opens_as_many_changes_as_its_figure_says(year, ada):  # noqa: F811
    client = signed_in(ada)
    data = client.get(f"/programme/figures.json?{PERIOD}").json()
    page = client.get(f"/programme/?{PERIOD}").content.decode()
    links = {one.replace("&amp;", "&") for one in re.findall(r'href="(/programme/rows/[^"]+)"', page)}
    assert len(links) > 40
    counted = 0
    for group in data["groups"]:
        for one in group["figures"]:
            query = "&".join(f"{name}={value}" for name, value in group["scope"].items())
            rows = client.get(f"/programme/rows/{one['metric']}/?{query}").content.decode()
            assert rows.count("<tr data-href") == one["rows"], (group["name"], one)
            counted += one["rows"]
    assert counted > 100


def test_the_page_asks_at_most_twelve_questions(year, ada, django_assert_max_num_queries):  # noqa: F811
    set_one(make_person("priya", Role.PROGRAMME_MANAGER), ada)
    client = signed_in(ada)
    with django_assert_max_num_queries(12):
        assert client.get(f"/programme/?{PERIOD}").status_code == 200
    with django_assert_max_num_queries(12):
        assert client.get(f"/programme/rows/lead_time/?{PERIOD}").status_code == 200


def test_figures_as_csv_and_xlsx_hold_the_same(year, ada, payments):  # noqa: F811
    payments.name = "=HYPERLINK(1)"
    payments.save()
    client = signed_in(ada)
    told = b"".join(client.get(f"/programme/figures.csv?{PERIOD}").streaming_content).decode()
    lines = list(csv.DictReader(io.StringIO(told)))
    assert {line["name"] for line in lines if line["group"] == "cluster"} == {"'=HYPERLINK(1)", "Logistics"}
    rate = next(line for line in lines if line["metric"] == "change_failure_rate")
    assert (rate["group"], rate["value"], rate["rows"]) == ("all", "21.4286", "3")
    table = cells(b"".join(client.get(f"/programme/figures.xlsx?{PERIOD}").streaming_content))
    assert len(table) == len(lines) + 1
    assert ["cluster", "=HYPERLINK(1)"] in [row[:2] for row in table]  # text, and no formula


def cells(content: bytes) -> list[list[str]]:
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    name = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    return [["".join(cell.itertext()) for cell in row] for row in ET.fromstring(sheet).iter(f"{name}row")]


def test_rows_as_csv_and_xlsx_are_those_of_the_page(year, ada):  # noqa: F811
    client = signed_in(ada)
    told = b"".join(client.get(f"/programme/rows/change_failure_rate/changes.csv?{PERIOD}").streaming_content)
    assert [line.split(",")[0] for line in told.decode().splitlines()] == [
        "reference",
        "CHG-2002",
        "CHG-2001",
        "CHG-2000",
    ]
    table = cells(b"".join(client.get(f"/programme/rows/change_failure_rate/changes.xlsx?{PERIOD}").streaming_content))
    assert [row[0] for row in table] == ["reference", "CHG-2002", "CHG-2001", "CHG-2000"]


@pytest.mark.parametrize(
    ("address", "status", "sentence"),
    [
        ("/programme/?since=2026-02-30", 422, "is not a day"),
        ("/programme/rows/strange/", 404, "There is no metric"),
        ("/programme/figures.pdf", 404, "There is no export"),
        ("/programme/?type=strange", 422, "is no type of change"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_a_sentence(ada, address, status, sentence):
    answer = signed_in(ada).get(address)
    assert answer.status_code == status
    assert sentence in answer.content.decode()


def test_a_target_stands_on_the_page_and_says_whether_it_is_met(year, ada, priya, payments):  # noqa: F811
    set_one(priya, ada)
    set_one(priya, ada, cluster=payments, value=Decimal(30))
    page = signed_in(ada).get(f"/programme/?{PERIOD}").content.decode()
    assert "at most 15.0 %" in page
    assert 'data-state="missed"' in page
    data = signed_in(ada).get(f"/programme/figures.json?{PERIOD}").json()
    met = {group["name"]: one["is_met"] for group in data["groups"][:3] for one in group["figures"] if one["target"]}
    assert met == {"All": False, "Payments": True}


def test_setting_again_replaces_and_the_same_again_changes_nothing(priya, ada):
    first = set_one(priya, ada)
    assert set_one(priya, ada).version == first.version
    again = set_one(priya, ada, value=Decimal(10), direction="at_least")
    assert (again.pk, again.version, again.direction) == (first.pk, 2, "at_least")
    assert Entry.objects.filter(event="cab.TargetSet").count() == 2


def test_only_programme_managers_set_targets_and_owners_for_their_cluster(ada, omar, payments, logistics, auditor):
    with pytest.raises(NotAllowed, match="programme manager"):
        set_one(ada, ada)
    assert set_one(omar, omar, cluster=payments).cluster == payments
    for cluster in (None, logistics):
        with pytest.raises(NotAllowed):
            set_one(omar, omar, cluster=cluster)
    assert not MetricTarget.objects.exclude(cluster=payments).exists()


@pytest.mark.parametrize("wrong", [{"value": Decimal(-1)}, {"metric": "strange"}])
def test_a_target_that_makes_no_sense_is_refused(priya, ada, wrong):
    with pytest.raises(Invalid):
        set_one(priya, ada, **wrong)
    assert not MetricTarget.objects.exists()


def test_a_target_is_of_one_place(priya, ada, payments, board):
    with pytest.raises(Invalid, match="at most one"):
        set_one(priya, ada, cluster=payments, board=board)


def test_who_left_answers_for_nothing(priya, ada):
    ada.is_active = False
    ada.save()
    with pytest.raises(Invalid, match="cannot answer"):
        set_one(priya, ada)


def test_a_withdrawn_target_is_gone_and_told(priya, ada):
    target = set_one(priya, ada)
    withdraw_target(target_id=target.pk, person=priya, at=NOON)
    assert not MetricTarget.objects.exists()
    assert Entry.objects.get(event="cab.TargetWithdrawn").data["value"] == "15.00"


def test_the_page_of_targets_sets_and_withdraws(priya, ada):
    client = signed_in(priya)
    sent = {"metric": "backlog", "value": "40", "owner": "ada"}
    assert client.post("/programme/targets/", sent).status_code == 302
    assert "at most 40" in client.get("/programme/targets/").content.decode()
    refused = client.post("/programme/targets/", sent | {"owner": "nobody"})
    assert refused.status_code == 422
    assert "Nobody is called nobody" in refused.content.decode()
    assert client.post(f"/programme/targets/{MetricTarget.objects.get().pk}/withdrawal/").status_code == 302
    assert not MetricTarget.objects.exists()
    assert "Set a target" not in signed_in(ada).get("/programme/targets/").content.decode()


def test_targets_of_hidden_clusters_are_hidden(priya, omar, ada, cleo, payments):
    payments.visibility = Visibility.RESTRICTED
    payments.save()
    target = set_one(omar, omar, cluster=payments)
    assert str(target) not in signed_in(cleo).get("/programme/targets/").content.decode()
    assert signed_in(cleo).post(f"/programme/targets/{target.pk}/withdrawal/").status_code == 404


def test_the_api_tells_the_same_figures(year, ada):  # noqa: F811
    client = signed_in(ada)
    told = client.get(f"/api/v1/metrics/?{PERIOD}").json()
    assert told == client.get(f"/programme/figures.json?{PERIOD}").json()
    assert {one["metric"] for one in told["groups"][0]["figures"]} == set(METRICS)
    assert client.get("/api/v1/metrics/?since=2026-04-02&until=2026-04-01").status_code == 422


def test_the_api_sets_and_withdraws_targets(priya, ada):
    client = signed_in(priya)
    sent = {"metric": "lead_time", "value": "120", "owner": "ada"}
    answer = client.post(
        "/api/v1/metric-targets/", sent, content_type="application/json", headers={"Idempotency-Key": "k1"}
    )
    assert answer.status_code == 201, answer.content
    target = answer.json()
    assert (target["direction"], target["version"]) == ("at_most", 1)
    again = client.delete(f"/api/v1/metric-targets/{target['id']}/", headers={"If-Match": '"7"'})
    assert again.status_code == 412
    gone = client.delete(f"/api/v1/metric-targets/{target['id']}/", headers={"If-Match": answer.headers["ETag"]})
    assert gone.status_code == 204
    refused = signed_in(ada).post(
        "/api/v1/metric-targets/", sent, content_type="application/json", headers={"Idempotency-Key": "k2"}
    )
    assert refused.status_code == 403
    assert "programme manager" in refused.json()["detail"] + str(refused.json())


def test_a_change_of_today_counts_today(ada, payments):
    now = timezone.now()
    Change.objects.create(
        number=9000, title="Now", cluster=payments, requester=ada, state="implemented", created_at=now,
        submitted_at=now, implemented_at=now,
    )  # fmt: skip
    assert signed_in(ada).get("/programme/figures.json").json()["groups"][0]["figures"][0]["rows"] == 1
