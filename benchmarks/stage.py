"""Fills a throw-away database with a federation and any number of changes, by set-based SQL."""

from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from apps.accounts.models import Person, RoleGrant
from apps.accounts.rules import Role
from apps.cab.models import Board, BoardKind, Seat, SeatRole
from apps.clusters.models import Cluster, Component, Visibility

CLUSTERS, COMPONENTS, PEOPLE, SEATS = 20, 400, 60, 7
OPEN_CHANGES = 200  # what is on its way does not grow with history: all of it lies in the first 10,000
WAITING_EACH = 5  # one in so many of them waits for the board
WORDS = (
    "signing key,ledger,card gateway,queue,payout batch,label printer,route planner,warehouse,catalogue,search index,"
    "checkout,consent store,staff directory,event stream,report,certificate,load balancer,replica,firewall rule,"
    "mail relay,backup,scheduler,cache,message broker,price list,tax table,driver,kernel,storage class,container image,"
    "feature flag,session store,token service,audit log,dashboard,alert,runbook,proxy,switch,name server"
)
VERBS = "Rotate,Upgrade,Move,Split,Retire,Resize,Rebuild,Patch,Replace,Reconfigure,Restart,Widen"
SENTENCE = (
    "First announce it in the channel, then drain the node, apply the step to one replica, watch the error rate for "
    "ten minutes and go on with the rest. "
)


def people() -> Person:
    """The federation around the changes; returns the board member who reads and votes."""
    now = timezone.now()
    Cluster.objects.bulk_create(
        Cluster(
            slug=f"cluster-{n}",
            name=f"Cluster {n}",
            zone="Europe/Berlin",
            visibility=Visibility.RESTRICTED if n == CLUSTERS else Visibility.OPEN,
        )
        for n in range(1, CLUSTERS + 1)
    )
    clusters = list(Cluster.objects.order_by("pk"))
    Component.objects.bulk_create(
        Component(
            cluster=clusters[n % CLUSTERS], slug=f"component-{n}", name=f"Component {n}", tier=n % 4, created_at=now
        )
        for n in range(COMPONENTS)
    )
    Person.objects.bulk_create(
        Person(handle=f"person-{n}", email=f"person-{n}@example.org", name=f"Person {n}", password="!")
        for n in range(PEOPLE)
    )
    members = list(Person.objects.order_by("pk")[:SEATS])
    RoleGrant.objects.bulk_create(RoleGrant(person=one, role=Role.BOARD_MEMBER) for one in members)
    board = Board.objects.create(slug="enterprise", name="Enterprise board", kind=BoardKind.ENTERPRISE, quorum_count=7)
    Seat.objects.bulk_create(
        Seat(
            board=board,
            person=one,
            role=SeatRole.VOTER if n else SeatRole.CHAIR,
            term=((now - timedelta(days=99)).date(), None),
        )
        for n, one in enumerate(members)
    )
    return members[1]


def colleague() -> Person:
    """Another member of the board who has not voted."""
    return Person.objects.order_by("pk")[2]


def changes(first: int, last: int) -> None:
    """Changes number `first` to `last` (both inclusive) with all that hangs on them; then ANALYZE."""
    with connection.cursor() as cursor:
        for statement in (_CHANGES, _TOUCHED, _REVISIONS, _ROUNDS, _BALLOTS, _ENTRIES):
            cursor.execute(statement, _FACTS | {"first": first, "last": last})
        cursor.execute("SELECT setval('cab_change_number', max(number)) FROM cab_change")
        cursor.execute("ANALYZE")


_FACTS: dict[str, Any] = {
    "verbs": VERBS.split(","),
    "words": WORDS.split(","),
    "sentence": SENTENCE,
    "clusters": CLUSTERS,
    "components": COMPONENTS,
    "people": PEOPLE,
    "seats": SEATS,
    "open": 10_000 // OPEN_CHANGES,
    "waiting": 10_000 // OPEN_CHANGES * WAITING_EACH,
}
# The requester is never one of the board: the first PEOPLE − SEATS ids after the members write changes.
_CHANGES = """
INSERT INTO cab_change (number, type, category, title, purpose, cluster_id, requester_id, implementer_id,
    implementation_plan, test_plan, communication_plan, backout_plan, window_start_local, window_end_local,
    window_zone, window_start_at, window_end_at, downtime_minutes, links, state, outcome, on_hold, unauthorized,
    unauthorized_because, latent, retroactive, revision, risk, risk_computed, risk_factors, risk_reason, created_at,
    submitted_at, deadline_at, decided_at, started_at, implemented_at, closed_at, source, external_id)
SELECT number, CASE WHEN n %% 9 = 0 THEN 'standard' WHEN n %% 31 = 0 THEN 'emergency' ELSE 'normal' END, '',
    (%(verbs)s::text[])[1 + n %% 12] || ' the ' || (%(words)s::text[])[1 + n %% 40] || ' of component ' || n %% 400,
    'The ' || (%(words)s::text[])[1 + (n * 7) %% 40] || ' needs it: ' || %(sentence)s,
    (SELECT min(id) FROM clusters_cluster) + n %% %(clusters)s,
    (SELECT min(id) FROM accounts_person) + %(seats)s + n %% (%(people)s - %(seats)s),
    (SELECT min(id) FROM accounts_person) + %(seats)s + (n * 3) %% (%(people)s - %(seats)s),
    repeat(%(sentence)s, 4), repeat(%(sentence)s, 2), %(sentence)s, repeat(%(sentence)s, 2),
    start_at AT TIME ZONE 'Europe/Berlin', (start_at + interval '2 hours') AT TIME ZONE 'Europe/Berlin',
    'Europe/Berlin', start_at, start_at + interval '2 hours', n %% 30, '[]', state,
    CASE WHEN state = 'closed' THEN CASE WHEN n %% 23 = 0 THEN 'backed_out' ELSE 'successful' END ELSE '' END,
    false, false, '', false, 'not_needed', 1, 1 + n %% 5, 1 + n %% 5,
    '[{"name": "tier", "value": 1, "weight": 2, "points": 2, "sentence": "A critical component is touched."}]', '',
    start_at - interval '9 days', start_at - interval '8 days',
    CASE WHEN state = 'awaiting_authorization' THEN now() + interval '1 day' + n * interval '1 second' END,
    CASE WHEN state IN ('closed', 'scheduled') THEN start_at - interval '5 days' END,
    CASE WHEN state = 'closed' THEN start_at END, CASE WHEN state = 'closed' THEN start_at + interval '1 hour' END,
    CASE WHEN state = 'closed' THEN start_at + interval '5 days' END, '', ''
FROM (
    SELECT n, 1000 + n AS number,
        CASE WHEN n > 10000 OR n %% %(open)s > 0 THEN 'closed'
            WHEN n %% %(waiting)s = 0 THEN 'awaiting_authorization'
            ELSE (ARRAY['scheduled', 'submitted', 'assessing', 'draft'])[1 + n / %(open)s %% 4] END AS state,
        CASE WHEN n > 10000 OR n %% %(open)s > 0 THEN now() - n * interval '20 minutes'
            ELSE now() + (n / %(open)s) * interval '3 hours' END AS start_at
    FROM generate_series(%(first)s::int, %(last)s::int) AS n
) AS planned
"""
_NEW = "FROM cab_change AS c WHERE c.number BETWEEN 1000 + %(first)s AND 1000 + %(last)s"
_TOUCHED = f"""
INSERT INTO cab_changecomponent (change_id, component_id)
SELECT c.id, (SELECT min(id) FROM clusters_component) + (c.number * k) %% %(components)s
FROM cab_change AS c, unnest(ARRAY[1, 7]) AS k {_NEW.removeprefix("FROM cab_change AS c")}
ON CONFLICT DO NOTHING
"""
_REVISIONS = f"""
INSERT INTO cab_revision (change_id, number, content, digest, author_id, is_material, at)
SELECT c.id, 1, jsonb_build_object('title', c.title, 'purpose', c.purpose, 'backout_plan', c.backout_plan),
    encode(sha256(c.title::bytea), 'hex'), c.requester_id, true, c.created_at {_NEW}
"""
_ROUNDS = f"""
INSERT INTO cab_round (change_id, board_id, number, revision, state, verdict, rule, tally, opened_at, closes_at,
    closed_at)
SELECT c.id, (SELECT min(id) FROM cab_board), 1, 1,
    CASE WHEN c.state = 'awaiting_authorization' THEN 'open' ELSE 'decided' END,
    CASE WHEN c.state = 'awaiting_authorization' THEN '' ELSE 'approved' END,
    '{{"quorum": {{"count": 7, "share": "0", "roles": []}}, "majority": "simple", "hides_ballots": false}}', '{{}}',
    c.submitted_at, coalesce(c.deadline_at, c.decided_at),
    CASE WHEN c.state = 'awaiting_authorization' THEN NULL ELSE c.decided_at END
{_NEW} AND c.state IN ('awaiting_authorization', 'scheduled', 'closed')
"""
_BALLOTS = """
INSERT INTO cab_ballot (round_id, voter_id, cast_by_id, revision, seat_role, seat_function, choice, reason, cast_at)
SELECT r.id, p.id, p.id, 1, 'voter', '', 'approve', 'Looks right.', r.opened_at
FROM cab_round AS r JOIN cab_change AS c ON c.id = r.change_id, accounts_person AS p
WHERE c.number BETWEEN 1000 + %(first)s AND 1000 + %(last)s
    AND p.id - (SELECT min(id) FROM accounts_person) BETWEEN 3 AND 5
"""
_ENTRIES = f"""
INSERT INTO journal_entry (event, at, recorded_at, actor_id, subject_type, subject_id, subject_label, cluster_id, data,
    digest)
SELECT event, c.created_at, c.created_at, c.requester_id, 'cab.change', c.id, 'CHG-' || c.number, c.cluster_id, '{{}}',
    encode(sha256((c.number || event)::bytea), 'hex')
FROM cab_change AS c,
    unnest(ARRAY['cab.ChangeProposed', 'cab.ChangeSubmitted', 'cab.AssessmentBegun', 'cab.RoundOpened', 'cab.VoteCast'])
        AS event {_NEW.removeprefix("FROM cab_change AS c")}
"""
