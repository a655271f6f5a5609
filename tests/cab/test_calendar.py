"""The calendar: weeks of 167 and 169 hours, lanes, filters, saved views, and a window that is moved."""

import re
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from apps.accounts.rules import Role
from apps.cab.actions import proposing
from apps.cab.models import Change, Conflict, SavedView
from apps.cab.rules.calendar import Span, footprint, moved, packed
from apps.clusters.models import Visibility
from apps.windows.actions.freezes import draft_freeze, enforce_freeze, preview_freeze
from apps.windows.actions.recurring import plan_window
from tests.cab.conftest import content
from tests.conftest import NOON, make_person, signed_in

BERLIN = ZoneInfo("Europe/Berlin")
CEILING = 12  # queries a page
WEEK = "/calendar/?week=2026-03-09"
pytestmark = pytest.mark.usefixtures("_at_noon")


@pytest.fixture
def _at_noon(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON)


def text(response) -> str:
    return response.content.decode()


def scheduled(author, cluster, *components, state="scheduled", **fields) -> Change:
    change = proposing.propose_change(requester=author, content=content(cluster, *components, **fields), at=NOON)
    Change.objects.filter(pk=change.pk).update(state=state, submitted_at=NOON, decided_at=NOON)
    change.refresh_from_db()
    return change


def week_of(day: date, zone=BERLIN) -> Span:
    return Span(day, day + timedelta(days=6), zone)


def placed(page: str, key: str) -> dict[str, float]:
    """The numbers that the page's style sheet gives to one thing on it."""
    rule = re.search(rf"(?m)^(?:\.l\d+ )?\.{key}\{{([^}}]*)\}}", page)
    assert rule, f"nothing places {key}"
    return {name: float(value) for name, value in re.findall(r"--(\w+):([\d.]+)", rule[1])}


# The arithmetic


@pytest.mark.parametrize(("day", "hours"), [((2026, 3, 23), 167), ((2026, 10, 19), 169), ((2026, 3, 9), 168)])
def test_a_week_has_the_hours_that_pass_in_it(day, hours):
    assert week_of(date(*day)).hours == hours


def test_a_day_of_23_hours_is_narrower_than_its_neighbours():
    span = week_of(date(2026, 3, 23))
    edges = [span.percent(span.midnight(day)) for day in (*span.days, date(2026, 3, 30))]
    widths = [b - a for a, b in pairwise(edges)]
    assert edges[0] == 0
    assert edges[-1] == 100
    assert widths[6] == pytest.approx(23 / 167 * 100)
    assert widths[:6] == [pytest.approx(24 / 167 * 100)] * 6


def test_a_time_after_the_change_of_clocks_stands_where_the_hours_have_passed():
    at = datetime(2026, 3, 29, 12, 0, tzinfo=BERLIN)
    assert week_of(date(2026, 3, 23)).percent(at) == pytest.approx((6 * 24 + 11) / 167 * 100)


def test_a_range_touches_every_day_it_has_an_instant_in_and_not_the_midnight_it_ends_at():
    span = week_of(date(2026, 3, 9))
    at = span.midnight
    assert list(span.days_touched(at(date(2026, 3, 10)), at(date(2026, 3, 11)))) == [1]
    assert list(span.days_touched(at(date(2026, 3, 1)), at(date(2026, 3, 10)) + timedelta(minutes=1))) == [0, 1]
    assert list(span.days_touched(at(date(2026, 3, 16)), at(date(2026, 3, 17)))) == []


def test_what_overlaps_stands_in_rows_and_what_ends_makes_room():
    assert packed([(0, 10), (5, 15), (10, 20), (12, 13)]) == [0, 1, 0, 2]
    assert packed([]) == []


def test_what_is_too_short_to_read_is_widened_and_never_leaves_the_week():
    assert footprint(50, 51, least=14) == (50, 64)
    assert footprint(99, 100, least=14) == (86, 100)
    assert footprint(10, 60, least=14) == (10, 60)


def test_a_moved_window_keeps_its_elapsed_length_over_the_change_of_clocks():
    start, end = (datetime(2026, 3, 24, hour, 0, tzinfo=BERLIN).astimezone(UTC) for hour in (1, 4))
    to = datetime(2026, 3, 29, 1, 0, tzinfo=BERLIN)
    assert moved(start_at=start, end_at=end, zone="Europe/Berlin", to=to) == (
        datetime(2026, 3, 29, 1, 0),
        datetime(2026, 3, 29, 5, 0),  # three hours later: the clocks skip one
    )


# The week


def test_a_change_stands_at_its_time_with_its_length(ada, ben, payments, ledger):
    ben.zone = "Europe/Berlin"
    ben.save()
    change = scheduled(ada, payments, ledger)
    page = text(signed_in(ben).get(WEEK))
    box = placed(page, f"c{change.pk}")
    assert box["x"] == pytest.approx((24 + 22) / 168 * 100, abs=0.001)
    assert box["b"] == 0
    assert box["l"] / 100 * box["f"] == pytest.approx(1.5 / 168 * 100, abs=0.01)


def test_a_week_in_which_the_clocks_change_says_so_and_draws_its_hours(ada, ben, payments, ledger):
    ben.zone = "Europe/Berlin"
    ben.save()
    late = {"window_start": datetime(2026, 3, 29, 12, 0), "window_end": datetime(2026, 3, 29, 20, 0)}
    change = scheduled(ada, payments, ledger, **late)
    page = text(signed_in(ben).get("/calendar/?week=2026-03-23"))
    assert "The clocks go forward on Sunday 29 March: this week has 167 hours." in page
    assert placed(page, "d6")["w"] == pytest.approx(23 / 167 * 100, abs=0.001)
    box = placed(page, f"c{change.pk}")
    assert box["x"] + box["b"] / 100 * box["f"] == pytest.approx((6 * 24 + 11) / 167 * 100, abs=0.01)
    assert "The clocks go back" in text(signed_in(ben).get("/calendar/?week=2026-10-19"))
    assert "The clocks go" not in text(signed_in(ben).get(WEEK))


def test_the_zone_of_the_viewer_is_named_and_that_of_the_change_where_it_differs(ada, ben, payments, ledger):
    scheduled(ada, payments, ledger)
    ben.zone = "Asia/Tokyo"
    ben.save()
    page = text(signed_in(ben).get(WEEK))
    assert "days and times in Asia/Tokyo" in page
    assert 'title="Europe/Berlin">Tue 22:00 CET' in page
    ben.zone = "Europe/Berlin"
    ben.save()
    assert "Tue 22:00 CET" not in text(signed_in(ben).get(WEEK))


@pytest.fixture
def freeze(admin):
    """Announces a freeze of two days: one administrator drafts it, another puts it in force."""
    other = make_person("hana", Role.ADMINISTRATOR)

    def made(name="Quarter end", *clusters):
        values = {
            "name": name,
            "reason": "Books close.",
            "strength": "hard",
            "start_local": datetime(2026, 3, 11),
            "end_local": datetime(2026, 3, 13),
            "zone": "UTC",
            "tiers": [],
            "types": [],
            "exemptions": [],
        }
        one = draft_freeze(author=admin, clusters=clusters, values=values, at=NOON)
        preview_freeze(freeze_id=one.pk, viewer=other, version=one.version, at=NOON)
        return enforce_freeze(freeze_id=one.pk, enforcer=other, version=one.version, at=NOON)

    return made


def test_a_freeze_of_everyone_lies_hatched_behind_every_lane_and_leads_to_itself(freeze, ada, ben, payments, ledger):
    scheduled(ada, payments, ledger)
    one = freeze()
    page = text(signed_in(ben).get(WEEK))
    assert "Whole federation" in page
    assert page.count('<i class="tint f0" data-kind="freeze"') == 2  # its own lane's, and behind Payments
    assert f'href="{one.get_absolute_url()}"' in page
    assert placed(page, "tint.f0") == {
        "x": pytest.approx(2 / 7 * 100, abs=0.001),
        "w": pytest.approx(2 / 7 * 100, abs=0.001),
    }


def test_a_freeze_of_one_cluster_stands_in_its_lane_even_where_nothing_is_planned(freeze, ben, payments, logistics):
    freeze("Year end", logistics)
    page = text(signed_in(ben).get(WEEK))
    assert ">Logistics</a></h2>" in page
    assert ">Payments</a></h2>" not in page
    assert "Whole federation" not in page


def test_nobody_learns_of_a_cluster_through_a_freeze(freeze, dan, payments, logistics):
    logistics.visibility = Visibility.RESTRICTED
    logistics.save()
    freeze("Year end", logistics)
    freeze("Both", logistics, payments)
    page = text(signed_in(dan).get(WEEK))
    assert "Logistics" not in page
    assert "Year end" not in page
    assert "Both" in page


def test_windows_and_blackouts_stand_in_their_lane(admin, omar, ben, payments, sundays):
    plan_window(planner=omar, cluster=payments, kind="maintenance", values=sundays, at=NOON)
    plan_window(planner=admin, cluster=None, kind="blackout", values=sundays | {"name": "Pay day"}, at=NOON)
    page = text(signed_in(ben).get(WEEK))
    assert page.count('data-kind="maintenance"><a') == 1
    assert "Maintenance window: Sunday night" in page
    assert "Blackout: Pay day" in page
    assert page.count('data-kind="blackout" aria-hidden') == 3  # the legend, and behind both lanes


@pytest.fixture
def sundays() -> dict:
    return {
        "name": "Sunday night",
        "start_local": datetime(2026, 3, 1, 2, 30),
        "duration_minutes": 240,
        "zone": "Europe/Berlin",
        "rrule": "FREQ=WEEKLY;BYDAY=SU",
        "reason": "Banks sleep.",
        "tiers": [],
    }


def conflict(change, other) -> Conflict:
    low, high = sorted((change, other), key=lambda one: one.pk)
    return Conflict.objects.create(
        change=low, other=high, kind="person", is_stopping=False, digest="x", found_at=NOON, details={"person": "Ada"}
    )


def test_open_conflicts_are_counted_and_every_number_opens_its_rows(ada, ben, payments, ledger):
    one, two = (scheduled(ada, payments, ledger, title=title) for title in ("First", "Second"))
    far = {"window_start": datetime(2026, 4, 10, 22, 0), "window_end": datetime(2026, 4, 10, 23, 0)}
    three, four = (scheduled(ada, payments, ledger, title=title, **far) for title in ("Third", "Fourth"))
    conflict(one, two)
    conflict(three, four)
    client = signed_in(ben)
    page = text(client.get(WEEK))
    assert "1 open conflict</a>" in page
    assert page.count('<span class="visually-hidden"> open conflict</span>') == 2  # at both changes
    rows = re.findall(r'href="(/conflicts/[^"]*)"', page)[-1].replace("&amp;", "&")
    found = text(client.get(rows))
    assert "First" in found
    assert "Third" not in found
    days = [link.replace("&amp;", "&") for link in re.findall(r'class="week-day d\d"><a href="([^"]*)"', page)]
    assert len(days) == 7
    assert [text(client.get(link)).count("data-href") for link in days] == [0, 2, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("query", "is_found"),
    [
        ("cluster=payments", True),
        ("cluster=logistics", False),
        ("type=normal", True),
        ("type=emergency", False),
        ("state=scheduled", True),
        ("state=closed&state=authorized", False),
        ("risk=1", True),
        ("risk=5", False),
        ("board=enterprise", False),
    ],
)
def test_the_week_is_narrowed_by_its_address(ada, ben, board, payments, logistics, ledger, query, is_found):
    change = scheduled(ada, payments, ledger)
    assert (change.reference in text(signed_in(ben).get(f"{WEEK}&{query}"))) is is_found


def test_a_state_that_is_not_shown_by_itself_is_shown_when_asked_for(waiting, ben):
    assert waiting.reference not in text(signed_in(ben).get(WEEK))
    assert waiting.reference in text(signed_in(ben).get(f"{WEEK}&state=awaiting_authorization"))


def test_narrowed_to_a_cluster_windows_and_freezes_of_others_are_left_out(
    freeze, ada, ben, payments, logistics, ledger
):
    scheduled(ada, payments, ledger)
    freeze("Of logistics", logistics)
    freeze("Of both", logistics, payments)
    page = text(signed_in(ben).get(f"{WEEK}&cluster=payments"))
    assert "Of logistics" not in page
    assert "Of both" in page
    assert ">Logistics</a></h2>" not in page


def test_the_filters_stay_when_the_week_turns(ada, ben, payments):
    page = text(signed_in(ben).get(f"{WEEK}&cluster=payments&risk=2"))
    assert 'href="?week=2026-03-16&amp;cluster=payments&amp;risk=2" rel="next"' in page


@pytest.mark.parametrize("query", ["risk=9", "state=sideways", "cluster=none", "week=0001-01-01", "week=9999-12-31"])
def test_what_the_calendar_cannot_read_is_refused_in_a_sentence(ben, board, query):
    answer = signed_in(ben).get(f"/calendar/?{query}")
    assert answer.status_code == 422
    assert "is not a day." in text(answer) or "The filter does not fit." in text(answer)


def test_a_view_of_the_calendar_is_kept_for_its_page_and_shows_any_week(ada, ben, payments):
    client = signed_in(ben)
    client.post("/changes/views/", {"name": "Mine", "query": "risk=2"})
    answer = client.post("/changes/views/", {"name": "Mine", "query": "cluster=payments", "page": "week"}, follow=True)
    assert answer.redirect_chain[-1][0] == "/calendar/?cluster=payments"
    assert 'href="/calendar/?cluster=payments" aria-current="page">Mine' in text(answer)
    assert 'cluster=payments" aria-current' not in text(client.get("/changes/"))
    view = SavedView.objects.get(page="week")
    assert client.post(f"/changes/views/{view.pk}/removal/")["Location"] == "/calendar/"
    refused = client.post("/changes/views/", {"name": "Mine", "query": "", "page": "nowhere"})
    assert refused.status_code == 422
    assert SavedView.objects.get().page == "changes"


def test_a_full_week_is_drawn_within_twelve_questions(
    freeze, admin, omar, ada, ben, payments, logistics, ledger, sundays, django_assert_max_num_queries
):
    first = scheduled(ada, payments, ledger)
    rows = []
    for n in range(300):
        start = datetime(2026, 3, 9, tzinfo=UTC) + timedelta(minutes=33 * n)
        row = Change.objects.get(pk=first.pk)
        row.pk, row.number, row.cluster = None, 5000 + n, payments if n % 2 else logistics
        row.window_start_at, row.window_end_at = start, start + timedelta(hours=2)
        rows.append(row)
    Change.objects.bulk_create(rows)
    freeze()
    plan_window(planner=omar, cluster=payments, kind="blackout", values=sundays, at=NOON)
    client = signed_in(ben)
    client.get("/queue/")
    with django_assert_max_num_queries(CEILING):
        page = text(client.get(f"{WEEK}&cluster=payments"))
    with django_assert_max_num_queries(CEILING):
        page = text(client.get(WEEK))
    assert "301 changes</a>" in page
    shown = page.count('class="lane-item')
    left_out = sum(int(many) for many in re.findall(r"(\d+) more</a>", page))
    assert shown + left_out == 301
    assert shown <= 2 * 7 * 6


# Moving a window


def test_who_may_edit_it_finds_the_way_to_reschedule_beside_the_change(ada, ben, omar, cleo, payments, ledger):
    change = scheduled(ada, payments, ledger)
    link = f'href="/changes/{change.reference}/edit/#window"'
    for person, may in ((ada, True), (omar, True), (cleo, False)):
        page = text(signed_in(person).get(WEEK))
        assert (link in page) is may, person
        assert ("data-move" in page) is may
        assert (signed_in(person).get(f"/changes/{change.reference}/edit/").status_code == 200) is may
    Change.objects.filter(pk=change.pk).update(state="implementing")
    assert link not in text(signed_in(ada).get(WEEK))


def test_the_form_opens_with_the_new_window_and_what_it_would_mean_and_keeps_nothing(ada, waiting, ben, round_):
    client = signed_in(ada)
    page = text(client.get(f"{waiting.get_absolute_url()}edit/?moved_to=2026-03-12T20:00:00Z"))
    assert 'value="2026-03-12T21:00"' in page  # the zone of the change
    assert 'value="2026-03-12T22:30"' in page
    assert "Not saved yet. This edit is material (window start, window end)" in page
    waiting.refresh_from_db()
    assert (waiting.revision, waiting.window_start_local) == (1, datetime(2026, 3, 10, 22, 0))
    assert waiting.rounds.get().pk == round_.pk


def test_saved_from_there_the_window_moves_and_the_board_votes_again(ada, waiting, round_):
    client = signed_in(ada)
    page = client.get(f"{waiting.get_absolute_url()}edit/?moved_to=2026-03-12T20:00:00Z")
    form = page.context["form"]
    fields = {name: form[name].value() for name in form.fields}
    posted = {name: form[name].field.prepare_value(value) for name, value in fields.items() if value is not None}
    posted["seen"] = page.context["seen"]
    posted |= {name: posted[name].isoformat(timespec="minutes") for name in ("window_start", "window_end")}
    assert client.post(f"{waiting.get_absolute_url()}edit/", posted).status_code == 302
    waiting.refresh_from_db()
    assert waiting.window_start_at == datetime(2026, 3, 12, 20, 0, tzinfo=UTC)
    assert waiting.revision == 2
    round_.refresh_from_db()
    assert round_.state == "invalidated"


@pytest.mark.parametrize(
    "asked", ["soon", "2026-03-12T20:00", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "9" * 60]
)
def test_a_time_that_is_none_is_refused_and_names_how_to_write_it(ada, waiting, asked):
    answer = signed_in(ada).get(f"{waiting.get_absolute_url()}edit/", {"moved_to": asked})
    assert answer.status_code == 422
    assert "is not an instant." in text(answer)
    assert "Write it as 2026-03-02T21:00:00Z." in text(answer)


def test_a_change_without_a_window_has_nothing_to_move(ada, payments, ledger):
    bare = content(payments, ledger, window_start=None, window_end=None, window_zone="")
    change = proposing.propose_change(requester=ada, content=bare, at=NOON)
    answer = signed_in(ada).get(f"{change.get_absolute_url()}edit/?moved_to=2026-03-12T20:00:00Z")
    assert answer.status_code == 422
    assert "has no window to move" in text(answer)


def test_a_stranger_is_refused_the_form_by_the_same_rule(cleo, waiting):
    answer = signed_in(cleo).get(f"{waiting.get_absolute_url()}edit/?moved_to=2026-03-12T20:00:00Z")
    assert answer.status_code == 403


# The month and the year


def day_cell(page: str, day: str) -> str:
    """The label of a day in the year's map."""
    found = re.search(rf'<a href="[^"]*since={day}&amp;until={day}"[^>]*aria-label="([^"]*)"', page)
    assert found, day
    return found[1]


def test_a_year_counts_a_change_on_every_day_it_touches_in_the_viewers_zone(ada, ben, payments, ledger):
    scheduled(ada, payments, ledger)  # 22:00 to 23:30 in Berlin
    over = {"window_start": datetime(2026, 3, 10, 23, 0), "window_end": datetime(2026, 3, 12, 0, 0)}
    scheduled(ada, payments, ledger, **over)  # ends with the 11th
    new_year = {"window_start": datetime(2025, 12, 31, 23, 0), "window_end": datetime(2026, 1, 2, 1, 0)}
    scheduled(ada, payments, ledger, **new_year)
    ben.zone = "Europe/Berlin"
    ben.save()
    page = text(signed_in(ben).get("/calendar/year/?year=2026"))
    days = {"2026-03-09": "nothing", "2026-03-10": "2 changes", "2026-03-11": "1 change", "2026-03-12": "nothing"}
    days |= {"2026-01-01": "1 change", "2026-01-02": "1 change", "2026-01-03": "nothing"}
    assert {day: day_cell(page, day).split(": ")[1] for day in days} == days
    assert "days in Europe/Berlin" in page
    ben.zone = "Asia/Tokyo"
    ben.save()
    assert day_cell(text(signed_in(ben).get("/calendar/year/?year=2026")), "2026-03-11") == "11 March: 2 changes"


def test_the_map_its_table_its_json_and_the_rows_say_the_same(freeze, admin, ada, ben, payments, ledger, sundays):
    one, two = (scheduled(ada, payments, ledger, title=title) for title in ("First", "Second"))
    conflict(one, two)
    freeze()
    plan_window(planner=admin, cluster=None, kind="blackout", values=sundays, at=NOON)
    client = signed_in(ben)
    page = text(client.get("/calendar/year/?year=2026"))
    data = client.get("/calendar/year/days.json?year=2026").json()
    by_day = {day["day"]: day for day in data["days"]}
    assert data["zone"] == "UTC"
    assert by_day["2026-03-10"] == {"day": "2026-03-10", "changes": 2, "freezes": 0, "blackouts": 0, "conflicts": 1}
    assert (by_day["2026-03-11"]["freezes"], by_day["2026-03-12"]["freezes"]) == (1, 1)
    assert "2026-03-13" not in by_day
    assert by_day["2026-03-15"]["blackouts"] == 1
    assert day_cell(page, "2026-03-10") == "10 March: 2 changes, 1 open conflict"
    assert day_cell(page, "2026-03-11") == "11 March: 1 freeze"
    assert page.count('<tr><th scope="row">') == len(data["days"])
    row = page.split("Tue 10 Mar</a></th>")[1].split("</tr>")[0]
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="([^"]*)"', row)]
    assert [re.sub(r"<[^>]*>", "", cell) for cell in row.split("</td>")[:4]] == ["2", "0", "0", "1"]
    assert text(client.get(links[0])).count("data-href") == 2
    assert "Second" in text(client.get(links[1]))


def test_a_year_is_narrowed_by_its_address_and_by_what_one_may_see(ada, ben, dan, payments, ledger):
    scheduled(ada, payments, ledger)
    client = signed_in(ben)
    assert client.get("/calendar/year/days.json?year=2026&cluster=payments").json()["days"][0]["changes"] == 1
    for query in ("risk=5", "type=emergency", "state=closed"):
        assert client.get(f"/calendar/year/days.json?year=2026&{query}").json()["days"] == []
    payments.visibility = Visibility.RESTRICTED
    payments.save()
    assert signed_in(dan).get("/calendar/year/days.json?year=2026").json()["days"] == []
    assert "Nothing is planned this year." in text(signed_in(dan).get("/calendar/year/?year=2026"))


@pytest.mark.parametrize("year", [2024, 2026])
def test_a_year_has_all_its_days_in_twelve_months(ben, board, year):
    page = text(signed_in(ben).get(f"/calendar/year/?year={year}"))
    assert page.count("data-level=") == (366 if year == 2024 else 365)
    assert page.count("<caption>") == 12


@pytest.mark.parametrize(
    "address",
    ["month/?month=2026-13", "month/?month=x", "year/?year=x", "year/?year=0001", "year/days.json?year=99999"],
)
def test_a_month_or_year_that_is_none_is_refused_in_a_sentence(ben, board, address):
    answer = signed_in(ben).get(f"/calendar/{address}")
    assert answer.status_code == 422
    assert " is not a " in text(answer)


def test_a_month_names_the_first_changes_of_a_day_and_counts_them_all(freeze, ada, ben, payments, ledger):
    for number in range(5):
        scheduled(ada, payments, ledger, title=f"No {number}")
    one = freeze()
    client = signed_in(ben)
    page = text(client.get("/calendar/month/?month=2026-03"))
    assert page.count("lane-item") == 3
    assert ">2 more</a>" in page
    count = re.search(r'class="week-count" href="([^"]*)">5<', page)
    assert count
    assert text(client.get(count[1].replace("&amp;", "&"))).count("data-href") == 5
    assert page.count(f'class="month-mark" data-kind="freeze" href="{one.get_absolute_url()}"') == 2
    assert 'href="?month=2026-02" rel="prev"' in page
    assert 'href="?month=2026-04" rel="next"' in page
    assert page.count("<td") == 42  # six weeks: 23 February to 5 April


@pytest.mark.parametrize(
    "address", ["?week=2026-03-09", "month/?month=2026-03", "year/?year=2026", "year/days.json?year=2026"]
)
@pytest.mark.parametrize("narrowed", ["", "&cluster=payments&board=enterprise"])
def test_week_month_and_year_ask_at_most_twelve_questions(
    freeze, admin, ada, ben, board, payments, ledger, sundays, django_assert_max_num_queries, address, narrowed
):
    one, two = (scheduled(ada, payments, ledger, title=title) for title in ("First", "Second"))
    conflict(one, two)
    freeze("Of one", payments)
    plan_window(planner=admin, cluster=None, kind="blackout", values=sundays, at=NOON)
    client = signed_in(ben)
    client.get("/queue/")
    with django_assert_max_num_queries(CEILING):
        assert client.get(f"/calendar/{address}{narrowed}").status_code == 200


def test_filters_go_along_between_week_month_and_year(ben, payments, board):
    page = text(signed_in(ben).get("/calendar/month/?cluster=payments"))
    assert 'href="/calendar/year/?cluster=payments"' in page
    assert 'href="/calendar/month/?cluster=payments" aria-current="page"' in page


def test_a_month_too_full_for_its_sheet_still_counts_every_change(ada, ben, payments, ledger, monkeypatch):
    monkeypatch.setattr("apps.cab.queries.calendar.sheet.MOST_CHANGES", 2)
    for number in range(4):
        scheduled(ada, payments, ledger, title=f"No {number}")
    page = text(signed_in(ben).get("/calendar/month/?month=2026-03"))
    assert '>4<span class="visually-hidden"> changes' in page
    assert ">2 more</a>" in page
    assert "Only the first 2 are shown" in page
