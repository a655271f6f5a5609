"""Facts as people and programs give them: known names, values within their domain, or a sentence."""

from collections.abc import Mapping

from apps.kernel.refusals import Invalid
from apps.policies.rules.columns import LONGEST_TEXT, Column, Kind, Value, figure, ungrouped
from apps.policies.rules.tables import Columns


def facts_from(columns: Columns, data: object) -> dict[str, Value | None]:
    """The facts in `data` (name → value; absent or null: not known). Refuses unknown names and values, each by name."""
    known = {column.name: column for column in columns}
    if not isinstance(data, Mapping):
        raise Invalid("Facts are an object of names and values.", next_step=f"Choose from {', '.join(known)}.")
    wrong = {str(name)[:80]: ["There is no such fact."] for name in data if name not in known}
    read: dict[str, Value | None] = {}
    for name in data:
        if name in known:
            read[name] = _value(known[name], data[name], wrong)
    if wrong:
        name, (sentence, *_) = next(iter(wrong.items()))
        raise Invalid(
            f"The fact {name} does not fit: {sentence}", next_step="Correct it, or leave it out.", fields=wrong
        )
    return read


def facts_written(columns: Columns, texts: Mapping[str, str]) -> dict[str, Value | None]:
    """The facts from a form's texts; empty means not known."""
    data: dict[str, object] = {}
    for column in columns:
        text = texts.get(column.name, "").strip()
        text = ungrouped(text) if column.kind == Kind.NUMBER else text
        is_number = column.kind == Kind.NUMBER and text.isascii() and text.isdigit() and len(text) < 10  # noqa: PLR2004  # an int's length
        data[column.name] = (int(text) if is_number else text) or (0 if is_number else None)
    return facts_from(columns, data)


def _value(column: Column, value: object, wrong: dict[str, list[str]]) -> Value | None:
    if value is None:
        return None
    fits = isinstance(value, str | int) and len(str(value)[: LONGEST_TEXT + 1]) <= LONGEST_TEXT
    known = column.known(value) if fits else None  # type: ignore[arg-type]  # `fits` says so
    if known is None:
        high = figure(column.high)
        wanted = {
            Kind.NUMBER: f"a whole number from {column.low} to {high}; what is more counts as {high}",
            Kind.CHOICE: f"one of {', '.join(column.vocabulary)}",
            Kind.TEXT: f"text of at most {LONGEST_TEXT} characters",
        }
        wrong[column.name] = [f"It is {wanted[column.kind]}."]
    return known
