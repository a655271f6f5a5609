"""Programme metrics per change model: on the page, in its files, on the API, in sampling and in dashboards."""

import csv
import io
import json
from dataclasses import replace
from datetime import date
from urllib.parse import urlencode

import pytest

from apps.cab.actions.dashboards import make_dashboard
from apps.cab.models import Change, SamplingCandidate
from apps.cab.queries import figures, programme
from apps.cab.queries.change_models import MODELS, NO_MODEL
from apps.cab.queries.named import boards_visible_to
from apps.cab.queries.programme import Scope
from apps.cab.queries.sampling import comparisons
from apps.kernel.refusals import Invalid
from tests.cab.test_change_models import published
from tests.cab.test_programme import NOW, TODAY, WHOLE, year  # noqa: F401  # the fixture
from tests.cab.test_sampling import by_policy, drawn, four  # noqa: F401  # fixtures
from tests.conftest import NOON, signed_in

pytestmark = pytest.mark.django_db
PERIOD = f"since={WHOLE.since}&until={TODAY}"


@pytest.fixture
def followed(year, ben, admin):  # noqa: F811  # the fixture
    """Two versions of the model of normal changes are followed by two each, that of normal databases by one."""
    first, second = published(ben, admin), published(ben, admin)
    database = published(ben, admin, category="database")
    for version, numbers in ((first, (2000, 2005)), (second, (2001, 3000)), (database, (2002,))):
        Change.objects.filter(number__in=numbers).update(model_version=version)


def test_all_versions_of_a_model_are_one_group_and_no_model_is_one_of_them(followed, ada):
    found = {one.name: one for one in figures.report(ada, WHOLE, at=NOW).models}
    assert list(found) == ["No model", "Normal", "Normal database"]
    assert found["Normal"].figures["change_failure_rate"].value == pytest.approx(100 * 2 / 3)
    assert found["Normal"].figures["backlog"].rows == 1
    assert found["Normal database"].figures["deployment_frequency"].rows == 1
    assert found["No model"].figures["deployment_frequency"].rows == 10
    assert [one.scope.model for one in found.values()] == [NO_MODEL, "normal", "normal/database"]


def test_a_model_narrows_the_whole_report_and_its_rows(followed, ada):
    for model, numbers in (("normal", [2000, 2001, 2005]), ("normal/database", [2002]), ("normal/network", [])):
        scope = replace(WHOLE, model=model)
        report = figures.report(ada, scope, at=NOW)
        rate = report.overall.figures["deployment_frequency"]
        behind = programme.rows_behind(ada, scope, rate.metric, at=NOW)
        assert (rate.rows, sorted(behind.values_list("number", flat=True))) == (len(numbers), numbers)
    assert figures.report(ada, replace(WHOLE, model=NO_MODEL), at=NOW).overall.figures["backlog"].rows == 2


def test_page_file_and_api_split_by_it_and_open_its_rows(followed, ada):
    client = signed_in(ada)
    page = client.get(f"/programme/?{PERIOD}&model=normal/database").text
    assert '<option value="normal/database" selected>normal database</option>' in page
    assert "By change model" in page
    file = b"".join(client.get(f"/programme/figures.csv?{PERIOD}").streaming_content).decode()
    told = [row for row in csv.DictReader(io.StringIO(file)) if row["group"] == "model"]
    assert {row["name"] for row in told} == {"No model", "Normal", "Normal database"}
    groups = client.get(f"/api/v1/metrics/?{PERIOD}&model=normal").json()["groups"]
    assert [one["name"] for one in groups if one["by"] == "model"] == ["Normal"]
    rows = client.get(f"/programme/rows/lead_time/?{PERIOD}&model=normal").text
    assert (rows.count("<tr data-href"), "change model: normal" in rows.lower()) == (3, True)


def test_one_that_nothing_follows_can_be_asked_for_and_stays_chosen(year, ada):  # noqa: F811  # the fixture
    page = signed_in(ada).get(f"/programme/?{PERIOD}&model=emergency").text
    assert f'<option value="emergency" selected>{MODELS["emergency"]}</option>' in page


def test_an_unknown_one_is_refused_in_a_sentence(ada):
    with pytest.raises(Invalid, match="is no model"):
        Scope.from_address({"model": "normal/strange"}, today=TODAY)
    answer = signed_in(ada).get("/programme/?model=strange")
    assert (answer.status_code, "is no model of changes" in answer.text) == (422, True)
    assert signed_in(ada).get("/api/v1/metrics/?model=strange").status_code == 422


def test_sampling_follows_it(drawn, vera, ben, admin):  # noqa: F811  # the fixture
    first, *rest = SamplingCandidate.objects.order_by("pk").values_list("change", flat=True)
    Change.objects.filter(pk=first).update(model_version=published(ben, admin, kind="standard"))
    ever = Scope(date(2026, 1, 1), date(2026, 12, 31))
    for model, left in (("standard", {first}), (NO_MODEL, set(rest)), ("normal", set())):
        scope = replace(ever, model=model)
        found = comparisons(vera, list(boards_visible_to(vera)), scope)
        assert sum(counts["candidates"] for *_, counts in found) == len(left)
        if left:
            address = f"/boards/enterprise/sampling/changes/?{urlencode(scope.as_query())}&which=candidates"
            assert {one.pk for one in signed_in(vera).get(address).context["page"].rows} == left


def test_a_dashboard_is_narrowed_to_a_model(followed, ada):
    client = signed_in(ada)
    made = client.post("/dashboards/", {"name": "Databases", "model": "normal/database", "days": "730"})
    page = client.get(made["Location"]).text
    assert ("change model: " in page, "model=normal%2Fdatabase" in page) == (True, True)
    rows = json.loads(b"".join(client.get(f"{made['Location']}?export=json").streaming_content))
    assert {row["model"] for row in rows} == {"normal/database"}
    one = client.get(f"/api/v1{made['Location']}").json()
    assert one["model"] == "normal/database"
    with pytest.raises(Invalid, match="is no model"):
        make_dashboard(maker=ada, name="Strange", model="strange", at=NOON)
