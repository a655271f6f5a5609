import csv
import io
import re

import pytest
from django.urls import reverse

from apps.integrations import actions
from apps.integrations.models import PatternDecision
from tests.conftest import signed_in
from tests.integrations.conftest import decided

OWN = {"by": "own", "w_autonomy": "0.5", "w_cost": "0.5"}


@pytest.fixture
def open_one(integration, omar, noon):
    """Dispatch reads postings, and several patterns fit."""
    actions.describe_interface(
        interface_id=integration.interface_id, editor=omar, version=1, changes={"availability_percent": 99.9}, at=noon
    )
    integration.refresh_from_db()
    return integration


def url(integration):
    return reverse("integrations:decision", args=[integration.pk])


def hidden(page):
    """The hidden fields of the form of the decision, as a browser would send them back."""
    form = page.content.decode().split('id="decide-heading"')[1]
    return dict(re.findall(r'<input type="hidden" name="(by|weights|pairs|inputs_sha256)"(?: value="([^"]*)")?', form))


class TestPage:
    def test_it_shows_what_fits_and_the_owner_decides(self, open_one, nora):
        client = signed_in(nora)
        page = client.get(url(open_one))
        assert page.status_code == 200
        text = page.content.decode()
        assert "Event-driven comes first of 2 that fit, before API gateway." in text
        assert "An anti-pattern" in text
        assert "Nobody has decided yet" in text
        sent = hidden(page) | {"chosen": "gateway", "reasons": "They have it already."}
        assert client.post(url(open_one), sent | {"reasons": ""}).status_code == 422
        assert client.post(url(open_one), sent).status_code == 302
        made = PatternDecision.objects.get()
        assert (made.chosen, made.recommended, made.weighed_by) == ("gateway", "events", "usual")
        after = client.get(url(open_one)).content.decode()
        assert "They have it already." in after
        assert "Event-driven came first" in after
        assert "API gateway, by" in client.get(open_one.get_absolute_url()).content.decode()

    def test_a_decision_is_bound_to_what_was_read(self, open_one, nora, noon):
        client = signed_in(nora)
        sent = hidden(client.get(url(open_one))) | {"chosen": "events", "reasons": "It fits."}
        actions.describe_integration(
            integration_id=open_one.pk, editor=nora, version=1, changes={"latency_ms": 200}, at=noon
        )
        stale = client.post(url(open_one), sent)
        assert stale.status_code == 412
        assert "no longer those you decided on" in stale.content.decode()
        assert client.post(url(open_one), hidden(stale) | {"chosen": "events", "reasons": "Still."}).status_code == 302

    def test_own_weights_go_into_the_decision(self, open_one, nora):
        client = signed_in(nora)
        page = client.get(url(open_one), OWN)
        assert "Yours come to 1; each counts as its share of that." in page.content.decode()
        percent = client.get(url(open_one), {"by": "own", "weights": "autonomy:50,cost:50"})
        assert hidden(page)["inputs_sha256"] == hidden(percent)["inputs_sha256"]
        sent = hidden(page) | {"chosen": "events", "reasons": "It fits."}
        assert client.post(url(open_one), sent).status_code == 302
        assert PatternDecision.objects.get().weights["autonomy"] == 0.5

    def test_judgements_in_pairs_go_into_it_too(self, open_one, nora):
        client = signed_in(nora)
        page = client.get(url(open_one), {"by": "pairs"})
        assert "No judgements are given: these are the usual weights." in page.content.decode()
        names = re.findall(r'name="(p_[a-z_]+)"', page.content.decode())
        assert len(names) == 15
        judged = dict.fromkeys(names, "1") | {"p_timeliness_cost": "1/3"}
        page = client.get(url(open_one), judged | {"by": "pairs"})
        assert "consistency ratio 0.0" in page.content.decode()
        assert client.post(url(open_one), hidden(page) | {"chosen": "events", "reasons": "So."}).status_code == 302
        assert PatternDecision.objects.get().weighed_by == "pairs"
        wrong = dict.fromkeys(names, "1") | {"p_timeliness_cost": "9"}
        page = client.get(url(open_one), wrong | {"by": "pairs"})
        assert page.status_code == 422
        text = page.content.decode()
        assert "The judgements contradict each other" in text
        assert "“timeliness to cost” fits the others least" in text
        assert '<option value="9" selected>' in text  # what was typed is still there

    @pytest.mark.parametrize(
        "asked",
        [
            {"by": "feeling"},
            {"by": "own", "weights": "cost"},
            {"by": "own", "weights": "cost:x"},
            {"by": "own", "weights": "cost:1,cost:2"},
            {"by": "own", "weights": "cost:nan"},
            {"by": "own", "weights": "x" * 3_000},
            {"by": "own", "w_cost": "-1"},
            {"by": "pairs", "pairs": "cost:cost:1/0"},
            {"by": "pairs", "pairs": "timeliness:cost:3"},
        ],
    )
    def test_weights_that_are_none_are_refused_and_the_usual_ones_shown(self, open_one, nora, asked):
        client = signed_in(nora)
        page = client.get(url(open_one), asked)
        assert page.status_code == 422
        assert "comes first of 2" in page.content.decode()
        assert client.post(url(open_one), asked | {"chosen": "events", "reasons": "So."}).status_code == 422
        assert not PatternDecision.objects.exists()

    def test_others_read_and_do_not_decide(self, open_one, ada, omar):
        for person in (ada, omar):
            client = signed_in(person)
            text = client.get(url(open_one)).content.decode()
            assert "The owners of Logistics decide." in text
            advice = re.search(r'<code class="wrap">([0-9a-f]{64})', text).group(1)
            sent = {"by": "usual", "inputs_sha256": advice, "chosen": "events", "reasons": "Mine."}
            assert client.post(url(open_one), sent).status_code == 403

    def test_what_was_reopened_says_what_changed(self, open_one, nora, noon):
        decided(open_one, nora, noon)
        actions.describe_integration(
            integration_id=open_one.pk, editor=nora, version=1, changes={"replay_days": 30, "survives_s": 90}, at=noon
        )
        text = signed_in(nora).get(url(open_one)).content.decode()
        assert "Days that are read again: 0, now 30" in text
        assert "Goes on alone: not at all, now 1.5 minutes" in text
        assert "Event-driven is the only pattern that fits." in text
        assert "let the others in" in text

    def test_when_nothing_fits_it_says_what_binds_and_what_would_help(self, open_one, nora, noon):
        needs = {"direction": "writes", "latency_ms": 20, "coupling": "loose", "freshness_s": 0}
        actions.describe_integration(integration_id=open_one.pk, editor=nora, version=1, changes=needs, at=noon)
        text = signed_in(nora).get(url(open_one)).content.decode()
        assert "No pattern fits these needs." in text
        assert "<b>Latency</b> excludes API gateway" in text
        assert "allow 55 ms for an answer" in text
        assert 'id="decide-heading"' not in text

    def test_it_takes_few_queries(self, open_one, nora, noon, django_assert_max_num_queries):
        decided(open_one, nora, noon)
        client = signed_in(nora)
        client.get(url(open_one))
        with django_assert_max_num_queries(12):
            client.get(url(open_one))

    def test_the_list_is_narrowed_by_state_and_pattern_and_exported_with_both(self, open_one, nora, noon):
        client = signed_in(nora)
        address = reverse("integrations:integrations")

        def there(**asked):
            return b"Dispatch with Postings API" in client.get(address, asked).content

        assert [there(decision=one) for one in ("open", "decided", "reopened")] == [True, False, False]
        decided(open_one, nora, noon)
        assert [there(decision=one) for one in ("open", "decided", "reopened")] == [False, True, False]
        assert (there(pattern="events"), there(pattern="batch")) == (True, False)
        assert client.get(address, {"decision": "superseded"}).status_code == 422
        file = client.get(address, {"export": "csv"})
        row = next(csv.DictReader(io.StringIO(b"".join(file.streaming_content).decode("utf-8-sig"))))
        assert (row["decision"], row["pattern"]) == ("decided", "events")


class TestApi:
    def address(self, integration, name):
        return f"/api/v1/integrations/{integration.pk}/{name}/"

    def test_the_aid_says_what_fits_and_why(self, open_one, ada):
        client = signed_in(ada)
        found = client.get(self.address(open_one, "decision-aid")).json()
        assert (found["winner"], found["weighed_by"], found["consistency_ratio"]) == ("events", "usual", None)
        assert [one["pattern"] for one in found["ranking"]] == ["events", "gateway"]
        shared = found["patterns"][-1]
        assert (shared["pattern"], shared["fits"]) == ("shared_database", False)
        assert {one["criterion"] for one in found["sensitivity"]} == set(found["weights"])
        assert found["relaxations"][0]["changes"][0]["words"]
        own = client.get(self.address(open_one, "decision-aid"), {"by": "own", "weights": "cost:1"}).json()
        assert (own["winner"], own["weights"]["cost"]) == ("gateway", 1)
        none = client.get(self.address(open_one, "decision-aid"), {"by": "pairs"}).json()
        assert (none["weighed_by"], none["note"]) == ("usual", "No judgements are given: these are the usual weights.")
        for asked, code in (({"by": "x"}, "invalid"), ({"by": "pairs", "pairs": "cost:cost:2"}, "invalid")):
            refused = client.get(self.address(open_one, "decision-aid"), asked)
            assert (refused.status_code, refused.json()["code"]) == (422, code)

    def test_a_decision_names_the_advice_it_is_taken_on(self, open_one, nora, omar):
        client = signed_in(nora)
        weights = {"by": "own", "weights": "autonomy:3,cost:1"}
        advice = client.get(self.address(open_one, "decision-aid"), weights).json()
        sent = {"chosen": "events", "reasons": "It fits.", "inputs_sha256": advice["inputs_sha256"]}
        address = self.address(open_one, "decisions")
        stale = client.post(address, sent, "application/json")  # other weights are another advice
        assert (stale.status_code, stale.json()["code"]) == (412, "stale_revision")
        for more, status, code in (({"chosen": "batch"}, 409, "excluded"), ({"chosen": "pigeons"}, 422, "invalid")):
            refused = client.post(address, sent | weights | more, "application/json")
            assert (refused.status_code, refused.json()["code"]) == (status, code)
        assert signed_in(omar).post(address, sent | weights, "application/json").status_code == 403
        made = client.post(address, sent | weights, "application/json")
        assert made.status_code == 201, made.content
        assert (made.json()["number"], made.json()["weights"]["autonomy"]) == (1, 0.75)
        listed = client.get(address).json()["results"]
        assert [one["state"] for one in listed] == ["decided"]
        narrowed = client.get("/api/v1/integrations/", {"decision": "decided", "pattern": "events"}).json()["results"]
        assert [one["id"] for one in narrowed] == [open_one.pk]
        assert client.get("/api/v1/integrations/", {"decision": "open"}).json()["results"] == []
