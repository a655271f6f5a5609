"""A mesh: described, its manifests taken along, what is applied compared, and an edge nobody declared found."""

import pytest
import yaml
from guardian.shortcuts import assign_perm
from playwright.sync_api import expect

from apps.accounts.rules import Role
from apps.clusters.models import Dependency, Finding
from tests.conftest import make_person
from tests.journeys.test_charter import fill, settle


@pytest.fixture
def called(omar, ledger, dispatch, logistics):
    """Dispatch (Logistics) calls Ledger (Payments)."""
    Dependency.objects.create(consumer=dispatch, provider=ledger)
    nora = make_person("nora", Role.CLUSTER_OWNER)
    assign_perm("own_cluster", nora, logistics)
    return ledger


def pushed(page, content: str) -> None:
    page.locator("input[type=file]").set_input_files(
        {"name": "applied.yaml", "mimeType": "application/yaml", "buffer": content.encode()}
    )
    page.get_by_role("button", name="Compare it").click()


def test_what_is_applied_is_held_against_what_is_declared(desk, called):
    page = desk.sign_in("omar")
    page.goto("/mesh/")
    page.get_by_role("link", name="Payments").first.click()
    page.get_by_role("link", name="Describe it").focus()
    page.keyboard.press("Enter")
    fill(page, "Namespace", "pay")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Edges, table")).to_contain_text("Dispatch")
    with page.expect_download() as saved:
        page.get_by_role("link", name="as one file").click()
    text = saved.value.path().read_text()
    documents = list(yaml.safe_load_all(text))
    assert {one["kind"] for one in documents} >= {"PeerAuthentication", "AuthorizationPolicy"}

    pushed(page, text)
    expect(page.locator("main")).to_contain_text(f"{len(documents)} as declared, 0 changed, 0 missing, 0 extra")

    policy = next(one for one in documents if one["kind"] == "AuthorizationPolicy" and one["spec"].get("rules"))
    source = policy["spec"]["rules"][0]["from"][0]["source"]
    source["principals"] = [*source["principals"], "cluster.local/ns/attic/sa/forgotten"]
    pushed(page, yaml.safe_dump_all(documents))
    expect(page.get_by_role("heading", name="Edges nobody declared")).to_be_visible()
    expect(page.locator("main")).to_contain_text("attic")
    settle()
    assert Finding.objects.standing().filter(checker="mesh", sentence__contains="attic").exists()

    pushed(page, text)
    expect(page.get_by_role("heading", name="Edges nobody declared")).to_have_count(0)
    settle()
    assert not Finding.objects.standing().filter(checker="mesh", sentence__contains="attic").exists()
