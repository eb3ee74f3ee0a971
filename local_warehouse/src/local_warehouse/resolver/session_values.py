"""Functions whose value the session has, such as current_schema(), as literals of that value.

https://docs.databricks.com/aws/en/sql/language-manual/functions/current_catalog
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlglot import exp

from local_warehouse.session.context import Context

_VALUES: dict[str, Callable[[Context], str]] = {
    "current_catalog": lambda context: context.session.catalog,
    "current_schema": lambda context: context.session.schema,
    "current_database": lambda context: context.session.schema,
    "current_user": lambda context: context.session.user,
    "session_user": lambda context: context.session.user,
    "user": lambda context: context.session.user,
    "current_version": lambda context: "local",
}


_MEMBERSHIPS = {"is_account_group_member", "is_member"}
_EVERYBODY = ("users", "account users")


def replace_session_values(tree: exp.Expr, calls: Iterable[exp.Func], context: Context) -> exp.Expr:
    """Replace those of the tree's `calls` whose value the session has. Returns the tree, which
    is another one where the call is all of it."""
    for call in calls:
        if isinstance(call, exp.Anonymous) and str(call.this).lower() in _MEMBERSHIPS:
            _replace_membership(call)
            continue
        name = _function_name(call)
        if name not in _VALUES:
            continue
        value: exp.Expr = exp.Literal.string(_VALUES[name](context))
        if isinstance(call.parent, exp.Select):
            value = exp.alias_(value, f"{name}()", quoted=True)
        if call is tree:
            return value
        call.replace(value)
    return tree


def _replace_membership(call: exp.Anonymous) -> None:
    """Have a question for a group be true for the groups that everybody is in, in place."""
    if len(call.expressions) != 1:
        return
    member = exp.Lower(this=call.expressions[0].copy()).isin(*_EVERYBODY)
    if isinstance(call.parent, exp.Select):
        shown = f"{str(call.this).lower()}({call.expressions[0].name})"
        call.replace(exp.alias_(member, shown, quoted=True))
    else:
        call.replace(exp.paren(member))


def _function_name(call: exp.Func) -> str | None:
    """The name of a function that is called without arguments."""
    if isinstance(call, exp.Anonymous):
        return str(call.this).lower() if not call.expressions else None
    if call.expressions or call.this or isinstance(call.parent, exp.Dot):
        return None
    return call.sql_name().lower()
