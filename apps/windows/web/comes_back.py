"""The part of a form that says how something comes back: by a few choices, or by a rule for who wants to write one."""

from datetime import datetime
from typing import Any

from django import forms

from apps.clusters.web.forms import RefusableForm
from apps.windows.rules.choices import DAY_NAMES, DAYS, Choice, Every, On, choice_of, rule_of

EVERY = (
    (Every.ONCE, "never: a single time"),
    (Every.DAY, "every day"),
    (Every.WEEK, "every week"),
    (Every.TWO_WEEKS, "every two weeks"),
    (Every.MONTH, "every month"),
    (Every.YEAR, "every year, on the day of the first start"),
    (Every.RULE, "by a rule (RFC 5545)"),
)
ON = (
    (On.DAY, "on the day of the first start"),
    (On.FIRST, "on the first weekday ticked below"),
    (On.SECOND, "on the second weekday ticked below"),
    (On.THIRD, "on the third weekday ticked below"),
    (On.FOURTH, "on the fourth weekday ticked below"),
    (On.LAST, "on the last weekday ticked below"),
    (On.LAST_DAY, "on the last day"),
)
FIELDS = ("comes_back", "monthly_on", "weekdays", "rrule")


class _Preset(forms.ChoiceField):
    """A list of which one is always chosen; what is sent without it means `absent`."""

    def __init__(self, *, absent: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.absent = absent

    def clean(self, value: Any) -> Any:
        return super().clean(value or self.absent)


class ComesBackForm(RefusableForm):
    """Beside `start_local`; its cleaned data hold the rule (`rrule`) that is chosen, and nothing of the choices.

    What is sent without a choice is read by its rule.
    """

    comes_back = _Preset(choices=EVERY, absent=Every.RULE, label="Comes back")
    monthly_on = _Preset(choices=ON, absent=On.DAY, label="In the month")
    weekdays = forms.MultipleChoiceField(
        choices=list(zip(DAYS, DAY_NAMES, strict=True)),
        required=False,
        label="On",
        help_text="None ticked: the weekday of the first start.",
        widget=forms.CheckboxSelectMultiple,
    )
    rrule = forms.CharField(
        max_length=500,
        required=False,
        label="Rule",
        help_text="As RFC 5545 writes it, such as FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1, the last working day.",
        widget=forms.TextInput(attrs={"list": "rules", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "rrule" in self.initial:
            told = choice_of(self.initial["rrule"], start_local=self.initial["start_local"])
            chosen = {"comes_back": told.every, "weekdays": told.weekdays, "monthly_on": told.on}
            self.initial = {**self.initial, **chosen}  # a copy: it may be the row itself

    def clean(self) -> dict[str, Any]:
        """Put the rule that is chosen in the place of the choices."""
        data = dict(super().clean() or self.cleaned_data)
        every, weekdays, on = data.pop("comes_back", ""), data.pop("weekdays", []), data.pop("monthly_on", "")
        start, rule = data.get("start_local"), data.get("rrule", "")
        if every == Every.RULE and not rule and self.add_prefix("comes_back") in self.data:
            self.add_error("rrule", "Write the rule, or choose another way to come back.")
        if every and on and isinstance(start, datetime):
            data["rrule"] = rule_of(Choice(Every(every), tuple(weekdays), On(on), rule), start_local=start)
        return data

    def add_error(self, field: str | None, error: Any) -> None:
        """What is said of a rule that was chosen stands at the choice."""
        is_chosen = self.data.get(self.add_prefix("comes_back"), Every.RULE) != Every.RULE
        super().add_error("comes_back" if field == "rrule" and is_chosen else field, error)
