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


Fault = tuple[str, str, str]  # field, value, reason


def read_api(spec: Mapping[str, Any], *, file: str, files: Mapping[str, bytes]) -> tuple[ApiSaid, Fault | None]:
    """What the spec of an API says, and why its document is not kept, if it is not.

    A document that lies in another file of the same upload is taken from there; addresses are kept and never called.
    """
    kind = spec["type"]
    remotes = tuple(
        f"{str(one.get('type', '')).replace(' ', '-')[:LONGEST_TYPE]} {one['url']}"
        for one in _list(spec.get("remotes"))[:MOST_REMOTES]
        if isinstance(one, Mapping) and isinstance(one.get("url"), str) and len(one["url"]) <= LONGEST_ADDRESS
    )
    said = spec.get("definition")
    if isinstance(said, Mapping):
        at = next((said[name] for name in _READ_AT if isinstance(said.get(name), str)), "")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(file), at))
        if not at or len(at) > LONGEST_ADDRESS:
            reason = f"A document is a text, or lies where one of {', '.join(_READ_AT)} says."
            return ApiSaid(kind, remotes=remotes), ("spec.definition", str(said), reason)
        if path not in files:
            return ApiSaid(kind, definition_at=at, remotes=remotes), None
        said = files[path].decode("utf-8", "replace")
    text = said if isinstance(said, str) else ""
    if text and (reason := definition_fault(kind, text)):
        return ApiSaid(kind, remotes=remotes), ("spec.definition", text, f"{reason} The API is taken without it.")
    return ApiSaid(kind, definition=text, remotes=remotes), None


def definition_fault(kind: str, text: str) -> str:
    """Why a text is no document of its type; "" where it is one, or the type is none that we read."""
    if len(text) > LONGEST_DEFINITION:
        return f"It has {len(text):,} characters; at most {LONGEST_DEFINITION:,} are kept."
    if "\x00" in text or "\ufffd" in text:
        return "It is no text."
    if kind not in _VERSIONS:
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
    versions = _VERSIONS[kind]
    named = next((word for word in versions if word in content), "")
    if not named or not str(content[named]).startswith(versions[named]):
        known = "; ".join(f"{word}: {', '.join(starts)}" for word, starts in versions.items())
        return f"It is no document of {kind}: it names none of the versions we know ({known})."
    info = content.get("info")
    if not isinstance(info, Mapping) or not isinstance(info.get("title"), str) or "version" not in info:
        return f"It is no document of {kind}: its info has a title and a version."
    if not any(isinstance(content.get(part), Mapping) for part in _PARTS[kind]):
        return f"It is no document of {kind}: it has none of {', '.join(_PARTS[kind])}."
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


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
