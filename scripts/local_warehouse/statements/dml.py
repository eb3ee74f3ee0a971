"""INSERT, MERGE, UPDATE, DELETE and TRUNCATE."""

from __future__ import annotations

from sqlglot import exp

from local_warehouse import delta, errors
from local_warehouse.catalog.model import Relation, quoted
from local_warehouse.context import Context
from local_warehouse.dialect import literal, parse, render
from local_warehouse.queries import Query, require_table
from local_warehouse.results import Result, counts
from local_warehouse.sessions import full_name
from local_warehouse.statements.reader import StatementReader

_QUERY_WORDS = ("SELECT", "WITH", "VALUES", "TABLE", "FROM")


def target(context: Context, parts: list[str]) -> Relation:
    return require_table(context.relation(full_name(parts, context.session.namespace)))


def insert(context: Context, reader: StatementReader) -> Result:
    """INSERT {INTO | OVERWRITE} [TABLE] name [(columns) | BY NAME] [REPLACE WHERE p] query."""
    if reader.accept("WITH", "SCHEMA", "EVOLUTION"):
        raise errors.unsupported("INSERT WITH SCHEMA EVOLUTION")
    overwrite = reader.accept_any("INTO", "OVERWRITE") == "OVERWRITE"
    reader.accept("TABLE")
    relation = target(context, reader.name())
    if reader.sees("PARTITION"):
        raise errors.unsupported("INSERT … PARTITION")
    listed: list[str] | None = None
    if reader.sees("(") and not _starts_query(reader):
        listed = reader.names_in_parentheses()
    by_name = reader.accept("BY", "NAME")
    replace_where: str | None = None
    if reader.accept("REPLACE"):
        if not reader.accept("WHERE"):
            raise errors.unsupported("INSERT … REPLACE USING and REPLACE ON")
        replace_where = reader.until(*_QUERY_WORDS)
    source = f"select * from {reader.rest()}" if reader.accept("TABLE") else reader.rest()
    with Query(context, source) as query:
        body = _source_of(context, query, relation, listed, by_name)
        name = quoted(context.engine.name_of(relation))
        if replace_where is not None:
            predicate = render(parse(f"select {replace_where}").expressions[0])
            body = _guarded(body, predicate)
            context.engine.run(f"insert into {name} replace where {predicate} {body}")
            # the engine's own count includes the rows of a rewritten file that were kept
            inserted = context.engine.count(f"select count(*) from {name} where {predicate}")
        else:
            verb = "insert overwrite" if overwrite else "insert into"
            inserted = context.engine.count(f"{verb} {name} {body}")
    return counts(num_affected_rows=inserted, num_inserted_rows=inserted)


def _starts_query(reader: StatementReader) -> bool:
    ahead = 0
    while reader.peek(ahead).text == "(":
        ahead += 1
    return reader.peek(ahead).text.upper() in _QUERY_WORDS


def _source_of(
    context: Context, query: Query, relation: Relation, listed: list[str] | None, by_name: bool
) -> str:
    """A query that yields exactly the table's columns, in its order."""
    wanted = [column.name for column in relation.columns]
    names = _output_names(query)
    if names is None or by_name:
        names = [column.name for column in query.columns()]
    given = names if by_name else (listed or wanted)
    if len(given) != len(names):
        raise errors.SqlError(
            "INSERT_COLUMN_ARITY_MISMATCH."
            + ("TOO_MANY_DATA_COLUMNS" if len(names) > len(given) else "NOT_ENOUGH_DATA_COLUMNS"),
            f"Cannot write to {relation.name}: it takes the columns {', '.join(given)}, and the "
            f"query has {len(names)}.",
            "21S01",
        )
    lowered = [name.lower() for name in given]
    for name in given:
        if relation.column(name) is None:
            raise errors.column_not_found(name, str(relation.name))
    duplicates = {name for name in lowered if lowered.count(name) > 1}
    if duplicates:
        raise errors.SqlError(
            "COLUMN_ALREADY_EXISTS",
            f"Columns named twice: {', '.join(sorted(duplicates))}.",
            "42711",
        )
    _alias(query.tree, given)
    aliases = ", ".join(quoted(name) for name in given)
    columns = ", ".join(
        f"s.{quoted(column.name)}" if column.name.lower() in lowered
        else f"cast(null as {column.type}) as {quoted(column.name)}"
        for column in relation.columns
    )  # fmt: skip
    return f"select {columns} from ({query.sql}) as s({aliases})"


def _output_names(query: Query) -> list[str] | None:
    """The query's column names if they can be read off its text: none where it has a star."""
    selects = query.tree.find(exp.Select, exp.Values)
    if isinstance(query.tree, exp.Values):
        first = query.tree.expressions[0]
        width = len(first.expressions) if isinstance(first, exp.Tuple) else 1
        return [f"col{i}" for i in range(1, width + 1)]
    if selects is None or not isinstance(query.tree, exp.Query) or query.tree.is_star:
        return None
    return list(query.tree.named_selects)


def _alias(tree: exp.Expr, names: list[str]) -> None:
    """Name the columns of the first SELECT, as the engine refuses two columns of one name."""
    while isinstance(tree, (exp.SetOperation, exp.Subquery)):
        tree = tree.this
    if isinstance(tree, exp.Select) and len(tree.expressions) == len(names) and not tree.is_star:
        tree.set(
            "expressions",
            [
                exp.alias_(e.unalias(), name, quoted=True)
                for e, name in zip(tree.expressions, names, strict=True)
            ],
        )


def _guarded(body: str, predicate: str) -> str:
    """Fail where a row does not match the predicate it is to replace, as Databricks does; the
    engine does not check it."""
    message = (
        "[DELTA_REPLACE_WHERE_MISMATCH] Written data does not conform to partial table overwrite "
        f"condition or constraint {predicate}."
    )
    check = f"if({predicate}, true, cast(raise_error({literal(message)}) as boolean))"
    return f"select * from ({body}) as s where {check}"


def merge(context: Context, reader: StatementReader) -> Result:
    if reader.accept("WITH", "SCHEMA", "EVOLUTION"):
        raise errors.unsupported("MERGE WITH SCHEMA EVOLUTION")
    metrics = _run_on_target(context, reader, "merge into")
    updated = metrics.get("numTargetRowsUpdated", 0)
    deleted = metrics.get("numTargetRowsDeleted", 0)
    inserted = metrics.get("numTargetRowsInserted", 0)
    return counts(
        num_affected_rows=updated + deleted + inserted,
        num_updated_rows=updated,
        num_deleted_rows=deleted,
        num_inserted_rows=inserted,
    )


def update(context: Context, reader: StatementReader) -> Result:
    metrics = _run_on_target(context, reader, "update")
    return counts(num_affected_rows=metrics.get("numUpdatedRows", 0))


def delete(context: Context, reader: StatementReader) -> Result:
    metrics = _run_on_target(context, reader, "delete from")
    return counts(num_affected_rows=metrics.get("numDeletedRows", 0))


def _run_on_target(context: Context, reader: StatementReader, verb: str) -> dict[str, int]:
    """Run a statement that changes the table it names first; returns the commit's metrics."""
    reader.accept("INTO")
    text = reader.rest()
    parts = StatementReader(text).name()
    relation = target(context, parts)
    table = delta.open_table(_location(relation))
    before = table.version()
    with Query(context, f"{verb} {text}") as query:
        context.engine.run(query.sql)
    table.update_incremental()
    return delta.metrics(table) if table.version() > before else {}  # nothing matched, no commit


def _location(relation: Relation) -> str:
    assert relation.location is not None
    return relation.location


def truncate(context: Context, reader: StatementReader) -> Result:
    relation = target(context, reader.name())
    context.engine.run(f"delete from {quoted(context.engine.name_of(relation))}")
    metrics = delta.metrics(delta.open_table(_location(relation)))
    return counts(num_affected_rows=metrics.get("numDeletedRows", 0))
