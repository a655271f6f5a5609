"""axe finds nothing, in both themes, at phone and desktop width, on every page of the demo organisation.

Nor does a phone have to scroll any of them sideways.
"""

from pathlib import Path

import pytest

from apps.cab.models import Change, Dashboard, ImportRun, Replay, SampledReview, SamplingPeriod
from apps.cab.tasks import continue_imports
from apps.clusters.models import Charter, Finding
from apps.integrations.models import Integration, IsolationPlan, PatternDecision
from apps.meetings.models import Meeting, MeetingSeries
from apps.portal import demo
from apps.stakeholders.models import Authority, Initiative, RequiredLink

AXE = (Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js").read_text()
PAGES = (
    "/queue/",
    "/changes/",
    "/changes/?state=closed&risk=2",
    "/changes/?q=nothing+fits+this",
    "/changes/new/",
    "/calendar/",
    "/calendar/?week=1999-01-04",
    "/calendar/month/",
    "/calendar/month/?month=1999-01",
    "/calendar/year/",
    "/calendar/year/?year=1999",
    "/calendar/?cluster=payments&state=scheduled",
    "/boards/",
    "/boards/enterprise/",
    "/boards/enterprise/rules/",
    "/clusters/",
    "/clusters/payments/",
    "/inbox/",
    "/windows/",
    "/freezes/",
    "/templates/",
    "/models/",
    "/templates/suggested/",
    "/freezes/new/",
    "/freeze-exceptions/",
    "/drift/",
    "/drift/new/",
    "/changes/?choose=1",
    "/conflicts/",
    "/clusters/map/",
    "/clusters/running/",
    "/clusters/running/?show=hosts",
    "/clusters/loose-ends/",
    "/clusters/search/",
    "/clusters/search/?q=pay",
    "/clusters/search/?q=ledgre",
    "/clusters/map/?focus=payments&opened=on",
    "/clusters/map/?focus=payments/ledger&hops=3",
    "/clusters/map/?focus=storefront/checkout&to=payments/ledger&kind=calls",
    "/clusters/map/?focus=ledgr",
    "/clusters/findings/",
    "/clusters/lens/",
    "/clusters/transfers/",
    "/clusters/sites/",
    "/clusters/conventions/",
    "/clusters/conventions/new/",
    "/clusters/conventions/names/",
    "/clusters/payments/charter/",
    "/integrations/",
    "/integrations/?kind=topic&decision=decided",
    "/integrations/new/",
    "/integrations/interfaces/",
    "/integrations/isolation/",
    "/integrations/cut-off/",
    "/integrations/cut-off/?clusters=identity&clusters=data-platform&lasts_s=28800",
    "/trust/",
    "/trust/ways/",
    "/trust/check/",
    "/mesh/",
    "/mesh/clusters/storefront/",
    "/mesh/clusters/identity/describe/",
    "/mesh/clusters/data-platform/",
    "/mesh/check/",
    "/mesh/definitions/",
    "/stakeholders/initiatives/",
    "/stakeholders/initiatives/new/",
    "/stakeholders/people/",
    "/stakeholders/authorities/",
    "/stakeholders/escalations/",
    "/stakeholders/escalations/?which=all",
    "/stakeholders/escalations/new/",
    "/stakeholders/escalations/1/",
    "/stakeholders/escalations/2/",
    "/stakeholders/escalations/3/",
    "/stakeholders/escalations/absences/",
    "/stakeholders/escalations/calendars/",
    "/stakeholders/escalations/calendars/1/",
    "/stakeholders/escalations/protocols/",
    "/stakeholders/escalations/protocols/security/",
    "/stakeholders/escalations/protocols/security/steps/",
    "/stakeholders/escalations/protocols/between-clusters/simulation/?clusters=1&clusters=2",
    "/stakeholders/kpis/",
    "/stakeholders/kpis/new/",
    "/stakeholders/kpis/conflicts/",
    "/stakeholders/kpis/costs/",
    "/stakeholders/rates/",
    "/stakeholders/kpis/time-to-decision/",
    "/stakeholders/kpis/identity-sign-in/",
    "/integrations/asyncapi/",
    "/stakeholders/silos/",
    "/stakeholders/silos/payments/and/logistics/",
    "/stakeholders/silos/logistics/and/data-platform/?run=4",
    "/stakeholders/silos/identity/and/logistics/answers/",
    "/stakeholders/silos/actions/?which=all",
    "/stakeholders/silos/weights/",
    "/stakeholders/silos/runs/1/",
    "/stakeholders/silos/links/",
    "/stakeholders/silos/links/?which=missing&source=identity&target=logistics",
    "/stakeholders/silos/data-platform/and/identity/",
    "/stakeholders/thresholds/",
    "/stakeholders/thresholds/level/?cluster=payments&risk=2&downtime=45&cost=30,000",
    "/stakeholders/thresholds/new/payments/",
    "/stakeholders/thresholds/floor/",
    "/stakeholders/thresholds/floor/2/",
    "/clusters/findings/?state=resolved",
    "/conflicts/?state=resolved&kind=freeze",
    "/search/",
    "/checks/",
    "/checks/?state=any",
    "/standard-proposals/?state=any",
    "/freeze-exceptions/?state=requested",
    "/windows/new/",
    "/meetings/",
    "/meetings/?past=on",
    "/inbox/preferences/",
    "/programme/",
    "/programme/?cluster=payments&type=normal",
    "/programme/?since=1999-01-01&until=1999-02-01",
    "/programme/rows/change_failure_rate/",
    "/programme/targets/",
    "/sampling/",
    "/boards/enterprise/sampling/",
    "/boards/enterprise/sampling/changes/?which=reviewed",
    "/sampling/reviews/?state=any",
    "/dashboards/",
    "/metrics-board/",
    "/metrics-board/rows/?which=failed",
    "/metrics-board/rows/?which=all",
    "/journal/",
    "/search/?q=payout",
    "/account/",
    "/account/keys/",
    "/design",
)
# What a phone would have to scroll sideways; source to copy may be as long as it is.
SIDEWAYS = """[...document.querySelectorAll("html, main *")].filter((one) => one.tagName === "HTML"
    ? one.scrollWidth > one.clientWidth
    : !one.closest("pre") && one.clientWidth && one.scrollWidth > one.clientWidth + 1
      && ["auto", "scroll"].includes(getComputedStyle(one).overflowX)
  ).map((one) => `${one.tagName} ${one.className} ${one.getAttribute("aria-label") ?? ""}`)"""
CSV = b"id,title,requester,created_at\n1,Rotate the key,joan,\n2,Move the queue,joan,2026-02-30\n"


@pytest.fixture
def organisation(transactional_db, raise_organisation):
    raise_organisation()


def violations(page, address) -> list[str]:
    page.goto(address)
    page.evaluate(AXE)
    return found_now(page, address)


def found_now(page, address) -> list[str]:
    """All rules in the light theme; in the dark one, which is other colours and nothing else, those on colours."""
    is_phone = page.viewport_size["width"] < 400
    sideways = page.evaluate(SIDEWAYS) if is_phone else []
    found = [f"{address}: scrolls sideways: {one}" for one in sideways]
    page.emulate_media(reduced_motion="reduce")  # else axe meets colours half way from one theme to the other
    for theme, rules in (("light", ""), ("dark", ", runOnly: ['color-contrast', 'link-in-text-block']")):
        page.emulate_media(color_scheme=theme)
        result = page.evaluate(f"axe.run(document, {{resultTypes: ['violations']{rules}}})")
        found += [
            f"{address} ({theme}): {one['id']} {[node['target'] for node in one['nodes']][:3]}"
            for one in result["violations"]
        ]
    return found


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing(desk, organisation, width):
    page = desk.sign_in("marit", demo.PASSWORD)
    page.set_viewport_size({"width": width, "height": 900})
    stories = {one.state: one.get_absolute_url() for one in Change.objects.exclude(state="draft")}
    meetings = {one.state: one.get_absolute_url() for one in Meeting.objects.order_by("pk")}
    series = MeetingSeries.objects.earliest("pk").get_absolute_url()
    sampled = [
        one.get_absolute_url() for one in (SamplingPeriod.objects.earliest("pk"), *SampledReview.objects.all()[:2])
    ]
    replayed = Replay.objects.earliest("pk").get_absolute_url()
    rooms = [f"{meetings[state]}room/" for state in ("in_session", "closed")]
    minutes = [f"{meetings[state]}minutes/" for state in ("closed", "minutes_published")]
    charters = [one.get_absolute_url() for one in Charter.objects.exclude(state="superseded").order_by("-pk")[:3]]
    finding = Finding.objects.earliest("pk").get_absolute_url()
    initiative = Initiative.objects.earliest("pk").get_absolute_url()
    holder = Authority.objects.earliest("pk").holder.get_absolute_url()
    arranged = Dashboard.objects.earliest("pk").get_absolute_url()
    decided = {one.state: one.get_absolute_url() for one in PatternDecision.objects.order_by("pk")}
    planned = [one.get_absolute_url() for one in IsolationPlan.objects.select_related("integration").order_by("pk")[:2]]
    unfit = Integration.objects.get(interface__name="Transfers API")
    required = RequiredLink.objects.current().earliest("pk")
    places = (
        *PAGES,
        *decided.values(),
        *planned,
        f"{decided['reopened']}?by=own&weights=cost:1,autonomy:1",
        f"{decided['decided']}?by=pairs",
        decided["decided"].replace("decision/", "contract/"),
        arranged,
        f"{arranged}?arrange=1",
        f"/stakeholders/silos/links/{required.pk}/edit/",
        "/changes/?cost=20000",
        "/meetings/new/",
        series,
        f"{series}edit/",
        *charters,
        finding,
        *(f"{initiative}{part}" for part in ("", "edit/", "map/", "coalition/", "plan/")),
        holder,
        *rooms,
        *sampled,
        replayed,
        f"{replayed}changes/?which=failed",
        *minutes,
        f"{meetings['closed']}minutes/edit/",
        *meetings.values(),
        *stories.values(),
    )
    found = [one for address in places for one in violations(page, address)]
    auditor = desk.sign_in("samuel", demo.PASSWORD)  # it touches a cluster that is restricted
    auditor.set_viewport_size({"width": width, "height": 900})
    found += violations(auditor, unfit.get_absolute_url())
    found += violations(auditor, f"{unfit.get_absolute_url()}decision/")
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_where_one_writes(desk, organisation, width):
    """Drafts, edits with their verdict, revisions with a diff, refusals, and an import with rejected rows."""
    edited = Change.objects.filter(revision__gt=1, state="awaiting_authorization").first()
    address = edited.get_absolute_url()
    page = desk.sign_in(edited.requester.handle, demo.PASSWORD)
    page.set_viewport_size({"width": width, "height": 900})
    mine = Change.objects.filter(requester=edited.requester, state="draft").values_list("number", flat=True)
    drafts = [f"/changes/CHG-{number}/" for number in mine]
    found = [
        one
        for place in (
            address,
            f"{address}revisions/{edited.revision}/",
            f"{address}revisions/1/",
            f"{address}slots/",
            *drafts,
        )
        for one in violations(page, place)
    ]
    found += violations(page, f"{address}edit/")
    page.fill("[name=backout_plan]", "Another way back.")
    page.get_by_role("button", name="What would this edit mean?").click()
    page.locator("#verdict .callout").wait_for()
    found += found_now(page, f"{address}edit/ with its verdict")
    page.fill("[name=components]", "nowhere/none")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("alert").first.wait_for()
    page.evaluate(AXE)
    found += found_now(page, f"{address}edit/ refused")
    assert found == []


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1440])
def test_axe_finds_nothing_where_one_imports(desk, organisation, settings, tmp_path, width):
    settings.MEDIA_ROOT = str(tmp_path)
    page = desk.sign_in("priya", demo.PASSWORD)
    page.set_viewport_size({"width": width, "height": 900})
    found = violations(page, "/stakeholders/kpis/time-to-decision/weights/")
    found += violations(page, "/imports/")
    page.get_by_text("Import a file").click()
    page.set_input_files("[name=file]", {"name": "changes.csv", "mimeType": "text/csv", "buffer": CSV})
    page.select_option("[name=cluster]", "payments")
    page.get_by_role("button", name="Upload and import").click()
    page.wait_for_url("**/imports/*/")
    run = f"/imports/{ImportRun.objects.latest('pk').pk}/"
    found += violations(page, run)
    assert continue_imports() == 1
    found += violations(page, run)
    assert "2026-02-30" in page.inner_text("main")
    found += violations(page, "/imports/")
    assert found == []
