"""What people type into the pages of accounts. What is allowed is decided by the actions; forms only read."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.http import HttpRequest

from apps.accounts.models import Density, Person, Theme
from apps.accounts.rules import LONGEST_KEY, Role, Scope
from apps.kernel.windows import zone_names

SCOPE_WORDS = {
    Scope.READ: "Read everything its owner may see",
    Scope.CHANGES: "Propose and edit changes",
    Scope.VOTES: "Cast votes",
    Scope.CLUSTERS: "Edit clusters and components",
    Scope.IMPORTS: "Import files",
    Scope.WEBHOOKS: "Manage webhooks",
    Scope.POLICIES: "Write approval policies",
}


class SignUpName(forms.Form):
    """What the sign-up form asks beside handle, address and password."""

    name = forms.CharField(max_length=150, label="Name")
    field_order = ("name", "username", "email", "password1", "password2")

    def signup(self, request: HttpRequest, user: Person) -> None:
        """Nothing is left to keep: the adapter has taken the name."""


class SettingsForm(forms.Form):
    """A person's own name and preferences."""

    name = forms.CharField(max_length=150, label="Name", help_text="How others see you.")
    zone = forms.ChoiceField(label="Time zone", help_text="Times on pages show in it.")
    theme = forms.ChoiceField(label="Theme", choices=Theme.choices)
    density = forms.ChoiceField(label="Row height", choices=Density.choices)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = [(zone, zone) for zone in sorted(zone_names())]
        self.fields["zone"].choices = zones  # type: ignore[attr-defined]  # a ChoiceField


class KeyForm(forms.Form):
    """A new API key."""

    name = forms.CharField(max_length=80, label="Name", help_text="What will use it, such as “deploy pipeline”.")
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=[(scope.value, words) for scope, words in SCOPE_WORDS.items()],
        initial=[Scope.READ.value],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(
        label="Days until it ends",
        min_value=1,
        max_value=LONGEST_KEY.days,
        initial=90,
        help_text=f"At most {LONGEST_KEY.days}.",
    )

    def expires_at(self, at: datetime) -> datetime:
        """The end that the days mean, counted from `at`."""
        return (at + timedelta(days=self.cleaned_data["days"])).astimezone(UTC)


class PersonForm(forms.Form):
    """Someone who will sign in."""

    name = forms.CharField(max_length=150, label="Name")
    handle = forms.CharField(
        max_length=150, label="Handle", help_text="Short and lower-case; records name it for ever."
    )
    email = forms.EmailField(label="E-mail", help_text="We mail how to choose a password.")


class ServiceForm(forms.Form):
    """A program that will call the API."""

    name = forms.CharField(max_length=150, label="Name")
    handle = forms.CharField(max_length=150, label="Handle", help_text="Short and lower-case, such as “deploy-bot”.")


class RoleForm(forms.Form):
    """A role to give."""

    role = forms.ChoiceField(label="Role", choices=[(role.value, role.replace("_", " ").capitalize()) for role in Role])
