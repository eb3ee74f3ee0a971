"""Expressions of a SELECT over rows of text as functions on Arrow's columns, without the engine.

Covered is what names, renames, fills and marks columns: columns, literals, NULL, and a CASE whose
conditions ask for damaged characters, for the end of a value or for a value. `Compiler` raises
`NotCovered` for any other expression, which the engine then computes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from sqlglot import exp

from local_warehouse.rewrites.character_classes import CharacterClass
from local_warehouse.rewrites.merged_scans import MergedFiles

TYPES: dict[str, pa.DataType] = {
    "string": pa.string(),
    "bigint": pa.int64(),
    "timestamp": pa.timestamp("us", "UTC"),
}
_CASTS = {
    exp.DataType.Type.TEXT: "string",
    exp.DataType.Type.VARCHAR: "string",
    exp.DataType.Type.BIGINT: "bigint",
    exp.DataType.Type.TIMESTAMPTZ: "timestamp",
}
_MOMENT = len("2026-01-01T00:00:00.000000Z")

Array = Any  # of pyarrow: its compute functions have no types


class NotCovered(Exception):
    """A statement that only the engine can run, or whose outcome the engine has to find out."""


@dataclass(frozen=True)
class Rows:
    """Rows of one file: their columns by name in lower case, and the file's number."""

    columns: Mapping[str, Array]
    file: int
    count: int


@dataclass(frozen=True)
class Constant:
    """A value that is the same for all rows of a file; `values` has one for each file, or one for
    all. `type` is a SQL type, None for NULL."""

    type: str | None
    values: Sequence[object]

    def of(self, file: int) -> Any:
        """The value for the rows of a file."""
        return self.values[file if len(self.values) > 1 else 0]


@dataclass(frozen=True)
class Computed:
    """A text computed from each row, by constants of its file if it `varies`."""

    compute: Callable[[Rows], Array]
    varies: bool = False


_Text = Callable[[Rows], Array]  # gives an array, or a scalar
_Condition = Callable[[Rows], Array | None]  # None where it holds for no row


class Compiler:
    """Compiles the expressions of one SELECT, whose FROM has the columns `columns`."""

    def __init__(self, columns: Sequence[str], files: MergedFiles | None) -> None:
        """`columns` are in lower case; `files` has the constants of a merged branch."""
        self._columns = set(columns)
        self._constants = files.constants if files is not None else {}

    def output(self, node: exp.Expr) -> Constant | Computed:
        """A column of the result. Raises NotCovered."""
        node = node.unalias()
        if isinstance(node, (exp.Literal, exp.Null, exp.Cast)):
            return self._constant(node)
        varies = any(literal.name in self._constants for literal in node.find_all(exp.Literal))
        return Computed(self._text(_by_row(node)), varies)

    # constants

    def _constant(self, node: exp.Expr) -> Constant:
        if isinstance(node, exp.Null):
            return Constant(None, [None])
        if isinstance(node, exp.Literal) and node.is_string:
            values = self._constants.get(node.name) or [node.name]
            if all(isinstance(value, str) for value in values):
                return Constant("string", values)
        if type(node) is exp.Cast and {k for k, v in node.args.items() if v} == {"this", "to"}:
            return self._cast(node.this, _CASTS.get(node.to.this))
        raise NotCovered(node.sql())

    def _cast(self, node: exp.Expr, kind: str | None) -> Constant:
        if isinstance(node, exp.Null) and kind is not None:
            return Constant(None, [None])
        if not isinstance(node, exp.Literal) or kind is None:
            raise NotCovered(node.sql())
        values = self._constants.get(node.name) or [node.name if node.is_string else int(node.name)]
        if kind == "bigint" and all(isinstance(value, int) for value in values):
            return Constant(kind, values)
        if kind == "string" and all(isinstance(value, str) for value in values):
            return Constant(kind, values)
        if kind == "timestamp":
            return Constant(kind, [_moment(value) for value in values])
        raise NotCovered(node.sql())

    # texts

    def _text(self, node: exp.Expr) -> _Text:
        if isinstance(node, exp.Column) and not node.table:
            name = node.name.lower()
            if name not in self._columns:
                raise NotCovered(name)
            return lambda rows: rows.columns[name]
        if isinstance(node, exp.Literal) and node.is_string:
            constant = self._constant(node)
            return lambda rows: pa.scalar(constant.of(rows.file), pa.string())
        if isinstance(node, exp.Case):
            return self._case(node)
        name, arguments = _call(node)
        if name == "coalesce" and len(arguments) == 2:
            return self._over(lambda _, first, other: pc.coalesce(first, other), arguments)
        if name == "concat" and len(arguments) > 1:
            return self._over(lambda _, *texts: pc.binary_join_element_wise(*texts, ""), arguments)
        if name == "concat_ws" and len(arguments) > 2:
            return self._over(_concat_ws, arguments)
        raise NotCovered(node.sql())

    def _over(self, compute: Callable[..., Array], arguments: Sequence[exp.Expr]) -> _Text:
        texts = [self._text(argument) for argument in arguments]
        return lambda rows: compute(rows, *(text(rows) for text in texts))

    def _case(self, node: exp.Case) -> _Text:
        if node.this is not None:
            raise NotCovered(node.sql())
        ifs = [(self._condition(c.this), self._text(c.args["true"])) for c in node.args["ifs"]]
        default = node.args.get("default")
        other = self._text(default) if default is not None else None

        def compute(rows: Rows) -> Array:
            found = pa.nulls(rows.count, pa.string()) if other is None else other(rows)
            for condition, value in reversed(ifs):
                mask = condition(rows)
                if mask is not None and pc.any(mask).as_py():
                    found = pc.if_else(pc.fill_null(mask, False), value(rows), found)
            return pa.repeat(found, rows.count) if isinstance(found, pa.Scalar) else found

        return compute

    # conditions

    def _condition(self, node: exp.Expr) -> _Condition:
        if isinstance(node, exp.Paren):
            return self._condition(node.this)
        if isinstance(node, exp.Or):
            return self._or(self._condition(node.this), self._condition(node.expression))
        if isinstance(node, exp.And):
            return self._and(self._condition(node.this), self._condition(node.expression))
        if isinstance(node, exp.Not) and isinstance(node.this, exp.Is):
            return self._is_not_null(node.this)
        if isinstance(node, exp.RegexpLike):
            return self._has_character(node)
        if isinstance(node, exp.EQ):
            left, right = self._text(_by_row(node.this)), self._text(node.expression)
            return lambda rows: pc.equal(left(rows), right(rows))
        if isinstance(node, exp.GTE):
            return self._at_least(node)
        name, arguments = _call(node)
        if name == "endswith" and len(arguments) == 2 and isinstance(arguments[1], exp.Literal):
            text, end = self._text(_by_row(arguments[0])), self._constant(arguments[1])
            return lambda rows: pc.ends_with(text(rows), pattern=end.of(rows.file))
        raise NotCovered(node.sql())

    @staticmethod
    def _or(left: _Condition, right: _Condition) -> _Condition:
        def either(rows: Rows) -> Array | None:
            first, second = left(rows), right(rows)
            if first is None or second is None:
                return second if first is None else first
            return pc.or_kleene(first, second)

        return either

    @staticmethod
    def _and(left: _Condition, right: _Condition) -> _Condition:
        def both(rows: Rows) -> Array | None:
            first = left(rows)
            second = None if first is None else right(rows)
            return None if second is None else pc.and_kleene(first, second)

        return both

    def _is_not_null(self, node: exp.Is) -> _Condition:
        if not isinstance(node.expression, exp.Null):
            raise NotCovered(node.sql())
        text = self._text(_by_row(node.this))

        def condition(rows: Rows) -> Array | None:
            values = text(rows)
            return None if values.null_count == rows.count else pc.is_valid(values)

        return condition

    def _has_character(self, node: exp.RegexpLike) -> _Condition:
        """`concat(…) RLIKE '[…]'`: asked of the bytes of the columns, and of the rows only where
        those have such a character."""
        pattern = node.expression
        known = isinstance(pattern, exp.Literal) and pattern.name not in self._constants
        characters = CharacterClass.parse(pattern.name) if known else None
        if characters is None:
            raise NotCovered(node.sql())
        text = self._text(_by_row(node.this))
        names = {column.name.lower() for column in node.this.find_all(exp.Column)}
        literals = {literal.name for literal in node.this.find_all(exp.Literal)}
        if any(literals):  # only '' is sure to have no such character
            raise NotCovered(node.sql())

        def condition(rows: Rows) -> Array | None:
            if not any(characters.may_be_in(rows.columns[name]) for name in names):
                return None
            return pc.match_substring_regex(text(rows), characters.pattern)

        return condition

    def _at_least(self, node: exp.GTE) -> _Condition:
        """`length(a) - length(replace(a, ',', '')) >= 3`: so many of a character are in a text."""
        number, difference = node.expression, node.this
        if not isinstance(difference, exp.Sub) or not isinstance(number, exp.Literal):
            raise NotCovered(node.sql())
        if number.is_string:
            raise NotCovered(node.sql())
        left, right = map(self._length, (difference.this, difference.expression))
        least = int(number.name)
        return lambda rows: pc.greater_equal(pc.subtract(left(rows), right(rows)), least)

    def _length(self, node: exp.Expr) -> _Text:
        name, arguments = _call(node)
        if name != "length" or len(arguments) != 1:
            raise NotCovered(node.sql())
        (argument,) = arguments
        if not isinstance(argument, exp.Column):
            name, parts = _call(argument)
            plain = [part.name for part in parts[1:] if isinstance(part, exp.Literal)]
            if name != "replace" or len(parts) != 3 or len(plain) != 2 or not plain[0]:
                raise NotCovered(node.sql())
            if set(plain) & set(self._constants):
                raise NotCovered(node.sql())
            text = self._text(_by_row(parts[0]))
            return lambda rows: pc.utf8_length(
                pc.replace_substring(text(rows), pattern=plain[0], replacement=plain[1])
            )
        column = self._text(argument)
        return lambda rows: pc.utf8_length(column(rows))


def _by_row(node: exp.Expr) -> exp.Expr:
    """The same expression, which has a column, so that its values are an array."""
    if node.find(exp.Column) is None:
        raise NotCovered(node.sql())
    return node


def _call(node: exp.Expr) -> tuple[str, list[exp.Expr]]:
    """The name of a function in lower case, and its arguments."""
    if not isinstance(node, exp.Anonymous):
        raise NotCovered(node.sql())
    return node.name.lower(), node.expressions


def _concat_ws(_: Rows, separator: Array, *texts: Array) -> Array:
    return pc.binary_join_element_wise(*texts, separator, null_handling="skip")


def _moment(value: object) -> datetime:
    """The moment of a literal that is in UTC, to the microsecond."""
    if isinstance(value, str) and len(value) == _MOMENT and value[10] == "T" and value[-1] == "Z":
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except ValueError:
            pass
    raise NotCovered(f"the time {value}")
