"""Keeping what is a part of what free of circles while several write at once."""

from collections.abc import Sequence

from django.db import connection

from apps.accounts.models import Person
from apps.clusters.queries.nesting import names_for, nesting_above
from apps.clusters.rules.nesting import circles, closes_circle, nested, shown

_TURN = 0x6E65_7374  # the advisory lock under which wholes and parts take turns: two could close a circle neither sees

Nested = tuple[int, int]  # the keys of a whole and a part


def take_turn() -> None:
    """Wait until nobody else writes wholes and parts, and keep them waiting to the end of the transaction.

    Whoever locks loose ends as well takes the turn first: as all do it in this order, nobody waits in a ring.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])


def circles_of(new: Sequence[Nested]) -> dict[int, list[int]]:
    """Of each new pair that would close a circle on the map, by its place: the circle.

    From here to the end of the transaction nobody else writes a whole and its part.
    """
    if not new:
        return {}
    take_turn()
    return circles(new, nesting_above({whole for whole, _ in new}))


def require_may_nest(*, kind: str, consumer_id: int, provider_id: int, person: Person) -> None:
    """Refuse a dependency that says of something that it is a part of itself, by whatever way."""
    pair = nested(kind, consumer_id, provider_id)
    if pair is None or consumer_id == provider_id:  # the database has its own sentence for that
        return
    for circle in circles_of([pair]).values():
        raise closes_circle(circle, names_for(person, shown(circle)).__getitem__)
