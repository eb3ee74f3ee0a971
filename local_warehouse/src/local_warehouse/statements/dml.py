"""MERGE, UPDATE, DELETE and TRUNCATE."""

from __future__ import annotations

from sqlglot import exp

from local_warehouse import errors
from local_warehouse.catalog.locks import definition
from local_warehouse.catalog.model import Column, Relation
from local_warehouse.catalog.names import full_name, quoted
from local_warehouse.delta import transactions
from local_warehouse.resolver.query import Query
from local_warehouse.session.context import Context, check_changeable, target
from local_warehouse.sql.dialect import parse, render
from local_warehouse.statements.assignments import (
    assign_whole_structs,
    cast_as_stored,
    has_star,
    store_as_declared,
)
from local_warehouse.statements.columns import append, read_again
from local_warehouse.statements.merge_source import computed_once
from local_warehouse.statements.reader import StatementReader
from local_warehouse.types.results import Result, counts


def merge(context: Context, reader: StatementReader) -> Result:
    """MERGE [WITH SCHEMA EVOLUTION] INTO …; returns the numbers of rows by what was done."""
    evolves = reader.accept("WITH", "SCHEMA", "EVOLUTION")
    reader.expect("INTO")
    metrics = _run_on_target(context, reader, "merge into", evolves)
    updated = metrics.get("numTargetRowsUpdated", 0)
    deleted = _deleted_by_merge(metrics)
    inserted = metrics.get("numTargetRowsInserted", 0)
    return counts(
        num_affected_rows=updated + deleted + inserted,
        num_updated_rows=updated,
        num_deleted_rows=deleted,
        num_inserted_rows=inserted,
    )


def update(context: Context, reader: StatementReader) -> Result:
    """UPDATE table SET …; returns the number of rows."""
    metrics = _run_on_target(context, reader, "update")
    return counts(num_affected_rows=metrics.get("numUpdatedRows", 0))


def delete(context: Context, reader: StatementReader) -> Result:
    """DELETE FROM table [WHERE …]; returns the number of rows."""
    metrics = _run_on_target(context, reader, "delete from")
    merged = _deleted_by_merge(metrics)  # where the engine deletes by a MERGE
    return counts(num_affected_rows=metrics.get("numDeletedRows", merged))


def _deleted_by_merge(metrics: dict[str, int]) -> int:
    """The rows that a MERGE has deleted, of which the engine counts one for each source row that
    matches it."""
    deleted = metrics.get("numTargetRowsDeleted", 0)
    if not deleted:
        return 0
    left = metrics["numTargetRowsCopied"] + metrics.get("numTargetRowsUpdated", 0)
    return min(deleted, metrics["numTouchedRows"] - left)


def _run_on_target(
    context: Context, reader: StatementReader, verb: str, evolves: bool = False
) -> dict[str, int]:
    """Run a statement that changes the table it names first; returns the commit's metrics."""
    text = reader.rest()
    parts = StatementReader(text).name()
    if not evolves:
        return _write(context, target(context, parts), f"{verb} {text}")
    with definition(full_name(parts, context.session.namespace)):
        relation = target(context, parts).copy()
        given = _add_assigned(context, relation, parse(f"{verb} {text}"))
        metrics = _write(context, relation, f"{verb} {text}", evolves=True, given=given)
        read_again(context, relation)
    return metrics


def _write(
    context: Context,
    relation: Relation,
    text: str,
    *,
    evolves: bool = False,
    given: list[str] | None = None,
) -> dict[str, int]:
    statement = parse(text)
    steps = statement.args["whens"].expressions if isinstance(statement, exp.Merge) else [None]
    if any(step is None or not isinstance(step.args["then"], exp.Insert) for step in steps):
        check_changeable(relation)
    if isinstance(statement, exp.Merge):
        if not isinstance(statement.args.get("on"), exp.Expr):
            raise errors.syntax_error("MERGE needs ON and a condition")
        _match_what_a_step_takes(statement)
    if not isinstance(statement, exp.Delete):
        assign_whole_structs(statement, relation)
        cast_as_stored(statement, relation, stars=not evolves)
    with Query(context, statement) as query:
        tree = query.tree
        store_as_declared(tree, relation, given)

        def write(mark: str) -> None:
            with computed_once(context, relation, _with_mark(tree, mark)) as marked:
                sql = render(marked)
                if evolves:  # which sqlglot does not read
                    sql = sql.replace("MERGE", "MERGE WITH SCHEMA EVOLUTION", 1)
                context.engine.run(sql)

        return transactions.commit(relation, write, operation=statement.key.upper()).metrics


def _match_what_a_step_takes(merge_tree: exp.Merge) -> None:
    """Let a row match only where a step takes it, if all are for rows that match, under conditions:
    of several source rows that meet ON, one may be left, and then none of them is ambiguous.
    https://docs.databricks.com/aws/en/delta/merge#modify-all-unmatched-rows-using-merge
    """
    steps = merge_tree.args["whens"].expressions
    taken = [step.args.get("condition") for step in steps]
    if all(step.args["matched"] for step in steps) and None not in taken:
        conditions = [exp.paren(condition.copy()) for condition in taken]
        on = exp.paren(merge_tree.args["on"].copy())
        merge_tree.set("on", exp.and_(on, exp.or_(*conditions)))


def _with_mark(tree: exp.Expr, mark: str) -> exp.Expr:
    """A statement with a mark in its condition."""
    copy = tree.copy()
    if isinstance(copy, exp.Merge):
        copy.set("on", transactions.with_mark(copy.args["on"], mark))
    else:
        where = copy.args.get("where")
        condition = transactions.with_mark(where.this if where is not None else None, mark)
        copy.set("where", exp.Where(this=condition))
    return copy


def _add_assigned(context: Context, relation: Relation, merge_tree: exp.Expr) -> list[str] | None:
    """Add the columns that SET and INSERT name, the source has and the table has not; those of
    SET * and INSERT * are added by the engine, except to a table with columns of a declared type.
    Returns the names of the source's columns then."""
    assigned: set[str] = set()
    is_declared = any(column.declared is not None for column in relation.columns)
    for step in merge_tree.find_all(exp.When):
        then = step.args["then"]
        if isinstance(then, exp.Update):
            changes = [change for change in then.expressions if isinstance(change, exp.EQ)]
            assigned |= {change.this.name.lower() for change in changes}
        elif isinstance(then, exp.Insert) and isinstance(then.this, exp.Tuple):
            assigned |= {column.name.lower() for column in then.this.expressions}
    missing = {name for name in assigned if relation.column(name) is None}
    if missing or is_declared:
        source = exp.From(this=merge_tree.args["using"].copy())
        with Query(context, exp.Select(expressions=[exp.Star()], from_=source)) as query:
            given = query.columns()
        if is_declared and has_star(merge_tree):
            missing = {c.name.lower() for c in given if relation.column(c.name) is None}
        added = [Column(c.name, c.type) for c in given if c.name.lower() in missing]
        if added:
            append(relation, added)
            context.catalog.put_relation(relation)
        return [column.name for column in given]
    return None


def truncate(context: Context, reader: StatementReader) -> Result:
    """TRUNCATE TABLE name; returns the number of rows that it held."""
    parts = reader.name()
    if reader.sees("PARTITION"):
        raise errors.unsupported("TRUNCATE TABLE … PARTITION")
    reader.end()
    relation = target(context, parts)
    check_changeable(relation)
    tree = parse(f"delete from {quoted(context.engine.name_of(relation))}")
    metrics = transactions.commit(
        relation,
        lambda mark: context.engine.run(render(_with_mark(tree, mark))),
        operation="TRUNCATE",
    ).metrics
    return counts(num_affected_rows=metrics.get("numDeletedRows", 0))
