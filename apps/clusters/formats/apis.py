"""What a catalogue says of an API: its type, and the document that describes it, held to be one before it is kept."""

import hashlib
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from apps.clusters.formats.yaml_documents import documents
from apps.kernel.refusals import Refusal

LONGEST_TYPE = 40
LONGEST_DEFINITION = 1024 * 1024  # characters
MOST_DEFINITIONS = 32 * 1024 * 1024  # characters of all documents of one catalogue; one file may be that of many APIs
LONGEST_ADDRESS = 500
LONGEST_REMOTE = LONGEST_TYPE + 1 + LONGEST_ADDRESS
MOST_REMOTES = 20
# Types whose document has a form we know: the word that names its version, and the versions that there are.
_VERSIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "openapi": {"openapi": ("3.0.", "3.1.", "3.2."), "swagger": ("2.0",)},
    "asyncapi": {"asyncapi": ("2.", "3.")},
}
_PARTS = {"openapi": ("paths", "webhooks", "components"), "asyncapi": ("channels", "operations", "components")}
_READ_AT = ("$text", "$yaml", "$json")  # how Backstage says that a document lies elsewhere


@dataclass(frozen=True)
class ApiSaid:
    """One API. Of `definition` and `definition_at` at most one is said; `remotes` are "type address", one each."""

    type: str
    definition: str = ""
    definition_at: str = ""
    remotes: tuple[str, ...] = ()

    def told(self) -> str:
        """It as people read it: its type, and how long its document is and what it begins with in a digest."""
        digest = hashlib.sha256(self.definition.encode("utf-8", "replace")).hexdigest()[:8]
        document = f"{len(self.definition):,} characters ({digest})" if self.definition else self.definition_at
        return ", ".join(word for word in (self.type, document, *self.remotes) if word)

    def texts(self) -> list[tuple[str, str, int]]:
        """Every text with the field it stands in, and how many characters fit there."""
        remotes = [("spec.remotes", one, LONGEST_REMOTE) for one in self.remotes]
        return [
            ("spec.type", self.type, LONGEST_TYPE),
            ("spec.definition", self.definition, LONGEST_DEFINITION),
            ("spec.definition", self.definition_at, LONGEST_ADDRESS),
            *remotes,
        ]


Fault = tuple[str, object, str]  # field, value, reason


class Documents:
    """The documents of one catalogue: each file is judged once, however many APIs name it, and all have one bound."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self.left = MOST_DEFINITIONS
        self._judged: dict[tuple[str, str], tuple[str, str]] = {}

    def kept(self, kind: str, text: str) -> tuple[str, str]:
        """A document that is kept, or "" and why it is not."""
        return self._within(text, definition_fault(kind, text) if text else "")

    def kept_of(self, kind: str, path: str) -> tuple[str, str]:
        """The same of a file."""
        if (kind, path) not in self._judged:
            text = self.files[path].decode("utf-8", "replace")
            self._judged[kind, path] = text, definition_fault(kind, text) if text else ""
        return self._within(*self._judged[kind, path])

    def _within(self, text: str, reason: str) -> tuple[str, str]:
        if not reason and len(text) > self.left:
            reason = f"All documents of one catalogue have at most {MOST_DEFINITIONS:,} characters."
        if reason:
            return "", reason
        self.left -= len(text)
        return text, ""


def read_api(spec: Mapping[str, Any], *, file: str, documents: Documents) -> tuple[ApiSaid, list[Fault]]:
    """What the spec of an API says, and what of it is not kept and why.

    A document that lies in another file of the same upload is taken from there; addresses are kept and never called.
    """
    remotes, faults = _remotes(spec.get("remotes"))
    said, at, reason = spec.get("definition"), "", ""
    text = said if isinstance(said, str) else ""
    if isinstance(said, Mapping):
        at = next((said[name] for name in _READ_AT if isinstance(said.get(name), str)), "")
    path = posixpath.normpath(posixpath.join(posixpath.dirname(file), at))
    if at and path in documents.files:
        text, reason = documents.kept_of(spec["type"], path)
        at = ""
    elif len(at) > LONGEST_ADDRESS or (not at and said is not None and not isinstance(said, str)):
        at, reason = "", f"A document is a text, or lies where one of {', '.join(_READ_AT)} says."
    else:
        text, reason = documents.kept(spec["type"], text)
    if reason:
        faults.append(("spec.definition", said, f"{reason} The API is taken without it."))
    elif at and "://" not in at:
        reason = "This file is not in the upload. The API is taken without its document; where it lies is kept."
        faults.append(("spec.definition", at, reason))
    return ApiSaid(spec["type"], definition=text, definition_at=at, remotes=remotes), faults


def _remotes(said: Any) -> tuple[tuple[str, ...], list[Fault]]:
    """Those that are kept, "type address" each, and those that are not."""
    listed = said if isinstance(said, list) else [] if said is None else [said]
    kept: list[str] = []
    faults: list[Fault] = []
    for one in listed:
        url = one.get("url") if isinstance(one, Mapping) else None
        if not isinstance(url, str) or len(url) > LONGEST_ADDRESS:
            reason = f"A remote has a type and a url of at most {LONGEST_ADDRESS} characters."
            faults.append(("spec.remotes", one, f"{reason} The API is taken without it."))
        elif len(kept) == MOST_REMOTES:
            faults.append(("spec.remotes", url, f"Only the first {MOST_REMOTES} are kept."))
        else:
            kept.append(f"{str(one.get('type') or '').replace(' ', '-')[:LONGEST_TYPE]} {url}")
    return tuple(kept), faults


def definition_fault(kind: str, text: str) -> str:
    """Why a text is no document of its type, in whatever case; "" where it is one, or the type is none that we read."""
    if len(text) > LONGEST_DEFINITION:
        return f"It has {len(text):,} characters; at most {LONGEST_DEFINITION:,} are kept."
    if "\x00" in text or "\ufffd" in text:
        return "It is no text."
    if kind.lower() not in _VERSIONS:
        return ""
    try:
        found = documents(text.encode("utf-8", "surrogatepass"))
    except (Refusal, UnicodeError) as refusal:
        return f"It is no document of {kind}: {refusal}"
    if len(found) != 1 or found[0].fault:
        why = found[0].fault if found and found[0].fault else f"there are {len(found)} documents in it."
        return f"It is no document of {kind}: {why}"
    return _content_fault(kind, found[0].content)


def _content_fault(kind: str, content: Any) -> str:
    if not isinstance(content, Mapping):
        return f"It is no document of {kind}: it has no fields."
    versions, parts = _VERSIONS[kind.lower()], _PARTS[kind.lower()]
    named = next((word for word in versions if word in content), "")
    if not named or not str(content[named]).startswith(versions[named]):
        known = "; ".join(f"{word}: {', '.join(starts)}" for word, starts in versions.items())
        return f"It is no document of {kind}: it names none of the versions we know ({known})."
    info = content.get("info")
    if not isinstance(info, Mapping) or not isinstance(info.get("title"), str) or "version" not in info:
        return f"It is no document of {kind}: its info has a title and a version."
    if not any(isinstance(content.get(part), Mapping) for part in parts):
        return f"It is no document of {kind}: it has none of {', '.join(parts)}."
    return ""


def spec_of(api: ApiSaid) -> dict[str, Any]:
    """The fields of the spec that say the same again."""
    spec: dict[str, Any] = {"type": api.type}
    if api.definition_at:
        spec["definition"] = {"$text": api.definition_at}
    elif api.definition or not api.remotes:
        spec["definition"] = api.definition
    if api.remotes:
        pairs = (one.split(" ", 1) for one in api.remotes)
        spec["remotes"] = [{"type": kind, "url": url} for kind, url in pairs]
    return spec
