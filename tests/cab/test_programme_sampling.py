"""Sampling and categories on the metrics page, in its files and on its API: each number opens its rows."""

import csv
import io
import re
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from urllib.parse import urlencode

import pytest

from apps.cab.models import Change, Handover, SampledReview, SamplingCandidate
from apps.cab.queries import figures, programme
from apps.cab.queries.named import boards_visible_to
from apps.cab.queries.programme import NO_BOARD, NO_CATEGORY, Scope
from apps.cab.queries.sampling import comparison, comparisons
from apps.cab.rules.intervals import wilson
from apps.clusters.models import Visibility
from apps.kernel.refusals import Invalid
from tests.cab.test_programme import NOW, TODAY, WHOLE, year  # noqa: F401  # the fixture
from tests.cab.test_sampling import by_policy, drawn, four, judge  # noqa: F401  # fixtures
from tests.conftest import make_person, signed_in

pytestmark = pytest.mark.django_db


EVER = Scope(date(2026, 1, 1), date(2026, 12, 31))
PERIOD = f"since={EVER.since}&until={EVER.until}"


@pytest.fixture
def judged(drawn, cleo):  # noqa: F811  # the fixture
    """Both of the drawn are reviewed: the board would have refused the first."""
    first, second = SampledReview.objects.order_by("pk")
    judge(first, cleo, "refused", "The way back was never tried.")
    judge(second, cleo)
    return drawn


def lines(answer) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


class TestSampling:
    def test_all_boards_at_once_are_told_what_each_is_told_alone(self, judged, board, vera):
        ((found, told, counts),) = comparisons(vera, boards_visible_to(vera), EVER)
        alone, behind = comparison(board, vera)
        assert (found, told) == (board, alone)
        assert counts == {name: count for name, count in behind.items() if name != "added"}
        assert (told.reviewed.finished, told.unreviewed.finished, told.refused_failed + told.refused_fine) == (2, 2, 1)

    def test_each_number_of_the_row_opens_as_many_changes(self, judged, vera):
        client = signed_in(vera)
        row = client.get(f"/programme/?{PERIOD}").text.split('id="sampled"')[1]
        links = re.findall(r'href="(/boards/enterprise/sampling/changes/\?[^"]*which=[^"]+)"[^>]*>([^<]+)<', row)
        links = [(unescape(address), text) for address, text in links]
        assert [address.rsplit("=")[-1] for address, _ in links] == [
            *("reviewed", "candidates", "reviewed-failed", "unreviewed-failed", "refused-failed"),
        ]
        shown = [client.get(address).text.count("<tr data-href") for address, _ in links]
        (_, told, counts), *_ = comparisons(vera, boards_visible_to(vera), EVER)
        assert shown == [counts[address.rsplit("=")[-1]] for address, _ in links]
        assert [text for _, text in links[:2]] == ["2", "4"]
        assert "50.0 %" in row
        interval = told.reviewed.interval
        assert f"{interval.low * 100:.1f}–{interval.high * 100:.1f} %" in row

    def test_file_and_api_say_the_same(self, judged, board, vera):
        client = signed_in(vera)
        told, _ = comparison(board, vera)
        found = {
            row["metric"]: row
            for row in lines(client.get(f"/programme/figures.csv?{PERIOD}"))
            if row["group"] == "sampling"
        }
        assert [float(found["reviewed_share"]["value"]), found["reviewed_share"]["rows"]] == [50, "2"]
        rate = found["reviewed_failure_rate"]
        assert float(rate["value"]) == pytest.approx(told.reviewed.rate * 100, abs=1e-3)
        assert float(rate["low"]) == pytest.approx(told.reviewed.interval.low * 100, abs=1e-3)
        gap = found["failure_rate_difference"]
        assert [gap["unit"], float(gap["value"])] == ["percentage points", pytest.approx(told.gap * 100, abs=1e-3)]
        assert found["minutes_a_prevented_failure"]["rows"] == str(told.refused_failed)
        data = client.get(f"/programme/figures.json?{PERIOD}").json()["sampling"]
        assert data == client.get(f"/api/v1/metrics/?{PERIOD}").json()["sampling"]
        assert (data[0]["board"], data[0]["candidates"], data[0]["reviewed_share"]) == ("enterprise", 4, 0.5)
        assert data[0]["comparison"]["gap_interval"]["low"] == told.gap_interval.low

    def test_it_follows_the_period_and_the_filters_with_intervals_of_what_is_left(self, judged, board, vera):
        known = list(boards_visible_to(vera))
        first, *_ = approvals = SamplingCandidate.objects.order_by("-is_drawn", "pk")
        Handover.objects.filter(pk=first.handover_id).update(at=NOW - timedelta(days=700))
        ((_, told, counts),) = comparisons(vera, known, EVER)
        assert (counts["candidates"], told.reviewed.finished, told.unreviewed.finished) == (3, 1, 2)
        assert told.reviewed.interval == wilson(told.reviewed.failed, 1)
        Change.objects.filter(pk=approvals[1].change_id).update(category="network")
        for words, left in (
            ({"category": "network"}, {approvals[1].change_id}),
            ({"category": NO_CATEGORY}, {approvals[2].change_id, approvals[3].change_id}),
            ({"type": "standard", "board": board.slug}, {one.change_id for one in approvals[1:]}),
            ({"cluster": "payments", "board": NO_BOARD}, {one.change_id for one in approvals[1:]}),
            *(({name: value}, set()) for name, value in (("type", "normal"), ("cluster", "x"), ("board", "x"))),
        ):
            scope = replace(EVER, **words)
            found = comparisons(vera, known, scope)
            assert sum(counts["candidates"] for *_, counts in found) == len(left), words
            page = signed_in(vera).get(f"/programme/?{urlencode(scope.as_query())}").text
            assert 'id="sampled"' in page, words
            assert ("No automatic approval of this period fits the filters" in page) == (not left), words
            if left:
                address = f"/boards/enterprise/sampling/changes/?{urlencode(scope.as_query())}&which=candidates"
                rows = signed_in(vera).get(address).context["page"].rows
                assert {one.pk for one in rows} == left, words
        whole = signed_in(vera).get("/boards/enterprise/sampling/changes/?which=candidates")
        assert (len(whole.context["page"].rows), "Of all periods" in whole.text) == (4, True)
        assert signed_in(vera).get("/boards/enterprise/sampling/changes/?since=never").status_code == 422

    def test_who_sees_none_of_the_changes_is_told_nothing(self, judged, payments):
        payments.visibility = Visibility.RESTRICTED
        payments.save()
        eve = make_person("eve", "requester")
        assert comparisons(eve, boards_visible_to(eve), EVER) == []
        client = signed_in(eve)
        assert 'id="sampled"' not in client.get("/programme/").text
        assert client.get("/api/v1/metrics/").json()["sampling"] == []

    def test_the_page_still_asks_at_most_twelve_questions(self, judged, vera, django_assert_max_num_queries):
        client = signed_in(vera)
        client.get("/programme/")
        with django_assert_max_num_queries(12):
            assert client.get("/programme/").status_code == 200


class TestCategories:
    @pytest.fixture
    def sorted_out(self, year):  # noqa: F811  # the fixture
        Change.objects.filter(number__in=(2000, 2001, 2005)).update(category="database")
        Change.objects.filter(number=3000).update(category="network")

    def test_each_category_has_its_figures_and_nobody_said_is_one_of_them(self, sorted_out, ada):
        found = {one.name: one for one in figures.report(ada, WHOLE, at=NOW).categories}
        assert sorted(found) == ["No category", "database", "network"]
        assert found["database"].figures["change_failure_rate"].value == pytest.approx(100 * 2 / 3)
        assert found["network"].figures["backlog"].rows == 1
        assert found["No category"].figures["deployment_frequency"].rows == 11
        assert found["No category"].figures["backlog"].rows == 2

    def test_a_category_narrows_the_whole_report_and_its_rows(self, sorted_out, ada):
        scope = Scope(WHOLE.since, WHOLE.until, category="database")
        report = figures.report(ada, scope, at=NOW)
        assert report.overall.figures["change_failure_rate"].rows == 2
        behind = programme.rows_behind(ada, scope, report.overall.figures["change_failure_rate"].metric, at=NOW)
        assert sorted(behind.values_list("number", flat=True)) == [2000, 2001]

    def test_page_file_and_api_split_by_it(self, sorted_out, ada):
        client, period = signed_in(ada), f"since={WHOLE.since}&until={TODAY}"
        page = client.get(f"/programme/?{period}").text
        assert "By category" in page
        assert "category=database" in page
        told = [row for row in lines(client.get(f"/programme/figures.csv?{period}")) if row["group"] == "category"]
        assert {row["name"] for row in told} == {"No category", "database", "network"}
        groups = client.get(f"/api/v1/metrics/?{period}&category=database").json()["groups"]
        assert [one["name"] for one in groups if one["by"] == "category"] == ["database"]
        assert client.get(f"/programme/rows/lead_time/?{period}&category=database").text.count("<tr data-href") == 3

    def test_an_unknown_one_is_refused_in_a_sentence(self, ada):
        with pytest.raises(Invalid, match="is no category"):
            Scope.from_address({"category": "strange"}, today=TODAY)
        answer = signed_in(ada).get("/programme/?category=strange")
        assert (answer.status_code, "is no category of changes" in answer.text) == (422, True)
