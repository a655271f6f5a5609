"""An agenda of the 91 enhancement proposals of one release is built by rule, locked, and run through before 30 people.

The web server is the real one in processes of its own. A browser costs a good part of a core, so four of the thirty sit
at real browser pages, drive and watch; the other twenty-six hold the same stream and send the same forms over HTTP.
Nobody measures time here. What counts: every one of them saw every entry of the meeting exactly once and in order,
through a closed laptop, a restart of the server that ends streams politely and one by `kill -9`.
"""

import csv
import re
import tarfile
import threading
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from guardian.shortcuts import assign_perm
from playwright.sync_api import expect

from apps.accounts.models import Person
from apps.accounts.rules import Role
from apps.cab.actions import flow, proposing
from apps.cab.models import Change, Seat, SeatRole
from apps.clusters.models import Cluster
from apps.journal.models import Entry
from apps.meetings.actions import planning, room
from apps.meetings.models import AgendaItem, Meeting
from tests.cab.importing import MAPS, run_import
from tests.conftest import make_person, signed_in
from tests.durability.conftest import House
from tests.journeys.conftest import Stage
from tests.journeys.room import Attendee

pytestmark = [pytest.mark.realdata, pytest.mark.slow]
RELEASE, PROPOSALS = "v1.37", 91
EVERYWHERE = {"stable", "deprecated"}  # stages of a feature
HIGHEST_RISK = 5
GATED = 37  # of the proposals: alpha, and they say how they are rolled back
AT_BROWSERS, OVER_HTTP = 4, 26
MORE_MEMBERS = 4
OK = 200
PATIENCE_MS = 60_000
KEEP_UP_S = 120.0  # patience, not a measure: two cores serve thirty screens and four browsers
TERMS, TASK = "The runbook names the gate.", "Write down how the gate is switched"
HEAR = "window.heard = []; document.addEventListener('room:entry', (event) => window.heard.push(event.detail.id));"


@pytest.fixture
def house(transactional_db, tmp_path):
    """The web server as it is deployed: with the threads for open screens."""
    made = settings.DATABASES["default"]
    name = connection.settings_dict["NAME"]
    house = House(f"postgres://{made['USER']}:{made['PASSWORD']}@{made['HOST']}:{made['PORT']}/{name}", tmp_path)
    house.web_options = ["--config", "config/gunicorn.py"]
    yield house
    house.stop()


@pytest.fixture
def stage(browser, house):
    house.start("web")
    made = Stage(browser, house.address, javascript=True, width=1280)
    yield made
    made.close()
    # While the server restarts the browser says that it cannot reach it; nothing else may be wrong.
    assert [one for one in made.complaints if not re.search(r"net::ERR_|^htmx:\w+|Failed to fetch", one)] == []


@pytest.fixture
def proposals(shared_data, tmp_path) -> dict[str, dict[str, str]]:
    """The release's records, imported as changes that are handed in; path → the record."""
    with (shared_data / "k8s-keps" / "keps.csv").open() as rows:
        stages = {one["path"]: one for one in csv.DictReader(rows) if one["latest_milestone"] == RELEASE}
    assert len(stages) == PROPOSALS
    whole, some = shared_data / "k8s-keps" / "kep_yaml_raw.tar.gz", tmp_path / "release.tar.gz"
    with tarfile.open(whole) as source, tarfile.open(some, "w:gz") as target:
        for member in source:
            if member.name in stages:
                target.addfile(member, source.extractfile(member))
    Cluster.objects.create(slug="kubernetes", name="Kubernetes")
    run = run_import(some, column_map=asked_for_anew(tmp_path), cluster="")
    assert (run.created_rows, run.rejected_rows) == (PROPOSALS, 0)
    return stages


def asked_for_anew(folder: Path) -> Path:
    """The map of the records, but whatever became of a proposal before, this release asks for it anew."""
    text = re.sub(r"^(      [a-z() ]+): \w+$", r"\1: submitted", (MAPS / "kep.yaml").read_text(), flags=re.MULTILINE)
    (folder / "map.yaml").write_text(text)
    return folder / "map.yaml"


@pytest.fixture
def members(board, ben, cleo, dan) -> list[Person]:
    """The board: Ben chairs, six vote; three ballots with the chair's make the quorum."""
    type(board).objects.update(quorum_count=3, decision_hours=400)
    more = [make_person(f"member{number}", Role.BOARD_MEMBER) for number in range(MORE_MEMBERS)]
    term = (timezone.localdate() - timedelta(days=9), None)
    Seat.objects.bulk_create(Seat(board=board, person=one, role=SeatRole.VOTER, term=term) for one in more)
    return [ben, cleo, dan, *more]


@pytest.fixture
def meeting(proposals, board, ben, members, omar) -> Meeting:
    """Assessed and handed to the board one by one; the meeting starts in ten minutes.

    What is new and can be rolled back stands behind a gate, as Omar, who owns the cluster, writes: its risk is low.
    """
    now = timezone.now()
    assign_perm("own_cluster", omar, Cluster.objects.get(slug="kubernetes"))
    for change in Change.objects.filter(source="kep").order_by("pk"):
        stage = proposals[change.external_id]["stage"]
        if is_gated(proposals[change.external_id]):
            plans = {"backout_plan": "Switch the gate off.", "test_plan": "With the gate on, and with it off."}
            content = proposing.content_from(change, **plans)
            proposing.edit_change(change_id=change.pk, editor=omar, content=content, based_on=change.revision, at=now)
        flow.begin_assessment(change_id=change.pk, assessor=ben, at=now)
        if stage in EVERYWHERE:
            reason = "Every cluster runs it."
            flow.raise_risk(change_id=change.pk, assessor=ben, to=HIGHEST_RISK, reason=reason, at=now)
        flow.hand_to_board(change_id=change.pk, assessor=ben, at=now)
    start = (now + timedelta(minutes=10)).replace(second=0, microsecond=0, tzinfo=None)
    values = {"name": "Release board", "place": "", "start_local": start, "zone": "UTC"}
    values |= {"duration_minutes": 240, "lock_minutes": 5, "item_minutes": 5}
    return planning.plan_meeting(board_id=board.pk, planner=ben, values=values, at=now)


def is_gated(record: dict[str, str]) -> bool:
    """Whether it is new and says how it is rolled back."""
    return record["stage"] == "alpha" and record["has_rollback_section"] == "1"


class Watcher:
    """Somebody at a browser, who keeps what their page heard."""

    def __init__(self, stage: Stage, handle: str, room_address: str) -> None:
        self.page = stage.sign_in(handle)
        self.page.context.add_init_script(HEAR)
        self.page.goto(room_address)
        self.began = int(self.page.locator("[data-room]").get_attribute("data-after"))
        if self.page.get_by_role("button", name="Join").count():
            self.page.get_by_role("button", name="Join").click()
        expect(self.page.get_by_role("button", name="Leave the room")).to_be_visible(timeout=PATIENCE_MS)

    def heard(self) -> list[int]:
        return self.page.evaluate("window.heard")


def told(meeting) -> list[int]:
    return list(Entry.objects.about(meeting).order_by("id").values_list("id", flat=True))


def wait_for(goal, what: str) -> None:
    """Patience for a slow machine; what never comes fails."""
    until = time.monotonic() + KEEP_UP_S
    while not goal():
        assert time.monotonic() < until, what
        time.sleep(0.1)


def attendee(house, person, meeting) -> Attendee:
    made = Attendee(house.address, signed_in(person).cookies["sessionid"].value, meeting.pk)
    made.look()
    return made


def desk(chair, words: str, button: str, reason: str = "") -> None:
    """At the chair's browser: choose an item, and press a button of the desk."""
    option = chair.locator("#desk-item option", has_text=words).first
    chair.locator("#desk-item").select_option(value=option.get_attribute("value"))
    chair.fill("#desk-reason", reason)
    with chair.expect_response(lambda answer: answer.url.endswith("/room/desk/")) as sent:
        chair.get_by_role("button", name=button, exact=True).click()
    assert sent.value.status == OK, sent.value.text()


def approve(page) -> None:
    with page.expect_response(lambda answer: answer.url.endswith("/room/ballots/")) as sent:
        page.get_by_role("button", name=re.compile("^Approve(?! with)")).first.click()
    assert sent.value.status == OK, sent.value.text()


@dataclass
class Gathering:
    """The thirty in the room of one meeting, and the desk of the chair over HTTP."""

    house: House
    meeting: Meeting
    watchers: list[Watcher]  # the first is the chair, one votes, one is a guest, the last is at a phone
    others: list[Attendee]
    voters: list[Attendee]
    desk: Attendee

    def spoken(self) -> list[AgendaItem]:
        """What is to be spoken of, in order."""
        rows = self.meeting.items.filter(state="listed", is_consent=False)
        return list(rows.select_related("change").order_by("position"))

    def decide(self, items: list[AgendaItem]) -> None:
        """The chair takes each up; the chair and two more approve it."""
        for item in items:
            self.desk.act("desk/", {"act": "take", "item": item.pk})
            ballot = {"item": item.pk, "revision": item.change.revision, "choice": "approve"}
            for one in (self.desk, *self.voters[:2]):
                one.act("ballots/", ballot)

    def defer(self, items: list[AgendaItem]) -> None:
        for item in items:
            self.desk.act("desk/", {"act": "defer", "item": item.pk, "reason": "Beta: the next board has time for it."})

    def require_saw_everything(self) -> None:
        """Each: every entry, once, in order. What a browser's page was drawn with it did not hear again."""
        entries = told(self.meeting)
        for one in self.others:
            wait_for(lambda one=one: one.seen[-1:] == entries[-1:] or one.troubles, "a stream fell behind")
            assert (one.troubles, one.seen) == ([], entries)
        for one in self.watchers:
            wait_for(lambda one=one: one.heard()[-1:] == entries[-1:], "a browser fell behind")
            assert one.heard() == [number for number in entries if number > one.began]


def test_a_release_is_decided_before_thirty_people(stage, house, meeting, members):
    open_it(stage, meeting)
    phone = Stage(stage.browser, house.address, javascript=True, width=390)
    here = come(stage, phone, house, meeting, members)
    here.require_saw_everything()
    drive_at_browsers(here, *[one.change.reference for one in here.spoken()[:3]])
    here.require_saw_everything()
    close_a_laptop(here)
    here.require_saw_everything()
    restart_twice(here, leader=members[0])
    here.decide([one for one in here.spoken() if one.change.risk == HIGHEST_RISK])
    here.defer(here.spoken()[:5])
    consent_together(here)
    end(here)
    phone.close()
    for one in here.others:
        one.look_away()  # all at once: one by one each would wait for a heartbeat of its own
    for one in here.others:
        one.close_lid()
    assert [one.troubles for one in here.others if one.troubles] == []


def open_it(stage, meeting) -> None:
    """Ben locks the agenda and opens the meeting: all the release's proposals stand on it, by rule."""
    page = stage.sign_in("ben")
    page.goto(f"/meetings/{meeting.pk}/")
    page.get_by_role("button", name="Lock the agenda").click()
    page.get_by_role("button", name="Go ahead").click()
    expect(page.locator("main")).to_contain_text("Agenda locked", timeout=PATIENCE_MS)
    rows = list(meeting.items.order_by("position").values_list("change__risk", "is_consent"))
    risks = [risk for risk, _ in rows]
    assert len(rows) == PROPOSALS
    assert risks == sorted(risks, reverse=True)
    assert len(set(risks)) > 1
    assert sum(is_consent for _, is_consent in rows) == GATED
    page.get_by_role("button", name="Open the meeting").click()
    expect(page.get_by_role("button", name="Leave the room")).to_be_visible(timeout=PATIENCE_MS)
    page.close()


def come(stage, phone, house, meeting, members) -> Gathering:
    """Four at browsers, one of them at a phone; twenty-six over HTTP, of whom five may vote."""
    address = f"/meetings/{meeting.pk}/room/"
    voting = members[2:]
    at_http = [*voting, *(make_person(f"guest{n}", Role.REQUESTER) for n in range(OVER_HTTP - len(voting)))]
    others = [attendee(house, one, meeting) for one in at_http]
    at_desk = [one.handle for one in members[:2]] + [make_person("visitor", Role.REQUESTER).handle]
    watchers = [Watcher(stage, one, address) for one in at_desk]
    watchers.append(Watcher(phone, make_person("traveller", Role.REQUESTER).handle, address))
    assert (len(watchers), len(others)) == (AT_BROWSERS, OVER_HTTP)
    voters = others[: len(voting)]
    for one in voters:
        one.act("attendance/", {})
    desk = Attendee(house.address, signed_in(members[0]).cookies["sessionid"].value, meeting.pk)
    return Gathering(house, meeting, watchers, others, voters, desk)


def drive_at_browsers(here: Gathering, first: str, second: str, third: str) -> None:
    """The first item is decided under a condition, another moved down and up, a third deferred and admitted again."""
    chair, cleo, visitor, traveller = (one.page for one in here.watchers)
    desk(chair, first, "Take it up")
    for page in (chair, cleo):
        expect(page.locator(".room-current")).to_contain_text(first, timeout=PATIENCE_MS)
        expect(page.get_by_role("heading", name="Your ballot")).to_be_visible(timeout=PATIENCE_MS)
    approve(chair)
    cleo.get_by_text("Another ballot").click()
    cleo.get_by_label("Conditions").fill(TERMS)
    with cleo.expect_response(lambda answer: answer.url.endswith("/room/ballots/")) as sent:
        cleo.get_by_role("button", name="Approve with conditions").click()
    assert sent.value.status == OK, sent.value.text()
    item = here.meeting.items.get(state="current")
    ballot = {"item": item.pk, "revision": item.change.revision, "choice": "approve"}
    here.voters[0].act("ballots/", ballot)
    for page in (chair, visitor, traveller):
        row = page.locator("#room-now .agenda li", has_text=first)
        expect(row).to_contain_text("3 for", timeout=PATIENCE_MS)
        expect(page.locator("#room-now")).to_contain_text(TERMS, timeout=PATIENCE_MS)
    desk(chair, second, "Move down")
    desk(chair, second, "Move up")
    desk(chair, third, "Defer", "Its owner is ill.")
    said = visitor.locator("#room-now .agenda li", has_text=third)
    expect(said).to_contain_text("Its owner is ill.", timeout=PATIENCE_MS)
    desk(chair, third, "Admit", "She is back.")
    note_an_action(chair)
    for page in (visitor, traveller):
        expect(page.locator("#room-now")).to_contain_text(TASK, timeout=PATIENCE_MS)


def note_an_action(chair) -> None:
    chair.get_by_text("Note an action item").click()
    chair.fill("#action-text", TASK)
    chair.fill("#action-owner", "cleo")
    chair.fill("#action-due", (timezone.localdate() + timedelta(days=7)).isoformat())
    with chair.expect_response(lambda answer: answer.url.endswith("/room/actions/")) as sent:
        chair.get_by_role("button", name="Note it").click()
    assert sent.value.status == OK, sent.value.text()


def close_a_laptop(here: Gathering) -> None:
    """One lid closes, the room goes on for four items, the lid opens again: what was missed comes first."""
    sleeper = here.others[-1]
    sleeper.close_lid()
    had = len(sleeper.seen)
    here.decide(here.spoken()[:4])
    assert len(sleeper.seen) == had
    sleeper.look()
    wait_for(lambda: len(sleeper.seen) >= had + 4 * 5, "the laptop did not catch up")


def restart_twice(here: Gathering, *, leader: Person) -> None:
    """Politely, then by `kill -9`; each time something happens while the server is down."""
    lines = [one.lines for one in here.others]
    for way in (House.restart, kill_and_start):
        down = threading.Thread(target=way, args=(here.house, "web"))
        down.start()
        room.promote_item(meeting_id=here.meeting.pk, item_id=here.spoken()[-1].pk, chair=leader, at=timezone.now())
        down.join()
        here.decide(here.spoken()[:3])
        here.require_saw_everything()
    assert all(one.lines >= before + 2 for one, before in zip(here.others, lines, strict=True))


def kill_and_start(house: House, name: str) -> None:
    house.kill(name)
    house.start(name)


def consent_together(here: Gathering) -> None:
    """The chair moves what is left; one confirmation each of three seats decides all of it."""
    chair, cleo = (one.page for one in here.watchers[:2])
    chair.get_by_role("button", name=f"Move the {GATED} consent items together").click()
    for page in (chair, cleo):
        confirm = page.get_by_role("button", name=f"Approve all {GATED}")
        with page.expect_response(lambda answer: answer.url.endswith("/consent/confirmations/")) as sent:
            confirm.click(timeout=PATIENCE_MS)
        assert sent.value.status == OK, sent.value.text()
    items = here.meeting.items.filter(state="listed", is_consent=True).select_related("change").order_by("position")
    seen = ",".join(f"{one.pk}:{one.change.revision}" for one in items)
    here.voters[0].act("consent/confirmations/", {"seen": seen})
    expect(chair.get_by_role("heading", name="The consent items")).to_have_count(0, timeout=PATIENCE_MS)


def end(here: Gathering) -> None:
    """The chair closes the meeting, which defers what is left; all hear it; the minutes name what became of each."""
    chair = here.watchers.pop(0).page
    chair.goto(f"/meetings/{here.meeting.pk}/")
    chair.get_by_role("button", name="Close the meeting").click()
    chair.get_by_role("button", name="Go ahead").click()
    expect(chair.locator("main")).to_contain_text("Closed", timeout=PATIENCE_MS)
    here.require_saw_everything()
    here.meeting.refresh_from_db()
    outcomes = Counter(here.meeting.items.values_list("state", flat=True))
    assert (here.meeting.state, outcomes.keys()) == ("closed", {"decided", "deferred"})
    assert outcomes["decided"] == GATED + here.meeting.items.filter(change__risk=HIGHEST_RISK).count()
    assert Change.objects.filter(source="kep", state__in=["authorized", "scheduled"]).count() == outcomes["decided"]
    chair.get_by_role("link", name="Draft of the minutes").click()
    minutes = chair.locator("main")
    expect(minutes).to_contain_text(
        f"{outcomes['decided']} items were decided and {outcomes['deferred']} were deferred."
    )
    text = " ".join(minutes.inner_text().split())
    titles = here.meeting.items.values_list("change__title", flat=True)
    assert [words for words in (TERMS, TASK, *titles) if " ".join(words.split()) not in text] == []
