"""What the exported list of people holds, column by column."""

from operator import attrgetter

from apps.accounts.models import Person
from apps.kernel.exports import Table


def _roles(person: Person) -> str:
    return ", ".join(sorted(grant.get_role_display() for grant in person.role_grants.all()))


PEOPLE = Table(
    "people",
    {
        "name": attrgetter("name"),
        "handle": attrgetter("handle"),
        "kind": lambda one: one.get_kind_display(),
        "roles": _roles,
        "is_active": attrgetter("is_active"),
    },
)
