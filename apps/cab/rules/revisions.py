"""What a revision holds, what an edit means, and the hash an approval binds to."""

import difflib
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Materiality(StrEnum):
    """Whether a change of the field makes it another change (and a new round) or only a better-written one."""

    MATERIAL = "material"
    ADMINISTRATIVE = "administrative"


_M, _A = Materiality.MATERIAL, Materiality.ADMINISTRATIVE

# The governed fields, in the order people read them. Links are administrative because they point outside: what a board
# decides must stand in the plans or in a file, which are kept with their hash; a link only helps the reader.
# People are material because of separation of duties: a voter who becomes a co-author after voting would otherwise have
# approved their own change.
FIELDS: dict[str, Materiality] = {
    "title": _A,
    "type": _M,
    "category": _M,
    "purpose": _M,
    "cluster": _M,
    "components": _M,
    "implementer": _M,
    "co_authors": _M,
    "implementation_plan": _M,
    "test_plan": _M,
    "communication_plan": _M,
    "backout_plan": _M,
    "window_start": _M,
    "window_end": _M,
    "window_zone": _M,
    "downtime_minutes": _M,
    "cost": _M,
    "attachments": _M,
    "links": _A,
}
LABELS = {
    "co_authors": "Co-authors",
    "window_start": "Window start",
    "window_end": "Window end",
    "window_zone": "Window zone",
    "downtime_minutes": "Downtime expected",
    "cost": "Estimated cost",
}
LONGEST_BY_WORDS = 24_000  # characters


@dataclass(frozen=True)
class FieldChange:
    """One field that differs between two revisions."""

    field: str
    label: str
    materiality: Materiality
    before: Any
    after: Any

    @property
    def words(self) -> list[tuple[str, str]]:
        """The difference of a prose field as ("same" | "removed" | "added", text) runs."""
        return word_diff(as_text(self.before), as_text(self.after))


@dataclass(frozen=True)
class EditVerdict:
    """What saving an edit would mean, shown before it is saved."""

    changes: tuple[FieldChange, ...]

    @property
    def is_material(self) -> bool:
        """Whether any changed field makes it another change."""
        return any(change.materiality is Materiality.MATERIAL for change in self.changes)

    def sentence(self, *, round_is_open: bool, is_approved: bool) -> str:
        """What happens on saving, for the person about to save."""
        if not self.changes:
            return "Nothing has changed."
        material = [change.label.lower() for change in self.changes if change.materiality is Materiality.MATERIAL]
        if not material:
            return "This edit is administrative: ballots and approvals stay as they are."
        what = ", ".join(material)
        if round_is_open:
            return f"This edit is material ({what}): the ballots cast so far become invalid and the board votes again."
        if is_approved:
            return f"This edit is material ({what}): the approval is bound to the old text, so the board decides again."
        return f"This edit is material ({what}): no ballot has been cast yet, so none is lost."


def snapshot(
    change: Any,
    *,
    cluster: str,
    components: Sequence[str],
    implementer: str,
    co_authors: Sequence[str],
    attachments: Sequence[str] = (),
) -> dict[str, Any]:
    """The content of a revision: every governed field of `change` as plain values.

    The cost is kept with the rate it was reckoned at. `cluster` is the slug; `components` are "cluster/slug" names;
    people are handles; `attachments` are names with their hash. Lists are sorted, so that the same content always has
    the same hash.
    """

    def clock(moment: Any) -> str:
        return moment.isoformat(timespec="minutes") if moment else ""

    return {
        "title": change.title,
        "type": str(change.type),
        "purpose": change.purpose,
        "cluster": cluster,
        "components": sorted(components),
        "implementer": implementer,
        "co_authors": sorted(co_authors),
        "implementation_plan": change.implementation_plan,
        "test_plan": change.test_plan,
        "communication_plan": change.communication_plan,
        "backout_plan": change.backout_plan,
        "window_start": clock(change.window_start_local),
        "window_end": clock(change.window_end_local),
        "window_zone": change.window_zone,
        "downtime_minutes": change.downtime_minutes,
        "links": change.links,
        # Only where there are any: a revision without them keeps the hash it had before they were part of it.
        **({"category": str(change.category)} if change.category else {}),
        **({"cost": change.estimate.told()} if change.estimate else {}),
        **({"attachments": sorted(attachments)} if attachments else {}),
    }


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256, in hex, over the content in canonical JSON (sorted keys, no spaces)."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> EditVerdict:
    """Which governed fields differ, and whether that is material."""
    return EditVerdict(
        tuple(
            FieldChange(field, label_of(field), materiality, before.get(field, ""), after.get(field, ""))
            for field, materiality in FIELDS.items()
            if before.get(field, "") != after.get(field, "")
        )
    )


def label_of(field: str) -> str:
    """The field's name as people read it."""
    return LABELS.get(field, field.replace("_", " ").capitalize())


def told(field: str, value: Any) -> str:
    """The value of a governed field as people read it: a wall clock as a date, minutes with their unit."""
    if field in ("window_start", "window_end") and value:
        moment = datetime.fromisoformat(value)
        return f"{moment.day} {moment:%b %Y, %H:%M}"
    if field == "downtime_minutes" and value is not None:
        return f"{value} minute{'' if value == 1 else 's'}"
    return as_text(value)


def as_text(value: Any) -> str:
    """A field's value as readable text: lists one item a line, links as "label — address"."""
    if isinstance(value, list):
        return "\n".join(
            f"{item.get('label', '')} — {item.get('url', '')}" if isinstance(item, dict) else str(item)
            for item in value
        )
    return "" if value is None else str(value)


def word_diff(before: str, after: str) -> list[tuple[str, str]]:
    """Runs of ("same" | "removed" | "added", text), by words; spaces and line ends are kept."""
    old, new = _words(before), _words(after)
    runs: list[tuple[str, str]] = []
    for kind, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            runs.append(("same", "".join(old[i:j])))
            continue
        if i < j:
            runs.append(("removed", "".join(old[i:j])))
        if k < m:
            runs.append(("added", "".join(new[k:m])))
    return runs


def _words(text: str) -> list[str]:
    """Words with the white space that follows them; lines in a long text, for the matcher is quadratic."""
    if len(text) > LONGEST_BY_WORDS:
        return text.splitlines(keepends=True)
    parts: list[str] = []
    for line in text.splitlines(keepends=True):
        words = line.split(" ")
        parts.extend([f"{word} " for word in words[:-1]] + [words[-1]])
    return [part for part in parts if part]
