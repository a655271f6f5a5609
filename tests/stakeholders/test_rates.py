"""Rates between currencies: recorded by few, never rewritten, the newest counts; page, file and API alike."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from apps.accounts.rules import Role
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid, NotAllowed
from apps.stakeholders.actions.rates import record_rate
from apps.stakeholders.models import ExchangeRate
from apps.stakeholders.queries.rates import newest_ids, rate_now, rates_now
from apps.stakeholders.rules.rates import converted, require_currency
from tests.conftest import NOON, make_person, signed_in

pytestmark = pytest.mark.django_db
API = "/api/v1/exchange-rates/"
TODAY = NOON.date()


@pytest.fixture
def priya(db):
    return make_person("priya", Role.PROGRAMME_MANAGER)


def record(recorder, rate="0.92", currency="USD", as_of=TODAY):
    return record_rate(currency=currency, rate=Decimal(rate), as_of=as_of, recorder=recorder, at=NOON)


def test_of_each_currency_the_newest_day_counts_and_of_one_day_what_was_recorded_last(priya, admin):
    record(priya, "0.90", as_of=TODAY - timedelta(days=30))
    record(priya, "9.2")  # by mistake
    corrected = record(admin, "0.92")
    record(priya, "0.80", as_of=TODAY - timedelta(days=60))  # told late: of an older day
    pound = record(priya, "1.17", "GBP")
    assert rates_now() == {"USD": Decimal("0.92"), "GBP": Decimal("1.17")}
    assert newest_ids() == {corrected.pk, pound.pk}


def test_the_enterprises_own_currency_needs_none_and_another_is_refused_in_a_sentence(priya):
    assert rate_now("EUR", field="cost_currency") == 1
    with pytest.raises(Invalid, match="No rate from USD into EUR is stored") as refused:
        rate_now("USD", field="cost_currency")
    assert refused.value.code == "no_rate"
    assert "cost_currency" in refused.value.fields
    assert "programme manager" in refused.value.next_step


def test_what_was_recorded_into_another_currency_does_not_count(priya, settings):
    record(priya)
    settings.CONCORDAT_CURRENCY = "NOK"
    with pytest.raises(Invalid, match="No rate from USD into NOK"):
        rate_now("USD", field="cost_currency")


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"currency": "EUR"}, "currency"),
        ({"currency": "us"}, "currency"),
        ({"currency": "US1"}, "currency"),
        ({"currency": "ÜSD"}, "currency"),
        ({"rate": "0"}, "rate"),
        ({"rate": "-1"}, "rate"),
        ({"rate": "NaN"}, "rate"),
        ({"rate": "Infinity"}, "rate"),
        ({"rate": "1000000.1"}, "rate"),
        ({"rate": "0.000000001"}, "rate"),
        ({"rate": "1.123456789"}, "rate"),
        ({"as_of": TODAY + timedelta(days=1)}, "as_of"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_field(priya, said, field):
    with pytest.raises(Invalid) as refused:
        record(priya, **said)
    assert list(refused.value.fields) == [field]
    assert not ExchangeRate.objects.exists()


def test_a_day_has_come_where_the_recorder_is(priya, admin):
    """At noon UTC the next day is an hour old in Auckland in summer: what its form offers must not be refused."""
    priya.zone = "Pacific/Auckland"
    assert record(priya, as_of=TODAY + timedelta(days=1)).as_of == TODAY + timedelta(days=1)
    with pytest.raises(Invalid, match="a day to come"):
        record(admin, as_of=TODAY + timedelta(days=1))


def test_only_programme_managers_and_administrators_record_them(ada, ben, omar, auditor):
    for person in (ada, ben, omar, auditor):
        with pytest.raises(NotAllowed):
            record(person)


def test_recording_is_told(priya):
    row = record(priya)
    entry = Entry.objects.about(row).get()
    assert entry.event == "stakeholders.ExchangeRateRecorded"
    assert entry.data["rate"] == "0.92"
    assert (entry.data["currency"], entry.data["into"], entry.data["as_of"]) == ("USD", "EUR", TODAY.isoformat())
    assert str(row) == "1 USD = 0.92 EUR"


def test_the_database_neither_rewrites_one_nor_takes_a_wrong_one(priya):
    row = record(priya)
    with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
        ExchangeRate.objects.filter(pk=row.pk).update(rate=2)
    with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
        row.delete()
    sound = {"currency": "USD", "into": "EUR", "rate": 1, "as_of": TODAY, "recorded_by": priya, "recorded_at": NOON}
    for wrong in ({"currency": "EUR"}, {"currency": "us"}, {"rate": 0}, {"rate": -1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ExchangeRate.objects.create(**(sound | wrong))


def test_small_letters_are_capitals_and_half_a_hundredth_goes_up():
    assert require_currency(" usd ", field="currency") == "USD"
    assert converted(Decimal("0.25"), Decimal("0.1")) == Decimal("0.03")
    assert converted(Decimal("100.00"), Decimal("0.92345678")) == Decimal("92.35")


def test_the_page_shows_records_and_hands_them_out(priya, ada):
    address = reverse("stakeholders:rates")
    empty = signed_in(ada).get(address).text
    assert "No rate is on record" in empty
    assert "Record a rate" not in empty
    client, today = signed_in(priya), timezone.now().date().isoformat()
    sent = {"currency": "usd", "rate": "0.92", "as_of": today}
    assert client.post(reverse("stakeholders:record_rate"), sent).status_code == 302
    page = client.get(address).text
    assert "1 USD = 0.92 EUR" in page
    refused = client.post(reverse("stakeholders:record_rate"), sent | {"currency": "EUR"})
    assert (refused.status_code, "it needs no rate" in refused.text) == (422, True)
    assert signed_in(ada).post(reverse("stakeholders:record_rate"), sent).status_code == 403
    exported = b"".join(client.get(address, {"export": "csv"}).streaming_content).decode()
    assert f"USD,EUR,0.92000000,{today},priya" in exported


def test_the_api_says_and_refuses_the_same(priya, ada):
    client = signed_in(priya)
    body = {"currency": "USD", "rate": "0.92", "as_of": date(2026, 1, 2).isoformat()}
    made = client.post(API, body, content_type="application/json")
    assert (made.status_code, made.json()["into"], made.json()["recorded_by"]) == (201, "EUR", "priya")
    assert signed_in(ada).post(API, body, content_type="application/json").status_code == 403
    for wrong in (
        {"currency": "EUR"},
        {"rate": "0"},
        {"rate": "1e400"},
        {"as_of": "9999-01-01"},
        {"currency": "\0\0\0"},
    ):
        refused = client.post(API, body | wrong, content_type="application/json")
        assert refused.status_code == 422, (wrong, refused.content)
        assert list(refused.json()["errors"]) == list(wrong)
    assert [one["rate"] for one in signed_in(ada).get(f"{API}?currency=USD").json()["results"]] == [0.92]
    assert signed_in(ada).get(f"{API}?currency=GBP").json()["results"] == []
