"""Forms of conventions and exemptions. They check shape; what is allowed is decided by the actions."""

from typing import Any

from django import forms

from apps.clusters.conventions import kinds
from apps.clusters.rules.conventions import (
    LONGEST_EXAMPLE,
    LONGEST_REASON,
    MOST_DESCRIPTION,
    MOST_NAMES,
    MOST_PATTERN,
    Mode,
)
from apps.clusters.web.boundary_forms import LinesField
from apps.clusters.web.forms import RefusableForm, WordsField

_MODES = [
    (Mode.WARN.value, "warn: what breaks it is a finding"),
    (Mode.REFUSE.value, "refuse: nothing that breaks it is added"),
]
_WHEN = "%Y-%m-%dT%H:%M"


def _moment(label: str, help_text: str) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_WHEN)
    return forms.DateTimeField(required=False, label=label, help_text=help_text, widget=widget)


def _judged() -> list[tuple[str, str]]:
    return [
        (f"{kind.name}.{field}", f"{word} of a {kind.word}")
        for kind in kinds().values()
        for field, word in kind.fields.items()
    ]


def _of(kind_and_field: str) -> tuple[str, str]:
    kind, _, field = kind_and_field.partition(".")
    return kind, field


class EditConventionForm(RefusableForm):
    title = forms.CharField(max_length=120, help_text="As findings and refusals call it.")
    pattern = forms.CharField(
        max_length=MOST_PATTERN,
        required=False,
        strip=False,
        widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "false", "autocomplete": "off"}),
        help_text="RE2, of the whole name. Leave it empty to ask only for what follows below.",
    )
    passing = LinesField(required=False, max_length=5_000, label="Names that keep to it", help_text="One on each line.")
    failing = LinesField(required=False, max_length=5_000, label="Names that do not", help_text="One on each line.")
    least_description = forms.IntegerField(
        min_value=0,
        max_value=MOST_DESCRIPTION,
        initial=0,
        required=False,
        label="Description of at least",
        help_text="Characters; 0 asks for none.",
    )
    needs_owner = forms.BooleanField(required=False, label="It must name its team")
    needs_site = forms.BooleanField(required=False, label="It must name a site")
    tag_prefixes = WordsField(
        required=False, label="Tags that begin with", help_text="One of each, with commas between: data:, cost:"
    )
    mode = forms.ChoiceField(choices=_MODES, label="What it does")
    in_force_from = _moment("In force from", "In your zone; empty: at once.")
    grandfathered_before = _moment("Grandfathered before", "What is older need not keep to it.")
    reason = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}), max_length=LONGEST_REASON, help_text="Why, in a sentence or two."
    )
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean_least_description(self) -> int:
        """None, where nothing is said."""
        return self.cleaned_data["least_description"] or 0


class ConventionForm(EditConventionForm):
    judges = forms.ChoiceField(label="It judges", help_text="A kind of things, and what of them.")
    field_order = ["judges", "title"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["judges"].choices = _judged()  # type: ignore[attr-defined]  # it is a ChoiceField

    def clean(self) -> dict[str, Any]:
        """Part the kind from its field."""
        data = super().clean() or {}
        if "judges" in data:
            data["kind"], data["field"] = _of(data["judges"])
        return data


class RetireForm(RefusableForm):
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=LONGEST_REASON)


class ExemptionForm(RefusableForm):
    component = forms.CharField(max_length=300, help_text="short-name, or cluster/short-name.")
    until_on = forms.DateField(
        label="Until", widget=forms.DateInput(attrs={"type": "date"}), help_text="To the end of that day, yours."
    )
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=LONGEST_REASON)


class TryForm(RefusableForm):
    judges = forms.ChoiceField(label="Each is the")
    names = LinesField(
        max_length=100_000, strip=False, label="Names", help_text=f"One on each line, at most {MOST_NAMES:,}."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["judges"].choices = _judged()  # type: ignore[attr-defined]  # it is a ChoiceField

    def clean_judges(self) -> tuple[str, str]:
        """The kind and its field."""
        return _of(self.cleaned_data["judges"])

    def clean_names(self) -> list[str]:
        """Refuse too many, and names that are too long."""
        names: list[str] = self.cleaned_data["names"]
        if len(names) > MOST_NAMES or any(len(one) > LONGEST_EXAMPLE for one in names):
            raise forms.ValidationError(f"At most {MOST_NAMES:,} names of at most {LONGEST_EXAMPLE} characters.")
        return names
