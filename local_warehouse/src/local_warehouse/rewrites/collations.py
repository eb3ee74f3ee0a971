"""COLLATE UTF8_LCASE, by which texts are compared without regard to case, and UTF8_BINARY, by which
all texts are compared where nothing else is said.

A collation belongs to the type of a text, and goes with it into functions and subqueries. The
engine has none, so it is given where a comparison, a key or a result names it, and refused
elsewhere.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-collation
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.signatures import name_of
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_BINARY, _LOWER = "UTF8_BINARY", "UTF8_LCASE"
_COMPARISONS = (exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Like, exp.In)
# The Greek letter at the end of a word is the one within it.
_LOWERED = "translate(lower(x), '\u03c2', '\u03c3')"


def compare_by_collation(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Compare small letters where a comparison or a key has COLLATE UTF8_LCASE. Raises SqlError for
    other collations, and where one would go further."""
    if not any(map(_is_collated, nodes(tree))):
        return tree
    for place in of_kind(nodes(tree), *_COMPARISONS):
        _compare(place)
    for node in nodes(tree):
        if _is_collated(node):
            _order(node, tree)
    return tree


def refuse_columns(query: exp.Expr) -> None:
    """Raise SqlError where a query that a table or a view is made of has outputs with COLLATE."""
    for output in query.selects if isinstance(query, exp.Query) else []:
        value = output.unalias().unnest()
        if _is_collated(value) and _parts(value)[1] != _BINARY:
            raise unsupported(f"a column with a collation: {render(value)}")


def _is_collated(node: exp.Expr) -> bool:
    return isinstance(node, exp.Collate) or name_of(node) == "collate"


def _compare(place: exp.Expr) -> None:
    """Compare the small letters of all that is compared, if one of it has the collation."""
    others = place.expressions if isinstance(place, exp.In) else [place.expression]
    sides = [place.this, *others]
    names = {_parts(side.unnest())[1] for side in sides if _is_collated(side.unnest())}
    if len(names) > 1:
        raise SqlError(
            "COLLATION_MISMATCH.EXPLICIT", f"{render(place)} has two collations, use one of them."
        )
    for side in sides if names else []:
        node = side.unnest()
        if isinstance(node, (exp.Any, exp.All, exp.Query)) or place.args.get("query"):
            raise unsupported(f"{render(place)} (use lower)")
        value = _parts(node)[0] if _is_collated(node) else node
        side.replace(_lowered(value) if _LOWER in names else exp.paren(value))


def _order(node: exp.Expr, tree: exp.Expr) -> None:
    value, name = _parts(node)
    if name == _BINARY or _is_result(node, tree):
        node.replace(exp.paren(value))
        return
    place = node.parent
    while isinstance(place, exp.Paren):
        place = place.parent
    if not isinstance(place, exp.Ordered) and node.arg_key != "partition_by":
        raise unsupported(f"{render(node)} but in a comparison, a key or a result (use lower)")
    node.replace(_lowered(value))


def _lowered(value: exp.Expr) -> exp.Expr:
    return fill(_LOWERED, {"x": value})


def _parts(node: exp.Expr) -> tuple[exp.Expr, str]:
    """The text and the name of its collation. Raises SqlError for one that is not supported."""
    if isinstance(node, exp.Collate):
        value, named = node.this, node.expression
    else:
        value, named = node.expressions
    name = named.name.upper().rpartition(".")[2]
    if name not in (_BINARY, _LOWER):
        raise unsupported(f"COLLATE {name} (the collations are {_BINARY} and {_LOWER})")
    return value, name


def _is_result(node: exp.Expr, tree: exp.Expr) -> bool:
    """Whether a text is an output that nothing else reads."""
    output = node.parent if isinstance(node.parent, exp.Alias) else node
    select = output.parent
    return (
        select is tree
        and isinstance(select, exp.Select)
        and output.arg_key == "expressions"
        and not any(select.args.get(clause) for clause in ("distinct", "group"))
    )
