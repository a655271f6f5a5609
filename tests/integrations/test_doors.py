import csv
import io

import pytest
from django.urls import reverse

from apps.clusters.models import Component
from apps.integrations import actions
from apps.integrations.models import Integration, Interface
from apps.kernel.paging import PAGE_SIZE
from tests.conftest import signed_in
from tests.integrations.conftest import API, NEEDS

FORM = {name: "" if value is None else value for name, value in NEEDS.items()}


def url(name, *args):
    return reverse(f"integrations:{name}", args=args)


class TestPages:
    def test_an_interface_is_offered_edited_and_withdrawn(self, ledger, omar, ada):
        client = signed_in(omar)
        assert b"It offers no interface" in client.get(ledger.get_absolute_url()).content
        assert signed_in(ada).get(url("offer", ledger.pk)).status_code == 403
        assert client.post(url("offer", ledger.pk), API | {"port": ""}).status_code == 422
        assert client.post(url("offer", ledger.pk), API).status_code == 302
        made = Interface.objects.get()
        assert b"Postings API" in client.get(ledger.get_absolute_url()).content
        page = client.get(made.get_absolute_url())
        assert b"Integrate with it" in page.content
        edit = API | {"latency_ms": 60, "version": 1}
        assert client.post(url("describe_interface", made.pk), edit).status_code == 302
        assert client.post(url("describe_interface", made.pk), edit | {"latency_ms": 70}).status_code == 412
        assert signed_in(ada).post(url("withdraw_interface", made.pk)).status_code == 403
        assert client.post(url("withdraw_interface", made.pk)).status_code == 302
        assert not Interface.objects.exists()

    def test_an_integration_is_declared_edited_and_withdrawn(self, api, dispatch, nora, omar):
        client = signed_in(nora)
        begun = client.get(url("declare"), {"consumer": dispatch.pk, "interface": api.pk}).content.decode()
        assert 'value="logistics/dispatch"' in begun
        assert 'value="payments/ledger: Postings API"' in begun
        form = FORM | {"consumer": "dispatch", "interface": "ledger: postings api"}
        wrong = client.post(url("declare"), form | {"consistency": "strong"})
        assert wrong.status_code == 422
        assert b"does not need strong consistency" in wrong.content
        assert client.post(url("declare"), form | {"interface": "ledger: none"}).status_code == 422
        assert signed_in(omar).post(url("declare"), form).status_code == 403
        assert client.post(url("declare"), form).status_code == 302
        made = Integration.objects.get()
        page = client.get(made.get_absolute_url()).content
        assert b"300 ms, 95th percentile" in page
        assert b"12.5 a second, 2 kB each" in page
        assert b"Postings API" in client.get(dispatch.get_absolute_url()).content
        edit = FORM | {"replay_days": 7, "version": 1}
        assert client.post(url("describe", made.pk), edit).status_code == 302
        assert client.post(url("describe", made.pk), edit | {"replay_days": 8}).status_code == 412
        assert client.post(url("withdraw", made.pk), {"reason": ""}).status_code == 422
        assert client.post(url("withdraw", made.pk), {"reason": "Over."}).status_code == 302
        assert not Integration.objects.exists()

    def test_what_is_hidden_is_in_no_list_page_or_beginning(self, hidden, ada, omar):
        client = signed_in(ada)
        assert client.get(hidden.get_absolute_url()).status_code == 404
        assert b"Keys" not in client.get(url("interfaces")).content
        assert b"Keys" not in client.get(url("declare"), {"interface": hidden.pk}).content
        assert b"Keys" in signed_in(omar).get(url("interfaces")).content

    @pytest.mark.parametrize(
        ("asked", "is_there"),
        [
            ({"q": "dispatch"}, True),
            ({"q": "nothing"}, False),
            ({"consumer_cluster": "logistics", "provider_cluster": "payments"}, True),
            ({"consumer_cluster": "payments"}, False),
            ({"kind": "grpc", "consistency": "eventual", "data_class": "internal"}, True),
            ({"kind": "topic"}, False),
        ],
    )
    def test_the_list_is_narrowed_and_taken_along(self, integration, ada, asked, is_there):
        client = signed_in(ada)
        assert (b"Dispatch with Postings API" in client.get(url("integrations"), asked).content) == is_there
        file = client.get(url("integrations"), asked | {"export": "csv"})
        rows = list(csv.DictReader(io.StringIO(b"".join(file.streaming_content).decode("utf-8-sig"))))
        assert [one["provider"] for one in rows] == (["Ledger"] if is_there else [])

    def test_a_filter_of_no_sense_is_refused(self, ada):
        assert signed_in(ada).get(url("integrations"), {"kind": "soap"}).status_code == 422
        assert signed_in(ada).get(url("interfaces"), {"cluster": "nowhere"}).status_code == 422

    @pytest.mark.parametrize("name", ["integrations", "interfaces"])
    def test_lists_take_few_queries(self, integration, topic, ada, django_assert_max_num_queries, name):
        client = signed_in(ada)
        client.get(url(name))
        with django_assert_max_num_queries(8):
            assert client.get(url(name)).status_code == 200


class TestApi:
    def test_interfaces(self, ledger, omar, ada):
        client = signed_in(omar)
        made = client.post("/api/v1/interfaces/", API | {"component": ledger.pk}, "application/json")
        assert made.status_code == 201, made.content
        address = f"/api/v1/interfaces/{made.json()['id']}/"
        edit = client.patch(address, {"port": 9443}, "application/json", headers={"If-Match": made["ETag"]})
        assert (edit.json()["port"], edit.json()["cluster"]) == (9443, "payments")
        refused = client.patch(address, {"protocol": "tcp"}, "application/json", headers={"If-Match": edit["ETag"]})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
        other = signed_in(ada)
        assert [one["id"] for one in other.get("/api/v1/interfaces/", {"q": "post"}).json()["results"]] == [
            made.json()["id"]
        ]
        assert other.delete(address).status_code == 403
        assert client.delete(address).status_code == 204

    def test_integrations(self, api, ledger, dispatch, nora, omar, ada):
        client = signed_in(nora)
        sent = NEEDS | {"consumer": dispatch.pk, "interface": api.pk}
        assert signed_in(omar).post("/api/v1/integrations/", sent, "application/json").status_code == 403
        contradiction = client.post("/api/v1/integrations/", sent | {"consistency": "strong"}, "application/json")
        assert (contradiction.status_code, contradiction.json()["code"]) == (422, "contradiction")
        for bad in ({"latency_ms": 0}, {"availability_percent": 101}, {"interface": 0}):
            assert client.post("/api/v1/integrations/", sent | bad, "application/json").status_code == 422
        made = client.post("/api/v1/integrations/", sent, "application/json")
        assert made.status_code == 201, made.content
        assert (made.json()["provider"], made.json()["provider_cluster"]) == (ledger.pk, "payments")
        address = f"/api/v1/integrations/{made.json()['id']}/"
        edit = client.patch(address, {"freshness_s": 30}, "application/json", headers={"If-Match": made["ETag"]})
        assert edit.json()["freshness_s"] == 30
        stale = client.patch(address, {"freshness_s": 20}, "application/json", headers={"If-Match": made["ETag"]})
        assert stale.status_code == 412
        listed = signed_in(ada).get("/api/v1/integrations/", {"provider": ledger.pk, "consumer": dispatch.pk})
        assert len(listed.json()["results"]) == 1
        assert client.post(f"{address}withdrawal/", {"reason": "Over."}, "application/json").status_code == 204
        assert client.get(address).status_code == 404

    def test_the_hidden_is_not_there(self, hidden, dispatch, nora, ada):
        assert signed_in(ada).get(f"/api/v1/interfaces/{hidden.pk}/").status_code == 404
        sent = NEEDS | {"consumer": dispatch.pk, "interface": hidden.pk}
        assert signed_in(nora).post("/api/v1/integrations/", sent, "application/json").status_code == 404

    def test_a_list_counts_the_uses_that_its_reader_may_open(self, api, integration, hidden, omar, ada, noon):
        """Omar's vault uses the API, too; Ada reads of the one use she may look at, and its link opens that one."""
        actions.declare_integration(
            consumer_id=hidden.component_id, interface=api, declarer=omar, values=NEEDS, at=noon
        )
        shown = {
            person: signed_in(person).get("/integrations/interfaces/").context["page"].rows[-1]
            for person in (ada, omar)
        }
        assert {person.handle: row.uses for person, row in shown.items()} == {"ada": 1, "omar": 2}
        opened = signed_in(ada).get("/integrations/", {"interface": api.pk})
        assert [one.pk for one in opened.context["page"].rows] == [integration.pk]

    def test_a_much_used_interface_leads_to_all_its_uses(self, api, integration, nora, ada, noon):
        consumers = Component.objects.bulk_create(
            Component(cluster=integration.consumer.cluster, slug=f"part-{n}", name=f"Part {n}")
            for n in range(PAGE_SIZE)
        )
        for one in consumers:
            actions.declare_integration(consumer_id=one.pk, interface=api, declarer=nora, values=NEEDS, at=noon)
        page = signed_in(ada).get(f"/integrations/interfaces/{api.pk}/")
        assert (len(page.context["used"]), page.context["more"]) == (PAGE_SIZE, True)
        assert f'href="/integrations/?interface={api.pk}"' in page.content.decode()
