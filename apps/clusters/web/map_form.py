"""What one asks of the map, as its page and its API take it."""

from typing import Any

from django import forms

from apps.accounts.models import Person
from apps.clusters.models import Cluster, DataClass, Tier
from apps.clusters.queries.graph import LONGEST_FOCUS, Narrowing, Question, kinds_seen_by
from apps.clusters.rules.graph import MOST_HOPS, Direction
from apps.clusters.web.forms import RefusableForm

DIRECTIONS = [(Direction.BOTH, "both ways"), (Direction.NEEDS, "what it needs"), (Direction.NEEDED_BY, "what needs it")]


def _named(label: str, **attrs: str) -> forms.CharField:
    widget = forms.TextInput(attrs={"type": "search", "autocomplete": "off", "spellcheck": "false", **attrs})
    return forms.CharField(max_length=LONGEST_FOCUS, required=False, label=label, widget=widget)


def _several(label: str, *choices: tuple[str, str]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        choices=choices, required=False, label=label, widget=forms.SelectMultiple(attrs={"size": 4})
    )


class MapForm(RefusableForm):
    focus = _named("Cluster or component", **{"data-find": ""})
    to = _named("Path to")
    hops = forms.TypedChoiceField(
        choices=[(n, f"{n} step{'s' if n > 1 else ''}") for n in range(1, MOST_HOPS + 1)],
        coerce=int,
        empty_value="1",
        required=False,
        label="As far as",
    )
    direction = forms.ChoiceField(choices=DIRECTIONS, required=False, label="Direction")
    kind = _several("Kinds of dependency")
    cluster = _several("Only in clusters")
    tier = _several("Only of tiers", ("", "any"), *((str(one.value), str(one.label)) for one in Tier))
    data_class = forms.ChoiceField(
        choices=[("", "any"), *((one.value, f"{one.label} or stricter") for one in DataClass)],
        required=False,
        label="Carrying data",
    )
    opened = forms.BooleanField(required=False, label="Open the cluster")

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clusters = Cluster.objects.visible_to(person).order_by("name", "pk").values_list("slug", "name")
        self.fields["cluster"].choices = [("", "any"), *clusters]  # type: ignore[attr-defined]
        self.fields["kind"].choices = [("", "any"), *((one, one) for one in kinds_seen_by(person))]  # type: ignore[attr-defined]

    def question(self) -> Question:
        """What was asked; only of a valid form."""
        asked = self.cleaned_data
        return Question(
            focus=asked["focus"],
            to=asked["to"],
            hops=int(asked["hops"]),
            direction=Direction(asked["direction"] or Direction.BOTH),
            opened=asked["opened"],
            narrowing=Narrowing.of(asked),
        )
