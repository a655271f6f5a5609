"""Named questions about people and keys."""

from django.db.models import Q, QuerySet

from apps.accounts.models import ApiKey, Person, RoleGrant
from apps.accounts.rules import Role


def people(*, search: str = "") -> QuerySet[Person]:
    """Everyone who acts or is named here; `search` looks in handle and name, case-insensitively."""
    found = Person.objects.all()
    words = search.strip()[:100]
    return found.filter(Q(handle__icontains=words) | Q(name__icontains=words)) if words else found


def keys_of(person: Person) -> QuerySet[ApiKey]:
    """A person's keys, the newest first, also those that ended."""
    return ApiKey.objects.filter(person=person).order_by("-pk")


def administrators() -> QuerySet[RoleGrant]:
    """The grants that let someone active administer people."""
    return RoleGrant.objects.filter(role=Role.ADMINISTRATOR, person__is_active=True)


def person_by_sign_in_name(name: str) -> Person | None:
    """Whom a handle or an e-mail address means at sign-in, in any case of letters."""
    return Person.objects.filter(Q(handle=name.lower()) | Q(email__iexact=name)).order_by("pk").first()
