"""Comparisons of a DECIMAL with a FLOAT, a DOUBLE or a text, which are comparisons of DOUBLEs, as
are those of a FLOAT with a whole number or a text.

The engine makes DECIMALs of 10 or 15 digits behind the point of the first two, so that 1e-16 equals
0 and 0.1D + 0.2D equals 0.3, and FLOATs of the others. The types are asked for only where both
kinds may meet: the names of columns, the literals and the casts of a statement say for nearly all
comparisons that they do not.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatype-rules
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.catalog.model import Column
from local_warehouse.rewrites import exact_doubles, signatures
from local_warehouse.rewrites.evident_types import UNKNOWN, evident_type
from local_warehouse.rewrites.kinds import Kinds
from local_warehouse.rewrites.operand_types import DIGITS, OperandTypes
from local_warehouse.sql.walk import nodes, of_kind
from local_warehouse.types.kinds import ALL, everywhere, kinds, kinds_of_type, top_kinds

# What a value may be, or hold; the others are compared as DOUBLEs.
_DECIMAL, _OTHER = everywhere(kinds("c")), everywhere(kinds("fds"))
_COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ)
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
    known = Kinds(found)
    return [node for node, groups in compared if any(_may_meet(known, one) for one in groups)]


def keys_may_be_mixed(tree: exp.Expr, keys: list[str]) -> bool:
    """Whether columns of one of these names, or of any name where there are none, may be a DECIMAL
    in one relation of a tree and of the other kind in another."""
    found = nodes(tree)
    expressions = {cte.alias for cte in of_kind(found, exp.CTE)}
    if not any(_may_bring_decimals(node, expressions) for node in found):
        return False
    known = Kinds(found)
    columns = [known.of(exp.column(key)) for key in keys] if keys else known.of_names()
    return any(one & _DECIMAL and one & _OTHER for one in columns)


def _may_bring_decimals(node: exp.Expr, expressions: set[str]) -> bool:
    """Whether it is a source of DECIMALs: a literal, a type, a call, or a table, whose columns may
    not be known. `expressions` are the names of CTEs."""
    match node:
        case exp.Literal():
            return not node.is_string and evident_type(node).startswith("decimal")
        case exp.DataType():
            return bool(node.this == exp.DataType.Type.DECIMAL)
        case exp.Table():
            columns = node.meta.get("columns")
            if columns is None:
                return node.name not in expressions
            return any("decimal" in column.type for column in columns)
        case exp.Func():
            return _makes_decimals(node)
    return False


def _makes_decimals(call: exp.Func) -> bool:
    """Whether a call makes DECIMALs of what holds none."""
    made = signatures.of(call)
    if made is None or made.gives is None:
        return signatures.name_of(call).startswith(_STRUCTURED)
    return bool(top_kinds(made.gives) & _DECIMAL)


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
    if "float" in given and {"string", *DIGITS} & set(given):
        compared = ("float", "string", *DIGITS)
        return [
            exp.cast(operand.copy(), "double") if data_type in compared else operand
            for operand, data_type in zip(operands, given, strict=True)
        ]
    has_decimal = any(data_type.startswith("decimal") for data_type in given)
    if not has_decimal or not {"float", "double", "string"} & set(given):
        return operands
    return [
        exact_doubles.converted(operand, data_type, "double")
        if data_type.startswith("decimal") or data_type == "string"
        else operand
        for operand, data_type in zip(operands, given, strict=True)
    ]


def _may_meet(known: Kinds, operands: list[exp.Expr]) -> bool:
    """Whether one of these values may be a DECIMAL and another one of the other kind."""
    if sum(bool(_evident(operand) & (_DECIMAL | _OTHER)) for operand in operands) < 2:
        return False
    found = list(enumerate(map(known.of, operands)))
    decimals = {place for place, of in found if of & _DECIMAL}
    others = {place for place, of in found if of & _OTHER}
    return bool(decimals and others) and len(decimals | others) > 1


def _evident(operand: exp.Expr) -> int:
    """What an operand may be by its text alone."""
    evident = evident_type(operand)
    return ALL if evident == UNKNOWN else kinds_of_type(evident)
