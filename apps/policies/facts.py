"""The facts that tables may name. Whoever asks for decisions declares them once, when their area is ready."""

from apps.policies.rules.columns import Column

_columns: list[tuple[Column, ...]] = [()]


def declare(columns: tuple[Column, ...]) -> None:
    """Say which facts there are, in the order that tables show them."""
    _columns[0] = columns


def columns() -> tuple[Column, ...]:
    """The facts that rules may name."""
    return _columns[0]
