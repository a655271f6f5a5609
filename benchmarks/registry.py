"""The lists of the map: integrations, isolation plans, findings, as many as asked, and each list's rows by raw SQL."""

from django.db import connection

from apps.accounts.models import Person
from apps.clusters.models import Cluster

EACH = 10  # integrations of one component
PAGE = 51  # a page asks for one row more than it shows, to know whether there is a next

_COMPONENTS = """INSERT INTO clusters_component
    (cluster_id, slug, name, kind, tier, lifecycle, description, owner_name, sites, tags, source, created_at, version)
SELECT %(cluster)s + n %% %(clusters)s, 'part-' || n, 'Part ' || n, 'service', n %% 4, 'production', '', '', '{}', '{}',
    '', now(), 1
FROM generate_series(%(first)s / %(each)s, %(last)s / %(each)s) AS n ON CONFLICT DO NOTHING"""
_INTERFACES = """INSERT INTO integrations_interface
    (component_id, name, kind, port, protocol, contract_url, is_data_product, description, latency_ms,
     availability_percent, offered_by_id, offered_at, version)
SELECT c.id, 'orders of part ' || c.id, 'http', 8080, 'http', '', false, '', 200, 99.9, %(person)s, now(), 1
FROM clusters_component AS c
WHERE c.slug LIKE 'part-%%' AND NOT EXISTS (SELECT 1 FROM integrations_interface AS i WHERE i.component_id = c.id)"""
_INTEGRATIONS = """INSERT INTO integrations_integration
    (consumer_id, interface_id, purpose, direction, latency_ms, freshness_s, rate_per_s, consistency, ordering,
     replay_days, payload_kb, availability_percent, survives_s, coupling, data_class, declared_by_id, declared_at,
     version)
SELECT c.id, i.id, 'Reads what it needs.', 'reads', 500, 60, 5, 'eventual', 'none', 0, 4, 99, 60 * (c.rank %% 5),
    'moderate', 'internal', %(person)s, now(), 1
FROM (SELECT id, row_number() OVER (ORDER BY id) AS rank FROM clusters_component WHERE slug LIKE 'part-%%') AS c
CROSS JOIN generate_series(1, %(each)s) AS k
JOIN (SELECT id, row_number() OVER (ORDER BY id) AS rank FROM integrations_interface) AS i
    ON i.rank = 1 + (c.rank + 7 * k) %% (SELECT count(*) FROM integrations_interface)
ON CONFLICT DO NOTHING"""
_PLANS = """INSERT INTO integrations_isolationplan
    (integration_id, mode, holds_s, conflict, reconciliation, steps, owner_id, written_by_id, written_at, version)
SELECT e.id, 'serve_stale', 60 * (1 + e.id %% 9), '', '', '', %(person)s, %(person)s, now(), 1
FROM integrations_integration AS e
WHERE e.id %% 5 > 0 AND NOT EXISTS (SELECT 1 FROM integrations_isolationplan AS p WHERE p.integration_id = e.id)"""
_REHEARSALS = """INSERT INTO integrations_rehearsal
    (integration_id, plan_version, mode, outcome, held_s, notes, rehearsed_at, recorded_by_id, recorded_at)
SELECT p.integration_id, 1, p.mode, CASE WHEN p.id %% 7 = 0 THEN 'failed' ELSE 'held' END, 60, 'As planned.',
    now() - make_interval(days => (p.id %% 300 + 30 * turn)::int), %(person)s, now()
FROM integrations_isolationplan AS p CROSS JOIN generate_series(0, 1) AS turn
WHERE p.id %% 4 > 0 AND NOT EXISTS
    (SELECT 1 FROM integrations_rehearsal AS r WHERE r.integration_id = p.integration_id)"""
_LATEST = """UPDATE integrations_isolationplan AS p SET last_rehearsal_id = r.id FROM integrations_rehearsal AS r
WHERE r.integration_id = p.integration_id AND p.last_rehearsal_id IS NULL AND r.rehearsed_at =
    (SELECT max(o.rehearsed_at) FROM integrations_rehearsal AS o WHERE o.integration_id = p.integration_id)"""
_FINDINGS = """INSERT INTO clusters_finding
    (checker, checker_version, code, key, severity, cluster_id, component_id, sentence, next_step, evidence,
     inputs_sha256, state, found_at, waiver_reason, version)
SELECT 'bench', 1, 'bench-' || n %% 9, 'bench-' || n, 1 + n %% 3, %(cluster)s + n %% %(clusters)s, NULL,
    'Part ' || n || ' is not as it should be.', 'Mend it.', '{}', repeat('0', 64), 'open', now(), '', 1
FROM generate_series(%(first)s, %(last)s) AS n"""
_LOOSE = """INSERT INTO clusters_looseend
    (cluster_id, consumer_id, consumer_cluster, consumer_name, provider_cluster, provider_name, kind, weight,
     data_class, safeguard, note, source, found_at)
SELECT c.cluster_id, c.id, '', c.name, '', 'unknown ' || c.id, 'calls', 1, '', '', '', 'bench', now()
FROM clusters_component AS c WHERE c.slug LIKE 'part-%%' ON CONFLICT DO NOTHING"""
FILLED = (_COMPONENTS, _INTERFACES, _INTEGRATIONS, _PLANS, _REHEARSALS, _LATEST, _FINDINGS, _LOOSE)

_SEEN = "{} IN (SELECT id FROM clusters_cluster WHERE visibility = 'open')"
_ENDS = """FROM integrations_integration AS e
JOIN clusters_component AS c ON c.id = e.consumer_id JOIN clusters_cluster AS k ON k.id = c.cluster_id
JOIN integrations_interface AS i ON i.id = e.interface_id
JOIN clusters_component AS p ON p.id = i.component_id JOIN clusters_cluster AS q ON q.id = p.cluster_id"""
_BOTH = f"{_SEEN.format('c.cluster_id')} AND {_SEEN.format('p.cluster_id')}"
_BETWEEN = f"""{_ENDS} LEFT JOIN integrations_isolationplan AS n ON n.integration_id = e.id
LEFT JOIN integrations_rehearsal AS l ON l.id = n.last_rehearsal_id
WHERE {_BOTH} AND c.cluster_id <> p.cluster_id"""
_STANDING = """CASE WHEN n.id IS NULL THEN 0 WHEN n.holds_s < e.survives_s THEN 1
    WHEN l.plan_version IS DISTINCT FROM n.version THEN 3 WHEN l.outcome = 'failed' THEN 2
    WHEN l.rehearsed_at < now() - interval '90 days' THEN 4 ELSE 5 END"""
QUESTIONS: dict[str, tuple[str, ...]] = {
    "integrations": (
        f"""SELECT e.*, c.name, k.name, i.name, i.kind, p.name, q.name
        {_ENDS} WHERE {_BOTH} ORDER BY c.name, i.name, e.id LIMIT {PAGE}""",
    ),
    "isolation": (
        f"SELECT {_STANDING} AS standing, count(*) {_BETWEEN} GROUP BY 1",
        f"""SELECT e.*, c.name, k.name, i.name, p.name, q.name, n.mode, n.holds_s, l.*, {_STANDING} AS standing
        {_BETWEEN} ORDER BY standing, c.name, i.name, e.id LIMIT {PAGE}""",
    ),
    "interfaces": (
        f"""SELECT i.*, c.name, k.name, (SELECT count(*) FROM integrations_integration AS e WHERE e.interface_id = i.id)
        FROM integrations_interface AS i JOIN clusters_component AS c ON c.id = i.component_id
        JOIN clusters_cluster AS k ON k.id = c.cluster_id
        WHERE {_SEEN.format("c.cluster_id")} ORDER BY c.name, i.name, i.id LIMIT {PAGE}""",
    ),
    "findings": (
        f"""SELECT f.*, k.name FROM clusters_finding AS f JOIN clusters_cluster AS k ON k.id = f.cluster_id
        WHERE f.state = 'open' AND {_SEEN.format("f.cluster_id")} ORDER BY f.severity DESC, f.id DESC LIMIT {PAGE}""",
    ),
    "loose ends": (
        f"SELECT count(*) FROM clusters_looseend AS o WHERE {_SEEN.format('o.cluster_id')}",
        f"""SELECT o.*, k.name FROM clusters_looseend AS o JOIN clusters_cluster AS k ON k.id = o.cluster_id
        WHERE {_SEEN.format("o.cluster_id")} ORDER BY o.consumer_name, o.provider_name, o.id LIMIT {PAGE}""",
    ),
}


def surround(first: int, last: int) -> None:
    """As many integrations as numbers from `first` to `last`, with what hangs on them; then ANALYZE."""
    facts = {
        "first": first,
        "last": last,
        "each": EACH,
        "cluster": Cluster.objects.order_by("pk").values_list("pk", flat=True)[0],
        "clusters": Cluster.objects.count(),
        "person": Person.objects.order_by("pk")[0].pk,
    }
    with connection.cursor() as cursor:
        for statement in FILLED:
            cursor.execute(statement, facts)
        cursor.execute("VACUUM ANALYZE")
