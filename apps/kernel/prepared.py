"""Questions that are built and compiled once a process, and from then on only asked again with other values.

Building a large query and writing it as SQL takes Python longer than PostgreSQL takes to answer it.
"""

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Expression, Field, QuerySet
from django.db.transaction import TransactionManagementError


@dataclass(frozen=True)
class _Blank:
    """Stands among the parameters of the compiled SQL until a value is given."""

    name: str


class Slot(Expression):
    """Where a value of the type of `output_field` will stand."""

    def __init__(self, name: str, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """One parameter."""
        del compiler, connection
        return "%s", (_Blank(self.name),)


class Prepared:
    """A question; `build` gets a `Slot` for each name in `slots` and returns the queryset. Calling it gives the rows.

    The values must be of the slots' types and never None: the SQL stays as it was compiled.
    """

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], **slots: "Field[Any, Any]") -> None:
        self._build, self._slots = build, slots

    def __call__(self, **values: Any) -> list[Any]:
        """The rows for these values, read now."""
        rows, compiler, sql, parameters = self._compiled
        asked = copy(compiler)
        asked.connection = connections[DEFAULT_DB_ALIAS]  # this thread's
        if rows.query.select_for_update and not asked.connection.in_atomic_block:
            raise TransactionManagementError("A row is locked within a transaction only.")
        filled = tuple(values[one.name] if isinstance(one, _Blank) else one for one in parameters)
        asked.as_sql = lambda *_, **__: (sql, filled)
        answered = rows.all()
        answered.query.get_compiler = lambda *_, **__: asked
        return list(answered)

    @cached_property
    def _compiled(self) -> tuple[Any, Any, str, tuple[Any, ...]]:
        rows: Any = self._build(**{name: Slot(name, field) for name, field in self._slots.items()})
        compiler = rows.query.get_compiler(using=DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        missing = set(self._slots) - {one.name for one in parameters if isinstance(one, _Blank)}
        if missing:
            raise TypeError(f"The question leaves out {', '.join(sorted(missing))}.")
        return rows, compiler, sql, tuple(parameters)
