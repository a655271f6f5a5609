"""Forms of the clusters pages. They check shape; what is allowed is decided by the actions."""

import json
from typing import Any

from django import forms
from django.contrib.auth.models import Group

from apps.accounts.models import Person
from apps.clusters.formats.catalog import MOST_BYTES
from apps.clusters.formats.catalog_csv import FIELDS
from apps.clusters.models import CatalogFormat, Cluster, DataClass, Lifecycle, Tier, Visibility
from apps.clusters.models.catalogue import MOST_WEIGHT
from apps.clusters.rules import LONGEST_CLUSTER_SLUG, LONGEST_COMPONENT_SLUG, Part
from apps.clusters.rules.findings import LONGEST_REASON
from apps.kernel.refusals import Refusal

_AREA = forms.Textarea(attrs={"rows": 4})


class RefusableForm(forms.Form):
    """A form that can show a refusal of the action behind it, at its fields where it names them."""

    status = 200

    def refuse(self, refusal: Refusal) -> None:
        """Show the refusal and answer with its status."""
        self.status = refusal.status
        self.add_error(None, str(refusal))
        for name, sentences in refusal.fields.items():
            if name in self.fields:
                self.add_error(name, sentences)

    def answer_status(self) -> int:
        """200 for a form that has not been sent; else why it was not taken."""
        return self.status if self.status != 200 or not self.errors else 422  # noqa: PLR2004


class ClusterForm(RefusableForm):
    name = forms.CharField(max_length=120)
    purpose = forms.CharField(widget=_AREA, required=False, max_length=20_000, help_text="What it is there for.")
    zone = forms.CharField(max_length=64, initial="UTC", help_text="Its time zone, such as Europe/Berlin.")
    visibility = forms.ChoiceField(choices=Visibility.choices, label="Who may see it", initial=Visibility.OPEN)


class FoundClusterForm(ClusterForm):
    slug = forms.CharField(
        max_length=LONGEST_CLUSTER_SLUG, label="Short name", help_text="Its address: letters, digits, - and _."
    )
    field_order = ["name", "slug"]


class EditClusterForm(ClusterForm):
    version = forms.IntegerField(widget=forms.HiddenInput)


class WordsField(forms.CharField):
    """A list of short words, written with commas between."""

    def to_python(self, value: Any) -> Any:
        """The words without blanks and repetitions, in the order written."""
        text = super().to_python(value) or ""
        return list(dict.fromkeys(word.strip() for word in str(text).split(",") if word.strip()))

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value


class ComponentForm(RefusableForm):
    name = forms.CharField(max_length=200)
    kind = forms.CharField(max_length=40, initial="service", help_text="Service, library, data store …")
    tier = forms.TypedChoiceField(choices=Tier.choices, coerce=int, initial=Tier.ORDINARY)
    lifecycle = forms.ChoiceField(choices=Lifecycle.choices, initial=Lifecycle.PRODUCTION)
    description = forms.CharField(widget=_AREA, required=False, max_length=20_000)
    owner_name = forms.CharField(max_length=200, required=False, label="Team", help_text="As its source names it.")
    sites = WordsField(required=False, help_text="Where it runs, with commas between.")
    tags = WordsField(required=False, help_text="With commas between.")


class AddComponentForm(ComponentForm):
    slug = forms.CharField(
        max_length=LONGEST_COMPONENT_SLUG, label="Short name", help_text="Unique in its cluster; a path is welcome."
    )
    field_order = ["name", "slug"]


class EditComponentForm(ComponentForm):
    version = forms.IntegerField(widget=forms.HiddenInput)


class DependencyForm(RefusableForm):
    provider = forms.CharField(
        max_length=300, label="It needs", help_text="A component: short-name, or cluster/short-name."
    )
    kind = forms.CharField(max_length=40, initial="calls", label="How")
    weight = forms.IntegerField(
        min_value=1,
        max_value=MOST_WEIGHT,
        initial=1,
        required=False,
        help_text="How much, against the others: calls a second, say.",
    )
    data_class = forms.ChoiceField(
        choices=[("", "as the provider's tag says"), *DataClass.choices], required=False, label="Data that flows"
    )
    safeguard = forms.CharField(
        max_length=200, required=False, help_text="What protects the data where it crosses a border."
    )

    def clean_weight(self) -> int:
        """One as good as another, where nothing is said."""
        return self.cleaned_data["weight"] or 1


class DescribeDependencyForm(DependencyForm):
    provider = None  # type: ignore[assignment]  # Django's way to leave an inherited field out
    kind = None  # type: ignore[assignment]


class PartForm(RefusableForm):
    """Who is to take or leave which part: a person by handle, or a team."""

    part = forms.ChoiceField(choices=[(Part.OPERATE, "operator"), (Part.OWN, "owner")])
    person = forms.CharField(max_length=150, required=False, help_text="Their handle; or choose a team.")
    team = forms.ModelChoiceField(queryset=Group.objects.order_by("name"), required=False)

    def clean(self) -> dict[str, Any]:
        """Find the one holder that is named."""
        data = super().clean() or {}
        handle, team = (data.get("person") or "").lower(), data.get("team")
        if bool(handle) == bool(team):
            raise forms.ValidationError("Name a person or a team, one of the two.")
        data["holder"] = team or Person.objects.filter(handle=handle).first()
        if data["holder"] is None:
            self.add_error("person", "There is nobody of that handle.")
        return data


class ComponentFilterForm(forms.Form):
    """The filters of a cluster's component table; they live in the address."""

    q = forms.CharField(required=False, max_length=100, label="Name")
    tier = forms.ChoiceField(required=False, choices=[("", "any tier"), *((str(v), w) for v, w in Tier.choices)])
    lifecycle = forms.ChoiceField(required=False, choices=[("", "any lifecycle"), *Lifecycle.choices])
    site = forms.CharField(required=False, max_length=40)
    tag = forms.CharField(required=False, max_length=63)


class _SeenClusterForm(forms.Form):
    """A filter by one of the clusters that the person may know of."""

    q = forms.CharField(required=False, max_length=100, label="Name")
    cluster = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clusters = Cluster.objects.visible_to(person).order_by("name", "pk").values_list("slug", "name")
        self.fields["cluster"].choices = [("", "any"), *clusters]  # type: ignore[attr-defined]


class RunningFilterForm(_SeenClusterForm):
    """The filters of what runs where; they live in the address."""

    site = forms.CharField(required=False, max_length=40)
    places = forms.ChoiceField(
        required=False,
        choices=[("", "anywhere"), ("one", "at a single site"), ("none", "nobody says where")],
        label="Runs",
    )
    show = forms.ChoiceField(required=False, choices=[("", "components"), ("hosts", "hosts")], label="Show")


class LooseEndFilterForm(_SeenClusterForm):
    """The filters of loose ends."""


class JsonField(forms.CharField):
    """A JSON object, or nothing."""

    widget = forms.Textarea(attrs={"rows": 6, "spellcheck": "false"})

    def to_python(self, value: Any) -> Any:
        """The object; refuses other JSON and what is no JSON."""
        text = super().to_python(value)
        if not text:
            return None
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            raise forms.ValidationError("This is not JSON.") from None
        if not isinstance(found, dict):
            raise forms.ValidationError("This must be a JSON object.")
        return found


class CatalogForm(RefusableForm):
    """An upload with what is needed to read it."""

    file = forms.FileField(
        max_length=200, help_text=f"CSV, YAML, or a zip or tar archive; at most {MOST_BYTES >> 20} MB."
    )
    format = forms.ChoiceField(choices=CatalogFormat.choices)
    rows = forms.ChoiceField(choices=[(name, name) for name in FIELDS], label="A CSV holds", initial="components")
    map = JsonField(required=False, max_length=20_000, label="Column map", help_text="JSON, if the columns differ.")
    cluster_map = JsonField(
        required=False, max_length=20_000, label="Cluster map", help_text='JSON: {"name in the file": "short name"}.'
    )
    found_clusters = forms.BooleanField(required=False, label="Found clusters that do not exist yet")
    refuse_loose = forms.BooleanField(
        required=False,
        label="Refuse dependencies with an end that is not known",
        help_text="Else they are kept as loose ends, and become dependencies when what they name comes.",
    )

    def clean_file(self) -> Any:
        """Refuse what is over the bound before reading it."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(f"The file is over {MOST_BYTES >> 20} MB: split it.")
        return file

    def clean_cluster_map(self) -> dict[str, str]:
        """Refuse a map of anything but texts."""
        found: dict[str, str] = self.cleaned_data["cluster_map"] or {}
        if not all(isinstance(slug, str) for slug in found.values()):
            raise forms.ValidationError("Every value must be the short name of a cluster.")
        return found


class WaiverForm(RefusableForm):
    reason = forms.CharField(widget=_AREA, max_length=LONGEST_REASON, help_text="Why it may stay so.")
    until_on = forms.DateField(
        label="Until", widget=forms.DateInput(attrs={"type": "date"}), help_text="To the end of that day, yours."
    )
    back = forms.CharField(max_length=300, required=False, widget=forms.HiddenInput)  # where it was come from
    version = forms.IntegerField(widget=forms.HiddenInput)
