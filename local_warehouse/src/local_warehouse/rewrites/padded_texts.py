"""Comparisons of CHAR(n) columns, whose shorter side is padded with blanks: with a literal or with
another CHAR column, and not with a STRING.

The engine stores CHAR(n) as STRING. Which columns are CHAR the tables of a statement say, and the
queries between them and the comparison. Where these leave it open, the comparison is refused, and
so is one with a computed constant, which Spark pads.

https://docs.databricks.com/aws/en/sql/language-manual/data-types/string-type, and
ApplyCharTypePadding of Apache Spark
"""

from __future__ import annotations

import re

from sqlglot import exp

from local_warehouse.errors import unsupported
from local_warehouse.rewrites.mixed_numbers import compared_values
from local_warehouse.rewrites.origins import NotKnownError, origin
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_CHAR = re.compile(r"char\((\d+)\)")


def pad_compared_texts(tree: exp.Expr, _: ColumnsOf) -> exp.Expr:
    """Pad what is compared with a CHAR column. Raises SqlError where it may be one of a query."""
    found = nodes(tree)
    tables = [table.meta.get("columns") or () for table in of_kind(found, exp.Table)]
    if not any(_CHAR.fullmatch(one.declared or "") for columns in tables for one in columns):
        return tree
    for node in found:
        if isinstance(node, exp.Between) or node.args.get("query") is not None:
            continue  # of which Spark pads nothing
        for operands in compared_values(node):
            _pad([one.unnest() for one in operands])
    return tree


def _pad(operands: list[exp.Expr]) -> None:
    columns = {id(one): _length(one) for one in operands if isinstance(one, exp.Column)}
    if not any(columns.values()):
        return
    lengths = {id(one): len(one.this) for one in operands if _is_text(one)}
    lengths |= {key: length for key, length in columns.items() if length is not None}
    others = [one for one in operands if id(one) not in lengths and not isinstance(one, exp.Null)]
    for other in others:
        is_literal = isinstance(other, exp.Literal)
        if not is_literal and not any(isinstance(node, exp.Column) for node in nodes(other)):
            raise unsupported(f"{render(other)} beside a CHAR column; write a literal")
    if others:
        return
    longest = max(lengths.values())
    for operand in operands:
        if lengths.get(id(operand), longest) == longest:
            continue
        if isinstance(operand, exp.Literal):
            operand.set("this", operand.this.ljust(longest))
        else:
            operand.replace(fill(f"rpad(x, {longest}, ' ')", {"x": operand.copy()}))


def _is_text(operand: exp.Expr) -> bool:
    return isinstance(operand, exp.Literal) and bool(operand.is_string)


def _length(column: exp.Column) -> int | None:
    """The length of a CHAR column, or None of another. Raises SqlError where it is not known."""
    try:
        found = origin(column)
    except NotKnownError as error:
        raise unsupported(f"{render(column)} in a comparison, which may be a CHAR") from error
    declared = _CHAR.fullmatch(found.declared or "") if found is not None else None
    return int(declared[1]) if declared is not None else None
