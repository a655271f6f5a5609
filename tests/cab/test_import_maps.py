"""The shipped maps on exports as the tools write them, and maps that do not fit."""

# ruff: noqa: E501  # the exports are as their tools write them

from datetime import UTC, datetime

import pytest

from apps.cab.formats.maps import read_map
from apps.cab.models import Change
from apps.kernel.refusals import Invalid
from tests.cab.importing import HEADER, csv_file, reasons, run_import

SERVICENOW = """\
"number","type","short_description","description","assignment_group","assigned_to","requested_by","start_date","end_date",\
"risk","state","close_code","backout_plan","implementation_plan","test_plan","cmdb_ci"
"CHG0030001","Normal","Renew certificates","They end in May.","Platform","Nora Berg","Paul Lind","2026-03-10 22:00:00",\
"2026-03-10 23:30:00","Moderate","Closed","Successful","Put the old ones back","Copy, reload","Check with a client","Edge proxy"
"CHG0030002","Emergency","Stop the leak","","Platform","Nora Berg","Paul Lind","","","High","Scheduled","","","","",""
"CHG0030003","Normal","Move the clock","","Platform","","Paul Lind","2026-03-10 23:00:00","2026-03-10 22:00:00","Low","New","","","","",""
"CHG0030004","Normal","No such state","","Platform","","Paul Lind","","","Low","Pondering","","","","",""
"""
JIRA = """\
Summary,Issue key,Issue Type,Status,Reporter,Assignee,Created,Resolved,Component/s,Component/s,Linked Issues,Linked Issues,Description
Upgrade the database,OPS-12,Change,Done,ana.costa,ben.oh,12/Mar/26 3:45 PM,13/Mar/26 9:05 AM,database,billing api,OPS-3,OPS-9,"One
line, and another"
Half done,OPS-13,Emergency,In Progress,ana.costa,,2026-03-12 15:45,,,,,,
Bad date,OPS-14,Change,Done,ana.costa,,31/Feb/26 3:45 PM,,,,,,
"""


@pytest.mark.django_db
def test_a_servicenow_export_comes_in(tmp_path, payments):
    path = tmp_path / "change_request.csv"
    path.write_text(SERVICENOW)
    run = run_import(path, column_map="servicenow-change")
    done, urgent = Change.objects.order_by("external_id")
    assert (done.state, done.outcome, done.risk, done.type) == ("closed", "successful", 3, "normal")
    assert done.implementer.handle == "servicenow:nora.berg"
    assert done.implementer.name == "Nora Berg"
    assert done.window_start_at == datetime(2026, 3, 10, 22, tzinfo=UTC)
    assert [one.slug for one in done.components.all()] == ["Edge-proxy"]
    assert (done.backout_plan, done.test_plan) == ("Put the old ones back", "Check with a client")
    assert (urgent.type, urgent.state, urgent.risk) == ("emergency", "authorized", 4)
    assert "ends before it starts" in reasons(run)[3][1]
    assert reasons(run)[4][0] == "state"


@pytest.mark.django_db
def test_records_say_what_was_unauthorized_or_found_afterwards(tmp_path, payments):
    said = {"A": ("yes", "no"), "B": ("", "TRUE"), "C": ("0", ""), "D": ("perhaps", "")}
    rows = [{"id": one, "unauthorized": flags[0], "latent": flags[1]} for one, flags in said.items()]
    path = csv_file(tmp_path, *rows, header=[*HEADER, "unauthorized", "latent"])
    run = run_import(path)
    told = Change.objects.order_by("external_id").values_list("external_id", "unauthorized", "latent")
    assert list(told) == [("A", True, False), ("B", False, True), ("C", False, False)]
    assert reasons(run) == {4: ("unauthorized", "It must be yes or no.")}
    again = run_import(path)
    assert (again.created_rows, again.updated_rows, again.unchanged_rows) == (0, 0, 3)


@pytest.mark.django_db
def test_the_zone_of_a_map_is_the_zone_of_its_dates(tmp_path, payments):
    path = tmp_path / "change_request.csv"
    path.write_text(SERVICENOW)
    from apps.cab.formats.maps import SHIPPED

    own = tmp_path / "own.yaml"
    own.write_text((SHIPPED / "servicenow-change.yaml").read_text().replace("zone: UTC", "zone: Europe/Berlin"))
    run_import(path, column_map=own)
    change = Change.objects.get(external_id="CHG0030001")
    assert change.window_zone == "Europe/Berlin"
    assert change.window_start_at == datetime(2026, 3, 10, 21, tzinfo=UTC)


@pytest.mark.django_db
def test_a_jira_export_with_repeated_columns_comes_in(tmp_path, payments):
    path = tmp_path / "jira.csv"
    path.write_text(JIRA)
    run = run_import(path, column_map="jira")
    done, going = Change.objects.order_by("external_id")
    assert {one.slug for one in done.components.all()} == {"database", "billing-api"}
    assert done.purpose == "One\nline, and another\n\nSee also: OPS-3, OPS-9"
    assert done.created_at == datetime(2026, 3, 12, 15, 45, tzinfo=UTC)
    assert done.implemented_at == datetime(2026, 3, 13, 9, 5, tzinfo=UTC)
    assert (going.state, going.type) == ("implementing", "emergency")
    assert reasons(run)[3][0] == "created_at"


@pytest.mark.django_db
def test_a_path_joins_a_component_that_the_map_of_clusters_knows(tmp_path, payments, logistics, dispatch):
    own = tmp_path / "own.yaml"
    own.write_text(
        'name: own\nformat: csv\njoin: {pattern: "^services/([^/]+)$"}\n'
        "fields: {external_id: id, title: id, requester: id, components: path}\n"
    )
    path = tmp_path / "changes.csv"
    path.write_text("id,path\n1,services/dispatch\n2,services/unknown\n")
    run_import(path, column_map=own)
    touched = {change.external_id: set(change.components.all()) for change in Change.objects.all()}
    assert dispatch in touched["1"]
    assert len(touched["1"]) == 2
    assert {one.slug for one in touched["2"]} == {"services/unknown"}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name: [", "not YAML"),
        ("just words", "not of type 'object'"),
        ("name: x\nformat: csv\nfields: {title: a}", "required"),
        ("name: x\nformat: xml\nfields: {external_id: a, title: a, requester: a}", "xml"),
        ("name: x\nformat: csv\nfields: {external_id: a, title: a, requester: a, colour: b}", "colour"),
        ("name: x\nformat: csv\nzone: Mars/Olympus\nfields: {external_id: a, title: a, requester: a}", "Mars/Olympus"),
        ("name: x\nformat: csv\njoin: {pattern: '(('}\nfields: {external_id: a, title: a, requester: a}", "pattern"),
        ("name: x\nformat: csv\njoin: {pattern: 'a'}\nfields: {external_id: a, title: a, requester: a}", "one group"),
        ("x: 1\n" * 20_000, "too long"),
    ],
)
def test_a_map_that_does_not_fit_is_refused(text, sentence):
    with pytest.raises(Invalid) as refusal:
        read_map(text)
    assert sentence in str(refusal.value)
