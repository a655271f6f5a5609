"""What people type, checked and turned into what actions take. Refusals of actions come back as form errors."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from apps.accounts.models import Person
from apps.cab.actions.proposing import Content
from apps.cab.models import Change, ChangeCategory, ChangeType, Choice, TemplateVersion
from apps.cab.queries.named import components_named, people_named
from apps.cab.rules.ballots import NO_SUCH_BALLOT
from apps.cab.rules.costs import DIGITS
from apps.cab.rules.standards import Mode
from apps.cab.states import ExceptionState, ObservationState, Outcome
from apps.clusters.models import Cluster, Component
from apps.kernel.refusals import Refusal
from apps.kernel.windows import zone_names
from apps.stakeholders.queries.rates import enterprise_currency
from apps.windows.web.fields import WallClock

T = TypeVar("T")
MOST_COMPONENTS = 200
MOST_PEOPLE = 50
MOST_LINKS = 20
_web_address = URLValidator(schemes=["http", "https"])


def _unix(value: Any) -> Any:
    """Text with the line ends it was stored with: browsers send CRLF, and that alone must not look like an edit."""
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


class Lines(forms.CharField):
    """A text area with one item a line; gives a list without empty lines or repetitions."""

    widget = forms.Textarea

    def __init__(self, *, most: int, rows: int = 3, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.most = most
        self.widget.attrs["rows"] = rows

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        lines = list(dict.fromkeys(line.strip() for line in super().clean(value).splitlines() if line.strip()))
        if len(lines) > self.most:
            raise ValidationError(f"At most {self.most} lines.")
        return lines


class RefusableForm(forms.Form):
    """A form whose errors may also come from an action."""

    def clean(self) -> dict[str, Any]:
        """What is marked at its field gets a next step above the form."""
        if self.errors:
            raise ValidationError("Something here does not fit. Correct the fields that are marked.")
        return self.cleaned_data

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal: at the fields it names, else above the form, with its next step."""
        named = {name: sentences for name, sentences in refusal.fields.items() if name in self.fields}
        for name, sentences in named.items():
            self.add_error(name, sentences)
        self.add_error(None, str(refusal))


class ChangeForm(RefusableForm):
    """A change as its authors write it."""

    title = forms.CharField(max_length=300)
    type = forms.ChoiceField(choices=ChangeType.choices, initial=ChangeType.NORMAL)
    category = forms.ChoiceField(choices=[("", "not said"), *ChangeCategory.choices], required=False)
    cluster = forms.ModelChoiceField(
        Cluster.objects.none(),
        to_field_name="slug",
        label="Owning cluster",
        error_messages={
            "invalid_choice": "There is no cluster %(value)s that you may know of. "
            "Choose one from the list of clusters."
        },
    )
    components = Lines(most=MOST_COMPONENTS, required=False, help_text="One a line, as cluster/component.")
    purpose = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=20_000,
        required=False,
        help_text="Why, and what is better afterwards.",
    )
    implementation_plan = forms.CharField(widget=forms.Textarea(attrs={"rows": 6}), max_length=50_000, required=False)
    test_plan = forms.CharField(widget=forms.Textarea(attrs={"rows": 4}), max_length=50_000, required=False)
    communication_plan = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), max_length=50_000, required=False)
    backout_plan = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 4}),
        max_length=50_000,
        required=False,
        help_text="How to return to the state before, and how long that takes.",
    )
    window_start = WallClock(required=False)
    window_end = WallClock(required=False)
    window_zone = forms.CharField(max_length=64, required=False, help_text="An IANA name such as Europe/Berlin.")
    downtime_minutes = forms.IntegerField(
        min_value=0, max_value=100_000, initial=0, label="Downtime expected (minutes)"
    )
    cost_amount = forms.DecimalField(
        min_value=0, max_digits=DIGITS, decimal_places=2, required=False, label="Estimated cost",
        help_text="Empty: not known, which counts for the stricter reading.",
    )  # fmt: skip
    cost_currency = forms.CharField(
        max_length=3, required=False, label="Currency", help_text="One that has a stored rate into the enterprise's."
    )
    implementer = forms.CharField(max_length=150, required=False, help_text="The handle of who carries it out.")
    co_authors = Lines(
        most=MOST_PEOPLE,
        required=False,
        label="Co-authors",
        help_text="Handles, one a line. Authors never vote on their change.",
    )
    links = Lines(most=MOST_LINKS, required=False, help_text="One a line: a label, a space, and the address.")
    based_on = forms.IntegerField(widget=forms.HiddenInput, min_value=1, required=False)

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        visible = Cluster.objects.visible_to(person).order_by("name")
        cluster = self.fields["cluster"]
        assert isinstance(cluster, forms.ModelChoiceField)
        cluster.queryset = visible
        self.fields["cost_currency"].initial = enterprise_currency()
        for name, suggestions in (("window_zone", "zones"), ("implementer", "people")):
            self.fields[name].widget.attrs["list"] = suggestions

    def clean_components(self) -> list[Component]:
        """Components by their "cluster/component" names, among those this person may know of."""
        return told(lambda: components_named(self.cleaned_data["components"], self.person))

    def clean_implementer(self) -> Person | None:
        """The person of that handle, or nobody."""
        handle = self.cleaned_data["implementer"].strip()
        return told(lambda: people_named([handle], field="implementer"))[0] if handle else None

    def clean_co_authors(self) -> list[Person]:
        """The people of those handles."""
        return told(lambda: people_named(self.cleaned_data["co_authors"], field="co_authors"))

    def clean_links(self) -> list[dict[str, str]]:
        """Label and address of each line; http and https only."""
        return links_of(self.cleaned_data["links"])

    def content(self) -> Content:
        """What the action takes."""
        return Content(**{name: _unix(value) for name, value in self.cleaned_data.items() if name != "based_on"})

    def keep_to(self, version: TemplateVersion | None) -> None:
        """Show what a template locks as locked; the actions refuse what departs from it."""
        if version is None:
            return
        self.fields["type"].widget.choices = [(ChangeType.STANDARD.value, ChangeType.STANDARD.label)]
        cluster = self.fields["cluster"]
        assert isinstance(cluster, forms.ModelChoiceField)
        cluster.queryset = Cluster.objects.visible_to(self.person).filter(pk=version.template.cluster_id)
        cluster.empty_label = None
        for name, one in version.fields.items():
            if one["mode"] == Mode.LOCKED:
                self.fields[name].widget.attrs["readonly"] = True
                self.fields[name].help_text = "Locked by the template."
        if (said := version.fields.get("category")) and said["mode"] == Mode.LOCKED:
            self.fields["category"].widget.choices = [(said["value"], ChangeCategory(said["value"]).label)]

    @staticmethod
    def initial_from(version: TemplateVersion) -> dict[str, Any]:
        """The form filled with what a template says."""
        values = {name: one["value"] for name, one in version.fields.items()}
        return values | {"type": ChangeType.STANDARD.value, "cluster": version.template.cluster.slug}

    @staticmethod
    def initial_of(change: Change) -> dict[str, Any]:
        """The form filled with what the change says now."""
        return {
            **{
                name: getattr(change, name)
                for name in (
                    "title",
                    "type",
                    "category",
                    "purpose",
                    "implementation_plan",
                    "test_plan",
                    "communication_plan",
                    "backout_plan",
                    "window_zone",
                    "downtime_minutes",
                    "cost_amount",
                )
            },
            "cost_currency": change.cost_currency or enterprise_currency(),
            "cluster": change.cluster.slug,
            "window_start": change.window_start_local,
            "window_end": change.window_end_local,
            "components": [
                f"{cluster}/{slug}"
                for cluster, slug in change.components.order_by("cluster__slug", "slug").values_list(
                    "cluster__slug", "slug"
                )
            ],
            "implementer": change.implementer.handle if change.implementer else "",
            "co_authors": list(change.co_authors.order_by("handle").values_list("handle", flat=True)),
            "links": [f"{link['label']} {link['url']}" for link in change.links],
            "based_on": change.revision,
        }


class VoteForm(RefusableForm):
    """One ballot."""

    choice = forms.ChoiceField(
        choices=Choice.choices, widget=forms.RadioSelect, error_messages={"invalid_choice": NO_SUCH_BALLOT}
    )
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=4000, required=False)
    conditions = Lines(most=10, rows=2, required=False, help_text="One a line.")
    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    seat_of = forms.CharField(widget=forms.HiddenInput, max_length=150, required=False)


class ReasonForm(RefusableForm):
    """A sentence that says why."""

    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=4000)


class SlotSearchForm(RefusableForm):
    """How long a free window lasts, and from which day on it is looked for."""

    minutes = forms.IntegerField(required=False, min_value=15, max_value=14 * 24 * 60, label="Minutes it lasts")
    day = forms.DateField(required=False, label="From", widget=forms.DateInput(attrs={"type": "date"}))


class SlotForm(RefusableForm):
    """The free window that is taken, as instants; the revision and the verdict that were on the page."""

    start = forms.DateTimeField(widget=forms.HiddenInput)
    end = forms.DateTimeField(widget=forms.HiddenInput)
    based_on = forms.IntegerField(widget=forms.HiddenInput, max_value=2**31 - 1)
    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)


class AcknowledgementForm(ReasonForm):
    """Which freeze is acknowledged, and why this cannot wait."""

    freeze_id = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)


class AcceptanceForm(RefusableForm):
    """Why both may happen at once; the action judges it. `initial` says which conflict it is about."""

    is_at_its_conflict = False  # whether the page shows the form at the conflict, or only what was refused

    reason = forms.CharField(
        required=False,
        label="Why both may happen at once",
        widget=forms.Textarea(attrs={"rows": 2, "maxlength": 4000, "required": True, "autofocus": True}),
    )

    def refuse(self, refusal: Refusal) -> None:
        """As every form; shown again, the reason is marked as needed, though the action judges it."""
        super().refuse(refusal)
        self.fields["reason"].required = True


class RiskForm(ReasonForm):
    """A higher risk, and why."""

    risk = forms.TypedChoiceField(
        choices=[(n, str(n)) for n in range(2, 6)],
        coerce=int,
        label="Raise the risk to",
        error_messages={"invalid_choice": "A risk is a number from 1 to 5."},
    )


class OutcomeForm(RefusableForm):
    """How the work went."""

    outcome = forms.ChoiceField(
        choices=[(one.value, one.replace("_", " ")) for one in Outcome],
        error_messages={"invalid_choice": "There is no such outcome."},
    )


class ReviewForm(RefusableForm):
    """The look back."""

    expected = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), max_length=20_000, label="What was expected")
    happened = forms.CharField(widget=forms.Textarea(attrs={"rows": 3}), max_length=20_000, label="What happened")
    incidents = Lines(
        most=20, rows=2, required=False, label="Incidents", help_text="References, one a line, such as INC-204."
    )
    learned = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}), max_length=20_000, required=False, label="What to do differently"
    )


class CheckForm(RefusableForm):
    """A finding that comes up again as a question."""

    question = forms.CharField(max_length=300, help_text="What the next author should have thought of.")
    type = forms.ChoiceField(
        choices=[("", "any type"), *ChangeType.choices], required=False, label="On changes of type"
    )
    component = forms.CharField(
        max_length=300, required=False, label="On changes of the component", help_text="As cluster/component."
    )
    component_kind = forms.CharField(
        max_length=40, required=False, label="On changes of components of the kind", help_text="Such as service."
    )
    everywhere = forms.BooleanField(required=False, label="In the whole federation (chairs only)")


class AnswerForm(RefusableForm):
    """The answer to a check."""

    check_id = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    answer = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=4000)


class StandardProposalForm(RefusableForm):
    """What should change in a standard, who sees to it, and by when."""

    standard = forms.CharField(max_length=200)
    text = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=4000, label="What should change in it")
    owner = forms.CharField(max_length=150, label="Who sees to it", help_text="The person's handle.")
    due_on = forms.DateField(label="Due on", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class EvidenceForm(RefusableForm):
    """How a condition has been met."""

    evidence = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=4000)


class ExceptionForm(AcknowledgementForm):
    """Why a hard freeze should let the change through."""


class ExceptionDecisionForm(ReasonForm):
    """Granted or denied, and why."""

    exception_id = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    decision = forms.ChoiceField(choices=[(s, s) for s in (ExceptionState.GRANTED, ExceptionState.DENIED)])


class ExplanationForm(ReasonForm):
    """What the observed drift was, and why it is so decided."""

    resolution = forms.ChoiceField(
        choices=[(s, s) for s in (ObservationState.LATENT, ObservationState.BACKED_OUT, ObservationState.FALSE_ALARM)]
    )


class ExceptionNamedForm(RefusableForm):
    exception_id = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)


class AttachmentForm(RefusableForm):
    """A file."""

    file = forms.FileField(
        error_messages={"required": "No file was submitted."},
        help_text="At most 10 MB: PDF, images, text, CSV, JSON, Office, ZIP. A file is part of what the board decides: "
        "adding or removing one is a material edit, so a board that has it votes again.",
    )


class SavedViewForm(RefusableForm):
    """A name for the list as it is filtered now."""

    name = forms.CharField(max_length=60)
    query = forms.CharField(widget=forms.HiddenInput, max_length=1000, required=False)


def told(find: Callable[[], T]) -> T:
    """What `find` gives; its refusal becomes the field's error, with the next step, in the API's words."""
    try:
        return find()
    except Refusal as refusal:
        raise ValidationError(str(refusal)) from refusal


def links_of(lines: Iterable[str]) -> list[dict[str, str]]:
    """Label and address of each line; refuses addresses that are not http or https."""
    links = []
    for line in lines:
        label, _, url = line.rpartition(" ")
        _web_address(url)
        links.append({"label": label.strip() or url, "url": url})
    return links


def zones() -> list[str]:
    """Zone names to suggest, by region."""
    return sorted(
        zone for zone in zone_names() if "/" in zone and not zone.startswith(("Etc/", "posix/", "right/", "SystemV/"))
    )
