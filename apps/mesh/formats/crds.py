"""CustomResourceDefinitions (apiextensions.k8s.io/v1): the kinds they define, and the schema of each version."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from apps.kernel.refusals import Invalid, TooLarge

MOST_BYTES = 8 * 1024 * 1024
MOST_SCHEMAS = 500


@dataclass(frozen=True)
class Definition:
    """One version of one kind, and its structural schema."""

    group: str
    version: str
    kind: str
    plural: str
    schema: dict[str, Any]

    @property
    def api_version(self) -> str:
        """As manifests name it."""
        return f"{self.group}/{self.version}"


def definitions(content: bytes) -> list[Definition]:
    """Every version that a file of CRDs serves, in its order. Refuses what holds none, and what is too large."""
    if len(content) > MOST_BYTES:
        raise TooLarge(f"The definitions have more than {MOST_BYTES >> 20} MB.", next_step="Send one project's alone.")
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(content, Loader=yaml.CSafeLoader)):
            raise _wrong("They use aliases (*name): write the values out.")
        documents = list(yaml.load_all(content, Loader=yaml.CSafeLoader))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise _wrong("They are no YAML.") from None
    found = {(one.api_version, one.kind): one for document in documents for one in _defined(document)}
    if not found:
        raise _wrong("There is no CustomResourceDefinition in the file.")
    if len(found) > MOST_SCHEMAS:
        raise TooLarge(f"The file defines more than {MOST_SCHEMAS} versions.", next_step="Send it in parts.")
    return list(found.values())


def _defined(document: Any) -> Iterator[Definition]:
    if not isinstance(document, dict) or document.get("kind") != "CustomResourceDefinition":
        return
    try:
        spec = document["spec"]
        for version in spec["versions"]:
            schema = dict(version["schema"]["openAPIV3Schema"])
            names = spec["names"]
            yield Definition(str(spec["group"]), str(version["name"]), str(names["kind"]), str(names["plural"]), schema)
    except (KeyError, TypeError, ValueError):
        raise _wrong("A definition lacks its group, names or schema.") from None


def _wrong(sentence: str) -> Invalid:
    return Invalid(sentence, next_step="Send the CRDs as their project publishes them.", fields={"file": [sentence]})
