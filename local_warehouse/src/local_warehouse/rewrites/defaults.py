"""coalesce and its kin in conditions of rows to delete or to replace, where the engine computes
none of them."""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.sql.walk import nodes, of_kind


def spell_out_defaults_of_deletes(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Put a CASE in place of each coalesce in the condition of a DELETE."""
    if isinstance(tree, exp.Delete) and tree.args.get("where"):
        spell_out_defaults(tree.args["where"])
    return tree


def spell_out_defaults(tree: exp.Expr) -> None:
    """Put a CASE in place of each coalesce, nvl, ifnull and nvl2 below the root of a tree."""
    calls: list[exp.Expr] = of_kind(nodes(tree), exp.Coalesce, exp.Anonymous)
    for node in reversed(calls):
        is_anonymous = isinstance(node, exp.Anonymous)
        name = str(node.this).lower() if is_anonymous else "coalesce"
        if name not in ("coalesce", "nvl", "ifnull", "nvl2"):
            continue
        values = [*([] if is_anonymous else [node.this]), *node.expressions]
        steps = [values[:2]] if name == "nvl2" else [[value, value] for value in values[:-1]]
        ifs = [
            exp.If(this=exp.paren(tested.copy()).is_(exp.null()).not_(), true=given.copy())
            for tested, given in steps
        ]
        node.replace(exp.Case(ifs=ifs, default=values[-1].copy()))
