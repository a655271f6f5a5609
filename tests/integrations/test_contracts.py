"""Skeletons of contracts: what they hold, how they are checked, read by others' readers, and refused; both doors."""

import json
from datetime import timedelta

import pytest
import yaml
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from ruamel.yaml import YAML

from apps.clusters.models import Cluster, Component, Visibility
from apps.integrations import actions
from apps.integrations.checking import official_faults
from apps.integrations.formats import adr, asyncapi, odcs, openapi
from apps.integrations.formats.contract_text import contract_text
from apps.integrations.models import PatternDecision
from apps.integrations.queries import visible_integration
from apps.integrations.queries.contracts import contract_of
from apps.integrations.rules.contracts import Known, Side, Standard, service_levels, standard_of
from apps.integrations.rules.gates import Facts
from apps.integrations.rules.patterns import Pattern
from apps.kernel.refusals import WrongState
from tests.conftest import NOON, signed_in
from tests.integrations.conftest import NEEDS, TOPIC, decided

HTTP = {"name": "Stock API", "kind": "http", "port": 8080, "protocol": "http", "latency_ms": 40}
FILE = {"name": "Sales of the day", "kind": "file", "is_data_product": True}
READ_LATER = {"latency_ms": None, "availability_percent": None}
WAYS = {
    "events": (TOPIC, {**READ_LATER, "replay_days": 7}, Standard.ASYNCAPI),
    "gateway": (HTTP, {"availability_percent": None, "consistency": "strong", "freshness_s": 0}, Standard.OPENAPI),
    "batch": (FILE, {**READ_LATER, "freshness_s": 86_400, "payload_kb": 20_480}, Standard.ODCS),
}


@pytest.fixture
def of_way(omar, nora, ledger, dispatch):
    """Makes an integration that is decided to be built that way."""

    def make(way, **more):
        offer, needs, _ = WAYS[way]
        offered = actions.offer_interface(component_id=ledger.pk, offerer=omar, values=offer | more, at=NOON)
        made = actions.declare_integration(
            consumer_id=dispatch.pk, interface=offered, declarer=nora, values=NEEDS | needs, at=NOON
        )
        decided(made, nora, NOON, chosen=way)
        return visible_integration(made.pk, nora)

    return make


def read(contract) -> dict:
    """By PyYAML (1.1) and by ruamel (1.2), which must agree."""
    old, new = yaml.safe_load(contract.text), YAML(typ="safe", pure=True).load(contract.text)
    assert old == new
    return old


def url(integration, name="contract"):
    return reverse(f"integrations:{name}", args=[integration.pk])


class TestSkeletons:
    @pytest.mark.parametrize("way", WAYS)
    def test_they_fit_the_schema_and_are_the_same_each_time(self, of_way, way):
        one = of_way(way)
        contract = contract_of(one)
        assert contract.standard == WAYS[way][2]
        assert official_faults(read(contract), contract.standard) == []
        assert contract_of(one) == contract

    def test_events_say_the_channel_and_who_sends(self, of_way):
        one = of_way("events", description="What was posted.", contract_url="https://contracts.example/ledger")
        said = read(contract_of(one))
        assert said["asyncapi"] == "3.0.0"
        assert said["info"]["contact"] == {"name": "Payments"}
        assert said["info"]["externalDocs"] == {"url": "https://contracts.example/ledger"}
        assert said["channels"]["ledger_posted"]["address"] == "ledger.posted"
        operation = said["operations"]["send_ledger_posted"]
        assert (operation["action"], operation["summary"]) == ("send", "Ledger sends it to Dispatch.")
        levels = {level["property"]: (level["value"], level["unit"]) for level in said["x-sla-properties"]}
        assert levels["retention"] == (7, "d")
        assert levels["freshness"] == (60, "s")
        assert "latency" not in levels  # nobody waits
        assert "availability" not in levels  # nobody says
        assert said["x-needs"]["dataClass"] == "internal"
        assert said["x-decision"]["decision"] == 1
        assert said["x-provider"] == "payments/ledger"

    def test_an_interface_that_is_no_topic_yet_has_a_channel_without_an_address(self, of_way, nora):
        one = of_way("gateway")
        known = _known(one)
        assert asyncapi.skeleton(known)["channels"]["Stock_API"]["address"] is None
        assert official_faults(asyncapi.skeleton(known), Standard.ASYNCAPI) == []

    def test_who_writes_is_received_from(self, of_way, nora):
        known = _known(of_way("events"), direction="writes")
        (operation,) = asyncapi.skeleton(known)["operations"].values()
        assert (operation["action"], operation["summary"]) == ("receive", "Ledger takes what Dispatch sends.")
        assert odcs.skeleton(known)["description"]["usage"] == "Written by logistics/dispatch."

    def test_an_api_is_read_by_another_validator(self, of_way):
        from openapi_spec_validator import OpenAPIV31SpecValidator

        said = read(contract_of(of_way("gateway", description="What is in stock.")))
        assert list(OpenAPIV31SpecValidator(said).iter_errors()) == []
        assert said["info"]["description"] == "What is in stock."
        assert said["x-port"] == {"port": 8080, "protocol": "http"}
        assert {"property": "latency", "value": 300, "unit": "ms"}.items() <= said["x-sla-properties"][1].items()

    def test_a_data_contract_is_read_by_the_standards_own_model(self, of_way, omar):
        from open_data_contract_standard.model import OpenDataContractStandard

        contract = contract_of(of_way("batch"))
        told = OpenDataContractStandard.from_string(contract.text)
        assert (told.apiVersion, told.status, told.dataProduct) == ("v3.2.0", "draft", "Ledger")
        assert [one.username for one in told.team.members] == ["omar"]
        assert {one.property: one.value for one in told.slaProperties} == {
            "freshness": 86_400,
            "payload": 20_480,
            "throughput": 12.5,
        }
        assert (told.schema_[0].physicalName, told.schema_[0].physicalType) == ("Sales of the day", "file")
        assert {one.property for one in told.customProperties} >= {"consistency", "dataClass", "decision", "pattern"}

    @given(st.text(min_size=1, max_size=120), st.text(max_size=200))
    def test_any_text_is_read_back_by_every_reader(self, name, text):
        document = {"name": name, "of": [text, {name: text}]}
        written = contract_text(document, comment="A skeleton.")
        readers = [yaml.safe_load]
        readers.append(YAML(typ="safe", pure=True).load)
        try:
            found = [one(written) for one in readers]
        except (yaml.YAMLError, ValueError):
            pytest.fail(f"unreadable: {written!r}")
        assert found == [document, document]

    @pytest.mark.parametrize("word", ["on", "1e3", "0o17", "012", "12:30", "2026-03-02", "~", "null", "=", "<<", ".5"])
    def test_words_that_readers_take_for_something_else_are_quoted(self, word):
        written = contract_text({word: word}, comment="x")
        assert yaml.safe_load(written) == {word: word}
        assert YAML(typ="safe", pure=True).load(written) == {word: word}

    @given(
        st.builds(
            Facts,
            direction=st.sampled_from(["reads", "writes"]),
            latency_ms=st.none() | st.integers(1, 3_600_000),
            freshness_s=st.integers(0, 31 * 86_400),
            rate_per_s=st.floats(0.001, 1_000_000),
            consistency=st.sampled_from(["eventual", "causal", "read_your_writes", "strong"]),
            ordering=st.sampled_from(["none", "key", "total"]),
            replay_days=st.integers(0, 3_650),
            payload_kb=st.integers(1, 10_485_760),
            availability_percent=st.none() | st.floats(0, 99.9999),
            survives_s=st.integers(0, 100),
            coupling=st.sampled_from(["loose", "moderate", "tight"]),
            data_class=st.sampled_from(["public", "internal", "confidential", "restricted"]),
        ),
        st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60).filter(str.strip),
        st.sampled_from(["http", "topic", "file", "table"]),
    )
    def test_whatever_is_known_makes_valid_documents(self, facts, name, kind):
        side = Side(name=name, slug="ledger", cluster="Payments", cluster_slug="payments", team=name)
        known = Known(
            integration_id=1,
            pattern=Pattern.EVENTS,
            number=1,
            decided_at=NOON,
            inputs_sha256="0" * 64,
            interface=name,
            kind=kind,
            port=9093,
            protocol="tls",
            is_data_product=True,
            description=name,
            contract_url="",
            purpose=name,
            provider=side,
            consumer=side,
            owners=(("omar", name),),
            facts=facts,
        )
        assert official_faults(asyncapi.skeleton(known), Standard.ASYNCAPI) == []
        assert official_faults(openapi.skeleton(known), Standard.OPENAPI) == []
        assert official_faults(odcs.skeleton(known), Standard.ODCS) == []

    def test_the_check_refuses_what_the_schemas_do_not_know(self, of_way):
        known = _known(of_way("events"))
        broken = openapi.skeleton(known)
        del broken["info"]["title"]
        assert "title" in official_faults(broken, Standard.OPENAPI)[0].sentence
        broken = odcs.skeleton(known)
        broken["slaProperties"][0]["values"] = 1
        assert official_faults(broken, Standard.ODCS)
        broken = asyncapi.skeleton(known)
        broken["operations"]["send_ledger_posted"]["channel"]["$ref"] = "#/channels/other"
        assert official_faults(broken, Standard.ASYNCAPI)

    def test_levels_leave_out_what_nobody_needs(self, of_way):
        known = _known(of_way("events"), replay_days=0, freshness_s=0, latency_ms=2_000)
        found = {one["property"]: one for one in service_levels(known.facts)}
        assert "retention" not in found
        assert found["freshness"]["description"] == "What is read is always the newest."
        assert found["latency"]["value"] == 2_000


def _known(integration, **facts):
    from dataclasses import replace

    from apps.integrations.queries.contracts import _known as known_of

    known = known_of(integration, integration.decisions.get())
    return replace(known, facts=replace(known.facts, **facts))


class TestRefusals:
    def test_while_nobody_has_decided(self, integration, ada):
        page = signed_in(ada).get(url(integration))
        assert page.status_code == 409
        assert "Nobody has decided on a pattern yet" in page.content.decode()
        said = signed_in(ada).get(f"/api/v1/integrations/{integration.pk}/artifact/")
        assert (said.status_code, said.json()["code"]) == (409, "undecided")
        assert said["Content-Type"] == "application/problem+json"

    def test_when_the_decision_was_reopened(self, of_way, nora, ada):
        one = of_way("events")
        actions.describe_integration(
            integration_id=one.pk, editor=nora, version=1, changes={"replay_days": 8}, at=NOON + timedelta(days=1)
        )
        said = signed_in(ada).get(f"/api/v1/integrations/{one.pk}/artifact/")
        assert (said.status_code, said.json()["code"]) == (409, "reopened")
        assert "confirm it or decide anew" in said.json()["next_step"]
        assert "Contract skeleton" not in signed_in(ada).get(url(one, "decision")).content.decode()

    def test_a_shared_database_has_none(self):
        with pytest.raises(WrongState, match="Shared database has no contract"):
            standard_of(Pattern.SHARED, kind="table")

    def test_openapi_describes_no_grpc(self, integration, nora, ada):
        decided(integration, nora, NOON, chosen="events")
        assert "AsyncAPI 3.0" in signed_in(ada).get(url(integration, "decision")).content.decode()
        with pytest.raises(WrongState, match=r"its \.proto files"):
            standard_of(Pattern.GATEWAY, kind=integration.interface.kind)

    def test_a_skeleton_that_its_schema_does_not_accept_is_never_shown(self, of_way, ada):
        one = of_way("events", contract_url="https://contracts.example/a ledger")
        for address in (url(one), url(one, "contract_file"), f"/api/v1/integrations/{one.pk}/artifact/"):
            answer = signed_in(ada).get(address)
            assert answer.status_code == 409
            assert "The skeleton is no valid AsyncAPI 3.0" in answer.content.decode()
            assert "externalDocs" in answer.content.decode()

    def test_who_may_not_know_of_an_end_gets_nothing(self, of_way, ada, logistics):
        one = of_way("events")
        Cluster.objects.filter(pk=logistics.pk).update(visibility=Visibility.RESTRICTED)
        for address in (url(one), url(one, "contract_file"), f"/api/v1/integrations/{one.pk}/artifact/"):
            assert signed_in(ada).get(address).status_code == 404


class TestDoors:
    @pytest.mark.parametrize("way", WAYS)
    def test_the_page_shows_it_and_the_file_is_the_same(self, of_way, ada, way):
        from html import unescape

        one, client = of_way(way), signed_in(ada)
        page = client.get(url(one)).content.decode()
        file = client.get(url(one, "contract_file"))
        assert file.content.decode() in unescape(page)
        assert f".{WAYS[way][2]}.yaml" in file["Content-Disposition"]
        assert file.headers["ETag"]
        again = client.get(url(one, "contract_file"), headers={"If-None-Match": file["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        assert f'href="{url(one)}"' in client.get(url(one, "decision")).content.decode()

    @pytest.mark.parametrize(
        ("way", "media"),
        [
            ("events", "application/vnd.aai.asyncapi+yaml;version=3.0.0"),
            ("gateway", "application/vnd.oai.openapi+yaml;version=3.1"),
            ("batch", "application/yaml"),
        ],
    )
    def test_the_api_gives_it_under_its_own_type_whatever_is_asked_for(self, of_way, ada, way, media):
        one, client = of_way(way), signed_in(ada)
        address = f"/api/v1/integrations/{one.pk}/artifact/"
        found = client.get(address, headers={"Accept": media})
        assert (found.status_code, found["Content-Type"]) == (200, media)
        assert found.content.decode() == contract_of(one).text
        assert client.get(address, headers={"If-None-Match": found["ETag"]}).status_code == 304
        assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200
        assert client.get(address, headers={"Accept": "application/json"}).content == found.content

    def test_another_name_is_another_version(self, of_way, ada, nora, dispatch):
        one, client = of_way("events"), signed_in(ada)
        before = client.get(url(one, "contract_file"))["ETag"]
        Component.objects.filter(pk=dispatch.pk).update(name="Dispatching")
        assert client.get(url(one, "contract_file"))["ETag"] != before

    def test_it_takes_few_questions(self, of_way, ada, django_assert_max_num_queries):
        one, client = of_way("events"), signed_in(ada)
        client.get(url(one))
        with django_assert_max_num_queries(8):
            client.get(url(one))


class TestRecords:
    def text(self, person, integration, number=1):
        answer = signed_in(person).get(reverse("integrations:decision_record", args=[integration.pk, number]))
        assert answer["Content-Type"] == "text/markdown; charset=utf-8"
        return answer.content.decode()

    def test_it_holds_context_ranking_exclusions_weights_and_who(self, integration, omar, nora, ada):
        actions.describe_interface(
            interface_id=integration.interface_id,
            editor=omar,
            version=1,
            changes={"availability_percent": 99.9},
            at=NOON,
        )
        decided(integration, nora, NOON, chosen="gateway", reasons="They have it *already*.\nAnd | it is cheap.")
        said = self.text(ada, integration)
        assert said.startswith("# 1. API gateway for Dispatch with Postings API\n")
        assert "- Status: accepted" in said
        assert "- Decided: 2 March 2026 12:00 UTC by Nora (nora)" in said
        assert "> Parcels are paid before they go." in said
        assert "| An answer within | 300 ms |" in said
        assert "Event-driven came first." in said
        assert "> They have it \\*already\\*.\n> And \\| it is cheap." in said
        assert "| 1. | Event-driven | " in said
        assert "- **Shared database**: An anti-pattern" in said
        assert "| Timeliness | 20.0% |" in said
        assert "| Must be there | 99.5 % |" in said
        assert "| Timeliness | 20.0% | 16.0% – 24.0% |" in said
        assert PatternDecision.objects.get().inputs_sha256 in said
        assert self.text(ada, integration) == said

    @pytest.mark.parametrize(
        "text",
        ["- a", "+ a", "1. a", "12) a", "---", "===", "= a", "# a", "> a", "* a", "~~~", "`a`", "&lt;b&gt; &#42;",
         "<b>", "[a](b)", "| a", "a\\b", "    a", "-1.5", "1.5", "3"],
    )  # fmt: skip
    def test_whatever_people_write_is_read_as_text(self, text):
        read = MarkdownIt().parse(f"> before\n> {adr.plain(text)}")
        assert [one.type for one in read] == [
            "blockquote_open", "paragraph_open", "inline", "paragraph_close", "blockquote_close",
        ]  # fmt: skip
        assert {one.type for one in read[2].children} <= {"text", "softbreak", "text_special"}
        assert "".join(one.content or "\n" for one in read[2].children) == f"before\n{text.strip()}"

    def test_judgements_keep_their_ratio_and_reopening_shows(self, integration, nora, ada):
        from apps.integrations.rules.asking import ALL_PAIRS
        from apps.integrations.rules.weighing import from_pairs

        decided(integration, nora, NOON, weighing=from_pairs(dict.fromkeys(ALL_PAIRS, 1.0)))
        assert "By judgements in pairs, consistency ratio 0.000." in self.text(ada, integration)
        actions.describe_integration(
            integration_id=integration.pk, editor=nora, version=1, changes={"replay_days": 8}, at=NOON
        )
        assert "- Status: reopened 2 March 2026 12:00 UTC" in self.text(ada, integration)
        decided(integration, nora, NOON)
        assert "- Status: superseded; reopened" in self.text(ada, integration)
        assert "- Status: accepted" in self.text(ada, integration, 2)

    def test_the_api_gives_the_same_and_others_are_not_there(self, integration, nora, ada):
        decided(integration, nora, NOON)
        client, address = signed_in(ada), f"/api/v1/integrations/{integration.pk}/decisions/"
        found = client.get(f"{address}1/record/", headers={"Accept": "text/markdown"})
        assert found.content.decode() == self.text(ada, integration)
        for number in ("2", "0", "999999999"):
            assert client.get(f"{address}{number}/record/").status_code == 404
        missing = reverse("integrations:decision_record", args=[integration.pk, 10**12])
        assert client.get(missing).status_code == 404
        kept = client.get(address).json()["results"][0]
        assert kept["consistency_ratio"] is None
        assert json.dumps(kept["sensitivity"])

    def test_an_early_decision_says_that_it_kept_no_sensitivity(self, integration, omar, nora, ada):
        actions.describe_interface(
            interface_id=integration.interface_id,
            editor=omar,
            version=1,
            changes={"availability_percent": 99.9},
            at=NOON,
        )
        one = decided(integration, nora, NOON)
        early = {name: getattr(one, name) for name in [field.attname for field in one._meta.concrete_fields]}
        PatternDecision.objects.create(**early | {"id": None, "number": 2, "state": "superseded", "sensitivity": []})
        assert "It was not kept with this decision." in self.text(ada, integration, 2)
