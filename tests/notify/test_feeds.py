"""Calendar feeds: read by a calendar's own parser, by whoever holds the address, until it is revoked."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from dateutil.tz import tzical
from django.test import Client
from icalendar import Calendar

from apps.journal.models import Entry
from apps.kernel.refusals import Conflict, NotFound
from apps.notify import feeds
from apps.notify.actions.feeds import open_feed, revoke_feed
from apps.notify.feeds import CalendarItem
from apps.notify.formats.icalendar import render
from apps.notify.models import Feed
from tests.conftest import NOON, make_person

BERLIN = ZoneInfo("Europe/Berlin")
ITEM = CalendarItem(
    uid="change-1@concordat",
    summary="CHG-1 Rotate; the, keys",
    start_at=datetime(2026, 3, 28, 23, 0, tzinfo=BERLIN),
    end_at=datetime(2026, 3, 29, 4, 0, tzinfo=BERLIN),  # over the night in which summer time begins
    zone="Europe/Berlin",
    url="http://localhost:8000/changes/CHG-1/",
    sequence=4,
    changed_at=NOON,
    description="Payments · risk 3\nEND:VCALENDAR",
)


@pytest.fixture
def items(offered) -> list[CalendarItem]:
    """What the one feed on offer holds."""
    holds = [ITEM]
    feeds.register("changes", "Scheduled changes", lambda person: holds)
    return holds


@pytest.fixture
def address(ada, items) -> str:
    """The path of Ada's feed."""
    return "/" + open_feed(person=ada, kind="changes", at=NOON).address.split("/", 3)[3]


def events_of(body: bytes):
    return Calendar.from_ical(body).walk("VEVENT")


class TestFile:
    def test_a_parser_reads_back_what_was_meant(self):
        (event,) = events_of(render([ITEM], name="Scheduled changes"))
        assert (str(event["uid"]), event["sequence"], str(event["status"])) == (ITEM.uid, 4, "CONFIRMED")
        assert (str(event["summary"]), str(event["description"])) == (ITEM.summary, ITEM.description)
        assert (event["dtstart"].dt, event["dtend"].dt) == (ITEM.start_at, ITEM.end_at)
        assert str(event["dtstart"].params["TZID"]) == "Europe/Berlin"
        assert event["dtend"].dt - event["dtstart"].dt == timedelta(hours=5)
        assert event["dtend"].dt.timestamp() - event["dtstart"].dt.timestamp() == 4 * 3600
        assert str(event["url"]) == ITEM.url

    def test_every_zone_is_described(self):
        other = replace(ITEM, uid="change-2@concordat", zone="America/New_York")
        calendar = Calendar.from_ical(render([ITEM, other], name="x"))
        assert {str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")} == {"Europe/Berlin", "America/New_York"}
        assert {event["dtstart"].dt.timestamp() for event in calendar.walk("VEVENT")} == {ITEM.start_at.timestamp()}

    def test_a_cancelled_one_says_so(self):
        (event,) = events_of(render([replace(ITEM, is_cancelled=True, sequence=5)], name="x"))
        assert (str(event["status"]), event["sequence"]) == ("CANCELLED", 5)

    def test_an_empty_calendar_is_one(self):
        assert events_of(render([], name="x")) == []

    def test_the_same_items_make_the_same_bytes(self):
        assert render([ITEM], name="x") == render([ITEM], name="x")

    def test_lines_end_and_fold_as_the_standard_says(self):
        body = render([replace(ITEM, summary="é" * 200)], name="x")
        assert body.endswith(b"\r\n")
        assert all(len(line) <= 75 for line in body.split(b"\r\n"))


def said(body: bytes, name: str, tzid: str, reader) -> list[datetime]:
    """The instants that a property of every event tells, read without the library that wrote them."""
    found = []
    events = body.decode().partition("BEGIN:VEVENT")[2]
    for utc, local in re.findall(rf"^{name}(?:;TZID={tzid})?:(?:(\w+)Z|(\w+))\r$", events, re.MULTILINE):
        moment = datetime.strptime(utc or local, "%Y%m%dT%H%M%S")  # noqa: DTZ007  # the zone follows
        found.append(moment.replace(tzinfo=UTC if utc else reader).astimezone(UTC))
    return found


@pytest.mark.parametrize(
    ("zone", "turns"),  # the turns are the instants at which clocks change, from the zones' own records
    [
        ("America/New_York", [datetime(2026, 3, 8, 7, tzinfo=UTC), datetime(2026, 11, 1, 6, tzinfo=UTC)]),
        ("Europe/Berlin", [datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]),
        ("Australia/Lord_Howe", [datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 10, 3, 15, 30, tzinfo=UTC)]),
        ("Asia/Kathmandu", [datetime(2026, 3, 8, 7, tzinfo=UTC)]),  # a quarter off the hour, and never changes now
    ],
)
class TestZones:
    """Another reader of the standard, dateutil, understands the instants that were meant, around both changes."""

    @pytest.fixture
    def instants(self, turns) -> list[datetime]:
        return [turn + n * timedelta(minutes=15) for turn in turns for n in range(-12, 13)]

    @pytest.fixture
    def body(self, zone, instants) -> bytes:
        hour = timedelta(hours=1)
        return render([replace(ITEM, zone=zone, start_at=one, end_at=one + hour) for one in instants], name="x")

    @pytest.fixture
    def reader(self, zone, body):
        return tzical(StringIO(body.decode())).get(zone)

    def test_every_event_is_at_its_instant(self, zone, instants, body, reader):
        assert said(body, "DTSTART", zone, reader) == instants
        assert said(body, "DTEND", zone, reader) == [one + timedelta(hours=1) for one in instants]

    def test_the_clock_shows_what_it_shows_there(self, zone, instants, reader):
        for one in instants:
            assert one.astimezone(reader).replace(tzinfo=None) == one.astimezone(ZoneInfo(zone)).replace(tzinfo=None)

    def test_every_onset_is_an_instant_at_which_the_offset_changes(self, zone, body):
        here, second = ZoneInfo(zone), timedelta(seconds=1)
        (described,) = Calendar.from_ical(body).walk("VTIMEZONE")
        for onset in described.subcomponents:
            dates = onset.get("RDATE", [])
            dates = dates if isinstance(dates, list) else [dates]
            for local in [onset.DTSTART, *(one.dt for rows in dates for one in rows.dts)]:
                if onset.TZOFFSETFROM == onset.TZOFFSETTO:
                    continue  # where the description begins
                at = (local - onset.TZOFFSETFROM).replace(tzinfo=UTC)
                assert at.astimezone(here).utcoffset() == onset.TZOFFSETTO
                assert (at - second).astimezone(here).utcoffset() == onset.TZOFFSETFROM


class TestReading:
    def test_whoever_has_the_address_reads_it(self, address, ada, noon):
        answer = Client().get(address)
        assert answer["Content-Type"] == "text/calendar; charset=utf-8"
        assert answer["Last-Modified"] == "Mon, 02 Mar 2026 12:00:00 GMT"
        assert [str(event["uid"]) for event in events_of(answer.content)] == [ITEM.uid]
        assert Feed.objects.get().read_at is not None

    def test_what_was_read_already_is_not_sent_again(self, address, items):
        tag = Client().get(address)["ETag"]
        for asked in (tag, f'"other", W/{tag}', "*"):
            again = Client().get(address, headers={"if-none-match": asked})
            assert (again.status_code, again["ETag"], again.content) == (304, tag, b"")
        items[0] = replace(ITEM, sequence=5)
        assert Client().get(address, headers={"if-none-match": tag}).status_code == 200
        items.clear()
        assert Client().get(address, headers={"if-none-match": tag}).status_code == 200

    def test_a_revoked_one_is_gone_with_a_sentence(self, address, ada):
        feed = Feed.objects.get()
        for _ in range(2):
            revoke_feed(feed_id=feed.pk, person=ada, at=NOON)
        answer = Client().get(address)
        assert answer.status_code == 410
        assert "This calendar was closed" in answer.content.decode()
        assert Entry.objects.filter(event="notify.FeedRevoked").count() == 1

    def test_one_of_somebody_who_left_is_gone(self, address, ada):
        type(ada).objects.filter(pk=ada.pk).update(is_active=False)
        assert Client().get(address).status_code == 410

    @pytest.mark.parametrize("token", ["x", "A" * 43, "../../etc/passwd", "%00"])
    def test_a_guess_finds_nothing(self, address, token):
        assert Client().get(f"/feeds/{token}.ics").status_code == 404

    def test_a_kind_no_longer_offered_is_empty(self, address, offered):
        offered.clear()
        assert events_of(Client().get(address).content) == []


class TestOpening:
    def test_only_the_hash_is_kept(self, address, ada):
        token = address.split("/")[2].removesuffix(".ics")
        feed = Feed.objects.get()
        assert len(token) >= 43
        assert token not in str(vars(feed))
        entry = Entry.objects.get(event="notify.FeedOpened")
        assert (entry.actor, entry.data) == (ada, {"feed_id": feed.pk})
        assert token not in entry.subject_label

    def test_one_of_a_kind_at_a_time(self, address, ada, cleo):
        with pytest.raises(Conflict, match="already have this feed"):
            open_feed(person=ada, kind="changes", at=NOON)
        assert open_feed(person=cleo, kind="changes", at=NOON)
        revoke_feed(feed_id=Feed.objects.get(person=ada).pk, person=ada, at=NOON)
        assert open_feed(person=ada, kind="changes", at=NOON)

    def test_unknown_kinds_and_other_peoples_feeds(self, address, ada, cleo):
        with pytest.raises(NotFound):
            open_feed(person=ada, kind="meetings", at=NOON)
        with pytest.raises(NotFound):
            revoke_feed(feed_id=Feed.objects.get().pk, person=cleo, at=NOON)
        assert Client().get(address).status_code == 200

    def test_each_reads_what_they_may_see(self, offered, ada):
        feeds.register("own", "Own", lambda person: [replace(ITEM, summary=person.handle)])
        told = []
        for person in (ada, make_person("zoe")):
            path = "/" + open_feed(person=person, kind="own", at=NOON).address.split("/", 3)[3]
            told += [str(event["summary"]) for event in events_of(Client().get(path).content)]
        assert told == ["ada", "zoe"]
