"""Forms of charters, transfer rules and sites. They check shape; what is allowed is decided by the actions."""

from typing import Any

from django import forms

from apps.accounts.models import Person
from apps.clusters.models import DataClass, Regime
from apps.clusters.rules.boundaries import Verdict
from apps.clusters.rules.charters import LONGEST_PURPOSE, LONGEST_REASON
from apps.clusters.web.forms import RefusableForm, WordsField

_AREA = forms.Textarea(attrs={"rows": 4})
_CODES = "Two-letter country codes, or EU, with commas between."


class LinesField(forms.CharField):
    """A list of texts, one on each line."""

    widget = forms.Textarea(attrs={"rows": 6})

    def to_python(self, value: Any) -> Any:
        """The lines without blanks and empty ones."""
        return [line.strip() for line in str(super().to_python(value) or "").splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


class CharterForm(RefusableForm):
    purpose = forms.CharField(widget=_AREA, max_length=LONGEST_PURPOSE, help_text="What the cluster is there for.")
    accountable = forms.CharField(max_length=150, label="Accountable", help_text="The handle of who answers for it.")
    capabilities = LinesField(
        required=False, max_length=30_000, help_text="What it can do for the enterprise, one on each line."
    )
    jurisdictions = WordsField(max_length=1_000, label="Where its data may live", help_text=_CODES)
    data_classes = forms.MultipleChoiceField(
        choices=DataClass.choices, required=False, widget=forms.CheckboxSelectMultiple, label="Data it holds"
    )
    regimes = forms.MultipleChoiceField(
        choices=Regime.choices, required=False, widget=forms.CheckboxSelectMultiple, label="Regimes it keeps to"
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean_accountable(self) -> Person:
        """The person of that handle."""
        found = Person.objects.filter(handle=self.cleaned_data["accountable"].lower()).first()
        if found is None:
            raise forms.ValidationError("There is nobody of that handle.")
        return found


class VersionForm(RefusableForm):
    version = forms.IntegerField(widget=forms.HiddenInput)


class DecisionForm(VersionForm):
    reason = forms.CharField(widget=_AREA, max_length=LONGEST_REASON, help_text="Why, in a sentence or two.")


class TransferRuleForm(RefusableForm):
    data_class = forms.ChoiceField(choices=DataClass.choices, label="Data")
    origin = forms.CharField(max_length=2, label="From", help_text="A country code, EU, or * for anywhere.")
    destination = forms.CharField(max_length=2, label="To", help_text="A country code, EU, or * for anywhere.")
    verdict = forms.ChoiceField(choices=[(one.value, one.value) for one in Verdict], label="It is")
    safeguard = forms.CharField(max_length=200, required=False, help_text="Which, where one is asked for.")
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=LONGEST_REASON)


class SiteForm(RefusableForm):
    code = forms.CharField(max_length=40, label="Site", help_text="As components name it.")
    name = forms.CharField(max_length=120, required=False)
    jurisdiction = forms.CharField(max_length=2, label="Country", help_text="Its two-letter code (ISO 3166-1).")
