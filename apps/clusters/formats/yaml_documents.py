"""Multi-document YAML that others wrote, read within bounds: one broken document does not hide the others."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import yaml

from apps.kernel.refusals import Invalid, TooLarge

MOST_BYTES = 2 * 1024 * 1024
MOST_DOCUMENTS = 2_000
DEEPEST = 60  # levels of nesting
MOST_NODES = 200_000  # of one file
MOST_READ_TWICE = 128 * 1024  # characters of one document
_BREAK = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)  # what follows on its line belongs to the document


@dataclass(frozen=True)
class Document:
    """One document: where it stands (counted from 1, with its first line), what it holds, or why it cannot be read."""

    number: int
    line: int
    content: Any = None
    fault: str = ""


def documents(content: bytes) -> list[Document]:
    """Every document that is not empty. Refuses only the file as a whole: too large, no text, too many documents."""
    if len(content) > MOST_BYTES:
        raise TooLarge(f"The file has more than {MOST_BYTES >> 20} MB.", next_step="Send them in parts.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid("The file is no UTF-8 text.", next_step="Save it as UTF-8 and send it again.") from None
    parts = list(_parts(text))
    if len(parts) > MOST_DOCUMENTS:
        raise TooLarge(f"The file has more than {MOST_DOCUMENTS:,} documents.", next_step="Send it in parts.")
    left = MOST_NODES
    found: list[Document] = []
    for line, part in parts:
        document, used = _document(len(found) + 1, line, part, left)
        left -= used
        if document is not None:
            found.append(document)
    return found


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """The texts between “---” lines, each with the number of its first line."""
    start = 0
    for found in _BREAK.finditer(text):
        yield text.count("\n", 0, start) + 1, text[start : found.start()]
        start = found.end()
    yield text.count("\n", 0, start) + 1, text[start:]


def _document(number: int, line: int, text: str, left: int) -> tuple[Document | None, int]:
    if not text.strip():
        return None, 0
    first = line + text[: len(text) - len(text.lstrip())].count("\n")
    try:
        content, used = _loaded(text, left)
    except Unreadable as fault:
        return Document(number, first, fault=f"Line {line + fault.line}: {fault}"), 0
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = getattr(error, "problem", None) or "it is no YAML"
        at = line + mark.line if mark else line
        return Document(number, first, fault=f"Line {at}: {said}."), 0
    except (ValueError, RecursionError):
        return Document(number, first, fault=f"Line {line}: a value is out of range."), 0
    return (None if content is None else Document(number, first, content)), used


def _loaded(text: str, left: int) -> tuple[Any, int]:
    """What one document holds, and how many nodes it has.

    The fast parser does not know every plain text that YAML allows in a list (“[1.2.3.4, 001:db8::]”); what it refuses
    is read again by the exact one, where that takes no long time.
    """
    try:
        used = _require_plain(yaml.parse(text, Loader=yaml.CSafeLoader), left)
        return _plain(yaml.load(text, Loader=Strict)), used  # noqa: S506  # a SafeLoader that refuses names said twice
    except yaml.YAMLError as error:
        if len(text) > MOST_READ_TWICE:
            raise
        return _read_exactly(text, left, error)


def _read_exactly(text: str, left: int, first: yaml.YAMLError) -> tuple[Any, int]:
    from ruamel.yaml import YAML  # only here: few documents need it
    from ruamel.yaml.error import YAMLError

    reader = YAML(typ="safe", pure=True)
    try:
        used = _require_plain(reader.parse(text), left)
        return _plain(reader.load(text)), used
    except YAMLError:
        raise first from None


class Unreadable(Exception):  # noqa: N818  # a verdict on one document, caught above
    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.line = line


def _require_plain(events: Iterable[Any], left: int) -> int:
    """How many nodes the document has; refuses aliases, tags, depth and size before anything is built of it.

    Both parsers call their events alike.
    """
    depth = nodes = 0
    for event in events:
        kind, line = type(event).__name__, event.start_mark.line
        nodes += kind in {"ScalarEvent", "MappingStartEvent", "SequenceStartEvent"}
        depth += _STEPS.get(kind, 0)
        if kind == "AliasEvent":
            raise Unreadable(line, "an alias (*name) can make a small file huge; write the value out.")
        if not str(getattr(event, "tag", None) or _PLAIN).startswith(_PLAIN):
            raise Unreadable(line, "a tag of one's own (!name) says nothing here.")
        if depth > DEEPEST or nodes > left:
            raise Unreadable(
                line, f"it is more than {DEEPEST} levels deep, or the file has over {MOST_NODES:,} values."
            )
    return nodes


_PLAIN = "tag:yaml.org,2002:"
_STEPS = {"MappingStartEvent": 1, "SequenceStartEvent": 1, "MappingEndEvent": -1, "SequenceEndEvent": -1}


class Strict(yaml.CSafeLoader):
    """As Kubernetes reads: a name stands once in an object, and names are texts."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """The object; refuses one that says a name twice."""
        names = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if not isinstance(name, str | int | float | bool) or name in names:
                raise Unreadable(key.start_mark.line, f"“{str(name)[:60]}” stands twice, or is no name.")
            names.add(name)
        return super().construct_mapping(node, deep)


def _plain(value: Any) -> Any:
    """As JSON would say it: names are texts, and so are dates, which Kubernetes does not read as such."""
    if isinstance(value, dict):
        return {_name(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.decode("latin-1") if isinstance(value, bytes) else value


def _name(name: Any) -> str:
    return str(name).lower() if isinstance(name, bool) else str(name)
