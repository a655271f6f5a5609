"""The floor: the same rows by raw SQL, rendered as JSON; bare, and as a view behind the same middleware and sign-in."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

PAGE = 51  # a page asks for one row more than it shows, to know whether there is a next
_ROW = """SELECT c.number, c.type, c.title, c.state, c.outcome, c.on_hold, c.unauthorized, c.latent, c.risk,
    c.window_start_at, c.window_end_at, c.deadline_at, c.submitted_at, c.decided_at, c.implemented_at, c.revision,
    k.slug, k.name, p.handle, p.name
FROM cab_change AS c JOIN clusters_cluster AS k ON k.id = c.cluster_id
JOIN accounts_person AS p ON p.id = c.requester_id
"""
_SEEN = """((c.state <> 'draft'
        AND c.cluster_id NOT IN (SELECT id FROM clusters_cluster WHERE visibility = 'restricted'))
    OR c.requester_id = %(me)s OR c.implementer_id = %(me)s)"""
_ORDER = f"ORDER BY c.number DESC LIMIT {PAGE}"
_WAITING = f"""{_ROW} JOIN cab_round AS r ON r.change_id = c.id AND r.state = 'open'
WHERE c.state = 'awaiting_authorization' AND NOT c.on_hold
    AND NOT EXISTS (SELECT 1 FROM cab_ballot AS b WHERE b.round_id = r.id AND b.voter_id = %(me)s)
    AND EXISTS (SELECT 1 FROM cab_seat AS s WHERE s.board_id = r.board_id AND s.person_id = %(me)s)
ORDER BY c.deadline_at, c.risk DESC, c.number LIMIT 50"""
_ONE = "(SELECT id FROM cab_change WHERE number = %(number)s)"
_CHANGE = f"""SELECT c.*, k.slug, k.name, p.handle, p.name FROM cab_change AS c
JOIN clusters_cluster AS k ON k.id = c.cluster_id JOIN accounts_person AS p ON p.id = c.requester_id
WHERE c.number = %(number)s AND {_SEEN}"""
_COMPONENTS = f"""SELECT m.* FROM cab_changecomponent AS t JOIN clusters_component AS m ON m.id = t.component_id
WHERE t.change_id = {_ONE}"""
_ROUNDS = f"""SELECT r.*, b.slug, b.name FROM cab_round AS r JOIN cab_board AS b ON b.id = r.board_id
WHERE r.change_id = {_ONE}"""
_BALLOTS = f"""SELECT b.*, p.name FROM cab_ballot AS b JOIN cab_round AS r ON r.id = b.round_id
JOIN accounts_person AS p ON p.id = b.voter_id WHERE r.change_id = {_ONE}"""
_SEATS = "SELECT s.*, p.name FROM cab_seat AS s JOIN accounts_person AS p ON p.id = s.person_id"
_ENTRIES = f"""SELECT e.*, p.name FROM journal_entry AS e LEFT JOIN accounts_person AS p ON p.id = e.actor_id
WHERE e.subject_type = 'cab.change' AND e.subject_id = {_ONE} ORDER BY e.id DESC LIMIT 60"""
QUESTIONS: dict[str, tuple[str, ...]] = {
    "list": (f"{_ROW} WHERE {_SEEN} {_ORDER}",),
    "filtered": (f"{_ROW} WHERE {_SEEN} AND k.slug = 'cluster-3' AND c.risk >= 3 AND c.state = 'closed' {_ORDER}",),
    "search": (f"{_ROW} WHERE {_SEEN} AND c.search @@ websearch_to_tsquery('english', 'signing key') {_ORDER}",),
    "queue": (
        _WAITING,
        f"{_ROW} WHERE c.requester_id = %(me)s AND c.state IN ('draft', 'changes_requested') {_ORDER}",
        f"{_ROW} WHERE c.state IN ('submitted', 'assessing') AND {_SEEN} ORDER BY c.submitted_at LIMIT 20",
        "SELECT due_at FROM cab_review WHERE reviewer_id = %(me)s AND state = 'planned' ORDER BY due_at LIMIT 20",
    ),
    "dossier": (
        _CHANGE,
        _COMPONENTS,
        _ROUNDS,
        _BALLOTS,
        _SEATS,
        f"SELECT * FROM cab_condition WHERE change_id = {_ONE}",
        _ENTRIES,
    ),
    "api list": (f"{_ROW} WHERE {_SEEN} {_ORDER}",),
    "api queue": (_WAITING,),
    "api one": (_CHANGE, _COMPONENTS, _ROUNDS, _BALLOTS, _SEATS),
}


def bare(name: str, *, me: int, number: int) -> bytes:
    """The rows of one page as JSON, with nothing around it."""
    return json.dumps(
        [_rows(question, {"me": me, "number": number}) for question in QUESTIONS[name]], default=str
    ).encode()


def view(name: str, *, number: int) -> Callable[[HttpRequest], HttpResponse]:
    """The same behind sessions, sign-in and the other middleware that every page has."""

    def answer(request: HttpRequest) -> HttpResponse:
        assert request.user.pk is not None
        return HttpResponse(bare(name, me=request.user.pk, number=number), content_type="application/json")

    return answer


def _rows(question: str, facts: dict[str, Any]) -> Sequence[Sequence[Any]]:
    with connection.cursor() as cursor:
        cursor.execute(question, facts)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found
