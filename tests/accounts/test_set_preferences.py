"""What people set for themselves."""

import pytest

from apps.accounts import actions
from apps.accounts.models import Person
from apps.journal.models import Entry
from apps.kernel.refusals import Invalid


def test_what_is_named_is_set_and_the_rest_stays(ada, noon):
    actions.set_preferences(person=ada, theme="dark", at=noon)
    ada = Person.objects.get(pk=ada.pk)
    assert (ada.theme, ada.density, ada.zone) == ("dark", "comfortable", "UTC")
    assert Entry.objects.get(event="accounts.PreferencesSet").data["changed"] == {"theme": "dark"}


def test_setting_the_same_again_writes_nothing(ada, noon):
    actions.set_preferences(person=ada, theme="auto", density="comfortable", zone="UTC", at=noon)
    assert not Entry.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"), [("theme", "neon"), ("density", "huge"), ("zone", "Mars/Base"), ("zone", "")]
)
def test_an_unknown_value_is_refused(ada, noon, field, value):
    with pytest.raises(Invalid) as told:
        actions.set_preferences(person=ada, at=noon, **{field: value})
    assert field in told.value.fields
    assert getattr(Person.objects.get(pk=ada.pk), field) == getattr(ada, field)


def test_a_person_is_renamed_by_themselves(ada, noon):
    actions.rename_self(person=ada, name="  Ada  Example ", at=noon)
    assert Person.objects.get(pk=ada.pk).name == "Ada Example"
    assert Entry.objects.get().event == "accounts.PersonRenamed"
    with pytest.raises(Invalid):
        actions.rename_self(person=ada, name="", at=noon)
