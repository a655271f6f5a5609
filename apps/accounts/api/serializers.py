"""How people and keys read and are written over the API."""

from rest_framework import serializers

from apps.accounts.actions import NewKey
from apps.accounts.api.bodies import Strict
from apps.accounts.models import ApiKey, Density, Person, Theme
from apps.accounts.rules import Capability, Role, Scope


class PersonOut(serializers.ModelSerializer[Person]):
    """What everyone may know of a person: no address, no settings."""

    class Meta:
        model = Person
        fields = ("handle", "name", "kind", "is_active")
        read_only_fields = fields


class MeOut(serializers.Serializer[Person]):
    """The caller, with what their roles let them do."""

    handle = serializers.CharField()
    name = serializers.CharField()
    email = serializers.EmailField(allow_null=True)
    zone = serializers.CharField(help_text="IANA name; times on pages show in it.")
    theme = serializers.ChoiceField(choices=Theme.choices)
    density = serializers.ChoiceField(choices=Density.choices)
    roles = serializers.SerializerMethodField()
    capabilities = serializers.SerializerMethodField()

    def get_roles(self, person: Person) -> list[Role]:
        return sorted(person.roles)

    def get_capabilities(self, person: Person) -> list[Capability]:
        return sorted(person.capabilities)


class ApiKeyOut(serializers.ModelSerializer[ApiKey]):
    """A key without its secret."""

    scopes = serializers.ListField(child=serializers.ChoiceField(choices=[(scope, scope) for scope in Scope]))

    class Meta:
        model = ApiKey
        fields = ("id", "name", "prefix", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at")
        read_only_fields = fields


class ApiKeyIn(Strict):
    """What a new key is for and when it ends."""

    name = serializers.CharField(max_length=80)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=[(scope, scope) for scope in Scope]), min_length=1, max_length=len(Scope)
    )
    expires_at = serializers.DateTimeField(help_text="Within 365 days.")


class NewKeyOut(serializers.Serializer[NewKey]):
    """A new key; the only answer that ever holds its token. A replay carries null there."""

    api_key = ApiKeyOut(source="key")
    token = serializers.CharField(allow_null=True, help_text="Send it as “Authorization: Bearer …”. Shown once.")
