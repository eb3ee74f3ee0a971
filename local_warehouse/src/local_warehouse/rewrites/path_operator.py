"""`column:path`, which extracts from a JSON text a STRING, and from a VARIANT a VARIANT.

An identifier of a path is found in a JSON text whatever its case, and in a VARIANT as it is
written; a name in brackets or backticks is always found as it is written.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-json-path-expression
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import unsupported
from local_warehouse.rewrites.evident_types import UNKNOWN
from local_warehouse.rewrites.operand_types import OperandTypes
from local_warehouse.rewrites.output_names import give_name
from local_warehouse.rewrites.scopes import ColumnsOf, place_of
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.rewrites.variants import found_in
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind


def extract_paths_of_select(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Call functions in place of the paths of a SELECT, not of those around it or in it."""
    while paths := [p for p in of_kind(nodes(select), exp.JSONExtract) if place_of(p) is select]:
        _extract(paths, columns_of)
    return select


def extract_paths_of_change(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Call functions in place of the paths in conditions and values of UPDATE, DELETE and MERGE."""
    if isinstance(tree, (exp.Update, exp.Delete, exp.Merge)):
        while paths := of_kind(nodes(tree), exp.JSONExtract):
            _extract(paths, columns_of)
    return tree


def _extract(paths: list[exp.JSONExtract], columns_of: ColumnsOf) -> None:
    """Replace those of the paths that extract from a value without one."""
    types = OperandTypes(columns_of)
    innermost = [path for path in paths if not path.this.find(exp.JSONExtract)]
    values = [path.this for path in innermost]
    for path, value in zip(innermost, values, strict=True):
        _name(path)
        path.replace(value)  # what the engine can read, while it is asked
    types.ask(values)
    for path, value in zip(innermost, values, strict=True):
        data_type = types.of(value)
        if data_type == "variant":
            _replace_of_variant(value, _steps(path))
        elif data_type != UNKNOWN:
            value.replace(_of_text(value, _steps(path)))
        else:  # it may be an alias of the same SELECT
            place = exp.JSONExtract(this=_aliased(value), expression=path.expression)
            value.replace(place)


def _aliased(value: exp.Expr) -> exp.Expr:
    """The expression of an earlier alias. Raises SqlError where there is none of this name."""
    select = place_of(value)
    if isinstance(value, exp.Column) and not value.table and isinstance(select, exp.Select):
        for projection in select.expressions:
            if value in nodes(projection):
                break
            if isinstance(projection, exp.Alias) and projection.alias.lower() == value.name.lower():
                return exp.paren(projection.this.copy())
    raise unsupported(f"a path from {render(value)}, whose type is not known here")


def _replace_of_variant(value: exp.Expr, steps: list[exp.Expr]) -> None:
    if any(isinstance(step.this, exp.JSONPathWildcard) for step in steps):
        raise unsupported("[*] in the path of a VARIANT, which Databricks has for JSON texts only")
    path, cast = _literal(steps), value.parent
    if isinstance(cast, exp.Cast):
        cast.replace(found_in(value, path, cast.to, fails=not isinstance(cast, exp.TryCast)))
    else:
        value.replace(fill("variant_get(value, path)", {"value": value, "path": path}))


def _of_text(value: exp.Expr, steps: list[exp.Expr]) -> exp.Expr:
    return fill(f"{PREFIX}json_path(value, path)", {"value": value, "path": _literal(steps)})


def _steps(path: exp.JSONExtract) -> list[exp.Expr]:
    """The keys and places of a path, without its root."""
    steps: list[exp.Expr] = path.expression.expressions[1:]
    return steps


def _literal(steps: list[exp.Expr]) -> exp.Expr:
    return exp.Literal.string("$" + "".join(map(_text, steps)))


def _text(step: exp.Expr) -> str:
    if not isinstance(step, exp.JSONPathKey):
        return f"[{_place(step)}]"
    return f"['{step.name}']" if step.args.get("quoted") else f".{step.name}"


def _place(step: exp.Expr) -> str:
    return "*" if isinstance(step.this, exp.JSONPathWildcard) else str(step.this)


def _name(path: exp.JSONExtract) -> None:
    """Name an output that is a path, or a cast of one, for the last key of the path."""
    projection: exp.Expr = path.parent if isinstance(path.parent, exp.Cast) else path
    keys = [step.name for step in _steps(path) if isinstance(step, exp.JSONPathKey)]
    if isinstance(projection.parent, exp.Select) and projection.arg_key == "expressions" and keys:
        give_name(projection, keys[-1])
