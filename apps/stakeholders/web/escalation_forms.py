"""Forms of escalation: protocols and their steps, cases, resolutions, absences, calendars. They check shape only."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils import timezone

from apps.accounts.models import Person, PersonKind
from apps.accounts.rules import Role
from apps.clusters.models import Cluster
from apps.clusters.web.forms import RefusableForm
from apps.kernel.refusals import Invalid
from apps.stakeholders.models import CaseParty, EscalationProtocol, ProtocolStep, WorkingCalendar
from apps.stakeholders.rules import escalation as rules
from apps.stakeholders.rules.escalation import ACT_WORDS, MOST_STEPS, RESOLUTION_WORDS, TRIGGER_WORDS, Act, Asks

BLANK = 2  # empty rows at the end
ACTS = [(one.value, words) for one, words in ACT_WORDS.items()]
DAYS = [(0, "Monday"), (1, "Tuesday"), (2, "Wednesday"), (3, "Thursday"), (4, "Friday"), (5, "Saturday"), (6, "Sunday")]
# Whose roles can decide on a conflict; auditors change nothing, requesters decide nothing.
DECIDING = (Role.PROGRAMME_MANAGER, Role.BOARD_MEMBER, Role.BOARD_CHAIR, Role.CLUSTER_OWNER, Role.ADMINISTRATOR)
_AREA = forms.Textarea(attrs={"rows": 3})
_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
_TIME = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


@dataclass(frozen=True)
class StepRow:
    """One step as typed: whom it asks (`role:…`, `person:…`, `parties`), what for, and hours of working time."""

    asks: str = ""
    act: str = Act.ASK.value
    hours: str = ""


def asked_choices() -> list[tuple[str, str]]:
    """Whom a step can ask."""
    people = Person.objects.filter(is_active=True, kind=PersonKind.HUMAN).order_by("name")
    roles = [(f"role:{one.value}", f"every {one.value.replace('_', ' ')}") for one in DECIDING]
    return [("parties", "the parties"), *roles, *((f"person:{one.handle}", one.name) for one in people)]


def rows_of(steps: Iterable[ProtocolStep]) -> list[StepRow]:
    """The rows that show these steps."""
    return [StepRow(_asked(one), one.act, f"{rules.hours_of(one.limit):g}") for one in steps]


def rows_from(post: QueryDict) -> list[StepRow]:
    """The rows as they came; no more than a protocol may have, and some empty ones."""
    columns = (post.getlist(name)[: MOST_STEPS + BLANK] for name in ("asks", "act", "hours"))
    return [StepRow(*one) for one in zip(*columns, strict=False)]


def drawn(rows: Sequence[StepRow]) -> list[StepRow]:
    """The rows for the template: those that ask somebody, and some empty ones."""
    kept = [one for one in rows if one.asks]
    return [*kept, *[StepRow()] * min(BLANK, MOST_STEPS - len(kept))]


def steps_said(rows: Iterable[StepRow]) -> list[Mapping[str, Any]]:
    """The rows as the action takes them; refuses hours that are no number, and a person who is not there."""
    return [_said(number, one) for number, one in enumerate((one for one in rows if one.asks), start=1)]


def _said(number: int, row: StepRow) -> dict[str, Any]:
    kind, _, name = row.asks.partition(":")
    try:
        limit = timedelta(hours=float(row.hours.replace(",", ".")))
        asks, act = Asks(kind).value, Act(row.act).value
    except (ValueError, OverflowError):
        raise Invalid(
            f"Step {number} cannot be read.",
            next_step="Choose whom it asks, and write its time in hours, such as 4 or 1.5.",
            fields={"steps": ["Hours of working time."]},
        ) from None
    found: dict[str, Any] = {"asks": asks, "act": act, "limit": limit, "role": "", "person": None}
    if kind == Asks.ROLE:
        found["role"] = name if name in set(Role) else ""
    if kind == Asks.PERSON:
        found["person"] = Person.objects.filter(handle=name).first()
    return found


def _asked(step: ProtocolStep) -> str:
    if step.asks == Asks.PARTIES:
        return "parties"
    return f"role:{step.role}" if step.asks == Asks.ROLE else f"person:{step.person.handle if step.person else ''}"


class StepsForm(RefusableForm):
    based_on = forms.IntegerField(widget=forms.HiddenInput, initial=0)


class ProtocolForm(RefusableForm):
    name = forms.CharField(max_length=rules.LONGEST_NAME)
    slug = forms.CharField(max_length=60, label="Short name", help_text="Its address: small letters, digits, hyphens.")
    trigger = forms.ChoiceField(
        required=False,
        choices=[("", "nobody but people"), *((one.value, words) for one, words in TRIGGER_WORDS.items())],
        label="Opened by itself when",
    )
    calendar = forms.ModelChoiceField(WorkingCalendar.objects.order_by("name"), label="Its clock runs by")


class CaseForm(RefusableForm):
    title = forms.CharField(max_length=rules.LONGEST_NAME)
    reason = forms.CharField(
        widget=_AREA, max_length=rules.LONGEST_REASON, label="What is in conflict", help_text="Who gains, who loses."
    )
    clusters = forms.ModelMultipleChoiceField(Cluster.objects.none(), label="Between", help_text="Two or more.")
    protocol = forms.ModelChoiceField(EscalationProtocol.objects.none(), label="By the protocol")

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        clusters: Any = self.fields["clusters"]
        clusters.queryset = Cluster.objects.visible_to(person).order_by("name")
        published = EscalationProtocol.objects.filter(versions__state="published").order_by("name")
        protocol: Any = self.fields["protocol"]
        protocol.queryset = published.distinct()


class TakeForm(RefusableForm):
    step = forms.IntegerField(widget=forms.HiddenInput)


class WhyForm(RefusableForm):
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), max_length=rules.LONGEST_REASON, label="Why")


class SignForm(RefusableForm):
    party_id = forms.IntegerField(widget=forms.HiddenInput)
    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)


class PositionForm(RefusableForm):
    party_id = forms.IntegerField(widget=forms.HiddenInput)
    benefit = forms.DecimalField(max_digits=14, decimal_places=2, min_value=0)
    cost = forms.DecimalField(max_digits=14, decimal_places=2, min_value=0)
    currency = forms.RegexField(r"^[A-Z]{3}$", initial="EUR", help_text="Three letters.")
    evidence = forms.CharField(max_length=300, label="What that rests on")


class ResolutionForm(RefusableForm):
    kind = forms.ChoiceField(choices=[(one.value, words) for one, words in RESOLUTION_WORDS.items()], label="How")
    text = forms.CharField(widget=_AREA, max_length=rules.LONGEST_REASON, label="What is agreed or decided")
    giver = forms.ModelChoiceField(
        CaseParty.objects.none(), required=False, empty_label="nobody", label="Who makes good"
    )
    taker = forms.ModelChoiceField(CaseParty.objects.none(), required=False, empty_label="nobody", label="To whom")
    amount = forms.DecimalField(max_digits=14, decimal_places=2, required=False)
    currency = forms.CharField(max_length=3, required=False, initial="EUR")

    def __init__(self, *args: Any, parties: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("giver", "taker"):
            chooser: Any = self.fields[name]
            chooser.queryset = parties

    def said(self) -> dict[str, Any]:
        """The resolution as the action takes it."""
        data = self.cleaned_data
        giver, taker, amount = data["giver"], data["taker"], data["amount"]
        transfers = []
        if giver or taker or amount:
            transfers = [
                {
                    "giver": giver.pk if giver else 0,
                    "taker": taker.pk if taker else 0,
                    "amount": amount or 0,
                    "currency": data["currency"],
                }
            ]
        return {"kind": data["kind"], "text": data["text"], "transfers": transfers}


class AbsenceForm(RefusableForm):
    person = forms.ModelChoiceField(Person.objects.none(), label="Who")
    first_on = forms.DateField(widget=_DAY, label="From")
    last_on = forms.DateField(widget=_DAY, label="To, included")

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chooser: Any = self.fields["person"]
        chooser.queryset = people


class SimulationForm(RefusableForm):
    clusters = forms.ModelMultipleChoiceField(Cluster.objects.none(), required=False, label="Between")
    start = forms.DateTimeField(
        required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    )

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chooser: Any = self.fields["clusters"]
        chooser.queryset = Cluster.objects.visible_to(person).order_by("name")
        self.fields["start"].help_text = f"In {timezone.get_current_timezone_name()}."


class CalendarForm(RefusableForm):
    name = forms.CharField(max_length=80)
    zone = forms.CharField(max_length=64, help_text="Such as Europe/Berlin.")
    opens = forms.TimeField(widget=_TIME, label="Works from")
    closes = forms.TimeField(widget=_TIME, label="to")
    weekdays = forms.TypedMultipleChoiceField(choices=DAYS, coerce=int, initial=[0, 1, 2, 3, 4], label="On")
    holidays = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 6}),
        required=False,
        max_length=30_000,
        help_text="One a line: 2026-12-25 Christmas Day.",
    )
    version = forms.IntegerField(widget=forms.HiddenInput, initial=0)

    def said(self) -> dict[str, Any]:
        """The calendar as the action takes it; refuses a line that is no day."""
        data = dict(self.cleaned_data)
        data["holidays"] = dict(_holiday(one) for one in data["holidays"].splitlines() if one.strip())
        return data


def _holiday(line: str) -> tuple[date, str]:
    day, _, name = line.strip().partition(" ")
    try:
        return date.fromisoformat(day), name.strip()
    except ValueError:
        raise Invalid(
            f"“{line.strip()[:40]}” is no holiday.",
            next_step="Write the day and its name: 2026-12-25 Christmas Day.",
            fields={"holidays": ["A day as 2026-12-25, then its name."]},
        ) from None
