"""axe finds nothing, in both themes, at phone and desktop width, on every page of the demo organisation."""

from pathlib import Path

import pytest
from django.utils import timezone

from apps.cab.models import Change
from apps.portal import demo

AXE = (Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js").read_text()
PAGES = (
    "/queue/",
    "/changes/",
    "/changes/?state=closed&risk=2",
    "/changes/new/",
    "/calendar/",
    "/boards/",
    "/boards/enterprise/",
    "/boards/enterprise/rules/",
    "/clusters/",
    "/clusters/payments/",
    "/inbox/",
    "/inbox/preferences/",
    "/metrics-board/",
    "/journal/",
    "/search/?q=payout",
    "/account/",
    "/account/keys/",
    "/design",
)


@pytest.fixture
def organisation(transactional_db):
    for _ in demo.build(at=timezone.now()):
        pass


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1440])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(desk, organisation, width, theme):
    page = desk.sign_in("marit", demo.PASSWORD)
    page.emulate_media(color_scheme=theme)
    page.set_viewport_size({"width": width, "height": 900})
    stories = {one.state: one.get_absolute_url() for one in Change.objects.exclude(state="draft")}
    found = []
    for address in (*PAGES, *stories.values()):
        page.goto(address)
        page.evaluate(AXE)
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        found += [
            f"{address}: {one['id']} {[node['target'] for node in one['nodes']][:3]}" for one in result["violations"]
        ]
    assert found == []
