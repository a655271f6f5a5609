"""Forms of initiatives and their maps. They check shape; what is allowed is decided by the actions."""

from typing import Any

from django import forms

from apps.accounts.models import Person
from apps.clusters.models import Cluster
from apps.clusters.web.forms import RefusableForm
from apps.stakeholders.models import Authority, Initiative, Kind, Stakeholder
from apps.stakeholders.rules.influence import Sway
from apps.stakeholders.rules.initiatives import (
    LONGEST_LINE,
    LONGEST_NAME,
    LONGEST_PURPOSE,
    LONGEST_REASON,
    LONGEST_SUMMARY,
)
from apps.stakeholders.rules.power import LONGEST_EVIDENCE, STANCES
from apps.stakeholders.rules.resources import LONGEST_UNIT, MOST_AMOUNT, RESOURCE_WORDS

_LINES = forms.Textarea(attrs={"rows": 3})
_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
SWAY_WORDS = {
    Sway.REPORTS_TO: "reports to",
    Sway.ADVISES: "advises",
    Sway.SPONSORS: "sponsors",
    Sway.VETOES: "may veto",
}


class HandleField(forms.CharField):
    """The handle of an account."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=150, **kwargs)

    def clean(self, value: Any) -> Person | None:
        """The person of that handle."""
        said = super().clean(value)
        found = Person.objects.filter(handle=said.strip().lower()).first() if said else None
        if said and found is None:
            raise forms.ValidationError("There is nobody of that handle.")
        return found

    def prepare_value(self, value: Any) -> Any:
        return value.handle if isinstance(value, Person) else value


class InitiativeForm(RefusableForm):
    name = forms.CharField(max_length=LONGEST_NAME)
    purpose = forms.CharField(widget=_LINES, max_length=LONGEST_PURPOSE, help_text="What is to be reached.")
    sponsor = HandleField(help_text="The handle of who wants it and answers for it.")
    clusters = forms.ModelMultipleChoiceField(
        queryset=Cluster.objects.none(), widget=forms.CheckboxSelectMultiple, help_text="At least two."
    )
    power_cut = forms.IntegerField(min_value=0, max_value=100, initial=50, help_text="From here on power is high.")
    interest_cut = forms.IntegerField(
        min_value=0, max_value=100, initial=50, help_text="From here on interest is high."
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["clusters"].queryset = Cluster.objects.visible_to(person).order_by("name")  # type: ignore[attr-defined]


class CloseForm(RefusableForm):
    reason = forms.CharField(widget=_LINES, max_length=LONGEST_REASON)


class DemandForm(RefusableForm):
    resource = forms.ChoiceField(choices=[(key, word) for key, word in RESOURCE_WORDS.items()])
    amount = forms.DecimalField(max_digits=16, decimal_places=2, max_value=MOST_AMOUNT)
    unit = forms.CharField(
        max_length=LONGEST_UNIT, required=False, help_text="EUR for a budget; vCPU or GB for a platform."
    )
    cluster = forms.ModelChoiceField(
        queryset=Cluster.objects.none(), required=False, label="Of", empty_label="the enterprise"
    )
    why = forms.CharField(max_length=LONGEST_LINE, required=False)

    def __init__(self, *args: Any, initiative: Initiative, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cluster"].queryset = initiative.clusters.order_by("name")  # type: ignore[attr-defined]


class PickForm(RefusableForm):
    """Choosing one of the stakeholders on record."""

    stakeholder = forms.ModelChoiceField(queryset=Stakeholder.objects.order_by("name", "pk"), label="Who")


class InvolveForm(PickForm):
    part = forms.CharField(max_length=120, required=False, help_text="Decider, supplier, those who will use it …")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "involve_%s", **kwargs})  # beside another form with the same fields


class AssessForm(RefusableForm):
    stakeholder = forms.ModelChoiceField(queryset=Stakeholder.objects.none(), label="Who")
    interest = forms.IntegerField(min_value=0, max_value=100)
    power = forms.IntegerField(
        min_value=0, max_value=100, label="Power as felt", help_text="A fifth of their power; the rest is computed."
    )
    urgency = forms.IntegerField(min_value=0, max_value=100)
    legitimacy = forms.IntegerField(min_value=0, max_value=100)
    stance = forms.TypedChoiceField(choices=[(key, word) for key, word in STANCES.items()], coerce=int)
    evidence = forms.CharField(widget=_LINES, max_length=LONGEST_EVIDENCE, help_text="What this rests on.")

    def __init__(self, *args: Any, initiative: Initiative, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Stakeholder.objects.filter(involvements__initiative=initiative).order_by("name", "pk")
        self.fields["stakeholder"].queryset = rows  # type: ignore[attr-defined]


class MoveForm(RefusableForm):
    """A move on the grid: where somebody stands now, and why."""

    stakeholder = forms.ModelChoiceField(queryset=Stakeholder.objects.all(), widget=forms.HiddenInput)
    interest = forms.IntegerField(min_value=0, max_value=100)
    total = forms.IntegerField(min_value=0, max_value=100, label="Power")
    evidence = forms.CharField(max_length=LONGEST_EVIDENCE, label="What it rests on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"auto_id": "move_%s", **kwargs})  # beside another form with the same fields


class EngagementForm(PickForm):
    what = forms.CharField(max_length=LONGEST_LINE, label="About what")
    due_on = forms.DateField(widget=_DAY, label="By when")
    owner = HandleField(label="Who speaks to them", help_text="A handle; they are reminded.")


class DropForm(RefusableForm):
    engagement = forms.IntegerField(widget=forms.HiddenInput)
    reason = forms.CharField(max_length=LONGEST_LINE)


class ConversationForm(PickForm):
    engagement = forms.IntegerField(widget=forms.HiddenInput, required=False)
    held_on = forms.DateField(widget=_DAY, label="On")
    summary = forms.CharField(widget=_LINES, max_length=LONGEST_SUMMARY, label="What was said")


class StakeholderForm(RefusableForm):
    kind = forms.ChoiceField(choices=Kind.choices)
    handle = forms.CharField(max_length=150, required=False, help_text="Of a person with an account.")
    team = forms.CharField(max_length=150, required=False, help_text="The name of a team.")
    name = forms.CharField(max_length=150, required=False, help_text="Of a person without an account.")
    organisation = forms.CharField(max_length=120, required=False)


class AuthorityForm(RefusableForm):
    resource = forms.ChoiceField(choices=[(key, word) for key, word in RESOURCE_WORDS.items()])
    amount = forms.DecimalField(max_digits=16, decimal_places=2, max_value=MOST_AMOUNT, label="Up to")
    unit = forms.CharField(max_length=LONGEST_UNIT, required=False, help_text="EUR for a budget.")
    cluster = forms.ModelChoiceField(
        queryset=Cluster.objects.none(), required=False, label="Over", empty_label="the enterprise"
    )
    first_day = forms.DateField(widget=_DAY)
    last_day = forms.DateField(widget=_DAY, required=False)
    delegated_from = forms.ModelChoiceField(
        queryset=Authority.objects.none(), required=False, empty_label="nobody: it is their own"
    )
    evidence = forms.CharField(max_length=LONGEST_LINE, help_text="The document that says so.")

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cluster"].queryset = Cluster.objects.visible_to(person).order_by("name")  # type: ignore[attr-defined]
        rows = Authority.objects.visible_to(person).select_related("holder").order_by("holder__name", "pk")
        self.fields["delegated_from"].queryset = rows  # type: ignore[attr-defined]


class EndAuthorityForm(RefusableForm):
    last_day = forms.DateField(widget=_DAY)


class InfluenceForm(RefusableForm):
    kind = forms.ChoiceField(choices=list(SWAY_WORDS.items()), label="How")
    target = forms.ModelChoiceField(queryset=Stakeholder.objects.order_by("name", "pk"), label="Whom")
    weight = forms.DecimalField(max_digits=3, decimal_places=2, min_value=0, max_value=1, initial=1)
