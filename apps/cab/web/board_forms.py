"""What people type about boards: rules, seats, delegations. Refusals of actions come back as form errors."""

from typing import Any

from django import forms

from apps.accounts.models import Person
from apps.cab.models import Board, Majority, SeatRole
from apps.cab.queries.named import people_named
from apps.cab.web.forms import Lines, RefusableForm, told


class BoardForm(RefusableForm):
    """A board's rules."""

    name = forms.CharField(max_length=120)
    purpose = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), max_length=4000, required=False)
    quorum_count = forms.IntegerField(min_value=1, max_value=100, label="Quorum: at least this many ballots")
    quorum_share = forms.DecimalField(
        min_value=0, max_value=1, decimal_places=2, label="Quorum: at least this share (0 to 1)"
    )
    quorum_roles = Lines(
        most=10,
        required=False,
        label="Quorum: these roles or functions must have voted",
        help_text="One a line, such as chair or security.",
    )
    majority = forms.ChoiceField(choices=Majority.choices)
    hides_ballots = forms.BooleanField(required=False, label="Ballots stay hidden until the round closes")
    decision_hours = forms.IntegerField(min_value=1, max_value=2160, label="Hours a round stays open")
    allows_implement_first = forms.BooleanField(
        required=False, label="Emergencies may begin before the decision, which follows after the fact"
    )
    retroactive_hours = forms.IntegerField(
        min_value=1, max_value=336, initial=24, label="Hours in which a decision after the fact follows"
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    @staticmethod
    def initial_of(board: Board) -> dict[str, Any]:
        """The form filled with the rules in force."""
        return {name: getattr(board, name) for name in BoardForm.base_fields}


class SeatForm(RefusableForm):
    """A new seat."""

    person = forms.CharField(
        max_length=150, help_text="The person's handle.", widget=forms.TextInput(attrs={"list": "people"})
    )
    role = forms.ChoiceField(choices=SeatRole.choices, initial=SeatRole.VOTER)
    function = forms.CharField(max_length=40, required=False, help_text="What the seat stands for, such as security.")
    first_day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last_day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), required=False)

    def clean_person(self) -> Person:
        """The person of that handle."""
        return told(lambda: people_named([self.cleaned_data["person"]], field="person"))[0]


class DelegationForm(RefusableForm):
    """Somebody else casts one's ballots for some days."""

    taker = forms.CharField(
        max_length=150,
        label="Delegate to",
        help_text="The person's handle.",
        widget=forms.TextInput(attrs={"list": "people"}),
    )
    first_day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    last_day = forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    reason = forms.CharField(max_length=300, required=False)

    def clean_taker(self) -> Person:
        """The person of that handle."""
        return told(lambda: people_named([self.cleaned_data["taker"]], field="taker"))[0]
