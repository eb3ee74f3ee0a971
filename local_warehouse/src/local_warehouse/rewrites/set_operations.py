"""Columns of set operations whose branches have other types, as Databricks makes one of them.

A text beside a number becomes a number (the engine makes texts of both), a number beside a date is
an error, and structs get the names of the first branch.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatype-rules
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.catalog.model import Column
from local_warehouse.errors import SqlError
from local_warehouse.rewrites.operand_types import DIGITS, UNKNOWN, evident_type
from local_warehouse.rewrites.scopes import ColumnsOf, with_visible
from local_warehouse.rewrites.structs import needs_other_fields, type_of, with_fields_of
from local_warehouse.sql.walk import nodes, of_kind

_MOMENTS = ("date", "timestamp", "timestamp_ntz")


def align_columns(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Cast the columns of branches to one type, inner set operations before outer ones."""
    operations = of_kind(nodes(tree), exp.SetOperation)
    known: dict[int, list[Column]] = {}
    for node in reversed(operations):
        if not _agree(node):
            _align(node, known, columns_of)
    return tree


def _agree(node: exp.SetOperation) -> bool:
    """Whether the texts of all branches say that they have the same types."""
    types = [
        [evident_type(projection.unalias()) for projection in branch.expressions]
        for branch in _leaves(node)
        if isinstance(branch, exp.Select)
    ]
    are_all = len(types) == len(_leaves(node))
    return are_all and UNKNOWN not in types[0] and all(one == types[0] for one in types)


def _leaves(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.SetOperation):
        return [*_leaves(node.this), *_leaves(node.expression)]
    return [node]


def _align(node: exp.SetOperation, known: dict[int, list[Column]], columns_of: ColumnsOf) -> None:
    if node.args.get("by_name"):
        return
    branches = [node.this, node.expression]
    given = [
        known[id(branch)]
        if id(branch) in known
        else columns_of(with_visible(_all_of(branch), node))
        for branch in branches
    ]
    if len(given[0]) != len(given[1]):
        return  # the engine says what is wrong
    wanted = [_common(left, right) for left, right in zip(*given, strict=True)]
    for branch, columns in zip(branches, given, strict=True):
        pairs = list(zip(columns, wanted, strict=True))
        if any(_is_cast(column.type, data_type) for column, data_type in pairs):
            query = _all_of(branch, len(pairs))
            cast = [_cast(f"c{i}", column, to) for i, (column, to) in enumerate(pairs)]
            query.set("expressions", cast)
            branch.replace(query)
    if UNKNOWN not in wanted:
        names = [column.name for column in given[0]]
        known[id(node)] = [Column(n, t) for n, t in zip(names, wanted, strict=True)]


def _common(left: Column, right: Column) -> str:
    """The type of a column, or UNKNOWN for one that the engine finds itself."""
    types = [left.type, right.type]
    if left.type == right.type or "void" in types:
        return right.type if left.type == "void" else left.type
    if needs_other_fields(*types):
        return left.type
    numbers = [
        one for one in types if one in DIGITS or one.startswith(("decimal", "float", "double"))
    ]
    if "string" in types and numbers:
        return "bigint" if numbers[0] in DIGITS else "double"
    if numbers and any(one in (*_MOMENTS, "boolean") for one in types):
        raise SqlError(
            "INCOMPATIBLE_COLUMN_TYPE",
            "UNION can only be performed on tables with compatible column types: column "
            f"{left.name} is {left.type.upper()} in one branch, {right.type.upper()} in another.",
        )
    return UNKNOWN


def _is_cast(given: str, wanted: str) -> bool:
    is_text = given == "string" and wanted in ("bigint", "double")
    is_exact = given.startswith("decimal") and wanted == "double"
    return is_text or is_exact or needs_other_fields(given, wanted)


def _cast(name: str, column: Column, wanted: str) -> exp.Expr:
    value: exp.Expr = exp.column(name)
    if _is_cast(column.type, wanted):
        if "struct<" in wanted:
            value = with_fields_of(value, type_of(column.type), type_of(wanted))
        else:
            value = exp.cast(value, wanted)
    return exp.alias_(value, column.name, quoted=True)


def _all_of(branch: exp.Expr, width: int = 0) -> exp.Select:
    """A query of a branch; with a width its columns are c0, c1 and so on."""
    inner = branch.copy() if isinstance(branch, exp.Subquery) else exp.Subquery(this=branch.copy())
    names = [exp.to_identifier(f"c{i}") for i in range(width)]
    inner.set("alias", exp.TableAlias(this=exp.to_identifier("branch"), columns=names))
    return exp.Select(expressions=[exp.Star()], from_=exp.From(this=inner))
