"""Every list as CSV and XLSX: what its filters leave and its viewer may see, and nothing a spreadsheet runs."""

import csv
import io
import json
import zipfile
from datetime import timedelta
from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest

from apps.cab.models import Change, Conflict, ConflictKind
from apps.cab.web.tables import CHANGES
from apps.clusters.models import Visibility
from apps.kernel import sheets
from apps.kernel.exports import export
from apps.kernel.refusals import TooLarge
from apps.windows.models import Freeze, RecurringWindow
from tests.conftest import NOON, signed_in

pytestmark = pytest.mark.django_db
CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def lines(client, address) -> list[dict[str, str]]:
    answer = client.get(address)
    assert (answer.status_code, answer.streaming) == (200, True), address
    assert answer["Content-Disposition"].startswith("attachment")
    return list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))


def cells(content: bytes) -> list[list[str]]:
    sheet = zipfile.ZipFile(io.BytesIO(content)).read("xl/worksheets/sheet1.xml")
    assert b"<f>" not in sheet
    return [["".join(one.itertext()) for one in row] for row in ET.fromstring(sheet).iter(f"{CELL}row")]


@pytest.fixture
def stage(ada, payments, logistics, board):
    """A change, its conflict, a freeze and a window in each of two clusters; Logistics is nobody's business."""
    changes = {}
    for n, cluster in enumerate((payments, logistics)):
        changes[cluster.slug] = change = Change.objects.create(
            number=2000 + n, title=f"=cmd in {cluster.name}", cluster=cluster, requester=board.seats.first().person,
            created_at=NOON, state="submitted", risk=n + 1, risk_computed=n + 1,
        )  # fmt: skip
        Conflict.objects.create(
            change=change,
            kind=ConflictKind.OUTSIDE_WINDOW,
            is_stopping=True,
            digest="x",
            found_at=NOON,
            details={"clusters": [cluster.name]},
        )
        times = {"start_local": NOON.replace(tzinfo=None), "zone": "UTC", "created_by": ada, "created_at": NOON}
        ends = {"start_at": NOON, "end_at": NOON + timedelta(days=1), "end_local": NOON.replace(tzinfo=None, day=3)}
        freeze = Freeze.objects.create(name=f"Freeze of {cluster.name}", **times, **ends)
        freeze.scope.create(cluster=cluster)
        RecurringWindow.objects.create(
            name=f"Window of {cluster.name}", cluster=cluster, kind="maintenance", duration_minutes=60, **times
        )
    logistics.visibility = Visibility.RESTRICTED
    logistics.save()
    return changes


LISTS = {
    "/changes/": "reference",
    "/conflicts/": "change",
    "/freezes/": "name",
    "/windows/": "name",
    "/clusters/": "name",
}


@pytest.mark.parametrize(("address", "column"), LISTS.items())
def test_a_file_holds_what_its_viewer_may_see(stage, ada, auditor, address, column):
    told = [row[column] for row in lines(signed_in(ada), f"{address}?export=csv")]
    assert len(told) == 1, told
    assert "Logistics" not in told[0]
    assert len(lines(signed_in(auditor), f"{address}?export=csv")) == 2


@pytest.mark.parametrize("address", [*LISTS, "/boards/", "/queue/", "/freeze-exceptions/"])
def test_both_kinds_hold_the_same_and_the_page_links_to_them(stage, auditor, address):
    client = signed_in(auditor)
    told = lines(client, f"{address}?export=csv")
    table = cells(b"".join(client.get(f"{address}?export=xlsx").streaming_content))
    assert [row[0].lstrip("'") for row in table[1:]] == [next(iter(row.values())).lstrip("'") for row in told]
    if told:
        assert "export=csv" in client.get(address).content.decode()
    refused = client.get(f"{address}?export=pdf")
    assert (refused.status_code, "Ask for csv, xlsx or json" in refused.content.decode()) == (404, True)


def test_filters_hold_in_the_file(stage, auditor):
    client = signed_in(auditor)
    assert [row["risk"] for row in lines(client, "/changes/?risk=2&export=csv")] == ["2"]
    assert lines(client, "/changes/?state=closed&export=csv") == []
    assert client.get("/changes/?state=strange&export=csv").status_code == 422
    assert lines(client, "/conflicts/?state=resolved&export=csv") == []
    # A page in the middle of the list exports the whole list.
    assert len(lines(client, "/changes/?after=&export=csv")) == 2


def test_the_queue_exports_what_waits_for_its_reader(waiting, cleo, ada):
    assert [row["reference"] for row in lines(signed_in(cleo), "/queue/?export=csv")] == [waiting.reference]
    assert lines(signed_in(ada), "/queue/?export=csv") == []


@pytest.fixture
def waiting(ada, payments, ledger, board, ben):
    from apps.cab.actions import flow, proposing
    from tests.cab.conftest import content

    change = proposing.propose_change(requester=ada, content=content(payments, ledger), at=NOON)
    flow.submit_change(change_id=change.pk, submitter=ada, at=NOON)
    flow.begin_assessment(change_id=change.pk, assessor=ben, at=NOON)
    flow.hand_to_board(change_id=change.pk, assessor=ben, at=NOON)
    return Change.objects.get(pk=change.pk)


def test_nothing_in_a_file_is_run_as_a_formula(stage, ada):
    client = signed_in(ada)
    assert lines(client, "/changes/?export=csv")[0]["title"] == "'=cmd in Payments"
    table = cells(b"".join(client.get("/changes/?export=xlsx").streaming_content))
    assert table[1][1] == "=cmd in Payments"


def test_more_rows_than_a_file_holds_are_refused_and_none_is_left_out(stage):
    with pytest.raises(TooLarge, match="more than 1 rows"):
        export(CHANGES, "csv", Change.objects.all(), most=1)
    assert export(CHANGES, "csv", Change.objects.all(), most=2).status_code == 200


def test_a_list_comes_as_json_with_numbers_as_numbers_and_nothing_as_null(stage, auditor):
    client = signed_in(auditor)
    answer = client.get("/changes/?export=json")
    assert (answer["Content-Type"], "changes.json" in answer["Content-Disposition"]) == ("application/json", True)
    told = {one["title"]: one for one in json.loads(answer.getvalue())}
    one = told["=cmd in Logistics"]  # no apostrophe: a program runs no cell
    assert (one["risk"], list(one)) == (2, list(CHANGES.columns))
    assert None in one.values()
    assert "export=json" in client.get("/changes/").text
    assert json.loads(client.get("/changes/?state=closed&export=json").getvalue()) == []


@pytest.mark.parametrize("count", [0, 1, 200, 201])
def test_json_is_whole_at_the_borders_of_its_pieces(count):
    rows = [(n, n % 2 == 0, None, 0.5, Decimal("1.25"), NOON, 'a"\n\ud800', float("nan")) for n in range(count)]
    told = json.loads(b"".join(sheets.written("json", tuple("abcdefgh"), rows)))
    assert len(told) == count
    if told:
        assert list(told[0].values()) == [0, True, None, 0.5, 1.25, "2026-03-02T12:00:00+00:00", 'a"\n?', None]


def test_the_journal_comes_as_xlsx_too(stage, auditor):
    table = cells(b"".join(signed_in(auditor).get("/journal/entries.xlsx").streaming_content))
    assert table[0][:3] == ["sequence", "at", "recorded_at"]


def test_a_sheet_is_written_while_its_rows_are_read():
    seen = []

    def rows():
        for number in range(10_000):
            seen.append(number)
            yield (number, "x" * 50)

    chunks = sheets.written("xlsx", ("number", "text"), rows())
    next(chunks)
    assert len(seen) < 1_000
    assert len(cells(next_of(chunks))) == 10_001


def next_of(chunks) -> bytes:
    """The whole file, whose first piece has been taken already: written again from its start."""
    for _ in chunks:
        pass
    return b"".join(sheets.written("xlsx", ("number", "text"), ((n, "x") for n in range(10_000))))


@pytest.mark.parametrize(
    ("value", "text"),
    [(True, "yes"), (None, ""), (NOON, "2026-03-02T12:00:00+00:00"), ("a\x00b\x0bc", "a�b�c"), ("<&>", "<&>")],
)
def test_what_a_cell_cannot_hold_is_written_as_text(value, text):
    assert cells(b"".join(sheets.written("xlsx", ("h",), [(value,)])))[1] == [text]
