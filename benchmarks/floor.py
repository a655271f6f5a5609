"""The floor: the same rows by raw SQL, rendered as JSON; bare, and as a view behind the same middleware and sign-in."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponse

from benchmarks import registry

_ROW = """SELECT c.number, c.type, c.title, c.state, c.outcome, c.on_hold, c.unauthorized, c.latent, c.risk,
    c.window_start_at, c.window_end_at, c.deadline_at, c.submitted_at, c.decided_at, c.implemented_at, c.revision,
    k.slug, k.name, p.handle, p.name
FROM cab_change AS c JOIN clusters_cluster AS k ON k.id = c.cluster_id
JOIN accounts_person AS p ON p.id = c.requester_id
"""
_SEEN = """((c.state <> 'draft'
        AND c.cluster_id NOT IN (SELECT id FROM clusters_cluster WHERE visibility = 'restricted'))
    OR c.requester_id = %(me)s OR c.implementer_id = %(me)s)"""
_ORDER = f"ORDER BY c.number DESC LIMIT {registry.PAGE}"
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
# The metrics page: a year of figures over all, by cluster, board, type, category, model and month.
_BOARD_OF = (
    "(SELECT r.board_id FROM cab_round AS r WHERE r.change_id = c.id ORDER BY r.number DESC LIMIT 1) AS board_id"
)
_MODEL_OF = "(SELECT v.type || '/' || v.category FROM cab_modelversion AS v WHERE v.id = c.model_version_id) AS model"
_GROUPS = "(), (cluster_id), (board_id), (type), (category), (model)"
_SETS = f"GROUP BY GROUPING SETS ({_GROUPS}, (month))"
_SINCE = "now() - interval '365 days'"
_DONE = f"""SELECT cluster_id, board_id, type, category, model, month, count(*), count(*) FILTER (WHERE failed),
    count(*) FILTER (WHERE type = 'emergency'), percentile_cont(0.5) WITHIN GROUP (ORDER BY lead),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY undone), count(*) FILTER (WHERE failed AND risked)
FROM (SELECT c.cluster_id, {_BOARD_OF}, c.type, c.category, {_MODEL_OF},
        date_trunc('month', c.implemented_at) AS month,
        c.implemented_at - coalesce(c.submitted_at, c.created_at) AS lead, u.undone,
        c.outcome IN ('unsuccessful', 'backed_out') OR u.undone IS NOT NULL AS failed,
        EXISTS (SELECT 1 FROM cab_conflict AS f WHERE f.change_id = c.id AND f.accepted_at < c.implemented_at) AS risked
    FROM cab_change AS c
    LEFT JOIN (SELECT undone_id, min(after) AS undone FROM cab_reversal GROUP BY undone_id) AS u ON u.undone_id = c.id
    WHERE c.implemented_at >= {_SINCE} AND {_SEEN}) AS facts {_SETS}"""
_WAITS = f"""SELECT cluster_id, board_id, type, category, model, month, count(*),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY wait), percentile_cont(0.9) WITHIN GROUP (ORDER BY wait)
FROM (SELECT c.cluster_id, {_BOARD_OF}, c.type, c.category, {_MODEL_OF},
        date_trunc('month', c.decided_at) AS month,
        c.decided_at - c.submitted_at AS wait FROM cab_change AS c
    WHERE c.decided_at >= {_SINCE} AND {_SEEN}) AS facts {_SETS}"""
_OPEN = "c.state IN ('submitted', 'assessing', 'awaiting_authorization', 'authorized', 'scheduled', 'implementing')"
_BACKLOG = f"""SELECT cluster_id, board_id, type, category, model, count(*),
    percentile_cont(0.5) WITHIN GROUP (ORDER BY age)
FROM (SELECT c.cluster_id, {_BOARD_OF}, c.type, c.category, {_MODEL_OF},
        now() - c.submitted_at AS age FROM cab_change AS c
    WHERE {_OPEN} AND {_SEEN}) AS facts GROUP BY GROUPING SETS ({_GROUPS})"""
_MONTHS = f"""SELECT ended, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY ended - submitted_at)
FROM cab_change AS c CROSS JOIN LATERAL generate_series(
    date_trunc('month', greatest(c.submitted_at, {_SINCE})) + interval '1 month', least(c.implemented_at, now()),
    interval '1 month') AS ended
WHERE ({_OPEN} OR c.implemented_at >= {_SINCE}) AND {_SEEN} GROUP BY ended"""
# The calendar of a year: changes a day, counted by first and last day, and what else lies in the year.
_YEAR = "date_trunc('year', now())"
_IN_YEAR = "{start} < {year} + interval '1 year' AND {end} > {year}"
_YEARS_CHANGES = f"""SELECT (c.window_start_at AT TIME ZONE 'UTC')::date, (c.window_end_at AT TIME ZONE 'UTC')::date,
    count(*)
FROM cab_change AS c
WHERE {_IN_YEAR.format(start="c.window_start_at", end="c.window_end_at", year=_YEAR)} AND {_SEEN}
    AND c.state IN ('authorized', 'scheduled', 'implementing', 'implemented', 'in_review', 'closed') GROUP BY 1, 2"""
_YEARS_FREEZES = f"""SELECT id, name, start_at, end_at FROM windows_freeze
WHERE state = 'enforced' AND {_IN_YEAR.format(start="start_at", end="end_at", year=_YEAR)}"""
_YEARS_CONFLICTS = f"""SELECT f.id, a.window_start_at, a.window_end_at, b.window_start_at, b.window_end_at
FROM cab_conflict AS f JOIN cab_change AS a ON a.id = f.change_id LEFT JOIN cab_change AS b ON b.id = f.other_id
WHERE f.state = 'open' AND ({_IN_YEAR.format(start="a.window_start_at", end="a.window_end_at", year=_YEAR)}
    OR {_IN_YEAR.format(start="b.window_start_at", end="b.window_end_at", year=_YEAR)}) ORDER BY f.id LIMIT 2000"""
_BLACKOUTS = (
    "SELECT * FROM windows_recurringwindow WHERE kind = 'blackout' AND retired_at IS NULL ORDER BY id LIMIT 300"
)
QUESTIONS: dict[str, tuple[str, ...]] = registry.QUESTIONS | {
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
    "metrics": (_DONE, _WAITS, _BACKLOG, _MONTHS, "SELECT id, name FROM clusters_cluster"),
    "year": (_YEARS_CHANGES, _YEARS_FREEZES, _YEARS_CONFLICTS, _BLACKOUTS),
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
