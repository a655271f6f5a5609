"""A person's own desk: the views they saved and what they looked at last."""

from datetime import datetime

from django.db import IntegrityError, connection, transaction

from apps.accounts.models import Person
from apps.cab.models import Change, SavedPage, SavedView
from apps.kernel.refusals import Invalid, refusal_from_constraint

MOST_VIEWS = 50


@transaction.atomic
def save_view(*, person: Person, name: str, query: str, page: str = SavedPage.CHANGES) -> SavedView:
    """Keep a page's filters (a query string) under a name; not journaled: it concerns nobody else."""
    if page not in SavedPage.values:
        raise Invalid("There is no such page to keep a view of.", next_step="Save it on the page it belongs to.")
    if not name.strip():
        raise Invalid("Give the view a name.", next_step="Write a short name.", fields={"name": ["Missing."]})
    if SavedView.objects.filter(person=person).count() >= MOST_VIEWS:
        raise Invalid(
            f"You have {MOST_VIEWS} views already.", next_step="Forget one first.", fields={"name": ["Too many views."]}
        )
    try:
        with transaction.atomic():
            return SavedView.objects.create(person=person, page=page, name=name.strip()[:60], query=query[:1000])
    except IntegrityError as error:
        raise refusal_from_constraint(error, SavedView) from error


@transaction.atomic
def forget_view(*, person: Person, view_id: int) -> SavedView | None:
    """Remove a saved view of one's own and return what it was; None, and nothing happens, when it is gone already."""
    view = SavedView.objects.filter(person=person, pk=view_id).first()
    if view:
        view.delete()
    return view


def note_look(*, person: Person, change: Change, at: datetime) -> None:
    """Remember the revision this person has just seen."""
    with connection.cursor() as cursor:  # one statement is a transaction of its own
        cursor.execute(
            """INSERT INTO cab_lastlook (person_id, change_id, revision, at) VALUES (%s, %s, %s, %s)
            ON CONFLICT (person_id, change_id) DO UPDATE SET revision = excluded.revision, at = excluded.at""",
            [person.pk, change.pk, change.revision, at],
        )
