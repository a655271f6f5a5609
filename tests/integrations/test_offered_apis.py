"""APIs that catalogues told of become interfaces by their owners, and integrations by those who call them."""

import pytest

from apps.clusters.models import ApiDescription, Component, Dependency
from apps.integrations.models import Integration, Interface
from apps.integrations.queries import lines_of
from apps.integrations.queries.apis import apis_among
from apps.integrations.rules.offered import proposed
from tests.accounts.conftest import caller
from tests.conftest import signed_in
from tests.integrations.conftest import NEEDS

OPENAPI = """openapi: 3.0.0
info: {title: Orders, version: '1'}
servers: [{url: 'https://o.example.org:8443/v1'}]
paths: {}
"""


@pytest.fixture
def told(payments, ledger, dispatch):
    """The API of the ledger, which dispatch (of another cluster) calls."""
    api = Component.objects.create(cluster=payments, slug="api:orders", name="Orders API", kind="api")
    ApiDescription.objects.create(component=api, type="openapi", definition=OPENAPI)
    Dependency.objects.create(consumer=api, provider=ledger, kind="is provided by")
    Dependency.objects.create(consumer=dispatch, provider=api, kind="calls")
    return api


@pytest.mark.parametrize(
    ("kind", "content", "said"),
    [
        ("openapi", {"servers": [{"url": "https://a.example.org/v1"}]}, ("http", "https", 443)),
        ("openapi", {"servers": [{"url": "http://a:8080"}]}, ("http", "http", 8080)),
        ("openapi", {"host": "a.example.org:81", "schemes": ["http"]}, ("http", "http", 81)),
        ("openapi", {"host": "a.example.org"}, ("http", "https", 443)),
        ("openapi", {"servers": [{"url": "/v1"}]}, ("http", None, None)),
        ("openapi", {"servers": [{"url": "https://a:99999"}]}, ("http", "https", 443)),
        ("openapi", {"servers": [{"url": "ftp://a"}]}, ("http", None, None)),
        ("openapi", {"servers": "x"}, ("http", None, None)),
        ("graphql", None, ("http", None, None)),
        ("grpc", "syntax", ("grpc", None, None)),
        ("asyncapi", {"servers": {"a": {"host": "b:9093", "protocol": "kafka-secure"}}}, ("topic", "tls", 9093)),
        ("asyncapi", {"servers": {"a": {"url": "mqtt://b:1883", "protocol": "mqtt"}}}, ("topic", "tcp", 1883)),
        ("asyncapi", {"servers": {"a": {"host": "b", "protocol": "kafka"}}}, ("topic", None, None)),
        ("asyncapi", {"servers": {"a": {"$ref": "#/x"}}}, ("topic", None, None)),
    ],
)
def test_what_an_interface_would_be(kind, content, said):
    found = proposed(kind, content)
    assert (found["kind"], found.get("protocol"), found.get("port")) == said


def test_its_owner_offers_it_with_the_form_filled_in(omar, ledger, told):
    client = signed_in(omar)
    page = client.get(ledger.get_absolute_url()).content.decode()
    assert "Offer it as an interface" in page
    offer = next(part.split('"')[0] for part in page.split('href="') if f"api={told.pk}" in part)
    form = client.get(offer).context["form"]
    begun = {name: form[name].value() or "" for name in form.fields}
    assert (begun["name"], begun["kind"], begun["port"], begun["protocol"]) == ("Orders API", "http", 8443, "https")
    assert client.post(offer, begun).status_code == 302
    assert Interface.objects.get().component == ledger
    assert "offered as" in client.get(ledger.get_absolute_url()).content.decode()


def test_who_calls_it_declares_the_integration_when_it_is_offered(omar, nora, ledger, dispatch, told, noon):
    client = signed_in(nora)
    assert "offered by nobody yet" in client.get(dispatch.get_absolute_url()).content.decode()
    made = Interface.objects.create(
        component=ledger, name="orders api", kind="http", port=443, protocol="https", offered_by=omar, offered_at=noon
    )
    page = client.get(dispatch.get_absolute_url()).content.decode()
    declare = next(part.split('"')[0] for part in page.split('href="') if f"interface={made.pk}" in part)
    begun = client.get(declare.replace("&amp;", "&")).context["form"].initial
    assert begun["interface"] == "payments/ledger: orders api"


def test_apis_of_one_name_are_offered_each_by_its_own_provider(omar, nora, payments, ledger, dispatch, told, noon):
    other = Component.objects.create(cluster=payments, slug="archive", name="Archive")
    same = Component.objects.create(cluster=payments, slug="api:archive/orders", name="Orders API", kind="api")
    ApiDescription.objects.create(component=same, type="openapi", definition=OPENAPI)
    Dependency.objects.create(consumer=same, provider=other, kind="is provided by")
    Dependency.objects.create(consumer=dispatch, provider=same, kind="calls")
    values = {"name": "Orders API", "kind": "http", "port": 443, "protocol": "https"}
    made = Interface.objects.create(component=other, offered_by=omar, offered_at=noon, **values)
    found = {one.pk: one.interface for one in apis_among(lines_of(dispatch, nora), nora)}
    assert found == {told.pk: None, same.pk: made}


def test_many_users_of_a_component_do_not_hide_its_apis(omar, payments, ledger, told, noon):
    made = Interface.objects.create(component=ledger, name="Postings", kind="topic", offered_by=omar, offered_at=noon)
    users = Component.objects.bulk_create(Component(cluster=payments, slug=f"c{n}", name=f"C{n}") for n in range(320))
    Integration.objects.bulk_create(
        Integration(consumer=one, interface=made, declared_by=omar, declared_at=noon, **NEEDS) for one in users
    )
    assert [one.pk for one in apis_among(lines_of(ledger, omar), omar)] == [told.pk]


def test_an_api_that_nobody_provides_offers_itself(omar, payments):
    api = Component.objects.create(cluster=payments, slug="api:lone", name="Lone", kind="api")
    ApiDescription.objects.create(component=api, type="grpc", definition_at="https://example.org/lone.proto")
    form = signed_in(omar).get(f"/integrations/components/{api.pk}/interfaces/new/").context["form"]
    assert (form["kind"].value(), form["contract_url"].value()) == ("grpc", "https://example.org/lone.proto")


@pytest.mark.parametrize("asked", ["x", "0", "9" * 30, "٣"])
def test_an_api_that_is_not_there_leaves_the_form_empty(omar, ledger, told, asked):
    page = signed_in(omar).get(f"/integrations/components/{ledger.pk}/interfaces/new/?api={asked}")
    assert page.status_code == 200
    assert not page.context["form"]["name"].value()


def test_the_document_is_on_its_page_and_in_the_api(ada, ledger, told):
    page = signed_in(ada).get(told.get_absolute_url()).content.decode()
    assert "o.example.org:8443" in page
    whole = f"/api/v1/components/{told.pk}/api-description/"
    assert whole not in page
    answer = caller(ada).get(whole).json()
    assert answer == {"type": "openapi", "definition": OPENAPI, "definition_at": "", "remotes": []}
    missing = caller(ada).get(f"/api/v1/components/{ledger.pk}/api-description/")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


def test_of_a_long_document_its_page_shows_the_beginning(ada, told):
    ApiDescription.objects.update(definition=OPENAPI + "#" * 20_000 + "the end")
    Component.objects.filter(pk=told.pk).update(kind="rest api")  # as somebody called it since
    page = signed_in(ada).get(told.get_absolute_url()).content.decode()
    assert "o.example.org:8443" in page
    assert "the end" not in page
    assert "The first 20,000 characters." in page
    assert f'href="/api/v1/components/{told.pk}/api-description/"' in page


def test_those_of_a_restricted_cluster_are_not_there_for_others(ada, dispatch, told):
    told.cluster.visibility = "restricted"
    told.cluster.save()
    assert "Orders API" not in signed_in(ada).get(dispatch.get_absolute_url()).content.decode()
    assert caller(ada).get(f"/api/v1/components/{told.pk}/api-description/").status_code == 404
