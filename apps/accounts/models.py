"""People, the roles they hold, and the keys of pipelines."""

import zoneinfo
from functools import cached_property
from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from apps.accounts.rules import Capability, Role, Scope, capabilities
from apps.kernel.refusals import NotAllowed


class PersonKind(models.TextChoices):
    HUMAN = "human", "person"
    SERVICE = "service", "service identity"
    RECORDED = "recorded", "named in imported records; cannot sign in"


class Theme(models.TextChoices):
    AUTO = "auto", "as my device"
    LIGHT = "light", "light"
    DARK = "dark", "dark"


class Density(models.TextChoices):
    COMPACT = "compact", "compact"
    COMFORTABLE = "comfortable", "comfortable"
    TOUCH = "touch", "touch"


class PersonManager(BaseUserManager["Person"]):
    def create_user(
        self, handle: str, email: str | None = None, password: str | None = None, **fields: Any
    ) -> "Person":
        """One new person. Without a password none can be used to sign in."""
        person = self.model(handle=handle.lower(), email=self.normalize_email(email).lower() or None, **fields)
        person.set_password(password)
        person.save(using=self._db)
        return person

    def create_superuser(
        self, handle: str, email: str | None = None, password: str | None = None, **fields: Any
    ) -> "Person":
        """One new administrator."""
        person = self.create_user(handle, email, password, is_superuser=True, **fields)
        RoleGrant.objects.create(person=person, role=Role.ADMINISTRATOR)
        return person

    def get_by_natural_key(self, username: str | None) -> "Person":
        return self.get(handle=(username or "").lower())


class Person(AbstractBaseUser, PermissionsMixin):
    """Someone (or something) that acts: a human, a service identity, or a name from imported records."""

    handle = models.CharField(max_length=150, unique=True, help_text="Short and lower-case; how records name you.")
    email = models.EmailField(null=True, blank=True)
    name = models.CharField(max_length=150)
    kind = models.CharField(max_length=10, choices=PersonKind.choices, default=PersonKind.HUMAN)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)
    zone = models.CharField(max_length=64, default="UTC")
    theme = models.CharField(max_length=10, choices=Theme.choices, default=Theme.AUTO)
    density = models.CharField(max_length=12, choices=Density.choices, default=Density.COMFORTABLE)

    objects: ClassVar[PersonManager] = PersonManager()

    USERNAME_FIELD = "handle"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["email", "name"]

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="person_email_once",
                violation_error_message="Someone already uses this e-mail address.",
            ),
            models.CheckConstraint(condition=models.Q(kind__in=PersonKind.values), name="person_kind_known"),
            models.CheckConstraint(condition=models.Q(handle=Lower("handle")), name="person_handle_lower"),
            models.CheckConstraint(
                condition=~models.Q(kind=PersonKind.RECORDED, is_active=True),
                name="person_recorded_never_signs_in",
                violation_error_message="A name from imported records cannot sign in.",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.handle

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return self.name.split(" ")[0] if self.name else self.handle

    @property
    def tzinfo(self) -> zoneinfo.ZoneInfo:
        """The zone times are shown in for this person."""
        return zoneinfo.ZoneInfo(self.zone)

    @cached_property
    def roles(self) -> frozenset[Role]:
        """The roles this person holds; read once a request. Someone inactive holds none."""
        held = self.role_grants.values_list("role", flat=True) if self.is_active else ()
        return frozenset(Role(role) for role in held)

    @cached_property
    def capabilities(self) -> frozenset[Capability]:
        """What this person's roles give; read once a request."""
        return capabilities(self.roles)

    def holds(self, role: Role) -> bool:
        """Whether this person holds the role."""
        return role in self.roles

    def may(self, capability: Capability) -> bool:
        """Whether this person's roles give the capability."""
        return capability in self.capabilities

    def require(self, capability: Capability, *, to: str) -> None:
        """Refuse unless the roles give `capability`; `to` completes "You may not …"."""
        if not self.may(capability):
            raise NotAllowed(f"You may not {to}.", next_step="Ask an administrator for the role it needs.")


class RoleGrant(models.Model):
    """A role held by a person, and who gave it."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="role_grants")  # goes with the person
    role = models.CharField(max_length=30, choices=[(role, role.replace("_", " ")) for role in Role])
    granted_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="+")
    granted_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "role"],
                name="role_once",
                violation_error_message="This person already holds the role.",
            ),
            models.CheckConstraint(condition=models.Q(role__in=list(Role)), name="role_known"),
            models.CheckConstraint(
                condition=~models.Q(person=models.F("granted_by")),
                name="role_not_self_granted",
                violation_error_message="No one gives themselves a role.",
            ),
        ]


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable_at(self, at: Any) -> Self:
        """Keys that are neither revoked nor expired, of people who are still active."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=at, person__is_active=True)


class ApiKey(models.Model):
    """A pipeline's key: only its hash is kept, it has an end, and it never exceeds its owner's rights."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    hash = models.CharField(max_length=64)  # SHA-256 of the secret in hex; the secret has 256 random bits, so no salt
    scopes = ArrayField(models.CharField(max_length=30, choices=[(scope, scope) for scope in Scope]))
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("created_at")),
                name="api_key_expires_later",
                violation_error_message="A key must expire after it was made.",
            ),
            models.CheckConstraint(condition=~models.Q(scopes=[]), name="api_key_has_scope"),
        ]

    def __str__(self) -> str:
        return self.name


class IdempotentAnswer(models.Model):
    """The answer given to one Idempotency-Key, written in the transaction of the work it answers."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)  # SHA-256 of method, path and body: the same key must mean the same
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(null=True)  # JSON as it was sent: jsonb would reorder it; null for an answer without a body
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "key"], name="idempotency_key_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotent_answer_age")]
