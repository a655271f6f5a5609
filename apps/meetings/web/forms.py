"""Forms of the meetings pages. They check shape; what is allowed is decided by the actions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms

from apps.accounts.models import Person, PersonKind
from apps.cab.models import Board
from apps.cab.queries.named import boards_visible_to
from apps.cab.web.forms import VoteForm
from apps.clusters.web.forms import RefusableForm
from apps.meetings.models.meetings import LONGEST, LONGEST_ITEM, LONGEST_LEAD, SHORTEST
from apps.meetings.queries.meetings import boards_led_by
from apps.meetings.queries.minutes import Part
from apps.meetings.rules.minutes import LONGEST_PROSE
from apps.windows.web import comes_back
from apps.windows.web.comes_back import ComesBackForm
from apps.windows.web.fields import WallClock

LONGEST_REASON = 500
LONGEST_SEEN = 6000  # characters: 200 items with the revision of each
# What the rule field suggests; anything else RFC 5545 knows from a day upwards may be written instead.
SUGGESTIONS = (
    ("FREQ=WEEKLY;BYDAY=TU", "every Tuesday"),
    ("FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", "every other Wednesday"),
    ("FREQ=WEEKLY;BYDAY=MO,TH", "every Monday and Thursday"),
    ("FREQ=MONTHLY;BYDAY=1MO", "the first Monday of the month"),
    ("FREQ=DAILY", "every day"),
)
ONLY_SERIES = ("rrule",)


class WhenForm(RefusableForm):
    """When a meeting is, by the wall clock of its zone."""

    start_local = WallClock(label="Starts", help_text="Wall clock of the zone below.")
    duration_minutes = forms.IntegerField(label="Lasts (minutes)", min_value=SHORTEST, max_value=LONGEST, initial=60)


class PlanForm(ComesBackForm, WhenForm):
    """A series where it comes back, else a single meeting."""

    board = forms.ModelChoiceField(queryset=Board.objects.none(), to_field_name="slug", empty_label=None)
    name = forms.CharField(max_length=120, initial="Weekly board")
    place = forms.CharField(max_length=300, required=False, help_text="A room, or where the call is.")
    zone = forms.CharField(max_length=64, help_text="An IANA name such as Europe/Berlin.")
    lock_minutes = forms.IntegerField(
        label="Agenda locks (minutes before the start)", min_value=0, max_value=LONGEST_LEAD, initial=120
    )
    item_minutes = forms.IntegerField(label="Minutes for an item", min_value=1, max_value=LONGEST_ITEM, initial=10)
    field_order = ["board", "name", "start_local", "duration_minutes", "zone", *comes_back.FIELDS, "place"]

    def __init__(self, *args: Any, person: Person, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["board"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = boards_led_by(person, at=at)


class SeriesForm(PlanForm):
    """What a series is from now on."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["board"]
        field = self.fields["comes_back"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = comes_back.EVERY[1:]
        self.fields["start_local"].label = "Starts"
        self.fields["start_local"].help_text = "Wall clock of the zone below; the rule counts from this day."


class MoveForm(WhenForm):
    version = forms.IntegerField(widget=forms.HiddenInput)


class ReasonForm(RefusableForm):
    reason = forms.CharField(max_length=LONGEST_REASON, label="Why", widget=forms.Textarea(attrs={"rows": 2}))


class ItemForm(RefusableForm):
    """Which item of the agenda an act is about."""

    item = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)


class MarkForm(RefusableForm):
    """Whom the chair notes as here, or as gone."""

    person = forms.ModelChoiceField(queryset=Person.objects.exclude(kind=PersonKind.SERVICE), widget=forms.HiddenInput)
    mark = forms.ChoiceField(choices=[("present", "present"), ("left", "left")], widget=forms.HiddenInput)


class RuledItemForm(ItemForm):
    reason = forms.CharField(max_length=LONGEST_REASON, label="Why")


class RoomBallotForm(VoteForm):
    """A ballot on the item the room speaks of."""

    item = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)


class ConfirmForm(RefusableForm):
    """One confirmation of the consent items: which were read at which revision, and for whose seat."""

    seen = forms.RegexField(
        r"^\d{1,18}:\d{1,9}(,\d{1,18}:\d{1,9})*$", max_length=LONGEST_SEEN, widget=forms.HiddenInput
    )
    seat_of = forms.CharField(max_length=150, required=False, widget=forms.HiddenInput)

    def clean_seen(self) -> dict[int, int]:
        pairs = (one.split(":") for one in self.cleaned_data["seen"].split(","))
        return {int(item): int(revision) for item, revision in pairs}


class DeskForm(ItemForm):
    """The chair's desk: what to do with an item; the reason where an act needs one."""

    ACTS = ("take", "up", "down", "defer", "admit")
    act = forms.ChoiceField(choices=[(act, act) for act in ACTS])
    reason = forms.CharField(max_length=LONGEST_REASON, required=False)


class ActionForm(RefusableForm):
    """What somebody does until when; about the current item where there is one."""

    text = forms.CharField(max_length=LONGEST_REASON, label="What is to be done")
    owner = forms.CharField(max_length=150, help_text="Their handle.")
    due_on = forms.DateField(label="Due", widget=forms.DateInput(attrs={"type": "date"}))
    item = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False, widget=forms.HiddenInput)


class FinishForm(RefusableForm):
    action = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)


class VersionForm(RefusableForm):
    """Which version of the minutes was read."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, widget=forms.HiddenInput)


class MinutesForm(VersionForm):
    """The prose of each section, at most LONGEST_PROSE characters; a field a section."""

    def __init__(self, *, data: Any, parts: Sequence[Part], version: int) -> None:
        super().__init__(data, initial={"version": version})
        for one in parts:
            self.fields[self.name_of(one)] = forms.CharField(
                label=f"Words on {one.facts['change']}" if one.section.item_id else f"Words on the {one.section.kind}",
                initial=one.section.prose,
                required=False,
                max_length=LONGEST_PROSE,
                widget=forms.Textarea(attrs={"rows": max(3, len(one.section.prose) // 70 + 2)}),
            )

    @staticmethod
    def name_of(part: Part) -> str:
        """The name of the section's field."""
        return f"prose_{part.section.pk}"

    def prose(self) -> dict[int, str]:
        """What was written, by the section's id; sections the sender left out stay as they are."""
        sent = {name: text for name, text in self.cleaned_data.items() if name in self.data and name != "version"}
        return {int(name.removeprefix("prose_")): text for name, text in sent.items()}


class AddendumForm(RefusableForm):
    """What is corrected, why, and about which section."""

    section_id = forms.TypedChoiceField(label="About", required=False, coerce=int, empty_value=None)
    text = forms.CharField(
        label="What is corrected", max_length=LONGEST_PROSE, widget=forms.Textarea(attrs={"rows": 3})
    )
    reason = forms.CharField(label="Why", max_length=LONGEST_REASON)

    def __init__(self, *, data: Any = None, parts: Sequence[Part]) -> None:
        super().__init__(data, auto_id="addendum_%s")
        field = self.fields["section_id"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = [("", "The minutes as a whole"), *((one.section.pk, one.title) for one in parts)]


class MeetingFilterForm(forms.Form):
    """The filters of the list; they live in the address."""

    board = forms.ModelChoiceField(
        queryset=Board.objects.none(), to_field_name="slug", required=False, empty_label="every board"
    )
    past = forms.BooleanField(required=False, label="Show past ones")

    def __init__(self, *args: Any, person: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["board"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = boards_visible_to(person).order_by("name")
