"""Minutes: drafted from the journal when a meeting closes, edited, published and sealed, added to.

What the journal said of the meeting (the facts) is nobody's to edit; what people write is the prose beside it.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from django.db import transaction

from apps.accounts.models import Person
from apps.clusters.actions.clusters import require_version, save_new
from apps.journal import actions as journal
from apps.kernel.refusals import Conflict, Invalid, NotFound, WrongState
from apps.meetings import events
from apps.meetings.actions.moves import locked_meeting, move_meeting, part_in, require_state
from apps.meetings.actions.planning import require_reason
from apps.meetings.models import Addendum, Meeting, Minutes, MinutesSection
from apps.meetings.queries.drafting import drafted_sections
from apps.meetings.queries.minutes import canonical, sections_of, sections_shown_to, to_remind
from apps.meetings.rules.authority import require_publishes, require_writes
from apps.meetings.rules.minutes import LONGEST_PROSE, digest_of
from apps.meetings.states import MeetingState

MOST_ADDENDA = 100  # of one meeting's minutes


@transaction.atomic
def draft_missing(*, meeting_id: int, at: datetime) -> Minutes | None:
    """Draft the minutes of a meeting that closed without any. Safe to run twice."""
    meeting = locked_meeting(meeting_id)
    if meeting.state == MeetingState.CLOSED and not Minutes.objects.filter(meeting=meeting).exists():
        return draft(meeting, at=at)
    return None


def draft(meeting: Meeting, *, at: datetime) -> Minutes:
    """Write the first draft of a meeting that has closed. The caller holds its lock."""
    minutes = Minutes.objects.create(meeting=meeting, drafted_at=at)
    found = drafted_sections(meeting)
    MinutesSection.objects.bulk_create(
        MinutesSection(
            minutes=minutes,
            position=place,
            kind=one.kind,
            item=one.item,
            facts=one.facts,
            drafted=one.prose,
            prose=one.prose,
        )
        for place, one in enumerate(found, start=1)
    )
    event = events.MinutesDrafted(meeting_id=meeting.pk, sections=len(found))
    journal.record(event, subject=meeting, actor=None, at=at)
    return minutes


@transaction.atomic
def edit_minutes(*, meeting_id: int, writer: Person, version: int, prose: Mapping[int, str], at: datetime) -> Minutes:
    """Write the prose of some sections anew: `prose` is the text of each section by its id, at most 10,000 characters.

    The chair, the secretary (whose seat has that function) and administrators may, until publication. Refused:
    sections about changes the writer may not see (as not there), and a version that is no longer in force. The journal
    keeps every text. Text that is the drafted one again has no author. What does not differ writes nothing.
    """
    meeting, minutes = _drafted(meeting_id, writer, at=at, to="edit its minutes")
    require_version(version, minutes.version)
    known = {one.pk: one for one in sections_shown_to(minutes, writer)}
    texts = {_of(known, pk).pk: _checked(text) for pk, text in prose.items()}
    changed = [one for pk, one in known.items() if pk in texts and texts[pk] != one.prose]
    if not changed:
        return minutes
    for section in changed:
        is_drafted = texts[section.pk] == section.drafted
        section.prose = texts[section.pk]
        section.author, section.written_at = (None, None) if is_drafted else (writer, at)
    MinutesSection.objects.bulk_update(changed, ["prose", "author", "written_at"])
    minutes.version += 1
    minutes.save(update_fields=["version"])
    event = events.MinutesEdited(
        meeting_id=meeting.pk, version=minutes.version, prose={str(one.pk): one.prose for one in changed}
    )
    journal.record(event, subject=meeting, actor=writer, at=at)
    return minutes


@transaction.atomic
def publish_minutes(*, meeting_id: int, publisher: Person, version: int, at: datetime) -> Minutes:
    """Seal the minutes: from then on they stay as they are, and the journal holds the hash of their content.

    Writer and publisher are two people: a chair or an administrator publishes, and none of the prose as it stands may
    be theirs. So the secretary writes and the chair publishes; a chair who wrote asks another. Minutes nobody edited
    were written by the house from the journal, and any chair publishes them. `version` is the one they read.
    """
    meeting, minutes = _drafted(meeting_id, publisher, at=at, to="publish its minutes", publishes=True)
    require_version(version, minutes.version)
    minutes.digest = digest_of(canonical(minutes, publisher=publisher, at=at))
    minutes.published_by, minutes.published_at = publisher, at
    minutes.version += 1
    minutes.save()
    move_meeting(meeting, MeetingState.MINUTES_PUBLISHED, at=at)
    meeting.save()
    event = events.MinutesPublished(meeting_id=meeting.pk, version=minutes.version, digest=minutes.digest)
    journal.record(event, subject=meeting, actor=publisher, at=at)
    return minutes


@transaction.atomic
def add_addendum(
    *, meeting_id: int, author: Person, text: str, reason: str, at: datetime, section_id: int | None = None
) -> Addendum:
    """Correct published minutes by a text beside them, which is sealed too; the minutes themselves stay as they are.

    The chair, the secretary and administrators may. `section_id` says which section it is about; then only who may
    read that section reads the addendum.
    """
    meeting = locked_meeting(meeting_id, author)
    require_writes(part_in(meeting, author, at=at), board=meeting.board.name, to="add to its minutes")
    if meeting.state == MeetingState.CLOSED:
        raise WrongState("The minutes are still a draft.", next_step="Edit them instead.")
    require_state(meeting, MeetingState.MINUTES_PUBLISHED, to="have an addendum")
    minutes = Minutes.objects.get(meeting=meeting)
    number = minutes.addenda.count() + 1
    if number > MOST_ADDENDA:
        raise Conflict(f"These minutes have {MOST_ADDENDA} addenda.", next_step="Say it in the next meeting.")
    said, why = _checked(text), require_reason(reason, "it is corrected")
    if not said:
        raise _wrong("text", "Say what is corrected.")
    known = {one.pk: one for one in sections_shown_to(minutes, author)}
    section = None if section_id is None else _of(known, section_id)
    addendum = Addendum(minutes=minutes, number=number, section=section, text=said, reason=why, author=author, at=at)
    addendum.digest = digest_of(_canonical_addendum(addendum))
    save_new(addendum)
    event = events.AddendumWritten(
        meeting_id=meeting.pk, addendum_id=addendum.pk, number=number, digest=addendum.digest
    )
    journal.record(event, subject=meeting, actor=author, at=at)
    return addendum


@transaction.atomic
def remind_of_minutes(*, meeting_id: int, at: datetime) -> Minutes:
    """Remind the chair of minutes that lie unpublished for longer than `REMIND_AFTER`. Safe to run twice."""
    meeting = locked_meeting(meeting_id)
    minutes = to_remind(at).filter(meeting=meeting).first()
    if minutes is None:
        return Minutes.objects.get(meeting=meeting)
    minutes.reminded_at = at
    minutes.save(update_fields=["reminded_at"])
    days = (at - minutes.drafted_at).days
    event = events.MinutesReminded(meeting_id=meeting.pk, days=days)
    journal.record(event, subject=meeting, actor=None, at=at)
    return minutes


def _drafted(
    meeting_id: int, person: Person, *, at: datetime, to: str, publishes: bool = False
) -> tuple[Meeting, Minutes]:
    """The meeting, locked, and its minutes while they are a draft, for who may write (or publish) them."""
    meeting = locked_meeting(meeting_id, person)
    part, board = part_in(meeting, person, at=at), meeting.board.name
    minutes = Minutes.objects.filter(meeting=meeting).first()
    if publishes:
        wrote = set(sections_of(minutes).values_list("author", flat=True)) if minutes else set()
        require_publishes(part, person.pk, wrote=wrote, board=board)
    else:
        require_writes(part, board=board, to=to)
    if meeting.state == MeetingState.MINUTES_PUBLISHED:
        raise WrongState("The minutes are published and stay as they are.", next_step="Write an addendum instead.")
    require_state(meeting, MeetingState.CLOSED, to="have its minutes written")
    if minutes is None:
        raise WrongState("The minutes are not drafted yet.", next_step="Come back in a minute: the house writes them.")
    return meeting, minutes


def _of(known: Mapping[int, MinutesSection], pk: int) -> MinutesSection:
    if pk not in known:
        raise NotFound("There is no such section in these minutes.", next_step="Reload the minutes.")
    return known[pk]


def _checked(text: str) -> str:
    said = "\n".join(text.splitlines()).strip()
    if len(said) > LONGEST_PROSE:
        raise _wrong("prose", f"A text holds at most {LONGEST_PROSE:,} characters; this one has {len(said):,}.")
    return said


def _canonical_addendum(one: Addendum) -> dict[str, object]:
    return {
        "meeting": one.minutes_id,
        "minutes": one.minutes.digest,
        "number": one.number,
        "section": one.section.position if one.section else None,
        "text": one.text,
        "reason": one.reason,
        "author": one.author_id,
        "at": one.at.astimezone(UTC).isoformat(),
    }


def _wrong(field: str, sentence: str) -> Invalid:
    return Invalid(sentence, next_step="Correct it and send it again.", fields={field: [sentence]})
