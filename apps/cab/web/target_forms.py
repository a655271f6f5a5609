"""The form of a target. It checks shape; what is allowed is decided by the action."""

from typing import Any

from django import forms

from apps.accounts.models import Person
from apps.cab.models import Board
from apps.cab.queries.named import boards_visible_to, people_named
from apps.cab.rules.metrics import HIGHEST_TARGET, METRICS
from apps.cab.web.forms import RefusableForm
from apps.clusters.models import Cluster
from apps.kernel.refusals import Refusal


class TargetForm(RefusableForm):
    """A metric, for whom, what it should come to, and who answers for it."""

    metric = forms.ChoiceField(choices=[(one.name, f"{one.title} ({one.unit})") for one in METRICS.values()])
    cluster = forms.ModelChoiceField(
        Cluster.objects.none(), to_field_name="slug", required=False, empty_label="none: the federation, or a board"
    )
    board = forms.ModelChoiceField(
        Board.objects.none(), to_field_name="slug", required=False, empty_label="none: the federation, or a cluster"
    )
    direction = forms.ChoiceField(
        choices=[("", "as the metric gets better"), ("at_most", "at most"), ("at_least", "at least")], required=False
    )
    value = forms.DecimalField(
        min_value=0, max_value=HIGHEST_TARGET, decimal_places=2, help_text="In the metric's unit."
    )
    owner = forms.CharField(max_length=150, help_text="The handle of who answers for it.")

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (
            ("cluster", Cluster.objects.visible_to(person).order_by("name")),
            ("board", boards_visible_to(person).order_by("name")),
        ):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows

    def clean_owner(self) -> Person:
        """The person of that handle."""
        try:
            return people_named([self.cleaned_data["owner"]], field="owner")[0]
        except Refusal as refusal:
            raise forms.ValidationError(str(refusal)) from refusal
