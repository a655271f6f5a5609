"""People: adding, joining, leaving and coming back, and what they set for themselves."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.text import slugify

from apps.accounts import events, queries, rules
from apps.accounts.models import Density, Person, PersonKind, RoleGrant, Theme
from apps.accounts.rules import Capability, Role
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, Invalid, NotFound, Refusal, refusal_from_constraint
from apps.kernel.windows import zone_names

LONGEST_NAME = 150


@transaction.atomic
def add_person(*, handle: str, name: str, email: str, adder: Person, at: datetime) -> Person:
    """Add someone who will sign in. They choose their password by the reset mail; the first role is requester."""
    adder.require(Capability.MANAGE_PEOPLE, to="add people")
    person = _created(handle=handle, name=name, email=_address(email), kind=PersonKind.HUMAN)
    RoleGrant.objects.create(person=person, role=Role.REQUESTER, granted_by=adder)
    journal.record(events.PersonAdded(person_id=person.pk, kind=person.kind), subject=person, actor=adder, at=at)
    return person


@transaction.atomic
def add_service(*, handle: str, name: str, adder: Person, at: datetime) -> Person:
    """Add a service identity: it acts by API key only, and can never sign in."""
    adder.require(Capability.MANAGE_PEOPLE, to="add service identities")
    service = _created(handle=handle, name=name, email=None, kind=PersonKind.SERVICE)
    RoleGrant.objects.create(person=service, role=Role.REQUESTER, granted_by=adder)
    journal.record(events.PersonAdded(person_id=service.pk, kind=service.kind), subject=service, actor=adder, at=at)
    return service


@transaction.atomic
def welcome(*, person: Person, provider: str, at: datetime) -> None:
    """Receive someone who signed up, by password or through an identity provider: they start as requester."""
    _, is_new = RoleGrant.objects.get_or_create(person=person, role=Role.REQUESTER)
    if is_new:
        journal.record(events.PersonJoined(person_id=person.pk, provider=provider), subject=person, actor=person, at=at)


@transaction.atomic
def deactivate_person(*, handle: str, deactivator: Person, at: datetime) -> Person:
    """End someone's access now: sessions, keys and roles stop counting. Their records stay."""
    deactivator.require(Capability.MANAGE_PEOPLE, to="deactivate people")
    grants = list(queries.administrators().select_for_update(of=("self",)))  # two cannot each remove the other
    person = _locked(handle)
    rules.require_other(actor_id=deactivator.pk, person_id=person.pk, act="deactivate")
    if not person.is_active:
        raise Conflict("This person is not active already.", next_step="Nothing is left to do.")
    if any(grant.person_id == person.pk for grant in grants):
        rules.require_administrator_left(len(grants) - 1)
    person.is_active = False
    person.save(update_fields=["is_active"])
    journal.record(events.PersonDeactivated(person_id=person.pk), subject=person, actor=deactivator, at=at)
    return person


@transaction.atomic
def reactivate_person(*, handle: str, reactivator: Person, at: datetime) -> Person:
    """Let someone back in, with the roles they still hold. Names from imported records stay names."""
    reactivator.require(Capability.MANAGE_PEOPLE, to="reactivate people")
    person = _locked(handle)
    if person.kind == PersonKind.RECORDED:
        raise Conflict(
            "A name from imported records cannot sign in.", next_step="Add the person under a handle of their own."
        )
    if person.is_active:
        raise Conflict("This person is active already.", next_step="Nothing is left to do.")
    person.is_active = True
    person.save(update_fields=["is_active"])
    journal.record(events.PersonReactivated(person_id=person.pk), subject=person, actor=reactivator, at=at)
    return person


@transaction.atomic
def rename_self(*, person: Person, name: str, at: datetime) -> Person:
    """Change the name others see. The handle stays: records name it."""
    name = _named(name)
    if name != person.name:
        person.name = name
        person.save(update_fields=["name"])
        journal.record(events.PersonRenamed(person_id=person.pk), subject=person, actor=person, at=at)
    return person


@transaction.atomic
def set_preferences(
    *, person: Person, at: datetime, theme: str | None = None, density: str | None = None, zone: str | None = None
) -> Person:
    """Set what the person's own pages look like; None leaves a preference as it is. Idempotent."""
    asked = {
        "theme": _choice("theme", theme, Theme.values),
        "density": _choice("density", density, Density.values),
        "zone": _choice("zone", zone, zone_names()),
    }
    changed = {name: value for name, value in asked.items() if value is not None and value != getattr(person, name)}
    if changed:
        for name, value in changed.items():
            setattr(person, name, value)
        person.save(update_fields=list(changed))
        journal.record(events.PreferencesSet(person_id=person.pk, changed=changed), subject=person, actor=person, at=at)
    return person


@transaction.atomic
def note_sign_in_change(*, person: Person, what: str, at: datetime) -> None:
    """Tell the journal that a password or second factor changed; the change itself was made by the sign-in library."""
    journal.record(events.SignInSecured(person_id=person.pk, what=what), subject=person, actor=person, at=at)


def _created(*, handle: str, name: str, email: str | None, kind: PersonKind) -> Person:
    handle = handle.strip().lower()
    if handle != slugify(handle) or not 1 <= len(handle) <= LONGEST_NAME:
        raise Invalid(
            "A handle has letters a to z, digits, “-” and “_”, at most 150.",
            next_step="Choose a short name without spaces.",
            fields={"handle": ["Not a handle."]},
        )
    if Person.objects.filter(handle=handle).exists():
        raise _taken("handle", f"The handle “{handle}” is taken.")
    try:
        with transaction.atomic():
            return Person.objects.create_user(handle, email, name=_named(name), kind=kind)
    except IntegrityError as error:
        raise _clash(error) from error


def _clash(error: IntegrityError) -> Refusal:
    """A unique column that someone else filled meanwhile (handle), or holds (e-mail)."""
    if "person_email_once" in str(error):
        return _taken("email", refusal_from_constraint(error, Person).sentence)
    if "handle" in str(error):
        return _taken("handle", "This handle is taken.")
    raise error


def _taken(field: str, sentence: str) -> Conflict:
    return Conflict(sentence, next_step="Choose another, or find the person in the list.", fields={field: [sentence]})


def _address(email: str) -> str:
    try:
        validate_email(email.strip())
    except ValidationError:
        raise Invalid(
            "This is not an e-mail address.",
            next_step="Write it as name@example.org.",
            fields={"email": ["Not an e-mail address."]},
        ) from None
    return email.strip().lower()


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME or "\0" in name:
        raise Invalid(
            f"A name has 1 to {LONGEST_NAME} characters.",
            next_step="Write the name others should see.",
            fields={"name": ["Write a name."]},
        )
    return name


def _choice(field: str, value: str | None, known: frozenset[str] | list[str]) -> str | None:
    if value is not None and value not in known:
        raise Invalid(
            f"“{value[:64]}” is not a {field} we know.",
            next_step="Use an IANA name such as Europe/Berlin." if field == "zone" else f"Use {', '.join(known)}.",
            fields={field: ["Choose one of the list."]},
        )
    return value


def _locked(handle: str) -> Person:
    person = Person.objects.select_for_update().filter(handle=handle).first()
    if person is None:
        raise NotFound("There is no one of this handle.", next_step="Look in the list of people.")
    return person
