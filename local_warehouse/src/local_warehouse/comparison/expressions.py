"""Expressions by grammar: of each type, from columns, literals, operators and functions."""

from __future__ import annotations

import functools
import random
from collections.abc import Mapping, Sequence
from importlib import resources

TYPES = (
    "int", "bigint", "double", "decimal", "string", "boolean", "date", "timestamp",
    "array", "map", "struct", "days", "months",
)  # fmt: skip
SIMPLE = TYPES[:8]
CAST_TO = (
    *("tinyint", "smallint", "int", "bigint", "float", "double", "decimal(4,1)", "decimal(38,18)"),
    *("string", "binary", "boolean", "date", "timestamp", "timestamp_ntz", "array<string>"),
    *("array<bigint>", "map<string,string>", "struct<x:bigint,y:string>", "struct<p:int,q:string>"),
    *("interval day to second", "interval hour", "interval year to month", "interval month"),
)
# The columns of a relation by type.
_COLUMNS = {
    "int": ("id", "g", "i"), "bigint": ("l",), "double": ("f",), "decimal": ("n",),
    "string": ("s",), "boolean": ("b",), "date": ("d",), "timestamp": ("ts",), "array": ("a",),
    "map": ("m",), "struct": ("st",),
}  # fmt: skip
_LITERALS = {
    "int": ("0", "1", "2", "-1", "7", "cast(null as int)", "2147483647", "cast(3 as int)"),
    "bigint": ("0L", "5L", "-9L", "9223372036854775807L", "cast(null as bigint)"),
    "double": ("0.5D", "-2.0D", "1e10D", "cast('Infinity' as double)", "-0.0D"),
    "decimal": ("1.5", "-0.25", "99.999", "0.0", "12345678901234567890.5", "1.00"),
    "string": (
        "'a'",
        "''",
        "'é😀'",
        "'10'",
        "' x '",
        "cast(null as string)",
        "'2024-01-01'",
        "'a,b'",
        "'A'",
    ),
    "boolean": ("true", "false", "cast(null as boolean)"),
    "date": ("date'2024-01-01'", "date'1900-02-28'", "date'2024-02-29'", "cast(null as date)"),
    "timestamp": ("timestamp'2024-01-01 12:30:45.123456'", "timestamp'1969-12-31 23:59:59.9'"),
    "array": ("array(1, 2)", "array(3, null)", "cast(array() as array<int>)", "sequence(1, 3)"),
    "map": ("map('a', 1)", "map('a', 2, 'c', null)", "map_from_arrays(array('p'), array(1))"),
    "struct": ("named_struct('x', 1, 'y', 'a')", "named_struct('x', 9, 'y', cast(null as string))"),
    "days": (
        *("interval '1' day", "interval 36 hours", "interval '1 02:03:04.5' day to second"),
        *("interval '-5' second", "interval 90 minutes", "interval '0' second"),
    ),
    "months": ("interval '1' month", "interval '-1-2' year to month", "interval 2 years"),
}


@functools.cache
def _forms() -> dict[str, list[str]]:
    """What makes a value of a type, by type; a type in braces stands for an expression of it."""
    text = resources.files(__package__).joinpath("data", "expressions.txt").read_text("utf-8")
    found: dict[str, list[str]] = {}
    forms: list[str] = []
    for line in text.splitlines():
        if line.startswith("["):
            forms = found.setdefault(line.strip("[]"), [])
        elif line and not line.startswith("#"):
            forms.append(line)
    return found


class Expressions:
    """Expressions over some relations, chosen by a seed.

    `relations` are the aliases that the tables' columns are taken from, without any there are only
    literals; `columns` are the names of other columns by their types.
    """

    def __init__(
        self,
        chosen: random.Random,
        relations: Sequence[str] = ("t",),
        columns: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.random = chosen
        self._columns = (
            columns
            if columns is not None
            else {
                data_type: [f"{relation}.{name}" for relation in relations for name in names]
                for data_type, names in _COLUMNS.items()
            }
        )

    def of(self, data_type: str, depth: int = 2) -> str:
        """An expression of a type, whose calls are nested to a depth; in parentheses if need be."""
        choice = self.random.random()
        if depth <= 0 or choice < 0.25:
            return self.leaf(data_type)
        return self.fill(self.random.choice(_forms()[data_type]), depth)

    def fill(self, form: str, depth: int) -> str:
        """A form with an expression for each type in braces, whose calls are nested to a depth less
        one."""
        made = ""
        while "{" in form and (at := _next_place(form)) is not None:
            start, end, inner = at
            made += form[:start] + self._inner(inner, depth)
            form = form[end:]
        return made + form

    def _inner(self, data_type: str, depth: int) -> str:
        inner = self.of(data_type, depth - 1)
        is_plain = inner.replace(".", "").replace("_", "").isalnum()
        return inner if is_plain else f"({inner})"

    def leaf(self, data_type: str) -> str:
        """A column or a literal."""
        if self._columns.get(data_type) and self.random.random() < 0.75:
            return self.column(data_type)
        return self.random.choice(_LITERALS[data_type])

    def column(self, data_type: str) -> str:
        """A column of a type that columns have."""
        return self.random.choice(self._columns[data_type])

    def condition(self, depth: int = 2) -> str:
        """A boolean expression."""
        return self.of("boolean", depth)

    def any(self, depth: int = 2, types: Sequence[str] = TYPES) -> str:
        """An expression of some type."""
        return self.of(self.random.choice(types), depth)


def _next_place(form: str) -> tuple[int, int, str] | None:
    start = -1
    while (start := form.find("{", start + 1)) >= 0:
        end = form.find("}", start)
        if form[start + 1 : end] in TYPES:
            return start, end + 1, form[start + 1 : end]
    return None
