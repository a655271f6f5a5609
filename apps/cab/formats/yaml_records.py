"""YAML as records: one document a record. Values are built from parser events, so nothing is ever executed or expanded.

A document's place is its column “@file”. Every scalar stays the text its author wrote: whether 2024-13-01 is a date is
for the map to say, by field and value.
"""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import yaml

from apps.cab.formats.records import Flaw, Record, decoded, flattened, oversized, shown
from apps.kernel.refusals import Invalid

MOST_NODES = 20_000  # of one document
DEEPEST = 20
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_PLAIN_TAGS = "tag:yaml.org,2002:"
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # its parser only; C where the build has it


class _RefusedError(Exception):
    """The document uses what we do not read."""


def records(files: Mapping[str, bytes], *, pattern: str = "*", encoding: str = "utf-8") -> Iterator[Record]:
    """Every document of the files whose path fits `pattern`, by path. A broken file is one flawed record."""
    number = 0
    chosen = sorted(path for path in files if fnmatchcase(path, pattern))
    if not chosen:
        raise Invalid(f"No file in it fits “{pattern}”.", next_step="Check the map, or choose another file.")
    for path in chosen:
        for record in _documents(path, files[path], encoding, number):
            number = record.row
            yield record


def _documents(path: str, content: bytes, encoding: str, number: int) -> Iterator[Record]:
    first, _, second = encoding.partition("-or-")
    try:
        events = yaml.parse(decoded(content, name=path, encoding=first, otherwise=second), Loader=_LOADER)
        for count, value in enumerate(_values(events), start=1):
            number += 1
            place = path if count == 1 else f"{path}, document {count}"
            if not isinstance(value, dict):
                yield Record(
                    number, place, flaw=Flaw("", shown(value), "The document is not a mapping of names to values.")
                )
                continue
            cells = {**flattened(value), "@file": [place]}
            yield Record(number, place, cells, flaw=oversized(cells))
    except (yaml.YAMLError, _RefusedError, Invalid) as error:
        yield Record(number + 1, path, flaw=Flaw("", "", _sentence(error)))


def documents(content: bytes, *, name: str) -> list[Any]:
    """The values of every document, within the same bounds. Refuses the whole file, saying where it breaks off."""
    try:
        return list(_values(yaml.parse(decoded(content, name=name, encoding="utf-8"), Loader=_LOADER)))
    except (yaml.YAMLError, _RefusedError) as error:
        raise Invalid(_sentence(error), next_step=f"Mend {name} and read it again.", code="bad_yaml") from error


def _sentence(error: Exception) -> str:
    if isinstance(error, Invalid):
        return error.sentence
    mark = getattr(error, "problem_mark", None)
    where = f" in line {mark.line + 1}" if mark else ""
    return f"The YAML cannot be read{where}: {getattr(error, 'problem', None) or str(error)[:120]}."


def _values(events: Iterator[Any]) -> Iterator[Any]:
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            yield _Builder(events).value(next(events), depth=0)


class _Builder:
    """One document, built node by node within bounds."""

    def __init__(self, events: Iterator[Any]) -> None:
        self.events, self.nodes = events, 0

    def value(self, event: Any, *, depth: int) -> Any:
        self._require_harmless(event, depth)
        if isinstance(event, yaml.ScalarEvent):
            return "" if event.implicit[0] and event.value in _NULLS else event.value
        if isinstance(event, yaml.SequenceStartEvent):
            return [self.value(one, depth=depth + 1) for one in self._until(yaml.SequenceEndEvent)]
        found: dict[str, Any] = {}
        for key in self._until(yaml.MappingEndEvent):
            name = self.value(key, depth=depth + 1)
            if not isinstance(name, str):
                raise _RefusedError("a name is a list or a mapping")
            found[name] = self.value(next(self.events), depth=depth + 1)
        return found

    def _until(self, end: type) -> Iterator[Any]:
        for event in self.events:
            if isinstance(event, end):
                return
            yield event

    def _require_harmless(self, event: Any, depth: int) -> None:
        self.nodes += 1
        if isinstance(event, yaml.AliasEvent):
            raise _RefusedError("aliases (*name) are not read; write the value out")
        if event.tag and not event.tag.startswith(_PLAIN_TAGS) and event.tag != "!":
            raise _RefusedError(f"the tag {event.tag[:60]} is not read")
        if event.tag and event.tag.startswith(f"{_PLAIN_TAGS}python"):
            raise _RefusedError(f"the tag {event.tag[:60]} is not read")
        if depth > DEEPEST:
            raise _RefusedError(f"it is nested deeper than {DEEPEST}")
        if self.nodes > MOST_NODES:
            raise _RefusedError(f"a document has more than {MOST_NODES:,} values")
