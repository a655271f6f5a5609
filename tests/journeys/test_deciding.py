"""Deciding on a pattern by keyboard alone: judgements that contradict, a decision, its contract and record, a need that
reopens it, and the dossier of a change that says so.
"""

from pathlib import Path

import pytest
import yaml
from django.utils import timezone
from guardian.shortcuts import assign_perm
from playwright.sync_api import expect

from apps.cab.actions import proposing
from apps.integrations import actions
from apps.integrations.models import PatternDecision
from tests.cab.conftest import content
from tests.integrations.conftest import NEEDS

API = {"name": "Postings API", "kind": "http", "port": 8080, "protocol": "http", "latency_ms": 40}


def press(page, role: str, name: str) -> None:
    page.get_by_role(role, name=name).first.focus()
    page.keyboard.press("Enter")


def fill(page, label: str, text: str) -> None:
    page.get_by_label(label).first.focus()
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


@pytest.fixture
def integration(omar, ada, ledger, dispatch, logistics):
    assign_perm("own_cluster", ada, logistics)
    now = timezone.now()
    values = API | {"availability_percent": 99.9}
    offered = actions.offer_interface(component_id=ledger.pk, offerer=omar, values=values, at=now)
    return actions.declare_integration(consumer_id=dispatch.pk, interface=offered, declarer=ada, values=NEEDS, at=now)


def download(page, name: str) -> Path:
    """The file behind a link that is followed by keyboard."""
    with page.expect_download() as saved:
        press(page, "link", name)
    return Path(saved.value.path())


@pytest.fixture
def change(ada, logistics, dispatch):
    made = content(logistics, dispatch)
    return proposing.propose_change(requester=ada, content=made, at=timezone.now())


def test_an_owner_weighs_decides_and_hears_when_a_need_reopens_it(desk, integration, change):
    page = desk.sign_in("ada")
    page.goto("/integrations/?decision=open")
    press(page, "link", "Dispatch with Postings API")
    expect(page.locator("main")).to_contain_text("Nobody has decided on a pattern yet.")
    press(page, "link", "What fits, and why")
    expect(page.get_by_role("status").first).to_contain_text("Event-driven comes first of 2 that fit")

    press(page, "link", "Judgements in pairs")
    page.get_by_label("Timeliness to cost").focus()
    page.keyboard.type("9")
    press(page, "button", "Rank by these")
    expect(page.get_by_role("alert").first).to_contain_text("“timeliness to cost” fits the others least")
    page.get_by_label("Timeliness to cost").focus()
    page.keyboard.type("3")
    press(page, "button", "Rank by these")
    expect(page.get_by_role("status").first).to_contain_text("your judgements in pairs (consistency ratio 0.0")

    page.get_by_label("Event-driven").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_label("API gateway")).to_be_checked()
    fill(page, "Reasons", "They have it already.")
    press(page, "button", "Record the decision")
    expect(page.locator("main")).to_contain_text("They have it already.")
    made = PatternDecision.objects.get()
    assert (made.chosen, made.weighed_by) == ("gateway", "pairs")

    saved = download(page, "Decision 1 as ADR (Markdown)")
    assert saved.read_text().startswith("# 1. API gateway for Dispatch with Postings API")
    press(page, "link", "Contract skeleton, OpenAPI 3.1")
    expect(page.get_by_role("heading", level=1)).to_have_text("Contract of Dispatch with Postings API")
    expect(page.get_by_role("region", name="The skeleton")).to_contain_text("title: Postings API")
    contract = yaml.safe_load(download(page, "Download Postings_API.openapi.yaml").read_text())
    assert contract["openapi"] == "3.1.1"
    assert contract["x-decision"]["inputsSha256"] == made.inputs_sha256
    press(page, "link", "decision 1")

    press(page, "link", "Its needs")
    press(page, "link", "Edit")
    fill(page, "It goes on alone", "7200")
    press(page, "button", "Save")
    expect(page.locator("main")).to_contain_text("the facts have changed since")
    press(page, "link", "What fits, and why")
    expect(page.locator("main")).to_contain_text("Goes on alone: not at all, now 2 hours")
    expect(page.get_by_role("status").first).to_contain_text("Event-driven is the only pattern that fits.")
    made.refresh_from_db()
    assert made.state == "reopened"
    expect(page.get_by_role("link", name="Contract skeleton")).to_have_count(0)

    page.goto(change.get_absolute_url())
    expect(page.locator("#patterns")).to_contain_text("1 decision reopened: what it rested on has changed since.")
    page.locator("#patterns").get_by_role("link", name="Dispatch with Postings API").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_contain_text("It was decided on other facts")
