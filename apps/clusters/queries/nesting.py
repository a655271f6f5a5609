"""What is a part of what on the map."""

from collections.abc import Collection, Iterable
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from apps.accounts.models import Person
from apps.clusters.models import Component, Visibility
from apps.clusters.rules import nesting as rules

# One step up: who says that these are its parts, and what these say they are parts of.
_UP = """
    SELECT edge.provider_id AS part, edge.consumer_id AS whole FROM clusters_dependency AS edge
     WHERE lower(translate(edge.kind, '-_', '  ')) = ANY(%(by_wholes)s) AND edge.provider_id = below.id
    UNION ALL
    SELECT edge.consumer_id, edge.provider_id FROM clusters_dependency AS edge
     WHERE lower(translate(edge.kind, '-_', '  ')) = ANY(%(by_parts)s) AND edge.consumer_id = below.id
"""
_ABOVE = f"""
    WITH RECURSIVE above(part, whole) AS (
        SELECT up.part, up.whole FROM unnest(%(wholes)s) AS below(id) CROSS JOIN LATERAL ({_UP}) AS up
        UNION
        SELECT up.part, up.whole FROM above CROSS JOIN LATERAL (SELECT above.whole AS id) AS below
         CROSS JOIN LATERAL ({_UP}) AS up
    )
    SELECT whole, part FROM above
"""  # noqa: S608  # our own text; what is asked goes in as parameters


def nesting_above(wholes: Collection[int]) -> list[tuple[int, int]]:
    """Every (whole, part) of the map above these components: what they are parts of, what that is, and so on."""
    if not wholes:
        return []
    asked: dict[str, list[Any]] = {
        "wholes": list(wholes),
        "by_wholes": list(rules.SAID_BY_WHOLES),
        "by_parts": list(rules.SAID_BY_PARTS),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ABOVE, asked)
        return [(whole, part) for whole, part in cursor.fetchall()]


def names_for(person: Person | None, keys: Iterable[int]) -> dict[int, str]:
    """Components as a person writes them, "payments/ledger"; those they may not know of are not named."""
    return _named(keys, Component.objects.visible_to(person) if person else Component.objects.all())


def names_for_all(keys: Iterable[int]) -> dict[int, str]:
    """The same for everybody who signs in: those of restricted clusters are not named."""
    return _named(keys, Component.objects.filter(cluster__visibility=Visibility.OPEN))


def _named(keys: Iterable[int], seen: QuerySet[Component]) -> dict[int, str]:
    wanted = set(keys)
    rows = seen.filter(pk__in=wanted).values_list("pk", "cluster__slug", "slug") if wanted else ()
    return dict.fromkeys(wanted, rules.SOMETHING) | {pk: f"{cluster}/{slug}" for pk, cluster, slug in rows}
