"""Named questions about people and keys."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from apps.accounts.models import ApiKey, Person, RoleGrant
from apps.accounts.rules import Role
from apps.journal.events import words_for
from apps.journal.queries import timeline


@dataclass(frozen=True)
class Moment:
    """One line of a person's timeline."""

    actor: Person | None
    words: str
    detail: str
    at: datetime
    digest: str
    sequence: int


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


def history_of(person: Person, *, limit: int = 50) -> list[Moment]:
    """What was done to and by this person's account, the newest first."""
    return [
        Moment(
            actor=entry.actor,
            words=f"{words_for(entry.event)} {entry.subject_label}",
            detail=str(entry.data.get("role") or entry.data.get("what") or entry.data.get("prefix") or ""),
            at=entry.at,
            digest=entry.digest,
            sequence=entry.pk,
        )
        for entry in timeline(person, limit=limit)
    ]
