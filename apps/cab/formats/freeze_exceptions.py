"""Requests to be excepted from a freeze, as release teams keep them in YAML: a list, or lists by the freeze.

Each request has a name, a status and, mostly, the days on which it was asked and decided.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from apps.cab.formats.records import shown
from apps.cab.formats.yaml_records import documents
from apps.cab.states import ExceptionState
from apps.kernel.refusals import Invalid, TooLarge

LARGEST = 1 << 20  # bytes of one file
MOST_FILES = 500
MOST_REQUESTS = 2_000  # of one file
LONGEST = 500  # characters of a name or a status
UNNAMED = "freeze"  # what a list without a heading is about
# What the teams write → what it is here. “Reverted” was granted and undone later; “removed” was taken off the list.
DECISIONS = {
    "approved": ExceptionState.GRANTED,
    "reverted": ExceptionState.GRANTED,
    "denied": ExceptionState.DENIED,
    "rejected": ExceptionState.DENIED,
    "removed": ExceptionState.WITHDRAWN,
}


@dataclass(frozen=True)
class RecordedRequest:
    """One request as its file has it."""

    place: str  # the file
    freeze: str
    name: str
    status: str  # as written
    decision: ExceptionState
    requested_on: date | None
    reviewed_on: date | None
    thread: str
    doubt: str = ""  # what is taken as written although it cannot be so


@dataclass(frozen=True)
class Unread:
    """A file, or one request in it, that was not taken, and why."""

    place: str
    sentence: str


@dataclass(frozen=True)
class Reading:
    """What a set of files holds: the requests, and what could not be read."""

    requests: Sequence[RecordedRequest] = field(default=())
    unread: Sequence[Unread] = field(default=())


def read(files: Mapping[str, bytes]) -> Reading:
    """Every request of the files, by path. A broken file or request is named and holds up no other.

    Refuses more than 500 files; a file over 1 MB or with more than 2,000 requests is one that cannot be read.
    """
    if len(files) > MOST_FILES:
        raise TooLarge(f"{len(files):,} files are too many.", next_step=f"Read at most {MOST_FILES} at a time.")
    requests: list[RecordedRequest] = []
    unread: list[Unread] = []
    for path in sorted(files):
        try:
            rows = list(_rows(path, files[path]))
        except (Invalid, TooLarge) as refusal:
            unread.append(Unread(path, refusal.sentence))
            continue
        for number, (freeze, row) in enumerate(rows, start=1):
            taken = _request(path, number, freeze, row)
            (requests if isinstance(taken, RecordedRequest) else unread).append(taken)  # type: ignore[arg-type]
    return Reading(requests, unread)


def _rows(path: str, content: bytes) -> Iterator[tuple[str, Any]]:
    if len(content) > LARGEST:
        raise TooLarge(f"{path} is over {LARGEST >> 20} MB.", next_step="Split it.")
    count = 0
    for document in documents(content, name=path):
        for freeze, rows in _lists(document):
            for row in rows:
                count += 1
                if count > MOST_REQUESTS:
                    raise TooLarge(f"{path} holds more than {MOST_REQUESTS:,} requests.", next_step="Split it.")
                yield freeze, row


def _lists(document: Any) -> Iterator[tuple[str, list[Any]]]:
    named = document if isinstance(document, dict) else {UNNAMED: document}
    for freeze, rows in named.items():
        if rows == "":
            continue  # a heading with nothing below it
        if not isinstance(rows, list):
            raise Invalid(f"“{shown(freeze)}” is not a list of requests.", next_step="Write one request an item.")
        yield freeze[:LONGEST], rows


def _request(path: str, number: int, freeze: str, row: Any) -> RecordedRequest | Unread:
    place = f"{path}, request {number}"
    if not isinstance(row, dict):
        return Unread(place, "It is not a mapping of names to values.")
    name, status = _text(row, "name"), _text(row, "status")
    if not name:
        return Unread(place, "It has no name.")
    decision = DECISIONS.get(status.lower())
    if decision is None:
        return Unread(place, f"The status “{shown(status)}” is none of {', '.join(DECISIONS)}.")
    try:
        days = [_day(_text(row, key)) for key in ("date_requested", "date_reviewed")]
    except ValueError as error:
        return Unread(place, f"A date cannot be read: {error}.")
    doubt = ""
    if days[0] and days[1] and days[1] < days[0]:
        doubt = f"It was decided on {days[1]}, before it was asked on {days[0]}."
    return RecordedRequest(path, freeze, name, status, decision, days[0], days[1], _text(row, "thread"), doubt)


def _text(row: Mapping[str, Any], key: str) -> str:
    value = row.get(key, "")
    return value.strip()[:LONGEST] if isinstance(value, str) else ""


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
