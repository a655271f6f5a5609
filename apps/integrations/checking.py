"""Checking documents by what their specifications publish: AsyncAPI ones of others, and contracts that we write.

Those of others are read in a disposable child; ours are small, and checked where they are made.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any

from django.conf import settings

from apps.clusters.formats import yaml_documents
from apps.integrations.rules import asyncapi
from apps.integrations.rules.asyncapi_schema import Fault, Published, schema_faults
from apps.integrations.rules.contracts import Standard
from apps.kernel.bounded import run_bounded
from apps.kernel.refusals import TooLarge, WrongState

MOST_BYTES = 1024 * 1024  # of one file; as much takes the schemas some seconds
MOST_DOCUMENTS = 20  # of one file
SECONDS, MEGABYTES = 20.0, 768  # processor time and address space of the child
PUBLISHED = "static/dist/asyncapi.json"  # written by the build of the front end
OPENAPI = "static/dist/openapi.json"  # as well
OURS = "3.0.0"  # the version of AsyncAPI that we write


class AsyncapiVerdict(StrEnum):
    """What became of one document."""

    VALID = "valid"
    REFUSED = "refused"


@dataclass(frozen=True)
class AsyncapiDocument:
    """One document of a file: which version it is of, what became of it, and why; notes are what is only odd."""

    number: int
    line: int
    version: str = ""
    title: str = ""
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)

    @property
    def verdict(self) -> AsyncapiVerdict:
        """Refused where anything is wrong."""
        return AsyncapiVerdict.REFUSED if self.faults else AsyncapiVerdict.VALID


@dataclass(frozen=True)
class AsyncapiReport:
    """Every document of a file, and the versions that can be checked."""

    documents: list[AsyncapiDocument]
    versions: list[str]

    @property
    def counts(self) -> Mapping[str, int]:
        """How many came to which verdict."""
        return Counter(one.verdict.value for one in self.documents)


def check(content: bytes) -> AsyncapiReport:
    """Check every document of a file of YAML or JSON. Refuses a file that is too large, or takes too long."""
    if len(content) > MOST_BYTES:
        raise TooLarge(f"The file has more than {MOST_BYTES >> 20} MB.", next_step="Send it in parts.")
    read = yaml_documents.documents(content)
    if len(read) > MOST_DOCUMENTS:
        raise TooLarge(f"The file has more than {MOST_DOCUMENTS} documents.", next_step="Send them in parts.")
    wanted = [one.content for one in read if not one.fault]
    told = iter(_judged(wanted))
    documents = [
        AsyncapiDocument(one.number, one.line, faults=[Fault("", one.fault, "yaml")])
        if one.fault
        else _told(one, next(told))
        for one in read
    ]
    return AsyncapiReport(documents, versions())


def official_faults(document: Mapping[str, Any], standard: Standard) -> list[Fault]:
    """Where a contract that we wrote does not fit what its specification publishes. Refuses where that is not there."""
    if standard == Standard.ASYNCAPI:
        return [one for one in asyncapi.faults(document, _ours()) if not one.is_note]
    return schema_faults(document, _openapi() if standard == Standard.OPENAPI else _odcs())


@cache
def versions() -> list[str]:
    """The versions of the specification that are published with the build, the oldest first."""
    return [one for one in _built(PUBLISHED)["schemas"] if "-" not in one]


@cache
def _ours() -> Published:
    """Of AsyncAPI only the version that we write; we write no bindings."""
    return Published({OURS: _built(PUBLISHED)["schemas"][OURS]}, {})


@cache
def _openapi() -> Mapping[str, Any]:
    return _built(OPENAPI)


@cache
def _odcs() -> Mapping[str, Any]:
    import json
    from importlib.resources import files

    found: dict[str, Any] = json.loads(files("open_data_contract_standard").joinpath("schema.json").read_text())
    return found


def _built(name: str) -> dict[str, Any]:
    import json

    path = settings.BASE_DIR / name
    if not path.is_file():
        raise WrongState("The published schemas are not there.", next_step="Have an operator build the front end.")
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def _judged(documents: list[Any]) -> list[list[dict[str, Any]]]:
    versions()  # refuses in a sentence where there are no schemas
    if not documents:
        return []
    argument = {"documents": documents, "published": PUBLISHED}
    what = "This document"
    found: list[list[dict[str, Any]]] = run_bounded(
        "apps.integrations.rules.asyncapi:checked", argument, seconds=SECONDS, megabytes=MEGABYTES, what=what
    )
    return found


def _told(document: yaml_documents.Document, found: list[dict[str, Any]]) -> AsyncapiDocument:
    faults, content = [Fault(**one) for one in found], document.content
    is_object = isinstance(content, Mapping)
    info = content.get("info") if is_object else None
    return AsyncapiDocument(
        document.number,
        document.line,
        version=str(content.get("asyncapi", ""))[:20] if is_object else "",
        title=str(info.get("title", ""))[:120] if isinstance(info, Mapping) else "",
        faults=[one for one in faults if not one.is_note],
        notes=[one for one in faults if one.is_note],
    )
