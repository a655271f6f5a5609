"""Minutes as one person may read them, their canonical content, and which wait for publication."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet

from apps.accounts.models import Person
from apps.cab.models import Change
from apps.journal.models import Entry
from apps.kernel.refusals import NotAllowed, WrongState
from apps.meetings import events
from apps.meetings.models import Addendum, Meeting, Minutes, MinutesSection, SectionKind
from apps.meetings.rules.minutes import REMIND_AFTER, thawed
from apps.meetings.states import MeetingState

MOST_HISTORY = 200  # entries
_ABOUT_MINUTES = [
    one.name()
    for one in (
        events.MinutesDrafted,
        events.MinutesEdited,
        events.MinutesReminded,
        events.MinutesPublished,
        events.AddendumWritten,
    )
]
ENDED = (MeetingState.CLOSED, MeetingState.MINUTES_PUBLISHED)


@dataclass(frozen=True)
class Part:
    """One section for pages: its facts with instants and dates as such."""

    section: MinutesSection
    facts: dict[str, Any]

    @property
    def title(self) -> str:
        """Its heading."""
        if self.section.kind == SectionKind.ITEM:
            return f"{self.facts['change']} {self.facts['title']}"
        return "Attendance and quorum" if self.section.kind == SectionKind.OPENING else "Closing"

    @property
    def adds_reason(self) -> bool:
        """Whether the prose leaves out why an item was admitted or deferred."""
        reason = self.facts.get("reason", "")
        return bool(reason) and reason not in self.section.prose


@dataclass(frozen=True)
class Reading:
    """Minutes as one person reads them."""

    minutes: Minutes
    parts: Sequence[Part]
    hidden: int  # sections about changes this person may not see
    addenda: Sequence[Addendum]
    hidden_addenda: int
    history: Sequence[Entry]  # what became of them, the newest first

    @property
    def entry(self) -> int | None:
        """The journal's entry that seals them."""
        return next((one.pk for one in self.history if one.event == events.MinutesPublished.name()), None)

    @property
    def decided(self) -> int:
        """How many items they know of were decided."""
        return sum(one.facts.get("outcome") == "decided" for one in self.parts)


def readable_minutes(meeting: Meeting, person: Person, *, at: datetime) -> Minutes:
    """The meeting's minutes, or a refusal: before the meeting has closed, and of drafts to who is not of the board."""
    if meeting.state not in ENDED:
        cancelled = meeting.state == MeetingState.CANCELLED
        raise WrongState(
            f"The meeting is {meeting.state.replace('_', ' ')}, so it has no minutes{'' if cancelled else ' yet'}.",
            next_step="Look at the board's other meetings." if cancelled else "They are drafted when it closes.",
        )
    rows = Minutes.objects.select_related("meeting__board", "published_by").filter(meeting=meeting)
    minutes = rows.visible_to(person, on=at.date()).first()
    if minutes is not None:
        return minutes
    if rows.exists():
        raise NotAllowed(
            "The minutes are a draft that only the board reads.",
            next_step="They come here when the chair publishes them.",
            code="draft",
        )
    raise WrongState("The minutes are not drafted yet.", next_step="Come back in a minute: the house writes them.")


def minutes_shown(meeting: Meeting, person: Person, *, at: datetime) -> bool:
    """Whether there are minutes that this person may read."""
    rows = Minutes.objects.filter(meeting=meeting).visible_to(person, on=at.date())
    return meeting.state in ENDED and rows.exists()


def reading(minutes: Minutes, person: Person) -> Reading:
    """The minutes as this person reads them: what is about changes they may not see is counted and not shown."""
    rows = list(sections_of(minutes))
    shown = sections_shown_to(minutes, person).values_list("pk", flat=True)
    known = set(shown)
    addenda = list(minutes.addenda.select_related("author", "section").order_by("number"))
    seen = [one for one in addenda if one.section_id is None or one.section_id in known]
    return Reading(
        minutes=minutes,
        parts=[Part(one, thawed(one.facts)) for one in rows if one.pk in known],
        hidden=len(rows) - len(known),
        addenda=seen,
        hidden_addenda=len(addenda) - len(seen),
        history=list(_history(minutes)),
    )


def sections_of(minutes: Minutes) -> QuerySet[MinutesSection]:
    """All sections in order, with their items' changes and their authors."""
    rows = MinutesSection.objects.filter(minutes=minutes).select_related("item__change", "author")
    return rows.order_by("position")


def sections_shown_to(minutes: Minutes, person: Person) -> QuerySet[MinutesSection]:
    """The sections this person may read: an item's only where they may see its change."""
    visible = Change.objects.visible_to(person).values("pk")
    return sections_of(minutes).filter(Q(item__isnull=True) | Q(item__change__in=visible))


def canonical(minutes: Minutes, *, publisher: Person, at: datetime) -> dict[str, Any]:
    """What the seal is over: the meeting, each section with its facts and prose in order, who published it when."""
    return {
        "meeting": minutes.meeting_id,
        "sections": [
            {"position": one.position, "kind": one.kind, "facts": one.facts, "prose": one.prose}
            for one in sections_of(minutes)
        ],
        "published_by": publisher.pk,
        "published_at": at.astimezone(UTC).isoformat(),
    }


def undrafted() -> QuerySet[Meeting]:
    """Closed meetings without minutes: closed before there were any."""
    return Meeting.objects.filter(state=MeetingState.CLOSED, minutes__isnull=True).order_by("pk")


def to_remind(at: datetime) -> QuerySet[Minutes]:
    """Drafts whose chair has not heard of them for as long as `REMIND_AFTER`."""
    late = at - REMIND_AFTER
    rows = Minutes.objects.filter(published_at__isnull=True, drafted_at__lte=late)
    return rows.filter(Q(reminded_at__isnull=True) | Q(reminded_at__lte=late)).order_by("drafted_at")


def _history(minutes: Minutes) -> QuerySet[Entry]:
    rows = Entry.objects.about(minutes.meeting).filter(event__in=_ABOUT_MINUTES).select_related("actor")
    return rows.order_by("-id")[:MOST_HISTORY]
