"""What a change is thought to cost: page, API and import write it, an approval binds to it, thresholds read it."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.cab.actions import flow, proposing
from apps.cab.models import Change, Handover
from apps.cab.queries.levels import compared
from apps.cab.queries.replays import facts_of_each
from apps.cab.queries.ways import facts_of
from apps.cab.rules.costs import Estimate
from apps.cab.rules.facts import COLUMNS, columns_in
from apps.kernel.refusals import Invalid
from apps.stakeholders.actions.rates import record_rate
from apps.stakeholders.queries.thresholds import today_of
from tests.cab.conftest import content
from tests.cab.importing import HEADER, csv_file, reasons, run_import
from tests.cab.test_edit_change import SOON, edit
from tests.conftest import NOON, signed_in
from tests.policies.conftest import FLOOR, OTHERS, enable, rule
from tests.policies.conftest import floor as policy_floor  # noqa: F401  # fixture
from tests.stakeholders.negotiating import FLOOR_TEXT, agree, at_least, floor, propose  # noqa: F401  # fixture

pytestmark = pytest.mark.django_db
MOST = Decimal("9999999999.99")


def rate(admin, value="0.92", currency="USD", at=NOON):
    return record_rate(currency=currency, rate=Decimal(value), as_of=at.date(), recorder=admin, at=at)


def made(ada, payments, ledger, amount="1200", currency="", **more):
    said = content(payments, ledger, cost_amount=amount and Decimal(amount), cost_currency=currency, **more)
    return proposing.propose_change(requester=ada, content=said, at=NOON)


class TestRules:
    @pytest.mark.parametrize(
        ("amount", "rate", "whole", "hundredths"),
        [
            ("10000", "1", 10_000, "10000.00"),
            ("9999.01", "1", 10_000, "9999.01"),  # a started unit counts whole
            ("10000.01", "1", 10_001, "10000.01"),
            ("0", "0.5", 0, "0.00"),
            ("0.01", "0.01", 1, "0.00"),
            ("1200", "0.92", 1104, "1104.00"),
            ("3", "0.33333333", 1, "1.00"),
            ("9999999999.99", "1000000", 9_999_999_999_990_000, "9999999999990000.00"),
        ],
    )
    def test_a_started_unit_counts_whole(self, amount, rate, whole, hundredths):
        one = Estimate(Decimal(amount), "USD", Decimal(rate), "EUR")
        assert (one.fact("EUR"), one.converted) == (whole, Decimal(hundredths))

    def test_what_was_reckoned_in_another_currency_is_not_known(self):
        assert Estimate(Decimal(5), "EUR", Decimal(1), "EUR").fact("NOK") is None

    def test_it_is_told_with_its_rate(self):
        assert Estimate(Decimal(1200), "EUR", Decimal(1), "EUR").told() == "1,200.00 EUR"
        foreign = Estimate(Decimal("1234567.5"), "USD", Decimal("0.92000000"), "EUR")
        assert foreign.told() == "1,234,567.50 USD = 1,135,802.10 EUR at 0.92"

    def test_the_fact_is_counted_in_the_enterprises_currency(self):
        (one,) = (column for column in columns_in("NOK") if column.name == "cost")
        assert (one.unit, one.told(25_000)) == ("NOK", "cost 25,000 NOK")
        assert [column.name for column in columns_in("NOK")] == [column.name for column in COLUMNS]


class TestWriting:
    def test_without_a_currency_it_is_the_enterprises(self, ada, payments, ledger):
        change = made(ada, payments, ledger)
        assert (change.cost_amount, change.cost_currency, change.cost_rate) == (1200, "EUR", 1)
        assert facts_of(change, at=NOON)["cost"] == 1200

    def test_another_currency_is_reckoned_at_the_stored_rate(self, ada, admin, payments, ledger):
        rate(admin)
        change = made(ada, payments, ledger, "1000.50", "usd")
        assert (change.cost_currency, change.cost_rate, change.cost_into) == ("USD", Decimal("0.92"), "EUR")
        assert facts_of(change, at=NOON)["cost"] == 921  # 920.46, a started unit counts whole

    def test_a_currency_without_a_rate_is_refused_and_nothing_is_written(self, ada, payments, ledger):
        with pytest.raises(Invalid, match="No rate from USD into EUR is stored") as refused:
            made(ada, payments, ledger, "5", "USD")
        assert list(refused.value.fields) == ["cost_currency"]
        assert not Change.objects.exists()

    @pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity", "10000000000", "1.001"])
    def test_an_amount_out_of_bounds_is_refused(self, ada, payments, ledger, amount):
        with pytest.raises(Invalid) as refused:
            made(ada, payments, ledger, amount)
        assert list(refused.value.fields) == ["cost_amount"]

    def test_where_nobody_said_the_fact_is_not_known_and_the_hash_is_as_before(self, draft):
        assert facts_of(draft, at=NOON)["cost"] is None
        assert "cost" not in draft.revisions.get().content

    def test_nothing_is_another_thing_than_unknown(self, ada, payments, ledger):
        change = made(ada, payments, ledger, "0")
        assert facts_of(change, at=NOON)["cost"] == 0
        assert change.revisions.get().content["cost"] == "0.00 EUR"

    def test_the_database_takes_no_half_cost_and_none_below_nothing(self, ada, payments, ledger):
        change = made(ada, payments, ledger)
        for wrong in (
            {"cost_amount": -1},
            {"cost_amount": None},
            {"cost_currency": ""},
            {"cost_currency": "eu1"},
            {"cost_rate": None},
            {"cost_rate": 0},
            {"cost_into": ""},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                Change.objects.filter(pk=change.pk).update(**wrong)

    def test_it_is_forgotten_as_a_whole(self, ada, payments, ledger):
        edited = edit(made(ada, payments, ledger), ada, cost_amount=None)
        assert (edited.cost_amount, edited.cost_currency, edited.cost_rate, edited.cost_into) == (None, "", None, "")


class TestMateriality:
    def test_an_approval_binds_to_what_was_seen(self, waiting, ada):
        edit(waiting, ada, cost_amount=Decimal(90_000))
        first, second = waiting.rounds.order_by("number")
        assert (first.state, second.state, second.revision) == ("invalidated", "open", 2)
        last = waiting.revisions.get(number=2)
        assert last.is_material
        assert last.content["cost"] == "90,000.00 EUR"

    def test_a_rate_that_moves_on_is_no_edit_and_the_old_one_stays_until_the_cost_is_said_anew(
        self, ada, admin, payments, ledger
    ):
        rate(admin)
        change = made(ada, payments, ledger, "1000", "USD")
        rate(admin, "0.5", at=SOON)
        edited = edit(change, ada, test_plan="Sign and verify twice.")
        assert (edited.cost_rate, facts_of(edited, at=SOON)["cost"]) == (Decimal("0.92"), 920)
        anew = edit(edited, ada, cost_amount=Decimal(1001))
        assert (anew.cost_rate, facts_of(anew, at=SOON)["cost"]) == (Decimal("0.5"), 501)
        assert anew.revisions.get(number=3).content["cost"] == "1,001.00 USD = 500.50 EUR at 0.5"

    def test_another_enterprise_currency_makes_it_unknown_until_it_is_said_anew(
        self, ada, admin, payments, ledger, settings
    ):
        change = made(ada, payments, ledger, "1000")
        settings.CONCORDAT_CURRENCY = "NOK"
        assert facts_of(change, at=NOON)["cost"] is None
        rate(admin, "11.5", "EUR")
        assert facts_of(edit(change, ada, cost_amount=Decimal(1000)), at=SOON)["cost"] == 11_500


class TestDeciding:
    def test_a_threshold_reads_it_on_the_dossier(self, floor, ada, ben, omar, payments, ledger):  # noqa: F811
        agree(payments, omar, ben, NOON, [*FLOOR_TEXT, at_least("cost", 25_000, "consult", "It is missed elsewhere.")])
        pages = {
            amount: signed_in(ada).get(made(ada, payments, ledger, amount).get_absolute_url()).text
            for amount in ("25000", "24999.99", "24999", None)
        }
        told = "Cost ≥ 25,000 EUR: consult. It is missed elsewhere."
        assert told in pages["25000"]
        assert told in pages["24999.99"]
        assert told not in pages["24999"]
        assert "Cost ≥ 25,000 EUR (cost not known, so it counts): consult." in pages[None]
        assert "Not known: cost." in pages[None]

    def test_a_policy_reads_it_and_a_handover_keeps_it(
        self,
        policy_floor,  # noqa: F811
        board,
        ada,
        ben,
        admin,
        payments,
        ledger,
    ):
        board.seats.filter(role="voter").update(function="security")
        rows = [*FLOOR, rule("enterprise", "Expensive", type=OTHERS, cost={"from": 50_000})]
        enable(policy_floor, rows, author=ben, enabler=admin)
        for amount, found in (("60000", True), ("40000", False), (None, True)):
            change = made(ada, payments, ledger, amount)
            flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)
            flow.begin_assessment(change_id=change.pk, assessor=ben, at=NOON)
            flow.hand_to_board(change_id=change.pk, assessor=ben, at=NOON)
            handover = change.handovers.get()
            assert ("Expensive" in str(handover.grounds["rules"])) is found, amount
            assert ("cost" in handover.grounds["missing"]) is (amount is None)
            assert handover.facts["cost"] == (amount and int(amount))

    def test_an_offer_is_replayed_on_what_changes_cost(self, floor, ada, ben, omar, admin, payments):  # noqa: F811
        now = timezone.now()
        rate(admin, at=now)
        for number, (amount, currency) in enumerate((("60000", "USD"), ("40000", "EUR"), ("60000", "EUR"), (None, ""))):
            kept = {"cost_amount": amount, "cost_currency": currency, "cost_into": "EUR" if amount else ""}
            Change.objects.create(
                number=900 + number, title=f"Past {number}", cluster=payments, requester=ada,
                created_at=now - timedelta(days=5), submitted_at=now - timedelta(days=5), state="closed",
                outcome="successful", source="elsewhere", external_id=str(number),
                cost_rate={"USD": Decimal("0.92"), "EUR": 1}.get(currency), **kept,
            )  # fmt: skip
        text = [*FLOOR_TEXT, at_least("cost", 55_000, "enterprise_decides")]
        today = today_of(payments, now)
        offer = propose(payments, omar, now, text, effective_on=today, review_on=today + timedelta(days=90))
        figures = compared(offer, ben, at=now).figures
        assert (figures.changes, figures.up, figures.newly_enterprises, figures.uncertain) == (4, 3, 3, 1)

    def test_a_handover_from_before_there_were_costs_takes_the_one_of_now(self, waiting, ada):
        kept = Handover.objects.get(change=waiting)
        Change.objects.filter(pk=waiting.pk).update(cost_amount=700, cost_currency="EUR", cost_rate=1, cost_into="EUR")
        waiting.refresh_from_db()
        assert facts_of_each([waiting])[waiting.pk]["cost"] is None  # it was asked for, and nobody had said
        Handover.objects.filter(pk=kept.pk).update(facts={k: v for k, v in kept.facts.items() if k != "cost"})
        assert facts_of_each([waiting])[waiting.pk]["cost"] == 700


class TestDoors:
    def test_the_page_writes_and_shows_it(self, ada, admin, payments):
        rate(admin, at=timezone.now())
        client = signed_in(ada)
        form = client.get("/changes/new/").text
        assert "Estimated cost" in form
        sent = {"title": "A cable", "type": "normal", "cluster": "payments", "downtime_minutes": "0"}
        refused = client.post("/changes/new/", sent | {"cost_amount": "5", "cost_currency": "GBP"})
        assert refused.status_code == 422
        assert "No rate from GBP into EUR is stored." in refused.text
        below = client.post("/changes/new/", sent | {"cost_amount": "-5", "cost_currency": "EUR"})
        assert below.status_code == 422
        page = client.post("/changes/new/", sent | {"cost_amount": "12500", "cost_currency": "usd"}, follow=True).text
        assert "12,500.00 USD" in page
        assert "= 11,500.00 EUR at 0.92" in page
        change = Change.objects.get()
        edit_page = client.get(f"{change.get_absolute_url()}edit/").text
        assert 'value="12500.00"' in edit_page
        assert 'value="USD"' in edit_page
        revision = client.get(f"{change.get_absolute_url()}revisions/1/").text
        assert "12,500.00 USD = 11,500.00 EUR at 0.92" in revision

    def test_a_currency_alone_says_nothing(self, ada, payments):
        sent = {"title": "A cable", "type": "normal", "cluster": "payments", "downtime_minutes": "0"}
        page = signed_in(ada).post("/changes/new/", sent | {"cost_amount": "", "cost_currency": "XXX"}, follow=True)
        assert "Not said." in page.text
        assert Change.objects.get().cost_currency == ""

    def test_the_api_writes_and_says_it(self, ada, admin, payments):
        rate(admin, at=timezone.now())
        client, body = signed_in(ada), {"title": "A cable", "cluster": "payments"}

        def send(more):
            return client.post("/api/v1/changes/", body | more, content_type="application/json")

        made = send({"cost_amount": "12500.50", "cost_currency": "USD"})
        assert made.status_code == 201, made.content
        told = made.json()
        assert {name: told[name] for name in ("cost_amount", "cost_currency", "cost_rate", "cost", "cost_into")} == {
            "cost_amount": 12500.5, "cost_currency": "USD", "cost_rate": 0.92, "cost": 11500.46,
            "cost_into": "EUR",
        }  # fmt: skip
        address, tag = f"/api/v1/changes/{told['reference']}/", {"If-Match": made.headers["ETag"]}
        gone = client.patch(address, {"cost_amount": None}, content_type="application/json", headers=tag)
        assert gone.status_code == 200, gone.content
        assert (gone.json()["cost_amount"], gone.json()["cost"], gone.json()["cost_currency"]) == (None, None, "")
        for wrong, field in (
            ({"cost_amount": "-1"}, "cost_amount"),
            ({"cost_amount": 10**30}, "cost_amount"),
            ({"cost_amount": "NaN"}, "cost_amount"),
            ({"cost_amount": "1.005"}, "cost_amount"),
            ({"cost_amount": 5, "cost_currency": "GBP"}, "cost_currency"),
            ({"cost_amount": 5, "cost_currency": "\0"}, "cost_currency"),
        ):
            refused = send(wrong)
            assert refused.status_code == 422, (wrong, refused.content)
            assert list(refused.json()["errors"]) == [field]

    def test_lists_show_it_and_narrow_by_it(self, ada, admin, payments, ledger):
        rate(admin)
        made(ada, payments, ledger, "25000", "USD", title="Twenty-three thousand")
        made(ada, payments, ledger, "25000", title="As much")
        made(ada, payments, ledger, "24999.99", title="A cent less")
        made(ada, payments, ledger, None, title="Nobody said")
        client = signed_in(ada)
        page = client.get("/changes/").text
        assert "23,000 EUR" in page
        found = client.get("/changes/", {"cost": "24999.99"}).text
        assert [one in found for one in ("As much", "A cent less", "Twenty-three", "Nobody")] == [
            True,
            True,
            False,
            False,
        ]
        assert "Cost at least: 24999.99" in found
        assert client.get("/changes/", {"cost": "25000", "export": "csv"}).getvalue().count(b"\n") == 2
        told = client.get("/api/v1/changes/", {"cost": "25000"}).json()["results"]
        assert [(one["title"], one["cost"], one["cost_into"]) for one in told] == [("As much", 25000.0, "EUR")]
        assert {one["cost"] for one in client.get("/api/v1/changes/").json()["results"]} >= {23000.0, None}
        for wrong in ("-1", "NaN", "1e400", "a lot"):
            assert client.get("/api/v1/changes/", {"cost": wrong}).status_code == 422, wrong
            assert client.get("/changes/", {"cost": wrong}).status_code == 422, wrong

    def test_what_was_reckoned_in_another_enterprise_currency_is_not_compared(self, ada, payments, ledger, settings):
        made(ada, payments, ledger, "25000", title="Before")
        settings.CONCORDAT_CURRENCY = "NOK"
        assert signed_in(ada).get("/api/v1/changes/", {"cost": "1"}).json()["results"] == []

    def test_it_leaves_with_the_list(self, ada, admin, payments, ledger):
        rate(admin)
        made(ada, payments, ledger, "100", "USD")
        made(ada, payments, ledger, None, title="Nobody said")
        answer = signed_in(ada).get("/changes/?export=csv")
        rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
        told = [(one["cost"], one["cost_currency"], one["cost_converted"], one["cost_converted_into"]) for one in rows]
        assert sorted(told) == [("", "", "", ""), ("100.00", "USD", "92.00", "EUR")]


class TestImports:
    COLUMNS = (*HEADER, "cost_amount", "cost_currency")

    def test_records_say_it_and_what_does_not_fit_is_named(self, tmp_path, admin, payments):
        rate(admin)
        said = {
            "A": ("12,500.50", ""), "B": ("100", "usd"), "C": ("", "USD"), "D": ("0", "EUR"), "E": ("a lot", ""),
            "F": ("-5", ""), "G": ("5", "GBP"), "H": ("5", "euro"), "I": ("99999999999", ""), "J": ("1.234", ""),
            "K": ("", "US Dollar"),
        }  # fmt: skip
        rows = [{"id": one, "cost_amount": amount, "cost_currency": unit} for one, (amount, unit) in said.items()]
        path = csv_file(tmp_path, *rows, header=list(self.COLUMNS))
        run = run_import(path)
        told = Change.objects.order_by("external_id").values_list("external_id", "cost_amount", "cost_currency")
        assert list(told) == [
            ("A", Decimal("12500.50"), "EUR"), ("B", 100, "USD"), ("C", None, ""), ("D", 0, "EUR"),
            ("K", None, ""),
        ]  # fmt: skip
        assert Change.objects.get(external_id="B").revisions.get().content["cost"] == "100.00 USD = 92.00 EUR at 0.92"
        fields = {row: field for row, (field, _) in reasons(run).items()}
        assert fields == {
            5: "cost_amount", 6: "cost_amount", 7: "cost_currency", 8: "cost_currency", 9: "cost_amount",
            10: "cost_amount",
        }  # fmt: skip
        assert reasons(run)[7][1].startswith("No rate from GBP into EUR is stored.")
        again = run_import(path)
        assert (again.created_rows, again.updated_rows, again.unchanged_rows) == (0, 0, 5)

    def test_another_cost_is_another_revision_and_a_file_without_the_column_is_as_it_was(self, tmp_path, payments):
        plain = csv_file(tmp_path, {"id": "A"}, name="plain.csv")
        run_import(plain)
        digest = Change.objects.get().imported.digest
        costly = csv_file(tmp_path, {"id": "A", "cost_amount": "0"}, name="costly.csv", header=list(self.COLUMNS))
        assert run_import(costly).updated_rows == 1
        change = Change.objects.get()
        assert (change.cost_amount, change.revision) == (0, 2)
        assert change.revisions.get(number=2).is_material
        assert run_import(plain).updated_rows == 1
        change.refresh_from_db()
        assert (change.cost_amount, change.imported.digest) == (None, digest)
