"""What `@read` and `@write` give every viewset, shown on clusters and changes: ETag, If-Match, further lists by key."""

from apps.accounts.rules import Scope
from apps.clusters.models import Cluster
from tests.accounts.conftest import caller
from tests.conftest import signed_in, version_in


def test_one_object_carries_its_etag_and_is_not_sent_twice(omar, payments):
    client = caller(omar)
    first = client.get("/api/v1/clusters/payments/")
    assert version_in(first) == "1"
    again = client.get("/api/v1/clusters/payments/", headers={"if-none-match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])


def edit(client, name: str, **headers):
    body = {"name": name}
    return client.patch("/api/v1/clusters/payments/", body, content_type="application/json", headers=headers)


def test_an_edit_names_the_version_it_saw(omar, payments):
    client = signed_in(omar)
    assert edit(client, "One").json()["code"] == "version_needed"
    assert edit(client, "Two", **{"if-match": '"9"'}).status_code == 412
    done = edit(client, "Three", **{"if-match": '"1"'})
    assert (done.status_code, version_in(done)) == (200, "2")
    assert edit(client, "Four", **{"if-match": '"1"'}).status_code == 412
    assert Cluster.objects.get().name == "Three"


def test_a_key_edits_only_with_the_scope_of_the_area(omar, payments):
    refused = edit(caller(omar, Scope.READ, Scope.CHANGES), "One", **{"if-match": '"1"'})
    assert (refused.status_code, refused.json()["code"]) == (403, "scope_missing")
    assert edit(caller(omar, Scope.READ, Scope.CLUSTERS), "Two", **{"if-match": '"1"'}).status_code == 200
