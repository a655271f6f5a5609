"""The states of meetings and of the items on their agendas, and which may follow which. Pure data."""

from enum import StrEnum

from apps.kernel.machine import Machine


class MeetingState(StrEnum):
    """Where a meeting stands."""

    PLANNED = "planned"  # the agenda is filled by rule
    AGENDA_LOCKED = "agenda_locked"  # only the chair admits or defers
    IN_SESSION = "in_session"
    CLOSED = "closed"
    MINUTES_PUBLISHED = "minutes_published"
    CANCELLED = "cancelled"


_M = MeetingState
MEETING = Machine(
    "meeting",
    {
        _M.PLANNED: frozenset({_M.AGENDA_LOCKED, _M.CANCELLED}),
        _M.AGENDA_LOCKED: frozenset({_M.IN_SESSION, _M.CANCELLED}),
        _M.IN_SESSION: frozenset({_M.CLOSED}),
        _M.CLOSED: frozenset({_M.MINUTES_PUBLISHED}),
        _M.MINUTES_PUBLISHED: frozenset(),
        _M.CANCELLED: frozenset(),
    },
)
AHEAD = frozenset({_M.PLANNED, _M.AGENDA_LOCKED})
LIVE = frozenset({_M.AGENDA_LOCKED, _M.IN_SESSION})  # the agenda is fixed and not yet over
OVER = frozenset({_M.CLOSED, _M.MINUTES_PUBLISHED, _M.CANCELLED})


class ItemState(StrEnum):
    """Where one item of an agenda stands."""

    LISTED = "listed"
    LATE = "late"  # came after the lock; waits for the chair
    CURRENT = "current"  # the room speaks of it now
    DECIDED = "decided"
    DEFERRED = "deferred"  # goes to a later meeting
    WITHDRAWN = "withdrawn"  # its change no longer waits for this board


_I = ItemState
ITEM = Machine(
    "agenda item",
    {
        # What comes before the lock is listed at once; what comes after it begins here.
        _I.LATE: frozenset({_I.LISTED, _I.DECIDED, _I.DEFERRED, _I.WITHDRAWN}),
        _I.LISTED: frozenset({_I.CURRENT, _I.DECIDED, _I.DEFERRED, _I.WITHDRAWN}),
        _I.CURRENT: frozenset({_I.LISTED, _I.DECIDED, _I.DEFERRED, _I.WITHDRAWN}),
        # A deferral is the chair's, and the chair may take it back while the meeting lasts.
        _I.DEFERRED: frozenset({_I.LISTED, _I.DECIDED, _I.WITHDRAWN}),
        _I.DECIDED: frozenset(),
        _I.WITHDRAWN: frozenset({_I.LISTED}),
    },
)
OPEN_ITEMS = frozenset({_I.LISTED, _I.CURRENT})


class ActionState(StrEnum):
    """Where an action item stands."""

    OPEN = "open"
    DONE = "done"


ACTION_ITEM = Machine("action item", {ActionState.OPEN: frozenset({ActionState.DONE}), ActionState.DONE: frozenset()})

MACHINES = {"meeting": MEETING, "agenda item": ITEM, "action item": ACTION_ITEM}
