"""The filters of the list of changes; they live in the address, so a view is a link."""

from collections.abc import Sequence
from copy import deepcopy
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, cast

import django_filters
from django import forms
from django.db.models import Exists, Model, OuterRef, QuerySet, Value
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString
from django_filters.constants import EMPTY_VALUES

from apps.accounts.models import Person
from apps.cab.models import Board, Change, ChangeCategory, ChangeType, Reversal, Round
from apps.cab.queries.narrowed import Conditions
from apps.cab.queries.standards import WENT, similar_to
from apps.cab.states import OPEN, ChangeState, Outcome
from apps.clusters.models import Cluster
from apps.kernel.refusals import Invalid
from apps.kernel.templatetags.ledger import field
from apps.stakeholders.queries.rates import enterprise_currency

if TYPE_CHECKING:
    from apps.cab.models.changes import ChangeQuerySet

RISKS = [(1, "1 · very low"), (2, "2 · low"), (3, "3 · medium"), (4, "4 · high"), (5, "5 · very high")]


def day_field() -> forms.DateInput:
    """The browser's own picker of a day."""
    return forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")


SELDOM = {
    "component",
    "source",
    "implementer",
    "template",
    "went",
    "like",
}  # reached by links; on the form only while they are in force


class Asked(django_filters.FilterSet):  # type: ignore[misc]  # the package publishes no types
    """Builds the filters that an address asks for and no others: most addresses ask for few."""

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        if data is not None:
            # On this object alone: the class keeps them all, for the schema and the form.
            asked = {name: one for name, one in type(self).base_filters.items() if name in data}
            setattr(self, "base_filters", asked)  # noqa: B010  # an assignment would declare it away from the class
        super().__init__(data, *args, **kwargs)


class ChangeFilter(Asked):
    """Words, state, type, cluster, risk, cost, board, people, and days of the window."""

    q = django_filters.CharFilter(method="by_words", label="Words", max_length=200)
    state = django_filters.MultipleChoiceFilter(
        choices=[(s.value, s.replace("_", " ")) for s in ChangeState], label="State", distinct=False
    )
    open = django_filters.BooleanFilter(method="by_open", label="Only open ones", widget=forms.CheckboxInput)
    type = django_filters.ChoiceFilter(choices=ChangeType.choices, label="Type", empty_label="any")
    category = django_filters.ChoiceFilter(choices=ChangeCategory.choices, label="Category", empty_label="any")
    cluster = django_filters.ModelChoiceFilter(
        queryset=Cluster.objects.none(), to_field_name="slug", label="Cluster", empty_label="any"
    )
    risk = django_filters.ChoiceFilter(
        field_name="risk", lookup_expr="gte", choices=RISKS, label="Risk at least", empty_label="any"
    )
    cost = django_filters.NumberFilter(method="by_cost", label="Cost at least", min_value=0)
    board = django_filters.ModelChoiceFilter(
        method="by_board", queryset=Board.objects.all(), to_field_name="slug", label="Board", empty_label="any"
    )
    outcome = django_filters.ChoiceFilter(
        choices=[(o.value, o.replace("_", " ")) for o in Outcome], label="Outcome", empty_label="any"
    )
    requester = django_filters.CharFilter(field_name="requester__handle", label="Requester", max_length=150)
    component = django_filters.NumberFilter(method="by_component", label="Component")
    implementer = django_filters.CharFilter(field_name="implementer__handle", label="Implementer", max_length=150)
    since = django_filters.DateFilter(method="by_since", label="Window from", widget=day_field())
    until = django_filters.DateFilter(method="by_until", label="Window to", widget=day_field())
    source = django_filters.CharFilter(label="Source", max_length=80)
    template = django_filters.NumberFilter(field_name="template_version__template", label="Template")
    went = django_filters.ChoiceFilter(
        method="by_went", choices=[(one, one) for one in WENT], label="Went", empty_label="any"
    )
    like = django_filters.CharFilter(method="by_like", label="Like", max_length=24)
    failed = django_filters.BooleanFilter(method="by_failed", label="Undone later", widget=forms.CheckboxInput)

    class Meta:
        model = Change
        fields: list[str] = []

    def __init__(self, *args: Any, request: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, request=request, **kwargs)
        if request is not None and "cluster" in self.filters:
            self.filters["cluster"].queryset = Cluster.objects.visible_to(request.user).order_by("name")

    def by_words(self, rows: QuerySet[Change], name: str, words: str) -> QuerySet[Change]:
        """Full-text search; a reference finds its change."""
        del name
        number = words.strip().upper().removeprefix("CHG-")
        if number.isascii() and number.isdigit() and len(number) <= 18:  # noqa: PLR2004  # a bigint's safe length
            return rows.filter(number=int(number))
        return rows.filter(pk__in=Change.objects.matching(words.replace("\0", "")).values("pk"))

    def by_open(self, rows: QuerySet[Change], name: str, is_wanted: bool) -> QuerySet[Change]:
        """Changes that are still on their way."""
        del name
        return rows.filter(state__in=[s.value for s in OPEN]) if is_wanted else rows

    def by_since(self, rows: QuerySet[Change], name: str, day: date) -> QuerySet[Change]:
        """Changes whose window lasts into the day or is later; days are the viewer's."""
        del name
        return rows.filter(window_end_at__gt=midnight(day))

    def by_until(self, rows: QuerySet[Change], name: str, day: date) -> QuerySet[Change]:
        """Changes whose window begins on the day or before."""
        del name
        return rows.filter(window_start_at__lt=midnight(day) + timedelta(days=1))

    def by_cost(self, rows: QuerySet[Change], name: str, least: Decimal) -> QuerySet[Change]:
        """Changes thought to cost as much or more, in the enterprise's currency."""
        del name
        return cast("ChangeQuerySet", rows).costing(least, enterprise_currency())

    def by_board(self, rows: QuerySet[Change], name: str, board: Board) -> QuerySet[Change]:
        """Changes that the board has had before it."""
        del name
        return rows.filter(Exists(Round.objects.filter(change=OuterRef("pk"), board=board)))

    def by_component(self, rows: QuerySet[Change], name: str, component_id: Any) -> QuerySet[Change]:
        """Changes that declare the component."""
        del name
        return rows.filter(touched__component_id=int(component_id))

    def by_went(self, rows: QuerySet[Change], name: str, how: str) -> QuerySet[Change]:
        """Changes by how they went, as a template's record counts them."""
        del name
        return rows.filter(WENT[how])

    def by_like(self, rows: QuerySet[Change], name: str, reference: str) -> QuerySet[Change]:
        """Closed changes of the same kind as this one."""
        del name
        person = self.request.user
        number = reference.strip().upper().removeprefix("CHG-")
        is_one = number.isascii() and number.isdigit() and len(number) <= 18  # noqa: PLR2004  # a bigint's safe length
        change = Change.objects.visible_to(person).filter(number=int(number)).first() if is_one else None
        return rows.filter(pk__in=similar_to(change, person, at=timezone.now())) if change else rows.none()

    def by_failed(self, rows: QuerySet[Change], name: str, is_wanted: bool) -> QuerySet[Change]:
        """Changes that a later one undid."""
        del name
        return rows.filter(Exists(Reversal.objects.filter(undone=OuterRef("pk")))) if is_wanted else rows

    def conditions(self) -> Conditions | None:
        """The filters in force as plain lookups; None where one of them is more than that, or does not fit."""
        if not self.is_valid() or any(one.method is not None for one in self.filters.values()):
            return None
        asked = ((self.filters[name], value) for name, value in self.form.cleaned_data.items())
        return tuple(_lookup(one, value) for one, value in asked if value not in EMPTY_VALUES)

    def require_fits(self) -> None:
        """Refuse an address whose filters cannot be read."""
        if not self.is_valid():
            raise Invalid(
                "The filter does not fit.",
                next_step="Clear it and start again.",
                fields={name: [str(error) for error in errors] for name, errors in self.errors.items()},
            )

    def controls(self, person: Person, names: Sequence[str] = ()) -> list[SafeString]:
        """The form's fields (or those of these names), drawn, with what is in force."""
        shown = names or [name for name in ChangeFilter.base_filters if name not in SELDOM or self.data.get(name)]
        offered = offers(person)
        return [_drawn(name, tuple(self.data.getlist(name)), offered.get(name, ())) for name in shown]

    def chips(self) -> list[dict[str, str]]:
        """The filters in force, each with the address that drops it."""
        chips = []
        for name, filter_ in self.filters.items():
            for value in self.data.getlist(name) if hasattr(self.data, "getlist") else []:
                if value in ("", "false"):
                    continue
                rest = self.data.copy()
                rest.setlist(name, [one for one in rest.getlist(name) if one != value])
                for paging in ("after", "before", "part"):
                    rest.pop(paging, None)
                text = filter_.label if value in ("true", "on") else f"{filter_.label}: {value.replace('_', ' ')}"
                chips.append({"label": text, "remove_url": f"?{rest.urlencode()}"})
        return chips


def _lookup(one: django_filters.Filter, value: Any) -> tuple[str, Any]:
    if isinstance(value, list):  # several choices: any of them
        return f"{one.field_name}__in", tuple(value)
    return f"{one.field_name}__{one.lookup_expr}", value.pk if isinstance(value, Model) else value


Offers = dict[str, tuple[tuple[str, str], ...]]


def offers(person: Person) -> Offers:
    """What the choices among rows offer this person, by the name of the filter: (slug, name) of each, in one query."""
    clusters = Cluster.objects.visible_to(person).values_list(Value("cluster"), "slug", "name")
    rows = clusters.union(Board.objects.values_list(Value("board"), "slug", "name"))
    found: dict[str, list[tuple[str, str]]] = {"cluster": [], "board": []}
    for kind, slug, name in rows:
        found[kind].append((slug, name))
    return {kind: tuple(sorted(those, key=itemgetter(1))) for kind, those in found.items()}


@lru_cache(maxsize=512)
def _drawn(name: str, values: tuple[str, ...], options: tuple[tuple[str, str], ...]) -> SafeString:
    """One field as every page with these values draws it: Django's widgets take longer than the page's rows."""
    filter_ = ChangeFilter.base_filters[name]
    choices = [("", filter_.extra.get("empty_label", "any")), *options]
    choice = forms.ChoiceField(choices=choices, label=filter_.label, required=False)
    data = QueryDict(mutable=True)
    data.setlist(name, list(values))
    form = type("FilterForm", (forms.Form,), {name: choice if options else deepcopy(filter_).field})(data)
    return render_to_string("components/field.html", field(form[name]))


def midnight(day: date) -> datetime:
    """The start of a day in the viewer's zone."""
    return datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
