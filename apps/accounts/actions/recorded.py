"""People whom imported records name: known by handle, never able to sign in."""

from collections.abc import Mapping

from django.db import transaction

from apps.accounts.models import Person, PersonKind

LONGEST_NAME = 150


@transaction.atomic
def take_in_names(*, names: Mapping[str, str]) -> dict[str, int]:
    """The ids of the people with these handles (lower case), adding those not known yet by `names`' handle → name.

    For importers, which tell of the whole in their own journal entry. Idempotent, and safe beside itself.
    """
    known = _ids(names)
    missing = [
        # "!" is a password that nothing matches; Django's own marker with a random tail costs much time in bulk.
        Person(handle=handle, name=name[:LONGEST_NAME], kind=PersonKind.RECORDED, is_active=False, password="!")  # noqa: S106
        for handle, name in names.items()
        if handle not in known
    ]
    Person.objects.bulk_create(missing, ignore_conflicts=True)
    return _ids(names) if missing else known


def _ids(handles: Mapping[str, str]) -> dict[str, int]:
    return dict(Person.objects.filter(handle__in=list(handles)).values_list("handle", "pk"))
