"""The form in which people report drift by hand."""

from typing import Any

from django import forms

from apps.accounts.models import Person
from apps.cab.queries.named import components_named
from apps.cab.rules import observations as rules
from apps.cab.web.forms import Lines, RefusableForm, links_of, told
from apps.clusters.models import Component


class DriftForm(RefusableForm):
    """What somebody saw that no change explains. Times are of the viewer's zone."""

    component = forms.CharField(max_length=300, help_text="As cluster/component.")
    observed_at = forms.DateTimeField(
        label="When it was seen", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )
    summary = forms.CharField(
        max_length=rules.LONGEST_SUMMARY, label="What was seen", help_text="What differs from what is declared."
    )
    found_by = forms.CharField(
        max_length=rules.LONGEST_FINDER, label="Who or what found it", help_text="A person or a program."
    )
    details = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 5}), max_length=rules.LONGEST_DETAILS, required=False
    )
    evidence = Lines(most=rules.MOST_LINKS, required=False, help_text="One a line: a label, a space, and the address.")
    # One number a form: sent twice, it is one report.
    external_id = forms.CharField(widget=forms.HiddenInput, max_length=rules.LONGEST_ID)

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person

    def clean_component(self) -> Component:
        """The component of that name, among those this person may know of."""
        return told(lambda: components_named([self.cleaned_data["component"]], self.person))[0]

    def clean_evidence(self) -> list[dict[str, str]]:
        """Label and address of each line; http and https only."""
        return links_of(self.cleaned_data["evidence"])
