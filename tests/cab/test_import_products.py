"""The shipped maps on whole exports of ServiceNow and Jira: every column, values as those products write them.

Columns are those that the products document: the fields of ServiceNow's change_request as a list exports them, and
Jira's “CSV (all fields)”, where a field with several values is as many columns of one name as the fullest issue needs.
"""

import csv
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from apps.cab.formats.csv_records import MOST_COLUMNS
from apps.cab.models import Change, ImportRun
from tests.cab.importing import reasons, run_import

pytestmark = pytest.mark.django_db

# change_request, and what it has from task; the order of a list that shows all of them.
SERVICENOW = [
    *("number", "type", "state", "short_description", "description", "justification", "category"),
    *("priority", "impact", "urgency", "risk", "risk_impact_analysis", "assignment_group", "assigned_to"),
    *("requested_by", "opened_by", "opened_at", "business_service", "service_offering", "cmdb_ci"),
    *("start_date", "end_date", "work_start", "work_end", "cab_required", "cab_date"),
    *("cab_recommendation", "conflict_status", "conflict_last_run", "implementation_plan"),
    *("backout_plan", "test_plan", "approval", "approval_set", "phase", "phase_state", "on_hold"),
    *("on_hold_reason", "outside_maintenance_schedule", "unauthorized", "close_code", "close_notes"),
    *("closed_at", "closed_by", "active", "comments", "work_notes", "sys_created_on", "sys_created_by"),
    *("sys_updated_on", "sys_mod_count", "sys_class_name"),
]
ORDINARY = {
    "type": "Normal",
    "category": "Software",
    "priority": "4 - Low",
    "impact": "3 - Low",
    "urgency": "3 - Low",
    "assignment_group": "Platform",
    "requested_by": "Nora Berg",
    "opened_by": "System Administrator",
    "opened_at": "2026-02-20 09:14:07",
    "phase": "Requested",
    "phase_state": "Open",
    "cab_required": "false",
    "on_hold": "false",
    "outside_maintenance_schedule": "false",
    "unauthorized": "false",
    "conflict_status": "Not Run",
    "approval": "Not Yet Requested",
    "active": "true",
    "sys_created_on": "2026-02-20 09:14:07",
    "sys_class_name": "Change Request",
    "sys_mod_count": "1,204",
}
CHANGES = [
    {
        "number": "CHG0040007",
        "state": "Closed",
        "short_description": "Renew the certificates of the gateway",
        "description": "They end on 31 May.\r\n\r\nSee the runbook, “Renewal”; it says:\r\n- copy\r\n- reload",
        "risk": "Moderate",
        "assigned_to": "Jörg Müller",
        "cmdb_ci": "Edge proxy (prod)",
        "start_date": "2026-03-10 22:00:00",
        "end_date": "2026-03-10 23:30:00",
        "work_start": "2026-03-10 22:04:11",
        "work_end": "2026-03-10 22:51:40",
        "implementation_plan": 'Copy, then say "reload"',
        "backout_plan": "Put the old ones back",
        "test_plan": "Check with a client",
        "approval": "Approved",
        "close_code": "Successful with issues",
        "close_notes": "One node needed a second reload.",
        "closed_at": "2026-03-12 08:00:00",
        "active": "false",
        "comments": "2026-03-11 08:12:45 - Nora Berg (Additional comments)\r\nThank you, all good.\r\n\r\n",
        "work_notes": "2026-03-10 22:51:40 - Jörg Müller (Work notes)\r\nDone – reloaded twice.\r\n\r\n",
    },
    {
        "number": "CHG0040008",
        "type": "Emergency",
        "state": "Review",
        "short_description": "Stop the leak",
        "risk": "High",
        "unauthorized": "true",
        "requested_by": "",
        "close_code": "Unsuccessful",
        "work_end": "2026-03-01 03:20:00",
    },
    {"number": "CHG0040009", "state": "New", "short_description": "Move the clock", "risk": "Low"},
    {"number": "CHG0040010", "state": "Canceled", "short_description": "Not needed", "risk": "Very High"},
    {"number": "CHG0040011", "type": "Standard", "state": "Implement", "short_description": "Add a disk", "risk": ""},
]

# Jira's own fields, then custom ones and the repeated ones: a name stands once for every value of the fullest issue.
JIRA = [
    *("Summary", "Issue key", "Issue id", "Issue Type", "Status", "Project key", "Project name", "Project type"),
    *("Project lead", "Project lead id", "Project description", "Priority", "Resolution", "Assignee", "Assignee Id"),
    *("Reporter", "Reporter Id", "Creator", "Creator Id", "Created", "Updated", "Last Viewed", "Resolved"),
    *("Fix versions", "Fix versions", "Components", "Components", "Due date", "Votes", "Labels", "Labels", "Labels"),
    *("Description", "Environment", "Watchers", "Watchers", "Watchers Id", "Watchers Id", "Original estimate"),
    *("Time Spent", "Work Ratio", "Security Level", "Inward issue link (Blocks)", "Outward issue link (Relates)"),
    *("Outward issue link (Relates)", "Attachment", "Attachment", "Custom field (Affected services)"),
    *("Custom field (Approvers)", "Custom field (Approvers)", "Custom field (Backout plan)"),
    *("Custom field (Change completion date)", "Custom field (Change reason)", "Custom field (Change risk)"),
    *("Custom field (Change start date)", "Custom field (Change type)", "Custom field (Actual start)"),
    *("Custom field (Actual end)", "Custom field (Impact)", "Custom field (Implementation plan)"),
    *("Custom field (Rank)", "Custom field (Test plan)", "Custom field (Urgency)", "Satisfaction rating"),
    *("Sprint", "Sprint", "Sprint", "Status Category", "Comment", "Comment", "Comment"),
]
ISSUES = [
    {
        "Issue key": ["OPS-120"],
        "Summary": ["Upgrade the database"],
        "Issue Type": ["[System] Change"],
        "Status": ["Completed"],
        "Resolution": ["Done"],
        "Assignee": ["Ben Oh"],
        "Assignee Id": ["712020:0d3c"],
        "Reporter": ["Ana Costa"],
        "Reporter Id": ["712020:9b1f"],
        "Created": ["12/Mar/26 3:45 PM"],
        "Resolved": ["01/Apr/26 12:05 AM"],
        "Components": ["database", "billing api"],
        "Labels": ["q1", "database", "cab"],
        "Description": ['h2. Why\n\nVersion 14 ends; *nothing* else moves, says the team: "go".'],
        "Outward issue link (Relates)": ["OPS-3", "OPS-9"],
        "Attachment": [
            "12/Mar/26 3:46 PM;712020:9b1f;plan, final.pdf;https://example.org/secure/attachment/1/plan.pdf"
        ],
        "Custom field (Affected services)": ["Payments"],
        "Custom field (Approvers)": ["Cleo Diaz", "Dan Ek"],
        "Custom field (Backout plan)": ["Switch back"],
        "Custom field (Change risk)": ["High"],
        "Custom field (Change type)": ["Normal"],
        "Custom field (Change start date)": ["31/Mar/26 10:00 PM"],
        "Custom field (Change completion date)": ["01/Apr/26 12:30 AM"],
        "Custom field (Actual start)": ["2026-03-31T22:02:00.0+0000"],
        "Custom field (Actual end)": ["2026-03-31T23:58:00.0+0000"],
        "Custom field (Rank)": ["0|i0005r:"],
        "Sprint": ["OPS Sprint 11", "OPS Sprint 12", "OPS Sprint 13"],
        "Comment": [
            "12/Mar/26 4:00 PM;712020:0d3c;On it.",
            "13/Mar/26 9:00 AM;712020:9b1f;Two lines,\nand a comma",
            "01/Apr/26 12:06 AM;712020:0d3c;Done",
        ],
    },
    {
        "Issue key": ["OPS-121"],
        "Summary": ["Replace the load balancer"],
        "Issue Type": ["[System] Change"],
        "Status": ["Failed"],
        "Reporter": ["Ana Costa"],
        "Created": ["07/Sept/25 11:10 am"],  # what Java writes for September where the language is British English
        "Resolved": ["09/Sept/25 1:10\u202fPM"],  # since version 20 with a narrow space
        "Custom field (Change type)": ["Emergency"],
        "Custom field (Change risk)": ["Critical"],
    },
    {
        "Issue key": ["OPS-122"],
        "Summary": ["Rotate the keys"],
        "Issue Type": ["[System] Change"],
        "Status": ["Waiting for CAB"],
        "Reporter": [],
        "Creator": ["Automation"],
        "Created": ["02/Mar/26 9:00 AM"],
        "Custom field (Change type)": ["Standard"],
    },
]


def servicenow_file(folder: Path, encoding: str, delimiter: str = ",") -> Path:
    out = io.StringIO()
    writer = csv.DictWriter(out, SERVICENOW, restval="", quoting=csv.QUOTE_ALL, delimiter=delimiter)
    writer.writeheader()
    writer.writerows(ORDINARY | change for change in CHANGES)
    path = folder / "change_request.csv"
    path.write_bytes(out.getvalue().encode(encoding))
    return path


def jira_file(folder: Path, *, header: list[str] = JIRA) -> Path:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header)
    for issue in ISSUES:
        left = {name: iter(values) for name, values in issue.items()}
        writer.writerow([next(left.get(name, iter(())), "") for name in header])
    path = folder / "Jira.csv"
    path.write_bytes(b"\xef\xbb\xbf" + out.getvalue().encode())
    return path


def imported(run: ImportRun) -> dict[str, Change]:
    assert reasons(run) == {}
    return {one.external_id: one for one in Change.objects.filter(source=run.source)}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])  # an instance exports CSV as windows-1252
def test_a_whole_servicenow_export_comes_in(tmp_path, payments, encoding):
    found = imported(run_import(servicenow_file(tmp_path, encoding), column_map="servicenow-change"))
    told = {key: (one.type, one.state, one.outcome, one.risk, one.unauthorized) for key, one in found.items()}
    assert told == {
        "CHG0040007": ("normal", "closed", "successful_with_issues", 3, False),
        "CHG0040008": ("emergency", "in_review", "unsuccessful", 4, True),
        "CHG0040009": ("normal", "submitted", "", 2, False),
        "CHG0040010": ("normal", "cancelled", "", 5, False),
        "CHG0040011": ("standard", "implementing", "", 1, False),
    }
    done = found["CHG0040007"]
    assert done.category == "software"
    assert (done.implementer.name, done.requester.name) == ("Jörg Müller", "Nora Berg")
    assert found["CHG0040008"].requester.name == "System Administrator", "who opened it, where nobody requested it"
    assert [one.slug for one in done.components.all()] == ["Edge-proxy-prod"]
    assert "“Renewal”; it says:" in done.purpose
    assert done.implementation_plan == 'Copy, then say "reload"'
    assert (done.window_start_at, done.window_end_at) == (
        datetime(2026, 3, 10, 22, tzinfo=UTC),
        datetime(2026, 3, 10, 23, 30, tzinfo=UTC),
    )
    assert done.created_at == datetime(2026, 2, 20, 9, 14, 7, tzinfo=UTC)
    assert done.implemented_at == datetime(2026, 3, 10, 22, 51, 40, tzinfo=UTC)
    assert done.closed_at == datetime(2026, 3, 12, 8, tzinfo=UTC)


def test_a_byte_that_neither_encoding_knows_refuses_the_file_by_its_place(tmp_path, payments):
    path = servicenow_file(tmp_path, "utf-8")
    path.write_bytes(path.read_bytes().replace(b"Stop the leak", b"Stop the \x81 leak"))
    with pytest.raises(Exception, match=r"is not CP1252: byte [\d,]+ \(line \d+\) is 0x81"):
        run_import(path, column_map="servicenow-change")
    assert not Change.objects.exists()


def test_a_whole_jira_export_with_repeated_columns_comes_in(tmp_path, payments):
    found = imported(run_import(jira_file(tmp_path), column_map="jira"))
    told = {key: (one.type, one.state, one.outcome, one.risk) for key, one in found.items()}
    assert told == {
        "OPS-120": ("normal", "closed", "successful", 4),
        "OPS-121": ("emergency", "closed", "unsuccessful", 5),
        "OPS-122": ("standard", "awaiting_authorization", "", 1),
    }
    done = found["OPS-120"]
    assert (done.requester.name, done.implementer.name) == ("Ana Costa", "Ben Oh")
    assert found["OPS-122"].requester.name == "Automation"
    assert {one.slug for one in done.components.all()} == {"database", "billing-api", "Payments"}
    assert {one.person.name for one in done.named_approvers.all()} == {"Cleo Diaz", "Dan Ek"}
    assert done.purpose.startswith("h2. Why\n\nVersion 14 ends; *nothing* else moves")
    assert done.purpose.endswith("See also: OPS-3, OPS-9")
    assert done.backout_plan == "Switch back"
    assert (done.window_start_at, done.window_end_at) == (
        datetime(2026, 3, 31, 22, tzinfo=UTC),
        datetime(2026, 4, 1, 0, 30, tzinfo=UTC),
    )
    assert done.created_at == datetime(2026, 3, 12, 15, 45, tzinfo=UTC)
    assert done.started_at == datetime(2026, 3, 31, 22, 2, tzinfo=UTC)
    assert done.implemented_at == datetime(2026, 3, 31, 23, 58, tzinfo=UTC)
    assert found["OPS-121"].created_at == datetime(2025, 9, 7, 11, 10, tzinfo=UTC)
    assert found["OPS-121"].implemented_at == datetime(2025, 9, 9, 13, 10, tzinfo=UTC)


def test_an_issue_with_very_many_comments_makes_a_wide_file_that_still_comes_in(tmp_path, payments):
    wide = [*JIRA, *["Comment"] * 1_500, *["Attachment"] * 800]
    assert len(imported(run_import(jira_file(tmp_path, header=wide), column_map="jira"))) == len(ISSUES)
    over = [*JIRA, *["Comment"] * MOST_COLUMNS]
    with pytest.raises(Exception, match=r"columns; at most"):
        run_import(jira_file(tmp_path, header=over), column_map="jira")
