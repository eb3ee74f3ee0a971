"""Comparisons of CHAR(n) columns, whose shorter side is padded with blanks: with a literal or with
another CHAR column, and not with a STRING.

The engine stores CHAR(n) as STRING. Which columns are CHAR the tables of a statement say, and the
queries between them and the comparison. Where these leave it open, as set operations do, the
comparison is refused, and so is one with a computed constant, which Spark pads.

https://docs.databricks.com/aws/en/sql/language-manual/data-types/string-type, and
ApplyCharTypePadding of Apache Spark
"""

from __future__ import annotations

import re

from sqlglot import exp

from local_warehouse.errors import unsupported
from local_warehouse.rewrites.mixed_numbers import compared_values
from local_warehouse.rewrites.scopes import ColumnsOf, place_of, relations_in, visible
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.dialect import literal, render
from local_warehouse.sql.walk import nodes, of_kind

_CHAR = re.compile(r"char\((\d+)\)")


def pad_compared_texts(tree: exp.Expr, _: ColumnsOf) -> exp.Expr:
    """Pad what is compared with a CHAR column. Raises SqlError where it may be one of a query."""
    found = nodes(tree)
    if not any(_of_table(table) for table in of_kind(found, exp.Table)):
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
            operand.replace(fill(f"rpad(x, {longest}, {literal(' ')})", {"x": operand.copy()}))


def _is_text(operand: exp.Expr) -> bool:
    return isinstance(operand, exp.Literal) and bool(operand.is_string)


def _length(column: exp.Column) -> int | None:
    """The length of a CHAR column, or None of another. Raises SqlError where it is not known."""
    name, qualifier = column.name.lower(), column.table.lower()
    place = place_of(column)
    while place is not None:
        for relation in _relations(place):
            if qualifier in ("", relation.alias_or_name.lower()):
                columns = _columns(relation)
                if columns is None:
                    raise unsupported(f"{render(column)} in a comparison, which may be a CHAR")
                if qualifier or name in columns:
                    return columns.get(name)
        place = place_of(place)
    return None


def _relations(place: exp.Expr) -> list[exp.Expr]:
    if isinstance(place, exp.Select):
        return relations_in(place)
    given = [place.this, place.args.get("using"), place.args.get("from_")]
    return [one.this if isinstance(one, exp.From) else one for one in given if one is not None]


def _columns(relation: exp.Expr) -> dict[str, int | None] | None:
    """The names of a relation's columns in lower case, and the lengths of those that are CHAR; None
    where the text does not say."""
    alias = relation.args.get("alias")
    named = [one.name.lower() for one in alias.columns] if alias is not None else []
    columns: dict[str, int | None] | None
    if isinstance(relation, exp.Subquery):
        columns = _outputs(relation.this)
    elif isinstance(relation, exp.Table) and not isinstance(relation.this, exp.Func):
        cte = next((one for one in visible(relation) if one.alias == relation.name), None)
        columns = _columns(cte) if cte is not None else _of_table(relation, every=True)
    elif isinstance(relation, exp.CTE):
        columns = _outputs(relation.this)
    else:  # VALUES and calls of functions have no CHAR
        columns = dict.fromkeys(named)
    if columns is None or not named:
        return columns
    return dict(zip(named, columns.values(), strict=False))


def _of_table(table: exp.Table, *, every: bool = False) -> dict[str, int | None] | None:
    """The CHAR columns of a table, or all; None where the tree does not know them."""
    columns = table.meta.get("columns")
    if columns is None:
        return None
    declared = {one.name.lower(): _CHAR.fullmatch(one.declared or "") for one in columns}
    found = {name: int(length[1]) if length else None for name, length in declared.items()}
    return {name: length for name, length in found.items() if every or length is not None}


def _outputs(query: exp.Expr) -> dict[str, int | None] | None:
    query = query.unnest() if isinstance(query, (exp.Subquery, exp.Paren)) else query
    if not isinstance(query, exp.Select):
        return None
    found: dict[str, int | None] = {}
    for output in query.expressions:
        if output.is_star:
            qualifier = output.table.lower() if isinstance(output, exp.Column) else ""
            for relation in relations_in(query):
                if qualifier in ("", relation.alias_or_name.lower()):
                    columns = _columns(relation)
                    if columns is None:
                        return None
                    found |= columns
        else:
            value = output.unalias()
            is_column = isinstance(value, exp.Column)
            found[output.alias_or_name.lower()] = _length(value) if is_column else None
    return found
