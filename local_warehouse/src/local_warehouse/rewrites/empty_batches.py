"""Batches without rows, which the engine's joins by another condition than an equality give: for
such a batch the engine fails by what it would refuse of a row, such as a division by zero.

It computes the first branch of a CASE for it, as all of its no rows meet the condition; it makes a
CASE of a check itself, too. So the first branch is to be one that cannot fail.
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.scopes import ColumnsOf, aggregates, conditions, place_of
from local_warehouse.rewrites.signatures import name_of
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.walk import nodes, of_kind

# What the engine checks in a branch of its own, and the argument without which it gives NULL. The
# condition is one that no row meets, and of which the engine does not know that.
_OF_NUMBER = "if(greatest(y, y) is null, null, x)"
_OF_COLLECTION = "if(size(y) is null, null, x)"
_CHECKED = {
    "array_max": _OF_COLLECTION, "assert_true": "if(coalesce(y, false), null, x)",
    "array_min": _OF_COLLECTION, "element_at": _OF_COLLECTION,
    "mod": _OF_NUMBER, "to_number": _OF_NUMBER, "try_to_number": _OF_NUMBER,
}  # fmt: skip
_DIVISIONS = (exp.Div, exp.IntDiv, exp.Mod)
_EQUALITIES = (exp.EQ, exp.NullSafeEQ)


def guard_checks(tree: exp.Expr, _: ColumnsOf) -> exp.Expr:
    """Compute what the engine checks in a branch behind one that cannot fail, in a statement with a
    join by another condition than an equality."""
    found = nodes(tree)
    guards = [(node, guard) for node in found if (guard := _guard(node)) is not None]
    if guards and any(map(_may_loop, found)):
        for node, (template, argument) in reversed(guards):
            node.replace(fill(template, {"x": node, "y": argument}))
    return tree


def _guard(node: exp.Expr) -> tuple[str, exp.Expr] | None:
    """What guards a node that the engine checks, and the argument by which; None for others."""
    if isinstance(node, _DIVISIONS):
        template, argument = _OF_NUMBER, node.expression
        if isinstance(argument.unnest(), exp.Literal):
            return None
    elif isinstance(node, exp.Bracket):
        template, argument = _OF_COLLECTION, node.this
    elif isinstance(node, exp.Anonymous) and name_of(node) in _CHECKED and node.expressions:
        template, argument = _CHECKED[name_of(node)], node.expressions[0]
    else:
        return None
    is_made_of_groups = aggregates(argument) or argument.find(exp.Window) is not None
    return None if is_made_of_groups else (template, argument)


def _may_loop(node: exp.Expr) -> bool:
    """Whether a node may become a join without an equality."""
    if isinstance(node, exp.Join):
        if node.args.get("using") or node.method == "NATURAL":
            return False
        on = node.args.get("on")
        parts = conditions(on) if on is not None else []
        return not any(_is_of_both(part.unnest()) for part in parts)
    is_subquery = isinstance(node, exp.Select) and place_of(node) is not None
    where = node.args.get("where") if is_subquery else None
    return where is not None and any(
        not isinstance(part.unnest(), _EQUALITIES) for part in conditions(where.this)
    )


def _is_of_both(condition: exp.Expr) -> bool:
    """Whether a condition is an equality of columns, which may be of two relations."""
    if not isinstance(condition, _EQUALITIES):
        return False
    tables = [
        {c.table.lower() for c in side.find_all(exp.Column)}
        for side in (condition.this, condition.expression)
    ]
    return all(tables) and (tables[0] != tables[1] or tables[0] == {""})


def raise_last(tree: exp.Expr, _: ColumnsOf) -> exp.Expr:
    """Turn the branches of each CASE and IF whose first one raises an error, and no other."""
    for call in _raising(tree):
        branching, is_first = _branching(call)
        while branching is not None and is_first:
            if not any(_fails_behind_first(one, branching) for one in _raising(branching)):
                _turn(branching)
                break
            branching, is_first = _branching(branching)
    return tree


def _raising(tree: exp.Expr) -> list[exp.Expr]:
    return [call for call in of_kind(nodes(tree), exp.Anonymous) if name_of(call) == "raise_error"]


def _branching(node: exp.Expr) -> tuple[exp.Expr | None, bool]:
    """The CASE or IF that a node is in a branch of, and whether that is the first; None for what is
    in no branch, as the first condition is computed in any case."""
    part, whole = node, node.parent
    while whole is not None and not isinstance(whole, exp.Query):
        if isinstance(whole, exp.If):
            case = whole.parent if isinstance(whole.parent, exp.Case) else None
            is_first = case is None or whole is case.args["ifs"][0]
            if not is_first or part is not whole.this:
                return case or whole, is_first and part is whole.args["true"]
        elif isinstance(whole, exp.Case) and part.arg_key == "default":
            return whole, False
        part, whole = whole, whole.parent
    return None, False


def _fails_behind_first(call: exp.Expr, branching: exp.Expr) -> bool:
    """Whether a call is computed first of what is behind the first branch of a CASE or IF."""
    found, is_first = _branching(call)
    while found is not None and found is not branching and is_first:
        found, is_first = _branching(found)
    return found is branching and not is_first


def _turn(branching: exp.Expr) -> None:
    """Exchange the first branch with all that follow it."""
    if isinstance(branching, exp.If):
        condition, raised = branching.this, branching.args["true"]
        others = branching.args.get("false")
    else:
        first, *rest = branching.args["ifs"]
        condition, raised, others = first.this, first.args["true"], branching.args.get("default")
        if branching.this is not None:
            condition = exp.EQ(this=branching.this.copy(), expression=condition)
        if rest:
            others = exp.Case(this=branching.this, ifs=rest, default=others)
    is_other = exp.Not(this=exp.Is(this=exp.paren(condition), expression=exp.true()))
    branching.replace(exp.If(this=is_other, true=others or exp.null(), false=raised))
