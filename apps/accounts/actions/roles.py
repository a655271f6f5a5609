"""Roles: giving them and taking them back. No one gives themselves one, and one administrator always remains."""

from datetime import datetime

from django.db import transaction

from apps.accounts import events, queries, rules
from apps.accounts.models import Person, PersonKind, RoleGrant
from apps.accounts.rules import Capability, Role
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, NotFound


@transaction.atomic
def grant_role(*, handle: str, role: str, granter: Person, at: datetime) -> RoleGrant:
    """Give someone a role over the whole federation."""
    granter.require(Capability.MANAGE_PEOPLE, to="grant roles")
    known = rules.require_role(role)
    person = _found(handle)
    rules.require_other(actor_id=granter.pk, person_id=person.pk, act="grant a role to")
    rules.require_may_hold(known, is_human=person.kind == PersonKind.HUMAN, is_active=person.is_active)
    grant, is_new = RoleGrant.objects.get_or_create(person=person, role=known, defaults={"granted_by": granter})
    if not is_new:
        raise Conflict("This person already holds the role.", next_step="Nothing is left to do.")
    journal.record(events.RoleGranted(person_id=person.pk, role=known), subject=person, actor=granter, at=at)
    return grant


@transaction.atomic
def revoke_role(*, handle: str, role: str, revoker: Person, at: datetime) -> Person:
    """Take a role back; one's own too, unless one is the last administrator."""
    revoker.require(Capability.MANAGE_PEOPLE, to="revoke roles")
    known = rules.require_role(role)
    administrators = list(queries.administrators().select_for_update(of=("self",)))  # revocations take turns
    person = _found(handle)
    if known == Role.ADMINISTRATOR and person.is_active:
        rules.require_administrator_left(len([grant for grant in administrators if grant.person_id != person.pk]))
    deleted, _ = RoleGrant.objects.filter(person=person, role=known).delete()
    if not deleted:
        raise Conflict("This person does not hold the role.", next_step="Nothing is left to do.")
    journal.record(events.RoleRevoked(person_id=person.pk, role=known), subject=person, actor=revoker, at=at)
    return person


def _found(handle: str) -> Person:
    person = Person.objects.filter(handle=handle).first()
    if person is None:
        raise NotFound("There is no one of this handle.", next_step="Look in the list of people.")
    return person
