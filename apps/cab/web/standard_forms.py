"""Forms of the templates' pages. They check shape; what is allowed is decided by the actions."""

from collections.abc import Mapping
from typing import Any

from django import forms

from apps.cab.models import ChangeCategory
from apps.cab.rules import standards as rules
from apps.cab.rules.revisions import label_of
from apps.cab.web.forms import Lines
from apps.clusters.web.forms import RefusableForm

_MODES = [
    (rules.Mode.DEFAULT.value, "filled in, free to change"),
    (rules.Mode.MANDATORY.value, "mandatory: free to change, never empty"),
    (rules.Mode.LOCKED.value, "locked: stays as it is here"),
]
_PLANS = ("implementation_plan", "test_plan", "communication_plan", "backout_plan")


class TemplateForm(RefusableForm):
    """A template: each field with its value and how it binds."""

    name = forms.CharField(max_length=120)
    most_failures = forms.IntegerField(
        min_value=0,
        max_value=rules.MOST_BORNE,
        label="Failures borne",
        help_text=f"Among its last {rules.LAST_USES} finished changes. One more suspends it by itself.",
    )
    title = forms.CharField(max_length=rules.LONGEST["title"], required=False)
    category = forms.ChoiceField(choices=[("", "not said"), *ChangeCategory.choices], required=False)
    purpose = forms.CharField(
        max_length=rules.LONGEST["purpose"], required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    components = Lines(most=rules.MOST_COMPONENTS, required=False, help_text="One a line, as cluster/component.")
    downtime_minutes = forms.IntegerField(
        min_value=0, max_value=rules.MOST_DOWNTIME, label="Downtime expected (minutes)"
    )
    implementer = forms.CharField(max_length=rules.LONGEST["implementer"], required=False, help_text="A handle.")
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in _PLANS:
            self.fields[name] = forms.CharField(
                max_length=rules.LONGEST_PLAN, required=False, widget=forms.Textarea(attrs={"rows": 4})
            )
        for name in rules.FIELDS:
            self.fields[f"mode_{name}"] = forms.ChoiceField(choices=_MODES, label=f"{label_of(name)} is")

    def rows(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        """Each field beside how it binds."""
        return [(self[name], self[f"mode_{name}"]) for name in rules.FIELDS]

    def values(self) -> dict[str, dict[str, Any]]:
        """The template's fields, as the actions take them."""
        data = self.cleaned_data
        return {name: {"value": data[name], "mode": data[f"mode_{name}"]} for name in rules.FIELDS}


def initial_of(fields: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The form filled with what a version says."""
    return {name: one["value"] for name, one in fields.items()} | {
        f"mode_{name}": one["mode"] for name, one in fields.items()
    }


class StopForm(RefusableForm):
    """Why it is suspended or retired, and which version was on the page."""

    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=2_000)
    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)
