"""The form of a new dashboard. It checks shape; what is allowed is decided by the action."""

from typing import Any

from django import forms

from apps.accounts.models import Person
from apps.cab.models import Board
from apps.cab.queries.change_models import MODELS, NO_MODEL, models_published
from apps.cab.queries.named import boards_visible_to
from apps.cab.rules.dashboards import PERIODS
from apps.cab.web.forms import RefusableForm
from apps.clusters.models import Cluster


class DashboardForm(RefusableForm):
    """A name, whose it is, and what it looks at."""

    name = forms.CharField(max_length=80)
    board = forms.ModelChoiceField(
        Board.objects.none(), to_field_name="slug", required=False, empty_label="my own", label="Whose it is"
    )
    cluster = forms.ModelChoiceField(
        Cluster.objects.none(), to_field_name="slug", required=False, empty_label="all I may see"
    )
    model = forms.ChoiceField(required=False, label="Change model")
    days = forms.TypedChoiceField(coerce=int, choices=list(PERIODS.items()), initial=365, label="Period")

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows in (("cluster", Cluster.objects.visible_to(person)), ("board", boards_visible_to(person))):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = rows.order_by("name")

        asked: Any = self.fields["model"]
        asked.choices = [("", "all"), *((name, MODELS[name]) for name in (*models_published(), NO_MODEL))]

    def values(self) -> dict[str, Any]:
        """What the action takes."""
        data = dict(self.cleaned_data)
        cluster = data.pop("cluster")
        return data | {"cluster_slug": cluster.slug if cluster else ""}
