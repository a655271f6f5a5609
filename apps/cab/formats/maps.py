"""Column maps: data that says which column of a source becomes which field, and how. Checked by map.schema.json."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

import re2
import yaml

from apps.cab.formats import csv_records, jsonl_records, yaml_records
from apps.cab.formats.records import Record, unpacked
from apps.clusters.formats import archives
from apps.kernel.refusals import Invalid
from apps.kernel.windows import zone_names

SHIPPED = Path(__file__).resolve().parent.parent / "maps"
LARGEST_MAP = 64 * 1024  # characters


@dataclass(frozen=True)
class ColumnMap:
    """A map that has been checked. `data` is what it was read from, and what a run keeps."""

    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Its short name."""
        return str(self.data["name"])

    @property
    def title(self) -> str:
        """Its name for people."""
        return str(self.data.get("title") or self.name)

    @property
    def source(self) -> str:
        """What the source is called where the import does not say."""
        return str(self.data.get("source") or self.name)

    def records(self, raw: IO[bytes], *, name: str, most: int) -> Iterator[Record]:
        """The records of a file that this map reads; `most` bounds what it may unpack to, in bytes."""
        encoding = self.data.get("encoding", "utf-8")
        if self.data["format"] == "yaml":
            return self.documents(archives.unpack(name, raw.read(most + 1)))
        stream = unpacked(raw, name=name, most=most)
        if self.data["format"] == "jsonl":
            return jsonl_records.records(stream, name=name, encoding=encoding)
        return csv_records.records(stream, name=name, encoding=encoding, delimiter=self.data.get("delimiter", ","))

    def documents(self, files: Mapping[str, bytes]) -> Iterator[Record]:
        """The records of YAML files, by path."""
        return yaml_records.records(
            files, pattern=self.data.get("files", "*"), encoding=self.data.get("encoding", "utf-8")
        )


def shipped() -> dict[str, ColumnMap]:
    """The maps that come with the house, by name."""
    return {one.name: one for path in sorted(SHIPPED.glob("*.yaml")) for one in [read_map(path.read_text("utf-8"))]}


def find_map(asked: str) -> ColumnMap:
    """The shipped map of that name, or the one in the file of that path."""
    known = {path.stem: path for path in sorted(SHIPPED.glob("*.yaml"))}
    path = known.get(asked, Path(asked))
    if not path.is_file():
        raise Invalid(
            f"There is no map called “{asked[:80]}”, and no file of that name.",
            next_step=f"Shipped maps: {', '.join(known)}.",
        )
    return read_map(path.read_text("utf-8"))


def read_map(text: str) -> ColumnMap:
    """A map from its YAML (or JSON). Refuses what the schema does not know, unknown zones, and bad patterns."""
    if len(text) > LARGEST_MAP:
        raise Invalid("The map is too long.", next_step=f"A map has at most {LARGEST_MAP:,} characters.")
    try:
        data = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _refusal(f"it is not YAML ({str(error)[:200]})") from error
    return checked(data)


def checked(data: Any) -> ColumnMap:
    """A map from its data, checked as `read_map` does."""
    import jsonschema  # slow to load, and only imports need it

    try:
        jsonschema.validate(data, _schema())
    except jsonschema.ValidationError as error:
        where = ".".join(str(part) for part in error.absolute_path) or "the map"
        raise _refusal(f"{where}: {error.message[:200]}") from error
    zones = [data.get("zone"), *(rule.get("zone") for rule in data["fields"].values() if isinstance(rule, dict))]
    unknown = [zone for zone in zones if zone and zone not in zone_names()]
    if unknown:
        raise _refusal(f"there is no time zone “{unknown[0]}”")
    if join := data.get("join"):
        _require_pattern(join["pattern"])
    return ColumnMap(data)


def _require_pattern(pattern: str) -> None:
    try:
        groups = re2.compile(pattern).groups
    except re2.error as error:
        raise _refusal(f"the pattern of “join” cannot be read ({error})") from error
    if groups != 1:
        raise _refusal("the pattern of “join” needs exactly one group: the name to look for")


@cache
def _schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((SHIPPED / "map.schema.json").read_text("utf-8"))
    return schema


def _refusal(what: str) -> Invalid:
    return Invalid(
        f"The map does not fit: {what}.",
        next_step="Correct the map; docs/reference/import-maps.md tells its words.",
        code="bad_map",
    )
