"""A plan for a cut-off, by keyboard: written, rehearsed, its finding gone, and the simulation that it changes."""

import pytest
from django.utils import timezone
from guardian.shortcuts import assign_perm
from playwright.sync_api import expect

from apps.accounts.rules import Role
from apps.clusters.models import Finding
from apps.integrations import actions
from tests.conftest import make_person
from tests.integrations.conftest import API, NEEDS
from tests.journeys.test_charter import fill, settle


@pytest.fixture
def unplanned(transactional_db, omar, ledger, dispatch, logistics):
    nora = make_person("nora", Role.CLUSTER_OWNER)
    assign_perm("own_cluster", nora, logistics)
    at = timezone.now()
    api = actions.offer_interface(component_id=ledger.pk, offerer=omar, values=API, at=at)
    needs = NEEDS | {"survives_s": 600}
    made = actions.declare_integration(consumer_id=dispatch.pk, interface=api, declarer=nora, values=needs, at=at)
    settle()
    return made


def test_a_plan_is_written_and_rehearsed_and_the_cut_off_shows_it(desk, unplanned):
    finding = Finding.objects.standing().get(checker="isolation")
    page = desk.sign_in("nora")
    cut = "/integrations/cut-off/?clusters=payments&lasts_s=3600"
    page.goto(cut)
    expect(page.get_by_role("region", name="Components, table")).to_contain_text("down at once")
    page.get_by_role("link", name="no plan of Dispatch for Ledger").focus()
    page.keyboard.press("Enter")
    page.get_by_label("While it is cut off").select_option("serve_stale")
    page.get_by_label("When both are back").focus()
    page.keyboard.type("Read everything anew.")
    page.get_by_role("button", name="Save the plan").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("how old an answer may become")  # refused, and nothing is lost
    expect(page.get_by_label("When both are back")).to_have_value("Read everything anew.")
    fill(page, "For at most", "1200")
    page.get_by_role("button", name="Save the plan").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("20 minutes")
    expect(page.locator("main")).to_contain_text("not rehearsed")
    page.get_by_text("Record a rehearsal").focus()
    page.keyboard.press("Enter")
    fill(page, "It went on for", "1200")
    page.get_by_label("Notes").focus()
    page.keyboard.type("Cut by a firewall rule.")
    page.get_by_role("button", name="Record it").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("ready")
    settle()
    page.goto(finding.get_absolute_url())
    expect(page.locator("main")).to_contain_text("Resolved")
    page.goto(cut)
    expect(page.get_by_role("region", name="Components, table")).to_contain_text("down after 20 minutes")
    with page.expect_download() as saved:
        page.get_by_role("link", name="The plan to rehearse").click()
    assert "serve stale, holds 20 minutes" in saved.value.path().read_text()
