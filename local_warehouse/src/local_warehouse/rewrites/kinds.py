"""The kinds of values that an expression may have, by the names of columns and without a question.

A set of kinds is a number with a bit for each. It holds all that a value may be, and may hold more:
a name stands for the columns of that name in all relations of a statement.
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Iterable, Iterator

from sqlglot import exp

from local_warehouse.catalog.model import Column
from local_warehouse.rewrites import signatures
from local_warehouse.rewrites.evident_types import UNKNOWN, evident_type
from local_warehouse.rewrites.scopes import branches
from local_warehouse.sql.walk import of_kind
from local_warehouse.types.kinds import (
    ALL,
    BOOLEAN,
    DECIMAL,
    DOUBLE,
    FLOAT,
    MOMENTS,
    NUMBERS,
    STRING,
    TOP,
    inner_kinds,
    kinds_of_type,
)

_FIELD = re.compile(r"[<,]`?([^`<>,:()]+)`?:(\w+)")  # in the text of a type, with its own type
_OF_TEXTS = NUMBERS & ~DECIMAL  # what texts become beside numbers
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.IntDiv)
_WRAPPERS = (exp.Paren, exp.Neg, exp.Alias, exp.Window, exp.Filter, exp.IgnoreNulls,
             exp.RespectNulls, exp.WithinGroup)  # fmt: skip


class Kinds:
    """What the values of a tree may be, by the names of columns, whatever relation these are of."""

    def __init__(self, found: list[exp.Expr]) -> None:
        """`found` are the nodes of the tree. The names are looked at when they are needed."""
        self._found = found
        self._names: dict[str, int] = {}
        self._relations: set[str] = set()
        self._is_read = self._is_open = False  # open: a relation has columns that are not known

    def of(self, value: exp.Expr) -> int:
        """What a value may be; nothing where it is NULL."""
        evident = evident_type(value)
        if evident != UNKNOWN:
            return kinds_of_type(evident)
        if not self._is_read:
            self._read()
        return self._of(value)

    def of_names(self) -> Iterable[int]:
        """What the columns of each name may be."""
        if not self._is_read:
            self._read()
        return [ALL] if self._is_open else self._names.values()

    def is_field(self, column: exp.Expr) -> bool:
        """Whether it is a field of another column, as what stands before it is no relation."""
        if not self._is_read:
            self._read()
        before = column.text("table").lower()
        return before not in ("", *self._relations)

    def _read(self) -> None:
        """Find out what the columns of the tree may be: those of tables first, then the names that
        stand for expressions, until none of them may be more."""
        self._is_read = True
        expressions = {cte.alias for cte in of_kind(self._found, exp.CTE)}
        named: list[tuple[str, tuple[exp.Expr, ...]]] = []
        for node in self._found:
            if isinstance(node, exp.Table):
                columns = node.meta.get("columns")
                self._is_open |= columns is None and node.name not in expressions
                for column in columns or ():
                    self._add_column(column)
            elif isinstance(node, exp.Alias):
                named.append((node.alias.lower(), (node.this,)))
            elif isinstance(node, exp.Aliases):
                named += [(name.name.lower(), (node.this,)) for name in node.expressions]
            elif isinstance(node, exp.SetOperation):
                named += self._outputs(node)
            if isinstance(node, exp.TableAlias):
                self._relations.add(node.name.lower())
            if isinstance(node, exp.TableAlias) and node.columns and node.parent is not None:
                names = [name.name.lower() for name in node.columns]
                for row in _rows_of(node.parent, len(names)):
                    named += [(name, (value,)) for name, value in zip(names, row, strict=True)]
        for name, _ in named:
            self._names.setdefault(name, 0)
        is_changed = True
        while is_changed:
            is_changed = False
            of: dict[int, int] = {}  # by the expression, which several names may stand for
            for name, values in named:
                key = id(values[0] if len(values) == 1 else values)
                if key not in of:
                    of[key] = self._of(values[0]) if len(values) == 1 else self._of_all(values)
                kinds = self._names[name] | of[key]
                is_changed = is_changed or kinds != self._names[name]
                self._names[name] = kinds

    def _outputs(self, operation: exp.SetOperation) -> Iterator[tuple[str, tuple[exp.Expr, ...]]]:
        """The names of a set operation's columns, with what its branches have at their places."""
        outputs = [branch.selects for branch in branches(operation)]
        stars = [any(output.is_star for output in branch) for branch in outputs]
        if stars[0]:  # if all are, their columns have the same names
            self._is_open |= not all(stars)
            return
        for output, values in zip(outputs[0], zip(*outputs, strict=False), strict=False):
            yield output.alias_or_name.lower(), (exp.Star(),) if any(stars) else values

    def _add_column(self, column: Column) -> None:
        kinds = kinds_of_type(column.type)
        self._add(column.name, kinds)
        for name, of in _FIELD.findall(column.type) if "<" in column.type else ():
            self._add(name, kinds_of_type(of) | kinds & ~TOP)

    def _add(self, name: str, kinds: int) -> None:
        self._names[name.lower()] = self._names.get(name.lower(), 0) | kinds

    def _of(self, value: exp.Expr) -> int:
        evident = evident_type(value)
        if evident != UNKNOWN:
            return kinds_of_type(evident)
        match value:
            case exp.Column() if not isinstance(value.this, exp.Star):
                return self._of_column(value)
            case exp.Predicate() | exp.Not() | exp.Connector():
                return BOOLEAN
            case exp.DPipe():
                return STRING | self._of_all([value.this, value.expression])
            case exp.Case():
                values = [branch.args["true"] for branch in value.args["ifs"]]
                return self._of_all([*values, value.args.get("default")])
            case exp.If():
                return self._of_all([value.args["true"], value.args.get("false")])
            case exp.Subquery():
                outputs = [
                    one.expressions[0] if isinstance(one, exp.Select) else one
                    for one in branches(value.this)
                ]
                return self._of_all(outputs)
            case exp.Distinct():
                return self._of_all(value.expressions)
            case exp.PropertyEQ():
                return self._of(value.expression)
            case exp.Bracket():
                return inner_kinds(self._of(value.this))
            case exp.Func():
                return self._of_call(value)
        if isinstance(value, _WRAPPERS):
            return self._of(value.this)
        if isinstance(value, _ARITHMETIC):
            given = self._of_all([value.this, value.expression])
            given |= DOUBLE if isinstance(value, exp.Div) else 0
            return given | (MOMENTS | _OF_TEXTS if given & ~NUMBERS else 0)
        return ALL

    def _of_call(self, call: exp.Func) -> int:
        made = signatures.of(call)
        if made is None or made.gives is None:
            return ALL
        if not made.is_by_arguments:
            return made.gives
        given = [one for one in call.iter_expressions() if not isinstance(one, exp.Identifier)]
        return made.gives_for(self._of_all(given))

    def _of_all(self, values: Iterable[exp.Expr | None]) -> int:
        """What one of several values may be, or what they become together."""
        kinds = functools.reduce(operator.or_, (self._of(v) for v in values if v is not None), 0)
        if kinds & NUMBERS and kinds & STRING:
            return kinds | _OF_TEXTS
        return kinds | (DOUBLE if kinds & FLOAT else 0)

    def _of_column(self, column: exp.Column) -> int:
        """What the column, or the struct that has a field of its name, may be."""
        if self._is_open:
            return ALL
        qualifiers, name = column.parts[:-1], column.parts[-1]
        structs = [one for one in qualifiers if one.name.lower() not in self._relations]
        names = [part.name.lower() for part in (*structs, name)]
        if names[-1] not in self._names:  # a field of a struct that is made, for instance
            return ALL
        known = [self._names[name] for name in names if name in self._names]
        return functools.reduce(operator.or_, known)


def _rows_of(relation: exp.Expr, width: int) -> Iterator[list[exp.Expr]]:
    """The expressions of a relation's columns, of which there are so many, for each of its SELECTs
    or rows; a star for each where it does not show them one by one."""
    if isinstance(relation, exp.Values):
        rows = [
            row.expressions if isinstance(row, exp.Tuple) else [row] for row in relation.expressions
        ]
    elif isinstance(relation, (exp.Subquery, exp.CTE)):
        selects = branches(relation.this)
        rows = [one.expressions if isinstance(one, exp.Select) else [] for one in selects]
    else:
        rows = [[]]
    for row in rows:
        is_shown = len(row) == width and not any(value.is_star for value in row)
        yield [value.unalias() for value in row] if is_shown else [exp.Star()] * width
