"""Files that are broken or meant to harm: a sentence, the next step, and nothing lost beside the bad row."""

import gzip
import io
import tarfile

import pytest
from django.core.management import CommandError
from django.db import DatabaseError, connection, transaction

from apps.cab.models import Change, ImportRun, ImportState
from tests.cab.importing import MAPS, csv_file, reasons, run_import

pytestmark = pytest.mark.django_db

YAML_MAP = """
name: docs
format: yaml
fields: {external_id: "@file", title: title, requester: by}
"""
JSONL_MAP = """
name: jsonl
format: jsonl
fields: {external_id: key, title: fields.title, requester: fields.by, components: fields.parts}
"""


def archive(folder, files):
    path = folder / "docs.tar.gz"
    with tarfile.open(path, "w:gz") as packed:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
    return path


def map_file(folder, text):
    path = folder / "map.yaml"
    path.write_text(text)
    return path


def test_wrong_encoding_is_refused_with_the_byte_and_nothing_is_written(tmp_path, payments):
    path = csv_file(tmp_path, {"id": "1"}, {"id": "2", "title": "Grüße"})
    text = path.read_text("utf-8")
    path.write_bytes(text.encode("latin-1"))
    where = text.encode("latin-1").index(b"\xfc") + 1
    with pytest.raises(CommandError, match=rf"not UTF-8: byte {where} \(line 3\) is 0xFC.*Save it as UTF-8"):
        run_import(path)
    assert not ImportRun.objects.exists()
    assert not Change.objects.exists()


def test_a_ragged_row_is_rejected_and_the_others_come_in(tmp_path, payments):
    path = csv_file(tmp_path, {"id": "1"})
    path.write_text(path.read_text() + "2,too,short\n" + "3" + "," * 20 + "\n" + "4,Four,ada,,,,,,,\n")
    run = run_import(path)
    assert run.created_rows == 2
    assert reasons(run)[2] == ("", "The row has 3 cells and the header 10.")
    assert reasons(run)[3] == ("", "The row has 21 cells and the header 10.")


def test_a_field_of_ten_megabytes_costs_its_row_only(tmp_path, payments):
    run = run_import(csv_file(tmp_path, {"id": "1", "purpose": "x" * 10_000_000}, {"id": "2"}))
    assert run.created_rows == 1
    assert reasons(run)[1] == ("purpose", "It has 10,000,000 characters; a cell may have 1,000,000.")
    assert len(run.rejections.get().value) == 300


@pytest.mark.parametrize("text", ["a\x00b", "\x00"])
def test_a_nul_byte_costs_its_row_only(tmp_path, payments, text):
    run = run_import(csv_file(tmp_path, {"id": "1", "title": text}, {"id": "2"}))
    assert run.created_rows == 1
    assert reasons(run)[1] == ("title", "It holds a NUL character.")


@pytest.mark.slow
def test_a_gzip_bomb_is_refused_while_it_unpacks(tmp_path, payments, settings):
    settings.IMPORT_LARGEST_BYTES = 5 * 1024 * 1024
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"id,title,requester\n" + b"0,0,0\n" * 10_000_000))
    assert path.stat().st_size < settings.IMPORT_LARGEST_BYTES
    with pytest.raises(CommandError, match=r"over 5 MB unpacked.*Split it"):
        run_import(path)
    assert not ImportRun.objects.exists()


def test_a_gzip_that_breaks_off_is_refused(tmp_path, payments):
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress(csv_file(tmp_path, {"id": "1"}).read_bytes() * 50)[:-12])
    with pytest.raises(CommandError, match=r"damaged.*Pack it again"):
        run_import(path)


@pytest.mark.parametrize(("content", "sentence"), [(b"", "is empty"), (b"id,title,requester\n", "holds no records")])
def test_a_file_without_records_is_refused(tmp_path, payments, content, sentence):
    path = tmp_path / "empty.csv"
    path.write_bytes(content)
    with pytest.raises(CommandError, match=sentence):
        run_import(path)


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("created_at", "2026-13-01", "no date that exists"),
        ("created_at", "0001-01-01", "year is not between"),
        ("outcome", "splendid", "must be one of"),
        ("state", "draft", "must be one of"),
        ("title", "t" * 301, "301 characters; at most 300"),
        ("components", "///", "letters, digits"),
        ("requester", "", "every record needs one"),
        ("requester", "n" * 200, "A name has 1 to"),
    ],
)
def test_a_value_that_does_not_fit_is_rejected_by_field_and_value(tmp_path, payments, field, value, reason):
    run = run_import(csv_file(tmp_path, {"id": "1", field: value}, {"id": "2"}))
    rejection = run.rejections.get()
    assert (rejection.row, rejection.field, rejection.value) == (1, field, value[:300])
    assert reason in rejection.reason
    assert run.created_rows == 1


def test_harmful_yaml_is_rejected_document_by_document(tmp_path, payments):
    files = {
        "a.yaml": b"title: Good\nby: '@ada'\n",
        "alias.yaml": b"title: &t Boom\nby: [*t, *t]\n",
        "code.yaml": b"title: !!python/object/apply:os.system ['true']\nby: x\n",
        "deep.yaml": b"title: " + b"[" * 500 + b"]" * 500 + b"\nby: x\n",
        "broken.yaml": b"title: 'unclosed\n",
        "list.yaml": b"- one\n",
        "wide.yaml": b"title: x\nby: y\nmany: [" + b"1," * 30_000 + b"1]\n",
        "z.yaml": b"title: Two\nby: ada\n---\ntitle: Three\nby: ADA\n",
    }
    run = run_import(archive(tmp_path, files), column_map=map_file(tmp_path, YAML_MAP))
    told = {one.place: one.reason for one in run.rejections.all()}
    assert "aliases" in told["alias.yaml"]
    assert "python" in told["code.yaml"]
    assert "deeper than 20" in told["deep.yaml"]
    assert "line 2" in told["broken.yaml"]
    assert "not a mapping" in told["list.yaml"]
    assert "more than 20,000 values" in told["wide.yaml"]
    assert set(Change.objects.values_list("external_id", flat=True)) == {"a.yaml", "z.yaml", "z.yaml, document 2"}


def test_a_folder_of_yaml_reads_like_its_archive(tmp_path, payments):
    folder = tmp_path / "docs"
    folder.mkdir()
    (folder / "a.yaml").write_text("title: Good\nby: ada\n")
    (folder / "link.yaml").symlink_to("/etc/hostname")
    assert run_import(folder, column_map=map_file(tmp_path, YAML_MAP)).created_rows == 1


def test_json_lines_flatten_and_bad_lines_are_rejected(tmp_path, payments):
    path = tmp_path / "changes.jsonl"
    good = '{"key": 7, "fields": {"title": "Seven", "by": "ada", "parts": ["a", "b"]}}'
    path.write_text(f"{good}\nnot json\n[1]\n{'[' * 100_000}\n\n")
    run = run_import(path, column_map=map_file(tmp_path, JSONL_MAP))
    change = Change.objects.get()
    assert (change.external_id, change.components.count()) == ("7", 2)
    assert set(reasons(run)) == {2, 3, 4}


def test_a_json_line_too_long_to_parse_costs_its_row_only(tmp_path, payments):
    path = tmp_path / "changes.jsonl"
    wide = '{"key": 1, "fields": {"parts": [' + "[]," * 3_000_000 + "[]]}}"
    path.write_text(f'{wide}\n{{"key": 2, "fields": {{"title": "Two", "by": "ada"}}}}\n')
    run = run_import(path, column_map=map_file(tmp_path, JSONL_MAP))
    assert run.created_rows == 1
    assert reasons(run)[1][1].startswith("The line has 9,0")


@pytest.mark.slow
def test_a_record_of_many_long_cells_is_refused_before_it_fills_the_memory(tmp_path, payments):
    path = tmp_path / "long.csv"
    path.write_text("id,title,requester\n1," + ",".join('"' + f"{'x' * 31}\n" * 500_000 + '"' for _ in range(5)) + "\n")
    with pytest.raises(CommandError, match=r"A record of long.csv is over 64 MB.*quotation mark"):
        run_import(path)
    assert not ImportRun.objects.exists()


def test_a_record_the_database_refuses_costs_its_row_only(tmp_path, payments):
    """The id is a source's; ours is told apart by a constraint that another row of the file may hit."""
    taken = run_import(csv_file(tmp_path, {"id": "5"})) and Change.objects.get()
    with connection.cursor() as cursor:  # the next numbers collide with a change that is there
        cursor.execute("SELECT setval('cab_change_number', %s)", [taken.number - 4])
    run = run_import(csv_file(tmp_path, *({"id": str(number)} for number in range(10, 20))))
    assert (run.created_rows + run.rejected_rows, run.done_rows) == (10, 10)
    assert run.created_rows >= 9
    assert all("The database refuses it" in reason for _, reason in reasons(run).values())


def test_a_failing_database_is_no_fault_of_the_rows(tmp_path, payments):
    """A table that cannot be written stops the run where it stands; nothing is reported as rejected."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE cab_importedrecord RENAME COLUMN digest TO digest_gone")
    with pytest.raises(DatabaseError), transaction.atomic():
        run_import(csv_file(tmp_path, {"id": "1"}))


def test_a_file_that_changes_its_mind_later_fails_the_run_with_its_sentence(tmp_path, payments):
    """A file may be replaced between two passes: the run says so, and keeps what was written."""
    from apps.cab.actions import imports
    from apps.kernel.refusals import Invalid

    run = run_import(csv_file(tmp_path, {"id": "1"}))
    ImportRun.objects.filter(pk=run.pk).update(state=ImportState.RUNNING, finished_at=None)

    def unreadable():
        raise Invalid("It is gone.", next_step="Send it again.")

    ended = imports.work_off(run_id=run.pk, open_records=unreadable)
    assert (ended.state, ended.failure) == (ImportState.FAILED, "It is gone. Send it again.")
    assert Change.objects.count() == 1


def test_the_maps_of_the_tests_are_maps():
    from apps.cab.formats.maps import find_map, shipped

    assert {find_map(str(path)).name for path in MAPS.glob("*.yaml")} == {"wikimedia-puppet", "wikimedia-charts", "kep"}
    assert set(shipped()) == {"generic-csv", "servicenow-change", "jira"}
