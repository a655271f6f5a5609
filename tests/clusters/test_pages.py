"""The pages of clusters: allowed, refused, invisible, without JavaScript, within their budget of queries."""

import json
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from guardian.shortcuts import assign_perm

from apps.clusters import panels
from apps.clusters.models import CatalogImport, Cluster, Component, Dependency
from tests.conftest import signed_in


def page(name, *args):
    return reverse(f"clusters:{name}", args=args)


def said(answer):
    """The page without what differs from one answer to the next."""
    return re.sub(r'(csrfmiddlewaretoken" value|csrf-token" content|nonce)="[^"]*"', "", answer.content.decode())


@pytest.fixture
def edge(ledger, dispatch):
    return Dependency.objects.create(consumer=ledger, provider=dispatch)


class TestReading:
    def test_the_list_counts_components_and_hides_what_is_restricted(self, ada, auditor, ledger, safe):
        text = signed_in(ada).get(page("list")).content.decode()
        assert "Payments" in text
        assert "Vault" not in text
        assert "Vault" in signed_in(auditor).get(page("list")).content.decode()

    def test_the_page_of_a_cluster_shows_its_people_components_and_crossings(self, ada, omar, payments, edge):
        text = signed_in(ada).get(page("cluster", "payments")).content.decode()
        for shown in ("Omar", "Ledger", "Dispatch", "we need"):
            assert shown in text
        assert page("edit_cluster", "payments") not in text
        assert page("edit_cluster", "payments") in signed_in(omar).get(page("cluster", "payments")).content.decode()

    @pytest.mark.parametrize(
        ("asked", "shown"),
        [
            ("q=ledg", True),
            ("tier=1", True),
            ("tier=3", False),
            ("lifecycle=production", True),
            ("site=fra", True),
            ("site=ams", False),
            ("tag=money", True),
            ("tier=9", True),
            ("q=%00", True),
        ],
    )
    def test_filters_live_in_the_address(self, ada, ledger, asked, shown):
        Component.objects.filter(pk=ledger.pk).update(sites=["fra"], tags=["money"])
        answer = signed_in(ada).get(f"{page('cluster', 'payments')}?{asked}")
        assert answer.status_code == 200
        assert (page("component", ledger.pk) in answer.content.decode()) is shown

    def test_long_lists_go_on_by_key_and_keep_the_filter(self, ada, payments):
        Component.objects.bulk_create(
            Component(cluster=payments, slug=f"part-{n:03}", name=f"Part {n:03}") for n in range(60)
        )
        client = signed_in(ada)
        first = client.get(page("cluster", "payments"), {"q": "part"})
        assert "Part 049" in first.content.decode()
        assert "Part 050" not in first.content.decode()
        assert "q=part" in first.content.decode().split('rel="next" href="')[1].split('"')[0]
        second = client.get(page("cluster", "payments"), {"q": "part", "after": first.context["page"].after})
        assert "Part 050" in second.content.decode()
        assert client.get(page("cluster", "payments"), {"after": "nonsense"}).status_code == 422

    def test_the_page_of_a_component_shows_neighbours_as_drawing_table_and_data(self, ada, ledger, edge):
        client = signed_in(ada)
        text = client.get(page("component", ledger.pk)).content.decode()
        assert "<svg" in text
        assert "What it needs</caption>" in text
        assert "stops the work of its own cluster" in text
        data = json.loads(client.get(page("component_graph", ledger.pk)).content)
        assert [(row["name"], row["hop"], row["needs"]) for row in data["neighbours"]] == [("Dispatch", 1, True)]

    def test_areas_above_add_panels(self, ada, ledger, monkeypatch):
        monkeypatch.setattr(panels, "_providers", {kind: {} for kind in panels.PanelKind})
        panels.register(
            "component",
            lambda component, person: panels.Panel("clusters/_tiers.html", {"heading": component.name}),
            name="test",
        )
        panels.register("component", lambda component, person: None, name="silent")
        assert "Which tier?" in signed_in(ada).get(page("component", ledger.pk)).content.decode()
        assert panels.panels_for(ledger, ada)[0].context == {"heading": "Ledger"}
        assert panels.panels_for(ledger.cluster, ada) == []

    def test_pages_keep_within_twelve_queries(
        self, ada, ledger, dispatch, night_shift, django_assert_max_num_queries, edge
    ):
        for cluster in (ledger.cluster, dispatch.cluster):
            assign_perm("own_cluster", night_shift, cluster)
        Component.objects.bulk_create(Component(cluster=ledger.cluster, slug=f"c{n}", name=f"C{n}") for n in range(40))
        needing = ledger.cluster.components.order_by("pk")[5:]
        Dependency.objects.bulk_create(Dependency(consumer=one, provider=dispatch) for one in needing)
        client = signed_in(ada)
        for address in (
            page("list"),
            page("cluster", "payments"),
            page("component", ledger.pk),
            page("component", dispatch.pk),
        ):
            with django_assert_max_num_queries(12):
                assert client.get(address).status_code == 200


class TestWhatIsRestricted:
    @pytest.mark.parametrize("name", ["cluster", "edit_cluster", "add_component"])
    def test_a_restricted_cluster_is_not_there(self, omar, vault, name):
        there, nowhere = (signed_in(omar).get(page(name, slug)) for slug in ("vault", "no-such"))
        assert there.status_code == nowhere.status_code == 404
        assert said(there).replace("vault", "no-such") == said(nowhere)

    @pytest.mark.parametrize("name", ["component", "edit_component", "component_graph"])
    def test_nor_are_its_components(self, omar, safe, name):
        assert signed_in(omar).get(page(name, safe.pk)).status_code == 404

    @pytest.mark.parametrize("name", ["depend", "appoint_to_component", "dismiss_from_component"])
    def test_nor_can_anything_be_done_to_them(self, omar, safe, name):
        assert signed_in(omar).post(page(name, safe.pk), {}).status_code == 404

    def test_a_neighbour_in_it_does_not_show(self, ada, auditor, ledger, safe):
        Dependency.objects.create(consumer=ledger, provider=safe)
        assert "Safe" not in signed_in(ada).get(page("component", ledger.pk)).content.decode()
        assert "Safe" in signed_in(auditor).get(page("component", ledger.pk)).content.decode()

    def test_its_own_people_see_it(self, ada, vault):
        assign_perm("operate_cluster", ada, vault)
        assert signed_in(ada).get(page("cluster", "vault")).status_code == 200

    def test_nobody_signed_out_sees_anything(self, client, payments):
        for address in (page("list"), page("cluster", "payments"), page("import")):
            assert client.get(address).status_code == 302


class TestFormsWithoutJavaScript:
    def test_a_cluster_is_founded(self, admin):
        form = {"name": "Claims", "slug": "claims", "zone": "UTC", "visibility": "open", "purpose": "Pays out."}
        answer = signed_in(admin).post(page("found"), form)
        assert (answer.status_code, answer["Location"]) == (302, page("cluster", "claims"))
        assert Cluster.objects.get(slug="claims").purpose == "Pays out."

    def test_a_refused_form_comes_back_with_what_was_typed(self, admin, payments):
        form = {"name": "Twice", "slug": "payments", "zone": "UTC", "visibility": "open"}
        answer = signed_in(admin).post(page("found"), form)
        assert answer.status_code == 409
        assert "already exists" in answer.content.decode()
        assert 'value="Twice"' in answer.content.decode()

    def test_who_may_not_found_or_import_is_told_why(self, ada):
        for name in ("found", "import"):
            answer = signed_in(ada).get(page(name))
            assert answer.status_code == 403
            assert "Ask an administrator" in answer.content.decode()

    def test_an_edit_of_an_old_version_comes_back(self, omar, payments):
        client = signed_in(omar)
        form = {"name": "Pay", "zone": "UTC", "visibility": "open", "purpose": "", "version": 1}
        assert client.post(page("edit_cluster", "payments"), form).status_code == 302
        again = client.post(page("edit_cluster", "payments"), {**form, "name": "Paying"})
        assert again.status_code == 412
        assert "while you were editing" in again.content.decode()
        payments.refresh_from_db()
        assert payments.name == "Pay"

    def test_a_component_is_added_and_edited(self, omar, payments):
        client = signed_in(omar)
        form = {
            "name": "Gate",
            "slug": "gate",
            "kind": "service",
            "tier": "1",
            "lifecycle": "production",
            "sites": "fra, ams, fra",
            "tags": "",
        }
        answer = client.post(page("add_component", "payments"), form)
        component = Component.objects.get(slug="gate")
        assert answer["Location"] == page("component", component.pk)
        assert component.sites == ["fra", "ams"]
        assert 'value="fra, ams"' in client.get(page("edit_component", component.pk)).content.decode()
        client.post(page("edit_component", component.pk), {**form, "tier": "0", "version": 1})
        component.refresh_from_db()
        assert (component.tier, component.version) == (0, 2)

    def test_a_dependency_is_declared_by_name_and_withdrawn(self, omar, ledger, dispatch):
        client = signed_in(omar)
        sent = {"provider": "logistics/dispatch", "kind": "calls"}
        assert client.post(page("depend", ledger.pk), sent).status_code == 302
        dependency = Dependency.objects.get()
        assert page("withdraw", dependency.pk) in client.get(page("component", ledger.pk)).content.decode()
        assert client.post(page("withdraw", dependency.pk))["Location"] == page("component", ledger.pk)
        assert not Dependency.objects.exists()

    def test_a_mistyped_provider_gets_a_suggestion(self, omar, ledger, dispatch):
        answer = signed_in(omar).post(page("depend", ledger.pk), {"provider": "dispach", "kind": "calls"})
        assert answer.status_code == 422
        assert "Did you mean one of logistics/dispatch?" in answer.content.decode()

    def test_an_operator_is_appointed_and_dismissed(self, omar, ada, payments, night_shift):
        client = signed_in(omar)
        for holder in ({"person": "ADA"}, {"team": night_shift.pk}):
            sent = {"part": "operate", **holder}
            assert client.post(page("appoint_to_cluster", "payments"), sent).status_code == 302
            assert client.post(page("dismiss_from_cluster", "payments"), sent).status_code == 302

    @pytest.mark.parametrize(
        ("sent", "status", "words"),
        [
            ({"part": "own", "person": "omar"}, 403, "cannot appoint yourself"),
            ({"part": "own", "person": "nobody"}, 422, "nobody of that handle"),
            ({"part": "own"}, 422, "one of the two"),
            ({"part": "king", "person": "ada"}, 422, "king"),
        ],
    )
    def test_a_refused_appointment_says_why(self, omar, ada, payments, sent, status, words):
        answer = signed_in(omar).post(page("appoint_to_cluster", "payments"), sent)
        assert answer.status_code == status
        assert words in answer.content.decode()

    def test_a_catalogue_is_uploaded_looked_at_and_imported(self, admin, payments):
        client = signed_in(admin)
        Component.objects.create(cluster=payments, slug="known", name="known", sites=["fra"])
        content = b"cluster,slug,tier,sites\npayments,gate,1,\nnowhere,=1+1,1,\npayments,known,0,ams;fra\n"
        file = SimpleUploadedFile("shop.csv", content)
        answer = client.post(page("import"), {"file": file, "format": "csv", "rows": "components"})
        kept = CatalogImport.objects.get()
        assert answer["Location"] == page("catalog_import", kept.pk)
        text = client.get(answer["Location"]).content.decode()
        assert "payments / gate" in text
        assert "There is no such cluster" in text
        assert "<del>3</del> <ins>0</ins>" in text
        assert "<del>fra</del> <ins>ams, fra</ins>" in text
        assert not Component.objects.filter(slug="gate").exists()
        client.post(page("apply_import", kept.pk))
        assert Component.objects.get(slug="gate").tier == 1
        assert "Written" in client.get(page("catalog_import", kept.pk)).content.decode()
        report = client.get(page("import_rejected", kept.pk)).content.decode()
        assert report.splitlines()[1].startswith('shop.csv,3,cluster,nowhere,"There is no such cluster')

    @pytest.mark.parametrize(
        ("file", "extra", "words"),
        [
            (b"\xff\xfe\x00", {}, "not UTF-8"),
            (b"slug\nx\n", {"map": "{"}, "This is not JSON"),
            (b"slug\nx\n", {"map": "[]"}, "must be a JSON object"),
            (b"slug\nx\n", {"map": '{"rows": "people"}'}, "column map does not fit"),
            (b"slug\nx\n", {"cluster_map": '{"a": 1}'}, "short name of a cluster"),
            (b"", {}, "empty"),
        ],
    )
    def test_a_refused_upload_says_why_and_keeps_nothing(self, admin, file, extra, words):
        sent = {"file": SimpleUploadedFile("x.csv", file), "format": "csv", "rows": "components", **extra}
        answer = signed_in(admin).post(page("import"), sent)
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert not CatalogImport.objects.exists()

    def test_a_file_of_which_nothing_fits_offers_nothing_to_import(self, admin, payments):
        client = signed_in(admin)
        bomb = SimpleUploadedFile("bomb.yaml", b"a: &a [x, x]\nb: [*a, *a]\n")
        answer = client.post(page("import"), {"file": bomb, "format": "backstage", "rows": "components"}, follow=True)
        text = answer.content.decode()
        assert "Nothing would change: none of it fits." in text
        assert "It uses an alias" in text
        assert "Import what fits" not in text
        again = SimpleUploadedFile("same.csv", b"cluster,slug,name\npayments,ledger,Ledger\n")
        first = client.post(page("import"), {"file": again, "format": "csv", "rows": "components"}, follow=True)
        assert "Import what fits" in first.content.decode()

    def test_anothers_upload_is_not_there(self, admin, ada, payments):
        signed_in(admin).post(
            page("import"), {"file": SimpleUploadedFile("x.csv", b"slug\nx\n"), "format": "csv", "rows": "clusters"}
        )
        kept = CatalogImport.objects.get()
        for answer in (
            signed_in(ada).get(page("catalog_import", kept.pk)),
            signed_in(ada).get(page("import_rejected", kept.pk)),
            signed_in(ada).post(page("apply_import", kept.pk)),
        ):
            assert answer.status_code == 404


def test_htmx_follows_a_redirect_and_gets_refusals_as_422(omar, ada, payments):
    client = signed_in(omar)
    sent = {"part": "operate", "person": "ada"}
    answer = client.post(page("appoint_to_cluster", "payments"), sent, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (204, page("cluster", "payments"))
    missing = client.get(page("cluster", "no-such"), headers={"HX-Request": "true"})
    assert missing.status_code == 422
