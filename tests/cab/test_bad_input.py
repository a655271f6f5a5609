"""Every bad input, through both doors: the same sentence and next step, 4xx, and no row is different afterwards."""

import html
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from rest_framework.test import APIClient

from apps.accounts.rules import Role
from apps.cab.actions import boards, flow, proposing, rounds
from apps.cab.models import Change, Choice
from tests.conftest import NOON, make_person, signed_in

DAY = NOON.date()
BALLOT = {"choice": "approve", "revision": 1}
PROPOSAL = {"title": "Rotate the keys", "cluster": "payments", "type": "normal", "downtime_minutes": 0}
WINDOW = {"window_start": "2026-03-10T22:00", "window_end": "2026-03-10T23:00", "window_zone": "Europe/Berlin"}


class Stage:
    """A change that waits for the board, with the people around it; `at` is what both doors read as now."""

    def __init__(self, change: Change, at: list[Any], **people: Any) -> None:
        self.change, self.at, self.people = change, at, people
        self.board = change.rounds.get().board

    def __getattr__(self, name: str) -> Any:
        return self.people[name]

    def vote(self, who: str, **more: Any) -> None:
        given = {"choice": Choice.APPROVE, "revision": self.change.revision, "at": NOON} | more
        rounds.cast_vote(change_id=self.change.pk, voter=self.people[who], **given)

    def edit(self, **new: Any) -> None:
        fresh = Change.objects.get(pk=self.change.pk)
        proposing.edit_change(
            change_id=fresh.pk,
            editor=self.ada,
            content=proposing.content_from(fresh, **new),
            based_on=fresh.revision,
            at=NOON,
        )

    def delegate(self, giver: str, taker: str) -> None:
        boards.delegate_vote(
            board_id=self.board.pk,
            giver=self.people[giver],
            taker=self.people[taker],
            first_day=DAY,
            last_day=DAY,
            at=NOON,
        )


@dataclass
class Bad:
    """One bad input. `path` stands below the change; one that begins with / stands for itself, at both doors."""

    says: str  # a part of the sentence
    path: str = "votes/"
    body: dict[str, Any] = field(default_factory=dict)
    who: str = "dan"
    before: Callable[[Stage], object] = lambda stage: None
    status: int = 422  # of the API; the page answers 4xx too
    page_body: dict[str, Any] | None = None  # where the form's names differ
    api_path: str | None = None
    is_get: bool = False
    is_schema: bool = False  # refused before an action: the sentence stands at its field


def author_on_the_board(stage: Stage) -> None:
    stage.edit(co_authors=[stage.dan])


def second_revision(stage: Stage) -> None:
    stage.edit(test_plan="Twice.")


def decided(stage: Stage) -> None:
    stage.vote("ben")
    stage.vote("cleo")


def implementing(stage: Stage) -> None:
    decided(stage)
    Change.objects.filter(pk=stage.change.pk).update(implementer=stage.ada)
    flow.start_implementation(change_id=stage.change.pk, implementer=stage.ada, at=NOON)


def late(stage: Stage) -> None:
    stage.at[0] = NOON + timedelta(hours=72)


def chain(stage: Stage) -> None:
    stage.delegate("ben", "cleo")
    stage.delegate("cleo", "dan")


def upload(name: str, content: bytes) -> dict[str, Any]:
    return {"file": (name, content)}


def delegation(taker: str, first: str = "2026-03-02", last: str = "2026-03-02") -> dict[str, Any]:
    days = {"first_day": first, "last_day": last}
    return {"body": {"to_person": taker, **days}, "page_body": {"taker": taker, **days}}


DELEGATIONS = "/boards/enterprise/delegations/"
PROPOSALS = {"path": "/changes/new/", "api_path": "/changes/", "who": "ada"}
BAD: dict[str, Bad] = {
    # Votes
    "the author votes": Bad("You cannot vote on your own change", body=BALLOT, who="ada", status=403),
    "a co-author votes": Bad(
        "You cannot vote on your own change", body=BALLOT | {"revision": 2}, before=author_on_the_board, status=403
    ),
    "an author votes with a lent seat": Bad(
        "your own change for somebody else",
        body=BALLOT | {"revision": 2, "seat_of": "cleo"},
        before=lambda stage: (author_on_the_board(stage), stage.delegate("cleo", "dan")),
        status=403,
    ),
    "the delegate of an author votes": Bad(
        "a delegation passes on their seat, not a right they do not have",
        body=BALLOT | {"revision": 2, "seat_of": "dan"},
        who="cleo",
        before=lambda stage: (stage.delegate("dan", "cleo"), author_on_the_board(stage)),
        status=403,
    ),
    "the delegate of a delegate votes": Bad(
        "has not delegated their vote to you", body=BALLOT | {"seat_of": "ben"}, before=chain, status=403
    ),
    "somebody votes for another": Bad(
        "has not delegated their vote to you", body=BALLOT | {"seat_of": "cleo"}, status=403
    ),
    "somebody without a seat votes": Bad("There is no seat with a vote", body=BALLOT, who="nadia", status=403),
    "somebody votes twice": Bad(
        "This seat has already voted", body=BALLOT, before=lambda stage: stage.vote("dan"), status=409
    ),
    "somebody votes after the decision": Bad("No round is open", body=BALLOT, before=decided, status=409),
    "somebody votes after the deadline": Bad("The round closed at 5 March 2026", body=BALLOT, before=late, status=409),
    "somebody votes while it is held": Bad(
        "is on hold",
        body=BALLOT,
        before=lambda stage: flow.hold_change(change_id=stage.change.pk, person=stage.ada, reason="Closed.", at=NOON),
        status=409,
    ),
    "somebody votes on a stale revision": Bad("You read revision 1", body=BALLOT, before=second_revision, status=412),
    "somebody votes on a revision to come": Bad("You read revision 9", body=BALLOT | {"revision": 9}, status=412),
    "the seat of nobody": Bad("Nobody is called nobody", body=BALLOT | {"seat_of": "nobody"}),
    "a rejection without a reason": Bad("this ballot needs a reason", body=BALLOT | {"choice": "reject"}),
    "conditions that are none": Bad("Name at least one condition", body=BALLOT | {"choice": "approve_with_conditions"}),
    # What misses the schema
    "a ballot without a choice": Bad("This field is required.", body={"revision": 1}, is_schema=True),
    "a ballot without a revision": Bad("This field is required.", body={"choice": "approve"}, is_schema=True),
    "a ballot that is none": Bad("There is no such ballot.", body=BALLOT | {"choice": "perhaps"}, is_schema=True),
    "a hold without a reason": Bad("This field is required.", path="hold/", is_schema=True),
    "an outcome that is none": Bad(
        "There is no such outcome.",
        path="outcome/",
        body={"outcome": "splendid"},
        who="ada",
        before=implementing,
        is_schema=True,
    ),
    "a risk beyond the scale": Bad(
        "A risk is a number from 1 to 5.", path="risk/", body={"risk": 9, "reason": "x"}, is_schema=True
    ),
    "a title too long": Bad("300 characters", body=PROPOSAL | {"title": "x" * 301}, is_schema=True, **PROPOSALS),
    "no title": Bad("This field is required.", body={**PROPOSAL, "title": None}, is_schema=True, **PROPOSALS),
    "a link that runs": Bad(
        "Enter a valid URL.",
        body=PROPOSAL | {"links": [{"label": "x", "url": "javascript:alert(1)"}]},
        page_body=PROPOSAL | {"links": "x javascript:alert(1)"},
        is_schema=True,
        **PROPOSALS,
    ),
    "a start with an offset": Bad(
        "A wall-clock time has no offset.",
        body=PROPOSAL | WINDOW | {"window_start": "2026-03-10T22:00+05:00"},
        is_schema=True,
        **PROPOSALS,
    ),
    "a start that is no time": Bad(
        "This is no date and time.", body=PROPOSAL | WINDOW | {"window_start": "tomorrow"}, is_schema=True, **PROPOSALS
    ),
    # Windows
    "a window that ends before it starts": Bad(
        "The window ends before it starts.", body=PROPOSAL | WINDOW | {"window_end": "2026-03-10T21:00"}, **PROPOSALS
    ),
    "a start in the daylight-saving gap": Bad(
        "29 March 2026 02:30 does not exist in Europe/Berlin",
        body=PROPOSAL | WINDOW | {"window_start": "2026-03-29T02:30", "window_end": "2026-03-29T04:00"},
        **PROPOSALS,
    ),
    "an end in the daylight-saving gap": Bad(
        "29 March 2026 02:30 does not exist in Europe/Berlin",
        body=PROPOSAL | WINDOW | {"window_start": "2026-03-29T01:00", "window_end": "2026-03-29T02:30"},
        **PROPOSALS,
    ),
    "a zone that is none": Bad(
        "There is no time zone called", body=PROPOSAL | WINDOW | {"window_zone": "Mars/Base"}, **PROPOSALS
    ),
    "a window without a zone": Bad("give all three or none", body=PROPOSAL | WINDOW | {"window_zone": ""}, **PROPOSALS),
    "a window of the year 1": Bad(
        "The year 1 is out of range.",
        body=PROPOSAL | WINDOW | {"window_start": "0001-01-01T00:00", "window_zone": "Asia/Tokyo"},
        **PROPOSALS,
    ),
    # Delegation
    "a circle of delegations": Bad(
        "This would close a circle of delegations: Dan → Ben → Cleo → Dan",
        path=DELEGATIONS,
        before=chain,
        status=409,
        **delegation("ben"),
    ),
    "a delegation to oneself": Bad(
        "You cannot delegate to yourself.", path=DELEGATIONS, status=409, **delegation("dan")
    ),
    "a second delegation": Bad(
        "You already delegate",
        path=DELEGATIONS,
        before=lambda stage: stage.delegate("dan", "cleo"),
        status=409,
        **delegation("ben"),
    ),
    "a delegation of days gone by": Bad(
        "The days must lie ahead", path=DELEGATIONS, **delegation("ben", "2026-02-01", "2026-02-02")
    ),
    "a delegation without a seat": Bad(
        "You have no vote on this board", path=DELEGATIONS, who="nadia", status=403, **delegation("ben")
    ),
    "a delegation to somebody who may not vote": Bad(
        "You may not delegate to Ada", path=DELEGATIONS, status=403, **delegation("ada")
    ),
    "a delegation to nobody": Bad("Nobody is called nobody", path=DELEGATIONS, **delegation("nobody")),
    # Uploads
    "a file over ten megabytes": Bad(
        "The file has 10.0 MB; at most 10 MB are kept.",
        path="files/",
        who="ada",
        body=upload("big.txt", b"x" * (10 * 1024 * 1024 + 1)),
        status=413,
    ),
    "a program": Bad("Files of this kind are not kept.", path="files/", who="ada", body=upload("run.exe", b"MZ")),
    "a page that says it is a PDF": Bad(
        "its content is something else", path="files/", who="ada", body=upload("plan.pdf", b"<html>")
    ),
    "bytes that say they are text": Bad(
        "its content is something else", path="files/", who="ada", body=upload("plan.txt", b"\x00\x01")
    ),
    "an empty file": Bad(
        "The submitted file is empty.", path="files/", who="ada", body=upload("plan.txt", b""), is_schema=True
    ),
    "a file by somebody who did not write it": Bad(
        "You may not edit", path="files/", who="cleo", body=upload("plan.txt", b"x"), status=403
    ),
    # Unknown ids
    "a component that is none": Bad(
        "There is no component payments/none.",
        body=PROPOSAL | {"components": ["payments/none"]},
        page_body=PROPOSAL | {"components": "payments/none"},
        **PROPOSALS,
    ),
    "a cluster that is none": Bad(
        "There is no cluster nowhere that you may know of.", body=PROPOSAL | {"cluster": "nowhere"}, **PROPOSALS
    ),
    "an implementer who is nobody": Bad(
        "Nobody is called nobody.", body=PROPOSAL | {"implementer": "nobody"}, **PROPOSALS
    ),
    "co-authors who are nobody": Bad(
        "Nobody is called nobody.",
        body=PROPOSAL | {"co_authors": ["nobody"]},
        page_body=PROPOSAL | {"co_authors": "nobody"},
        **PROPOSALS,
    ),
    "a change that is none": Bad(
        "There is no change CHG-999999 that you may see.", path="/changes/CHG-999999/votes/", body=BALLOT, status=404
    ),
    "a change that is no number": Bad(
        "There is no change nonsense that you may see.", path="/changes/nonsense/", is_get=True, status=404
    ),
    "a revision that is none": Bad("has no revision 9.", path="revisions/9/", is_get=True, status=404),
    "a condition that is none": Bad(
        "There is no such condition on this change.",
        path="conditions/999/evidence/",
        body={"evidence": "x"},
        who="ada",
        status=404,
    ),
    "a file that is none": Bad("There is no such file on this change.", path="files/999/", is_get=True, status=404),
    "a board that is none": Bad(
        "There is no such board that you may see.", path="/boards/none/", is_get=True, status=404
    ),
    "a seat that is none": Bad(
        "There is no such seat on this board.",
        path="/boards/enterprise/seats/999/end/",
        api_path="/boards/enterprise/seats/999/ending/",
        body={"last_day": "2026-03-31"},
        who="ben",
        status=404,
    ),
    "a delegation that is none": Bad(
        "There is no such delegation of yours.", path="/boards/enterprise/delegations/999/revocation/", status=404
    ),
}


@pytest.fixture
def stage(waiting, monkeypatch, settings, tmp_path, ada, ben, cleo, dan) -> Stage:
    settings.MEDIA_ROOT = tmp_path
    at = [NOON]
    monkeypatch.setattr("django.utils.timezone.now", lambda: at[0])
    nadia = make_person("nadia", Role.REQUESTER, Role.BOARD_MEMBER)
    return Stage(waiting, at, ada=ada, ben=ben, cleo=cleo, dan=dan, nadia=nadia)


def everything() -> dict[str, str | None]:
    """A fingerprint of each table: rows that came, went or changed show."""
    tables = [name for name in connection.introspection.table_names() if name != "django_session"]
    with connection.cursor() as cursor:
        found = {}
        for table in tables:
            cursor.execute(f'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM "{table}" t')
            (found[table],) = cursor.fetchone()
        return found


def sent(body: dict[str, Any]) -> dict[str, Any]:
    """A body with its files made new: each door reads them to the end."""
    return {
        name: SimpleUploadedFile(*value) if isinstance(value, tuple) else value
        for name, value in body.items()
        if value is not None
    }


def by_page(bad: Bad, stage: Stage) -> Any:
    client = signed_in(stage.people[bad.who])
    address = bad.path if bad.path.startswith("/") else f"{stage.change.get_absolute_url()}{bad.path}"
    body = sent(bad.body if bad.page_body is None else bad.page_body)
    return lambda: client.get(address) if bad.is_get else client.post(address, body)


def by_api(bad: Bad, stage: Stage) -> Any:
    client = APIClient()
    client.force_authenticate(stage.people[bad.who])
    path = bad.api_path or bad.path
    address = f"/api/v1{path}" if path.startswith("/") else f"/api/v1/changes/{stage.change.reference}/{path}"
    body = sent(bad.body)
    kind = "multipart" if "file" in body else "json"
    return lambda: client.get(address) if bad.is_get else client.post(address, body, format=kind)


@pytest.mark.parametrize("name", BAD)
def test_both_doors_refuse_in_the_same_words_and_write_nothing(stage, tmp_path, name):
    bad = BAD[name]
    bad.before(stage)
    stage.people = {handle: type(one).objects.get(pk=one.pk) for handle, one in stage.people.items()}
    calls = by_page(bad, stage), by_api(bad, stage)
    before, files = everything(), sorted(tmp_path.rglob("*"))
    page, api = (call() for call in calls)
    shown = html.unescape(page.content.decode())
    told = api.json()
    assert (api.status_code, api["Content-Type"]) == (bad.status, "application/problem+json"), told
    assert 400 <= page.status_code < 500
    assert told["next_step"]
    sentences = [one for ones in told["errors"].values() for one in ones] if bad.is_schema else [told["detail"]]
    assert any(bad.says in one for one in sentences), told
    assert bad.says in shown
    if bad.is_schema:
        assert "Correct the fields that are marked." in shown
    else:
        assert told["detail"] in shown
        assert told["next_step"] in shown
    assert everything() == before
    assert sorted(tmp_path.rglob("*")) == files
