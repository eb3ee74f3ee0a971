"""DELETE whose condition has a subquery, a lambda function or a cast of a text, which the engine
computes in queries and not in a DELETE.

https://docs.databricks.com/aws/en/sql/language-manual/delta-delete-from
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.catalog.model import Column
from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.scopes import ColumnsOf, random_call, relations_of
from local_warehouse.rewrites.signatures import name_of
from local_warehouse.sql.walk import nodes, of_kind

_TARGET, _SOURCE = "remaining", "deleted"


def merge_deletes(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Put a MERGE in place of such a DELETE: a query finds the values of the columns
    that the condition reads, and the rows that have them are deleted."""
    if not isinstance(tree, exp.Delete) or not tree.args.get("where"):
        return tree
    condition: exp.Expr = tree.args["where"].this
    if not any(map(_is_for_queries, nodes(condition))):
        return tree
    _check(condition)
    keys = _read_columns(condition, columns_of(relations_of(tree)))
    # Without a column in it the condition holds for all rows or for none.
    source = exp.Select(
        expressions=[_column(name) for name in keys] or [exp.alias_(exp.Literal.number(1), "one")],
        distinct=exp.Distinct(),
        from_=exp.From(this=tree.this.copy()),
        where=tree.args["where"].copy(),
    )
    matches = [
        exp.NullSafeEQ(this=_column(name, _TARGET), expression=_column(name, _SOURCE))
        for name in keys
    ]
    target: exp.Expr = tree.this.copy()
    target.set("alias", exp.TableAlias(this=exp.to_identifier(_TARGET)))
    alias = exp.TableAlias(this=exp.to_identifier(_SOURCE))
    step = exp.When(matched=True, then=exp.Var(this="DELETE"))
    return exp.Merge(
        this=target,
        using=exp.Subquery(this=source, alias=alias),
        on=exp.and_(*matches) if matches else exp.true(),
        whens=exp.Whens(expressions=[step]),
    )


def _is_for_queries(node: exp.Expr) -> bool:
    """Whether the engine computes a part of a condition in queries only. It raises the error of
    every branch of a DELETE."""
    if isinstance(node, exp.Anonymous):
        return name_of(node) in ("coalesce", "raise_error")
    return isinstance(node, (exp.Query, exp.Lambda, exp.Coalesce))


def _check(condition: exp.Expr) -> None:
    """Raise SqlError for what Delta does not take in the condition of a DELETE."""
    call = random_call(condition)
    if call is not None:
        raise SqlError(
            "DELTA_NON_DETERMINISTIC_FUNCTION_NOT_SUPPORTED",
            f"Non-deterministic functions are not supported in the DELETE condition: {call}().",
        )
    for listing in of_kind(nodes(condition), exp.In):
        if isinstance(listing.this, exp.Tuple) and listing.args.get("query"):
            raise SqlError(
                "DELTA_UNSUPPORTED_MULTI_COL_IN_PREDICATE",
                "Multi-column In predicates are not supported in the DELETE condition; use EXISTS.",
            )


def _read_columns(condition: exp.Expr, columns: list[Column]) -> list[str]:
    """The columns of a table that a condition may read: those of a name that occurs in it."""
    found = {identifier.name.lower() for identifier in of_kind(nodes(condition), exp.Identifier)}
    read = [column for column in columns if column.name.lower() in found]
    for column in read:
        if "map<" in column.type:
            raise unsupported(f"DELETE with a subquery and the column {column.name}, which has MAP")
    return [column.name for column in read]


def _column(name: str, table: str | None = None) -> exp.Column:
    return exp.column(name, table=table, quoted=True)
