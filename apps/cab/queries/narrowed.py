"""The first page of narrowed lists of changes: compiled once for each set of conditions, whoever asks.

People keep views, and programs ask the same address again and again; only who asks differs, and that is a parameter.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.db.models import BigIntegerField, QuerySet

from apps.accounts.models import Person
from apps.accounts.rules import Capability
from apps.cab.models import Change
from apps.cab.models.changes import ChangeQuerySet
from apps.cab.queries.changes import LIST_ORDER
from apps.kernel.paging import PAGE_SIZE, Page, first_page
from apps.kernel.prepared import Prepared

# Lookups on the change's own columns, with values that can be hashed.
Conditions = tuple[tuple[str, Any], ...]
MOST_KEPT = 128  # sets of conditions a process keeps compiled

_SHAPES: dict[str, Callable[[ChangeQuerySet, int], QuerySet[Any, Any]]] = {
    "rows": lambda rows, most: rows.in_lists().order_by(*LIST_ORDER)[:most],
    "keys": lambda rows, most: rows.order_by().values_list("pk")[:most],
}


def first_narrowed(person: Person, conditions: Conditions) -> Page:
    """The first page of the changes the person may see that meet the conditions, the newest first."""
    return first_page(_asked("rows", person, conditions, PAGE_SIZE + 1), order=LIST_ORDER)


def counted_narrowed(person: Person, conditions: Conditions, most: int) -> int:
    """How many there are, counted up to `most`."""
    return len(_asked("keys", person, conditions, most))


def _asked(shape: str, person: Person, conditions: Conditions, most: int) -> list[Any]:
    question = _question(shape, conditions, most, may=person.may(Capability.READ_RESTRICTED))
    return question(person=person.pk)


@lru_cache(maxsize=MOST_KEPT)
def _question(shape: str, conditions: Conditions, most: int, *, may: bool) -> Prepared:
    def build(person: Any) -> QuerySet[Any, Any]:
        seen = Change.objects.seen_by(person, reads_restricted=may)
        return _SHAPES[shape](seen.filter(**dict(conditions)), most)

    return Prepared(build, person=BigIntegerField())
