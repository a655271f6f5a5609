"""Silos in a browser: the owners are asked, the pair is assessed, a recommendation becomes an action, and is done."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from apps.clusters.models import Dependency
from apps.stakeholders.models import SiloAction, SiloAnswer
from apps.stakeholders.rules.silo_survey import QUESTIONS
from apps.stakeholders.tasks import continue_silo_runs
from tests.stakeholders.conftest import nora
from tests.stakeholders.siloed import assess, hand_off, weave

__all__ = ["nora", "weave"]


def day(days: int) -> str:
    return (timezone.now() + timedelta(days=days)).date().isoformat()


def answers(page, mark: str, why: str = "") -> None:
    for text in QUESTIONS.values():
        page.get_by_role("group", name=text).get_by_label(mark).check()
        if why:
            page.get_by_label(f"Why: {text}").fill(why)
    page.get_by_role("button", name="Answer for").click()


@pytest.fixture
def apart(weave, payments, logistics, omar, nora):
    hand_off(omar, payments, logistics, timezone.now())


def test_from_the_questions_to_an_action_that_is_done(desk, apart, ben, omar):
    chair, owner, neighbour = desk.sign_in("ben"), desk.sign_in("omar"), desk.sign_in("nora")
    chair.goto("/stakeholders/silos/")
    chair.get_by_label("Last day to answer").fill(day(14))
    chair.get_by_role("button", name="Open a round").click()
    expect(chair.locator("main")).to_contain_text("Round 1 of the silo questionnaire is open until")

    pair = "/stakeholders/silos/payments/and/logistics/"
    owner.goto(pair)
    owner.get_by_role("link", name="Answer the questions").click()
    answers(owner, "1 hardly")
    told = owner.get_by_role("alert").filter(has_text="A mark of 1 needs its reason")
    expect(told).to_be_focused()
    expect(told).to_be_in_viewport()
    assert not SiloAnswer.objects.exists()
    answers(owner, "1 hardly", "We only write to each other.")
    expect(owner.locator("main")).to_contain_text("Omar for Payments, round 1")
    neighbour.goto(pair + "answers/")
    answers(neighbour, "3 mostly")

    chair.get_by_role("button", name="Assess now").click()
    expect(chair.get_by_role("status")).to_contain_text("Assessment 1 waits for a worker")
    chair.goto("/stakeholders/silos/")
    expect(chair.locator("main")).to_contain_text("Assessment 1 waits for a worker")
    expect(chair.get_by_role("button", name="Assess now")).to_have_count(0)
    chair.get_by_role("link", name="Look again").click()
    assert continue_silo_runs() == 1
    chair.get_by_role("link", name="See what it came to").click()  # the page looked again by itself
    chair.get_by_role("region", name="Clusters against each other, table").get_by_role("link", name="and").first.click()
    main = chair.locator("main")
    expect(main).to_contain_text("1 of 21 dependencies cross")
    expect(main).to_contain_text("Payments 1.0 of 4 (1 answered), Logistics 3.0 of 4 (1 answered)")
    row = chair.get_by_role("row", name="Work passed by hand")
    row.get_by_text("Formula and rows").click()
    expect(row).to_contain_text("Refund list: Payments to Logistics, 12 a week by spreadsheet")

    owner.goto(pair)
    advice = owner.get_by_role("listitem").filter(has_text="Replace the hand-off “Refund list”")
    advice.get_by_text("Make it an action").click()
    advice.get_by_label("Who does it").fill("nora")
    advice.get_by_label("By when").fill(day(20))
    advice.get_by_role("button", name="Plan it").click()
    expect(owner.get_by_role("region", name="Actions, table")).to_contain_text("Nora")

    neighbour.goto("/stakeholders/silos/actions/")
    neighbour.get_by_role("link", name="Replace the hand-off").click()
    table = neighbour.get_by_role("region", name="Actions, table")
    table.get_by_text("Move it").click()
    table.get_by_label("What came of it, or why not").fill("Refunds are an API now.")
    table.get_by_role("button", name="Done").click()
    expect(neighbour.get_by_role("region", name="Actions, table")).to_contain_text("Refunds are an API now.")
    assert SiloAction.objects.get().state == "done"


def test_a_required_link_is_missing_until_something_passes(desk, weave, payments, logistics, omar, nora):
    Dependency.objects.filter(consumer=weave["p0"], provider=weave["l0"]).delete()
    assess(omar, timezone.now())
    owner, neighbour = desk.sign_in("omar"), desk.sign_in("nora")
    owner.goto("/stakeholders/silos/payments/and/logistics/")
    owner.get_by_role("link", name="Require a link").click()
    owner.get_by_label("Because").select_option(label="a workflow runs through both")
    owner.get_by_label("Why", exact=True).fill("Refunds of lost parcels")
    owner.get_by_label("Who answers for it").fill("nora")
    owner.get_by_label("Would pass a month").fill("60")
    owner.get_by_role("button", name="Require it").click()
    links = owner.get_by_role("region", name="Required links, table")
    expect(links).to_contain_text("Payments offers Logistics an interface")
    owner.goto("/stakeholders/silos/")
    grid = owner.get_by_role("region", name="Clusters against each other, table")
    expect(grid.get_by_role("link", name=re.compile("link missing.*Payments and Logistics"))).to_be_visible()

    neighbour.goto("/stakeholders/silos/payments/and/logistics/")
    neighbour.get_by_text("Record a hand-off").click()
    form = neighbour.locator("form[action$='/hand-offs/']")
    form.get_by_label("From", exact=True).select_option(label="Payments")
    form.get_by_label("What", exact=True).fill("Refund list")
    form.get_by_label("How many").fill("12")
    form.get_by_label("Waits").fill("30")
    form.get_by_label("Evidence").fill("Counted in May.")
    form.get_by_role("button", name="Record it").click()
    expect(neighbour.get_by_role("region", name="Hand-offs, table")).to_contain_text("30 h")
    neighbour.goto("/stakeholders/silos/links/?which=met")
    expect(neighbour.get_by_role("region", name="Required links, table")).to_contain_text("1 hand-off")
    table = neighbour.get_by_role("region", name="Required links, table")
    table.locator("summary").click()
    table.get_by_label("Why it is no longer required").fill("The workflow is gone.")
    table.get_by_role("button", name="End it").click()
    expect(neighbour.locator("main")).to_contain_text("No such link")


def test_a_phone_reads_the_list(desk, apart, omar):
    assess(omar, timezone.now())
    page = desk.sign_in("omar")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/stakeholders/silos/")
    expect(page.get_by_role("heading", name="Cluster by cluster")).to_be_hidden()
    expect(page.get_by_role("region", name="Pairs of clusters, table")).to_contain_text("Payments and Logistics")
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert not wide
