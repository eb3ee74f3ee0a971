"""Comparisons of a DECIMAL with a FLOAT, a DOUBLE or a text, which are comparisons of DOUBLEs, as
are those of a FLOAT with a whole number.

The engine makes DECIMALs of 10 or 15 digits behind the point of the first two, so that 1e-16 equals
0 and 0.1D + 0.2D equals 0.3, and FLOATs of the others. The types are asked for only where both
kinds may meet: the names of columns, the literals and the casts of a statement say for nearly all
comparisons that they do not.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatype-rules
"""

from __future__ import annotations

import functools
import operator
import re
from collections.abc import Iterator

from sqlglot import exp

from local_warehouse.catalog.model import Column
from local_warehouse.rewrites.evident_types import UNKNOWN, evident_type
from local_warehouse.rewrites.operand_types import DIGITS, OperandTypes
from local_warehouse.rewrites.scopes import branches
from local_warehouse.sql.walk import nodes, of_kind

_DECIMAL, _OTHER = 1, 2  # what a value may be, or be made of; the others are compared as DOUBLEs
_EITHER = _DECIMAL | _OTHER
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ)
_FIELD = re.compile(r"[<,]`?([^`<>,:()]+)`?:")  # the name of a field in the text of a type
# Calls that give what they are given, or neither kind.
_KEEPING = {
    "abs", "and", "any_value", "array", "case", "coalesce", "count", "date_add", "date_trunc",
    "datediff", "element_at", "explode", "first", "first_value", "get", "greatest", "if", "ifnull",
    "lag", "last", "last_value", "lead", "least", "length", "max", "max_by", "min", "min_by",
    "negative", "nullif", "nvl", "or", "round", "row_number", "struct", "sum", "to_date",
    "to_timestamp",
}  # fmt: skip
_MAKING_DECIMALS = {"ceil", "ceiling", "date_part", "datepart", "extract", "floor", "to_number",
                    "try_to_number"}  # fmt: skip
_STRUCTURED = ("from_", "variant", "try_variant")  # beginnings of calls that make any type


class KnownColumns(list[Column]):
    """The columns of a table that the catalog holds. A copy of a syntax tree shares them."""

    def __deepcopy__(self, memo: object) -> KnownColumns:
        return self


def mixed_comparisons(found: list[exp.Expr]) -> list[exp.Expr]:
    """The comparisons among the nodes of a tree in which a DECIMAL may meet another kind."""
    expressions = {cte.alias for cte in of_kind(found, exp.CTE)}
    has_floats = any(map(_brings_floats, found))
    if not has_floats and not any(_may_bring_decimals(node, expressions) for node in found):
        return []
    compared = [(node, groups) for node in found if (groups := compared_values(node))]
    if has_floats:
        return [node for node, groups in compared if any(map(_may_differ, groups))]
    if not compared:
        return []
    kinds = _Kinds(found, expressions)
    return [node for node, groups in compared if any(map(kinds.may_meet, groups))]


def keys_may_be_mixed(tree: exp.Expr, keys: list[str]) -> bool:
    """Whether columns of one of these names, or of any name where there are none, may be a DECIMAL
    in one relation of a tree and of the other kind in another."""
    found = nodes(tree)
    expressions = {cte.alias for cte in of_kind(found, exp.CTE)}
    if not any(_may_bring_decimals(node, expressions) for node in found):
        return False
    kinds = _Kinds(found, expressions)
    if keys:
        return any(kinds.may_meet([exp.column(key), exp.column(key)]) for key in keys)
    return kinds.has_mixed_names()


def _may_bring_decimals(node: exp.Expr, expressions: set[str]) -> bool:
    """Whether it is a source of DECIMALs: a literal, a type, a call, or a table, whose columns may
    not be known. `expressions` are the names of CTEs."""
    match node:
        case exp.Literal():
            return not node.is_string and _of_type(evident_type(node)) == _DECIMAL
        case exp.DataType():
            return bool(node.this == exp.DataType.Type.DECIMAL)
        case exp.Table():
            columns = node.meta.get("columns")
            if columns is None:
                return node.name not in expressions
            return any("decimal" in column.type for column in columns)
        case exp.Func():
            return bool(_made_by(node) & _DECIMAL)
    return False


def _brings_floats(node: exp.Expr) -> bool:
    """Whether it is a source of FLOATs: a type, or a table whose columns are known."""
    if isinstance(node, exp.DataType):
        return bool(node.this == exp.DataType.Type.FLOAT)
    columns = node.meta.get("columns") if isinstance(node, exp.Table) else None
    return any("float" in column.type for column in columns or ())


def _may_differ(operands: list[exp.Expr]) -> bool:
    """Whether the texts of values leave it open that they are numbers of several types."""
    types = {evident_type(operand) for operand in operands} - {"void"}
    return len(types) > 1 or (UNKNOWN in types and len(operands) > 1)


def compared_values(node: exp.Expr) -> list[list[exp.Expr]]:
    """The values that a comparison compares, those of each column of a row together; none where it
    is no comparison."""
    query = node.args.get("query") if isinstance(node, exp.In) else None
    if query is None:
        operands = _operands(node)
        return [operands] if operands else []
    row = node.this.expressions if isinstance(node.this, exp.Tuple) else [node.this]
    select = query.unnest()
    outputs = select.expressions if isinstance(select, exp.Select) else []
    if len(row) != len(outputs) or any(output.is_star for output in outputs):
        return []
    return [[value, output.unalias()] for value, output in zip(row, outputs, strict=True)]


def _operands(node: exp.Expr) -> list[exp.Expr]:
    """The values or rows that a comparison compares; none where it is no comparison."""
    if isinstance(node, _COMPARISONS):
        is_assignment = isinstance(node.parent, exp.Update) and node.arg_key == "expressions"
        return [] if is_assignment else [node.this, node.expression]
    if isinstance(node, exp.Between):
        return [node.this, node.args["low"], node.args["high"]]
    if isinstance(node, exp.In):
        return [node.this, *node.expressions]
    if isinstance(node, exp.Case) and node.this is not None:
        return [node.this, *(branch.this for branch in node.args["ifs"])]
    return []


def compare_as_doubles(node: exp.Expr, types: OperandTypes) -> None:
    """Cast DECIMALs, and texts beside them, that are compared as DOUBLEs, in place."""
    for operands in compared_values(node):
        for operand, compared in zip(operands, as_compared(operands, types), strict=True):
            if compared is not operand:
                operand.replace(compared)


def as_compared(operands: list[exp.Expr], types: OperandTypes) -> list[exp.Expr]:
    """The operands of a comparison, and a cast to DOUBLE in place of each that becomes one."""
    given = [types.of(operand) for operand in operands]
    if "float" in given and {*DIGITS} & set(given):
        return [
            exp.cast(operand.copy(), "double") if data_type in ("float", *DIGITS) else operand
            for operand, data_type in zip(operands, given, strict=True)
        ]
    has_decimal = any(data_type.startswith("decimal") for data_type in given)
    if not has_decimal or not {"float", "double", "string"} & set(given):
        return operands
    return [
        exp.cast(operand.copy(), "double")
        if data_type.startswith("decimal") or data_type == "string"
        else operand
        for operand, data_type in zip(operands, given, strict=True)
    ]


class _Kinds:
    """What the values of a tree may be, by the names of columns, whatever relation these are of."""

    def __init__(self, found: list[exp.Expr], expressions: set[str]) -> None:
        self._names: dict[str, int] = {}
        self._found, self._expressions = found, expressions
        self._is_read = self._is_open = False  # open: a relation has columns that are not known

    def may_meet(self, operands: list[exp.Expr]) -> bool:
        """Whether one of these values may be a DECIMAL and another one of the other kind."""
        evident = [_evident(operand) for operand in operands]
        if sum(kind != 0 for kind in evident) < 2:
            return False
        if not self._is_read:
            self._read()
        kinds = [
            kind and self._of(operand) for kind, operand in zip(evident, operands, strict=True)
        ]
        return any(
            one & _DECIMAL and other & _OTHER
            for i, one in enumerate(kinds)
            for j, other in enumerate(kinds)
            if i != j
        )

    def has_mixed_names(self) -> bool:
        """Whether columns of one name may be of both kinds."""
        if not self._is_read:
            self._read()
        return self._is_open or _EITHER in self._names.values()

    def _read(self) -> None:
        """Find out what the columns of the tree may be: those of tables first, then the names that
        stand for expressions, until none of them may be more."""
        self._is_read = True
        named: list[tuple[str, exp.Expr]] = []
        for node in self._found:
            if isinstance(node, exp.Table):
                columns = node.meta.get("columns")
                self._is_open |= columns is None and node.name not in self._expressions
                for column in columns or ():
                    self._add_column(column)
            elif isinstance(node, exp.Alias):
                named.append((node.alias.lower(), node.this))
            elif isinstance(node, exp.Aliases):
                named += [(name.name.lower(), node.this) for name in node.expressions]
            elif isinstance(node, exp.TableAlias) and node.columns and node.parent is not None:
                names = [name.name.lower() for name in node.columns]
                for row in rows_of(node.parent, len(names)):
                    named += zip(names, row, strict=True)
        for name, _ in named:
            self._names.setdefault(name, 0)
        is_changed = True
        while is_changed:
            is_changed = False
            of: dict[int, int] = {}  # by the expression, which several names may stand for
            for name, value in named:
                if id(value) not in of:
                    of[id(value)] = self._of(value)
                kinds = self._names[name] | of[id(value)]
                is_changed = is_changed or kinds != self._names[name]
                self._names[name] = kinds

    def _add_column(self, column: Column) -> None:
        kinds = _of_type(column.type)
        for name in (column.name, *(_FIELD.findall(column.type) if "<" in column.type else ())):
            self._names[name.lower()] = self._names.get(name.lower(), 0) | kinds

    def _of(self, value: exp.Expr) -> int:
        """What a value may be: all that it may be made of."""
        kinds, waiting = 0, [value]
        if isinstance(value, exp.Table):  # an alias of it renames its columns
            return _EITHER
        while waiting and kinds != _EITHER:
            node = waiting.pop()
            evident = evident_type(node)
            if evident != UNKNOWN and not isinstance(node, (exp.Window, exp.Filter)):
                kinds |= _of_type(evident)
            elif isinstance(node, exp.Column) and not isinstance(node.this, exp.Star):
                kinds |= self._of_column(node)
            elif isinstance(node, exp.Identifier):
                kinds |= _EITHER if node.arg_key != "alias" else 0  # the variable of a lambda
            elif not isinstance(node, (exp.Predicate, exp.Not, exp.Table, exp.TableAlias)):
                kinds |= _made_by(node)
                waiting += node.iter_expressions()
        return kinds

    def _of_column(self, column: exp.Column) -> int:
        """What the column, or the struct that has a field of its name, may be."""
        if self._is_open:
            return _EITHER
        names = [part.name.lower() for part in column.parts]
        known = [self._names[name] for name in names if name in self._names]
        return functools.reduce(operator.or_, known) if known else _EITHER


def rows_of(relation: exp.Expr, width: int) -> Iterator[list[exp.Expr]]:
    """The expressions of a relation's columns, of which there are so many, for each of its SELECTs
    or rows; the whole relation for each where it does not show them one by one."""
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
        yield [value.unalias() for value in row] if is_shown else [relation] * width


def _evident(operand: exp.Expr) -> int:
    """What an operand may be by its text alone."""
    evident = evident_type(operand)
    return _EITHER if evident == UNKNOWN else _of_type(evident)


def _of_type(data_type: str) -> int:
    is_other = any(name in data_type for name in ("double", "float", "string"))
    return ("decimal" in data_type) * _DECIMAL | is_other * _OTHER


def _made_by(node: exp.Expr) -> int:
    """What an operator or a call may make of whatever it is given."""
    if not isinstance(node, exp.Func):
        return _OTHER if isinstance(node, exp.Div) else 0
    name = str(node.this).lower() if isinstance(node, exp.Anonymous) else node.key
    if name.startswith(_STRUCTURED):
        return _EITHER
    return (name in _MAKING_DECIMALS) * _DECIMAL | (name not in _KEEPING) * _OTHER
