"""Applying a column map to a record: cells become a change's fields, or the flaws that stand against it. Pure."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import re2

from apps.cab.formats.maps import ColumnMap
from apps.cab.formats.records import Cells, Flaw, Record, shown
from apps.cab.rules.facts import CATEGORIES
from apps.cab.states import ChangeState, Outcome
from apps.kernel.refusals import Invalid
from apps.kernel.windows import require_window
from apps.stakeholders.rules.costs import MOST_COST

# Field → the longest text it takes, in characters; the same bounds as the form's.
TEXTS: Mapping[str, int] = {
    "external_id": 200,
    "title": 300,
    "purpose": 20_000,
    "implementation_plan": 50_000,
    "test_plan": 50_000,
    "communication_plan": 50_000,
    "backout_plan": 50_000,
    "revert_reason": 5_000,
    "cluster": 80,
}
INSTANTS = ("created_at", "submitted_at", "decided_at", "started_at", "implemented_at", "closed_at")
CLOCKS = ("window_start", "window_end")
PEOPLE = ("co_authors", "approvers")
CHOICES: Mapping[str, Sequence[str]] = {
    "type": ("standard", "normal", "emergency"),
    "category": CATEGORIES,
    # A draft is seen by its writers only, and those whom records name cannot sign in: nobody would ever find it.
    "state": tuple(state for state in ChangeState if state != ChangeState.DRAFT),
    "outcome": tuple(Outcome),
    "risk": ("1", "2", "3", "4", "5"),
}
# Told by records only: here nothing is implemented without its decision, and nothing is written down afterwards.
FLAGS = ("unauthorized", "latent")
# Fields that records of before did not have: empty they stay out of the hash, so that nothing looks changed.
_LATER = frozenset({*FLAGS, "category", "cost_amount", "cost_currency"})
YES, NO = frozenset({"yes", "true", "1"}), frozenset({"", "no", "false", "0"})
DEFAULTS = {"type": "normal", "category": "", "state": ChangeState.CLOSED.value, "outcome": "", "risk": "1"}
WITH_OUTCOME = frozenset({ChangeState.IMPLEMENTED, ChangeState.IN_REVIEW, ChangeState.CLOSED, ChangeState.CANCELLED})
MOST_ITEMS = 200  # components, people, links of one record
LONGEST_HANDLE = 150
LONGEST_COMPONENT = 200
LONGEST_DOWNTIME = 100_000  # minutes
_FIRST_YEAR, _LAST_YEAR = 1970, 2200
_PATH = re2.compile(r"[a-zA-Z0-9._@+](?:[a-zA-Z0-9._@+:/-]*[a-zA-Z0-9._@+])?")  # as apps.clusters.rules has it
# At most ten digits before the point: as much as apps.cab.rules.costs takes.
_AMOUNT = re2.compile(r"(?:[0-9]{1,10}|[0-9]{1,3}(?:,[0-9]{3}){1,2}|[0-9](?:,[0-9]{3}){3})(?:\.[0-9]{1,2})?")
_SPACES = re2.compile(r"\s+")
_FOREIGN = re2.compile(r"[^a-zA-Z0-9._@+:/-]")


@dataclass(frozen=True)
class Name:
    """A person as a source names them. The handle is comparable: without “@”, in lower case, within its source."""

    handle: str
    name: str


@dataclass(frozen=True)
class Mapped:
    """One record in our words. `window_start` and `window_end` are wall-clock times of `window_zone`."""

    external_id: str
    title: str
    requester: Name
    purpose: str = ""
    type: str = "normal"
    category: str = ""
    state: str = "closed"
    outcome: str = ""
    risk: int = 1
    cluster: str = ""
    components: tuple[str, ...] = ()
    implementer: Name | None = None
    co_authors: tuple[Name, ...] = ()
    approvers: tuple[Name, ...] = ()
    implementation_plan: str = ""
    test_plan: str = ""
    communication_plan: str = ""
    backout_plan: str = ""
    window_start: datetime | None = None
    window_end: datetime | None = None
    window_zone: str = ""
    downtime_minutes: int = 0
    cost_amount: Decimal | None = None
    cost_currency: str = ""
    links: tuple[Mapping[str, str], ...] = ()
    created_at: datetime | None = None
    submitted_at: datetime | None = None
    decided_at: datetime | None = None
    started_at: datetime | None = None
    implemented_at: datetime | None = None
    closed_at: datetime | None = None
    reverts: tuple[str, ...] = ()
    revert_reason: str = ""
    unauthorized: bool = False
    latent: bool = False

    @cached_property
    def digest(self) -> str:
        """SHA-256, in hex, of everything the source says: the same again means that nothing has changed."""
        said = {name: value for name, value in vars(self).items() if name not in _LATER or _is_said(value)}
        content = json.dumps(said, sort_keys=True, default=_plain, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()


def _is_said(value: Any) -> bool:
    return value not in ("", None) and value is not False


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    return [value.handle, value.name] if isinstance(value, Name) else value.isoformat()


class _FlawedError(Exception):
    def __init__(self, name: str, value: object, reason: str) -> None:
        super().__init__(reason)
        self.flaw = Flaw(name, shown(value), reason)


@dataclass
class Mapper:
    """A map made ready for many records. `cluster` is the slug where the map names no column for it."""

    map: ColumnMap
    source: str
    rules: dict[str, dict[str, Any]] = field(init=False)

    def __post_init__(self) -> None:
        given = self.map.data["fields"]
        self.rules = {name: dict(rule) if isinstance(rule, dict) else {"from": rule} for name, rule in given.items()}
        for rule in self.rules.values():
            columns = rule.get("from", ())
            rule["columns"] = (columns,) if isinstance(columns, str) else tuple(columns)
            rule["ignored"] = frozenset(rule.get("ignore", ()))
            rule["table"] = {key.strip().lower(): value for key, value in rule.get("choices", {}).items()}
            rule["clock"] = ZoneInfo(rule.get("zone") or self.map.data.get("zone") or "UTC")
        self.readers: dict[str, Callable[[str, Cells], Any]] = {
            **dict.fromkeys(TEXTS, self._text),
            **dict.fromkeys((*INSTANTS, *CLOCKS), self._moment),
            **dict.fromkeys(CHOICES, self._choice),
            **dict.fromkeys(PEOPLE, self._people),
            **dict.fromkeys(("requester", "implementer"), self._one_person),
            **dict.fromkeys(("components", "reverts"), self._names),
            **dict.fromkeys(FLAGS, self._flag),
            "category": self._category,
            "downtime_minutes": self._minutes,
            "cost_amount": self._amount,
            "cost_currency": self._currency,
            "links": self._links,
        }
        self.namespace = self.map.data.get("people") or self.source

    def external_id(self, record: Record) -> str:
        """The record's own id; "" where it has none."""
        if record.flaw:
            return ""
        try:
            return self._text("external_id", record.cells)
        except _FlawedError:
            return ""

    def apply(self, record: Record) -> Mapped | list[Flaw]:
        """The record in our words, or every flaw that stands against taking it."""
        if record.flaw:
            return [record.flaw]
        flaws: list[Flaw] = []
        said: dict[str, Any] = {}
        for name in self.rules:
            try:
                said[name] = self._field(name, record.cells)
            except _FlawedError as error:
                flaws.append(self._with_column(error.flaw))
        flaws += [
            self._with_column(Flaw(name, "", "It is empty, and every record needs one."))
            for name in ("external_id", "title", "requester")
            if name in said and not said[name]
        ]
        return flaws or self._whole(said)

    def _with_column(self, flaw: Flaw) -> Flaw:
        """The flaw with the column that whoever corrects the source knows the field by."""
        columns = self.rules[flaw.field]["columns"]
        if not columns or columns == (flaw.field,):
            return flaw
        return replace(flaw, reason=f"{flaw.reason} (Column {' / '.join(columns)}.)")

    def _whole(self, said: dict[str, Any]) -> Mapped | list[Flaw]:
        state = said.get("state", DEFAULTS["state"])
        if said.get("outcome") and state not in WITH_OUTCOME:
            reason = f"A change that is {state.replace('_', ' ')} has no outcome yet."
            return [Flaw("outcome", said["outcome"], reason)]
        said["co_authors"] = tuple(one for one in said.get("co_authors", ()) if one != said["requester"])
        links = said.get("links", ())
        said["links"] = tuple(link for link in links if link["url"])
        if others := ", ".join(link["label"] for link in links if not link["url"]):
            said["purpose"] = f"{said.get('purpose', '')}\n\nSee also: {others}".strip()[: TEXTS["purpose"]]
        said["risk"] = int(said.get("risk", 1))
        start, end = said.get("window_start"), said.get("window_end")
        if not (start and end):
            said["window_start"] = said["window_end"] = None
        else:
            said["window_zone"] = str(self.rules["window_start"]["clock"])
            try:
                require_window(start_local=start, end_local=end, zone=said["window_zone"])
            except Invalid as refusal:
                name = next(iter(refusal.fields), "window_start")
                return [Flaw(name, f"{start} – {end}", refusal.sentence)]
        if state == ChangeState.SCHEDULED and not said["window_start"]:
            return [Flaw("window_start", "", "A scheduled change has a window: a start and an end.")]
        return Mapped(**said)

    def _field(self, name: str, cells: Cells) -> Any:
        return self.readers[name](name, cells)

    def _people(self, name: str, cells: Cells) -> tuple[Name, ...]:
        return tuple(dict.fromkeys(self._person(name, value) for value in self._values(name, cells)))

    def _one_person(self, name: str, cells: Cells) -> Name | None:
        values = self._values(name, cells)
        return self._person(name, values[0]) if values else None

    def _links(self, name: str, cells: Cells) -> tuple[dict[str, str], ...]:
        return tuple(self._link(value) for value in self._values(name, cells))

    def _values(self, name: str, cells: Cells) -> list[str]:
        """The values of a field: of the first of its columns that has any, or of all, split where the rule says."""
        rule = self.rules[name]
        if "value" in rule:
            return [rule["value"]]
        found: list[str] = []
        for column in rule["columns"]:
            for value in cells.get(column, ()):
                parts = value.split(rule["split"]) if "split" in rule else (value,)
                found += [part for one in parts if (part := one.strip()) and part not in rule["ignored"]]
            if found and rule.get("take") != "all":
                break
        if len(found) > MOST_ITEMS:
            raise _FlawedError(name, f"{len(found)} values", f"At most {MOST_ITEMS} fit here.")
        for value in found:
            _require_text(name, value)
        if rule.get("take") == "first":
            return found[:1]
        return found[1:] if rule.get("take") == "rest" else found

    def _text(self, name: str, cells: Cells) -> str:
        values = self._values(name, cells)
        text = ("\n\n" if TEXTS[name] > TEXTS["title"] else " ").join(values)
        if len(text) > TEXTS[name]:
            if self.rules[name].get("shorten"):
                return f"{text[: TEXTS[name] - 1].rstrip()}…"
            raise _FlawedError(name, text, f"It has {len(text):,} characters; at most {TEXTS[name]:,} fit.")
        return self._translated(name, text) if "choices" in self.rules[name] and text else text

    def _choice(self, name: str, cells: Cells) -> str:
        values = self._values(name, cells)
        rule = self.rules[name]
        if not values:
            return str(rule.get("otherwise", DEFAULTS[name]))
        value = self._translated(name, values[0]) if rule["table"] else values[0].strip().lower().replace(" ", "_")
        if value and value not in CHOICES[name]:
            raise _FlawedError(name, values[0], f"It must be one of {', '.join(CHOICES[name])}.")
        return value

    def _category(self, name: str, cells: Cells) -> str:
        """A word that the map does not know may be “other”; where the source says nothing, nothing is said."""
        return self._choice(name, cells) if self._values(name, cells) else ""

    def _translated(self, name: str, value: str) -> str:
        rule = self.rules[name]
        found = rule["table"].get(value.strip().lower(), rule.get("otherwise"))
        if found is None:
            raise _FlawedError(name, value, f"The map knows only: {', '.join(list(rule['choices'])[:12])}.")
        return str(found)

    def _moment(self, name: str, cells: Cells) -> datetime | None:
        values = self._values(name, cells)
        if not values:
            return None
        rule, value = self.rules[name], values[0]
        moment = _parsed(name, value, rule.get("formats", ("iso",)))
        try:
            aware = moment if moment.tzinfo else moment.replace(tzinfo=rule["clock"])
            instant = aware.astimezone(UTC)
            if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
                raise _FlawedError(name, value, f"The year is not between {_FIRST_YEAR} and {_LAST_YEAR}.")
            if name in INSTANTS:
                return instant
            return aware.astimezone(rule["clock"]).replace(tzinfo=None) if moment.tzinfo else moment
        except OverflowError:
            raise _FlawedError(name, value, "It lies outside the calendar.") from None

    def _person(self, name: str, value: str) -> Name:
        said = value.strip().lstrip("@").strip()
        handle = f"{self.namespace}:{'.'.join(said.lower().split())}"
        if not said or len(handle) > LONGEST_HANDLE:
            raise _FlawedError(name, value, f"A name has 1 to {LONGEST_HANDLE - len(self.namespace) - 1} characters.")
        return Name(handle, said)

    def _flag(self, name: str, cells: Cells) -> bool:
        values = self._values(name, cells)
        said = str(self._translated(name, values[0]) if values and self.rules[name]["table"] else "".join(values[:1]))
        if said.lower() not in YES | NO:
            raise _FlawedError(name, values[0], "It must be yes or no.")
        return said.lower() in YES

    def _minutes(self, name: str, cells: Cells) -> int:
        values = self._values(name, cells)
        if not values:
            return 0
        if not values[0].isascii() or not values[0].isdigit() or int(values[0][:9]) > LONGEST_DOWNTIME:
            raise _FlawedError(name, values[0], f"Minutes are a whole number from 0 to {LONGEST_DOWNTIME:,}.")
        return int(values[0])

    def _amount(self, name: str, cells: Cells) -> Decimal | None:
        """An amount with a point before its hundredths; commas only between thousands."""
        values = self._values(name, cells)
        if not values:
            return None
        if not _AMOUNT.fullmatch(values[0]):
            raise _FlawedError(name, values[0], f"An amount is a number from 0 to {MOST_COST:,}, such as 12,500.00.")
        return Decimal(values[0].replace(",", "")).quantize(Decimal("0.01"))

    def _currency(self, name: str, cells: Cells) -> str:
        """The currency of the amount. Without an amount it says nothing, however it is written."""
        if "cost_amount" not in self.rules or not self._values("cost_amount", cells):
            return ""
        values = self._values(name, cells)
        if values and not (len(values[0]) == 3 and values[0].isascii() and values[0].isalpha()):  # noqa: PLR2004  # ISO 4217
            raise _FlawedError(name, values[0], "A currency is its three letters, such as EUR.")
        return values[0].upper() if values else ""

    def _link(self, value: str) -> dict[str, str]:
        rule = self.rules["links"]
        url = rule["url"].replace("{}", value) if "url" in rule else value
        if urlsplit(url).scheme not in ("http", "https") or any(mark in url for mark in " <>\"'\n"):
            return {"label": value[:200], "url": ""}  # no address: it joins the purpose, see _whole
        return {"label": (f"{rule['label']} {value}" if "label" in rule else value)[:200], "url": url[:2000]}

    def _names(self, name: str, cells: Cells) -> tuple[str, ...]:
        """Names of components or of other records, each once; `path:3` loses its count where the rule says so."""
        rule, found = self.rules[name], []
        for value in self._values(name, cells):
            text = _without_count(value) if rule.get("strip_count") else value
            text = text.partition(rule["until"])[0] if "until" in rule else text
            text = component_slug(text) if name == "components" else text
            if not text or len(text) > LONGEST_COMPONENT:
                raise _FlawedError(
                    name, value, f"A name has 1 to {LONGEST_COMPONENT} letters, digits or . _ - / : @ +."
                )
            found.append(text)
        return tuple(dict.fromkeys(found))


def _without_count(value: str) -> str:
    path, mark, count = value.rpartition(":")
    return path if mark and count.isascii() and count.isdigit() else value


def component_slug(name: str) -> str:
    """A component's name in the letters its short name may have: spaces become “-”, the rest falls away; may be ""."""
    if _PATH.fullmatch(name):
        return name
    return str(_FOREIGN.sub("", _SPACES.sub("-", name.strip()))).strip("/:-")


def _require_text(name: str, value: str) -> None:
    if "\x00" in value:
        raise _FlawedError(name, value, "It holds a NUL character.")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _FlawedError(name, value, "It holds half of a surrogate pair, which is not text.") from None


def _parsed(name: str, value: str, formats: Sequence[str]) -> datetime:
    value = value.replace("/Sept/", "/Sep/")  # British English in Java, and so in Jira
    for form in formats:
        try:
            return datetime.fromisoformat(value) if form == "iso" else datetime.strptime(value, form)  # noqa: DTZ007  # the zone follows
        except ValueError:
            continue
    raise _FlawedError(
        name, value, f"This is no date that exists, written as {' or '.join(_example(form) for form in formats)}."
    )


def _example(form: str) -> str:
    moment = datetime(2026, 3, 31, 22, 5, tzinfo=UTC)
    return moment.isoformat() if form == "iso" else moment.strftime(form)
