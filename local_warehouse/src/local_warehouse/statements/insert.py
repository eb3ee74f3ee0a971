"""INSERT in all its forms: INTO, OVERWRITE, BY NAME, REPLACE WHERE, REPLACE USING, REPLACE ON.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-dml-insert-into
"""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from sqlglot import exp

from local_warehouse import errors
from local_warehouse.catalog.locks import definition, files_of
from local_warehouse.catalog.model import Column, Relation
from local_warehouse.catalog.names import quoted
from local_warehouse.delta import transactions
from local_warehouse.delta.log import Commit
from local_warehouse.resolver import fractions
from local_warehouse.resolver.parameters import bind
from local_warehouse.resolver.query import Query
from local_warehouse.rewrites.defaults import spell_out_defaults
from local_warehouse.rewrites.lengths import stored
from local_warehouse.rewrites.scopes import random_call
from local_warehouse.rewrites.structs import needs_other_fields, type_of, with_fields_of
from local_warehouse.rewrites.texts import stored_as
from local_warehouse.session.context import Context, check_changeable, target
from local_warehouse.sql.dialect import literal, parse, render
from local_warehouse.sql.walk import nodes
from local_warehouse.statements import file_loads
from local_warehouse.statements.assignments import is_default
from local_warehouse.statements.columns import append
from local_warehouse.statements.reader import StatementReader
from local_warehouse.types.results import Result, counts

_QUERY_WORDS = ("SELECT", "WITH", "VALUES", "TABLE", "FROM")
_COUNTS = 3  # attempts to count a commit's rows, each by another engine


@dataclass
class Insert:
    """The clauses of one statement, before its query."""

    overwrite: bool
    relation: Relation
    alias: str | None = None
    listed: list[str] | None = None
    by_name: bool = False
    replace_where: str | None = None
    replace_using: list[str] | None = None
    replace_on: str | None = None


def insert(context: Context, reader: StatementReader) -> Result:
    """INSERT in any of its forms; returns the number of rows inserted."""
    evolves = reader.accept("WITH", "SCHEMA", "EVOLUTION")
    clauses = _read(context, reader)
    source, source_alias = _source(reader, clauses)
    with _turn_of(clauses):
        inserted = None if evolves else _load(context, clauses, source)
        if inserted is None:
            with Query(context, _with_nulls_by_default(source)) as query:
                inserted = write(context, clauses, query, evolves, source_alias)
    return counts(num_affected_rows=inserted, num_inserted_rows=inserted)


def _with_nulls_by_default(source: str) -> str | exp.Expr:
    """A query with NULL for each DEFAULT of its VALUES, as no column has another one."""
    tree = parse(source) if "default" in source.lower() else None
    if not isinstance(tree, exp.Values):
        return source
    for row in tree.expressions:
        for value in row.expressions if isinstance(row, exp.Tuple) else [row]:
            if is_default(value):
                value.replace(exp.null())
    return tree


def _turn_of(clauses: Insert) -> AbstractContextManager[None]:
    """Two REPLACE WHERE of one table, as of microbatches, replace other rows as a rule; OPTIMIZE
    changes none. They would be a conflict here, where those are found by table, so one waits for
    the other."""
    if clauses.replace_where is None:
        return nullcontext()
    return files_of(clauses.relation.path)


def with_ctes_inside(reader: StatementReader) -> str | None:
    """WITH … INSERT … query as INSERT … WITH … query; None for another statement, of which nothing
    is read. Raises SqlError (UNSUPPORTED_FEATURE) for another change behind WITH."""
    ahead = StatementReader(reader.text)
    if not ahead.accept("WITH"):
        return None
    start = ahead.peek().start
    while True:
        ahead.take()
        for _ in range(2):  # the names of its columns, its query
            if ahead.sees("("):
                ahead.parenthesised()
                ahead.accept("AS")
            elif not ahead.accept("AS"):
                break
        if not ahead.accept(","):
            break
    ctes, verb = ahead.text[start : ahead.peek().start], ahead.peek().text.upper()
    if verb in ("DELETE", "UPDATE", "MERGE"):
        raise errors.unsupported(f"WITH in front of {verb}")
    if verb != "INSERT":
        return None
    target = ahead.until(*_QUERY_WORDS)
    more = "," if ahead.accept("WITH") else ""
    return f"{target} WITH {ctes}{more} {ahead.rest()}"


def _load(context: Context, clauses: Insert, source: str) -> int | None:
    """Insert the rows of files without the engine, where that can be done, and return how many."""
    others = (clauses.overwrite, clauses.listed, clauses.by_name, clauses.replace_using)
    if any(others) or clauses.replace_on is not None:
        return None
    where = clauses.replace_where
    condition = None if where is None else _condition(context, where)
    return file_loads.load(context, clauses.relation, source, condition)


def write(
    context: Context,
    clauses: Insert,
    query: Query,
    evolves: bool = False,
    source_alias: str | None = None,
) -> int:
    """Write a query's rows to a table, and return how many they were."""
    if clauses.replace_on is not None or clauses.replace_using is not None:
        _check_repeatable(query)
    body = body_of(context, clauses, query, evolves)
    return _run(context, clauses, body, source_alias)


def body_of(context: Context, clauses: Insert, query: Query, evolves: bool) -> str:
    """The SQL of a query's rows in the columns of the table, to which new ones are added if it
    `evolves`."""
    if evolves:
        given = query.columns()
        with definition(clauses.relation.name):
            clauses.relation = context.relation(clauses.relation.name).copy()
            _evolve(context, clauses, given)
    return _columns_of_target(query, clauses)


def _read(context: Context, reader: StatementReader) -> Insert:
    overwrite = reader.accept_any("INTO", "OVERWRITE") == "OVERWRITE"
    reader.accept("TABLE")
    clauses = Insert(overwrite, target(context, reader.name()))
    if reader.sees("PARTITION"):
        raise errors.unsupported("INSERT … PARTITION")
    if reader.accept("AS") or reader.peek().kind in ("word", "name"):
        follows = ("BY", "REPLACE", *_QUERY_WORDS)
        if reader.peek().kind == "name" or reader.peek().text.upper() not in follows:
            clauses.alias = reader.identifier()
    if reader.sees("(") and not _starts_query(reader):
        clauses.listed = reader.names_in_parentheses()
    clauses.by_name = reader.accept("BY", "NAME")
    if reader.accept("REPLACE", "WHERE"):
        clauses.replace_where = reader.until(*_QUERY_WORDS)
    elif reader.accept("REPLACE", "USING"):
        clauses.replace_using = reader.names_in_parentheses()
    elif reader.accept("REPLACE", "ON"):
        clauses.replace_on = reader.parenthesised() if reader.sees("(") else None
        if clauses.replace_on is None:
            clauses.replace_on = reader.until("(", *_QUERY_WORDS)
    replaces = (clauses.replace_where, clauses.replace_using, clauses.replace_on)
    if overwrite or any(given is not None for given in replaces):
        check_changeable(clauses.relation)
    return clauses


def _evolve(context: Context, clauses: Insert, given: list[Column]) -> None:
    """Add to the table the columns that only the query has: where columns are matched by name,
    those of other names, and otherwise those behind the table's last."""
    relation = clauses.relation
    if not clauses.by_name:
        given = given[len(clauses.listed or relation.columns) :]
    added = [Column(c.name, c.type) for c in given if relation.column(c.name) is None]
    if added and (clauses.by_name or len(added) == len(given)):
        append(relation, added)
        context.catalog.put_relation(relation)
        if clauses.listed is not None:
            clauses.listed += [column.name for column in added]


def _starts_query(reader: StatementReader) -> bool:
    ahead = 0
    while reader.peek(ahead).text == "(":
        ahead += 1
    return reader.peek(ahead).text.upper() in _QUERY_WORDS


def _source(reader: StatementReader, clauses: Insert) -> tuple[str, str | None]:
    """The text of the query, and the alias that REPLACE ON may give it."""
    if reader.accept("TABLE"):
        return f"select * from {reader.rest()}", None
    if clauses.replace_on is not None and reader.sees("("):
        text = reader.parenthesised()
        reader.accept("AS")
        return text, None if reader.at_end() else reader.identifier()
    return reader.rest(), None


def _run(context: Context, clauses: Insert, body: str, source_alias: str | None) -> int:
    """Run the statement, and return the number of rows inserted."""
    engine, relation = context.engine, clauses.relation
    name = quoted(engine.name_of(relation))
    if clauses.replace_where is not None:
        where = _condition(context, clauses.replace_where)
        fractions.exchange(where, relation, clauses.alias or relation.name.table)
        predicate = render(where)
        guarded = _with_predicate_check(relation, body, predicate)
        spread = _spread(where)

        def replace(mark: str) -> None:
            condition = render(transactions.with_mark(spread, mark))
            engine.run(f"insert into {name} replace where {condition} {guarded}")

        return _rows_of(context, relation, transactions.commit(relation, replace), predicate)
    condition = _match_condition(clauses)
    if condition is not None:
        return _replace_matching(context, clauses, name, body, source_alias, condition)
    written = transactions.commit(
        relation,
        lambda mark: engine.insert(body, relation, mark, overwrite=clauses.overwrite),
        append=not clauses.overwrite,
        rewrites=clauses.overwrite,
    )
    return written.metrics.get("numOutputRows", 0)


def _rows_of(context: Context, relation: Relation, commit: Commit, predicate: str) -> int:
    """The number of rows that a commit has put in place of those that met a predicate.

    The statement cannot fail here, since it has committed: when the engine ends, the next one
    counts. If three have ended, the number is the log's, which includes the rows of rewritten
    files that were kept.
    """
    written = commit.metrics.get("numOutputRows")
    if written is not None and not commit.has("remove"):
        return written
    for _ in range(_COUNTS):
        try:
            name = quoted(context.engine.name_of(relation))
            as_committed = f"{name} version as of {commit.version}"
            return context.engine.count(f"select count(*) from {as_committed} where {predicate}")
        except errors.EngineEnded:
            context.engine.go_on()
    return written or 0


def _condition(context: Context, text: str) -> exp.Expr:
    tree = parse(f"select {text}")
    bind(nodes(tree), context)
    spell_out_defaults(tree)
    condition: exp.Expr = tree.expressions[0]
    return condition


def _spread(condition: exp.Expr) -> exp.Expr:
    """A condition with `a IN (x, y, …)` as a balanced tree of `a = x OR a = y OR …`. The engine's
    time for the rows to replace grows with the square of the number of values of an IN."""

    def alternatives(node: exp.Expr) -> exp.Expr:
        if not isinstance(node, exp.In) or not node.expressions:
            return node
        return tree([exp.EQ(this=node.this.copy(), expression=value) for value in node.expressions])

    def tree(parts: list[exp.Expr]) -> exp.Expr:
        middle = len(parts) // 2
        if middle == 0:
            return exp.Paren(this=parts[0])
        return exp.Paren(this=exp.Or(this=tree(parts[:middle]), expression=tree(parts[middle:])))

    return condition.transform(alternatives)


def _match_condition(clauses: Insert) -> str | None:
    """The condition of REPLACE ON or REPLACE USING between target and source."""
    if clauses.replace_using is not None:
        clauses.alias = "target"
        return " and ".join(
            f"target.{quoted(column)} <=> source.{quoted(column)}"
            for column in clauses.replace_using
        )
    return clauses.replace_on


def _check_repeatable(query: Query) -> None:
    """Refuse a source of REPLACE ON or USING with random values: it is computed for the rows to
    remove, again for those to insert, and again for their number."""
    call = random_call(query.tree)
    if call is not None:
        raise errors.unsupported(
            f"{call}() in the source of INSERT … REPLACE ON or REPLACE USING, which is computed "
            "more than once (write its rows to a table, and take them from there)"
        )


def _replace_matching(
    context: Context,
    clauses: Insert,
    name: str,
    body: str,
    source_alias: str | None,
    condition: str,
) -> int:
    """One commit that rewrites the table: the rows that match no source row, and the source."""
    target_alias = quoted(clauses.alias or clauses.relation.name.table)
    source = quoted(source_alias or "source")
    inserted = context.engine.count(f"select count(*) from ({body})")
    matches = render(_condition(context, condition))
    kept = (
        f"select {target_alias}.* from {name} as {target_alias}"
        f" left anti join ({body}) as {source} on {matches}"
    )
    rows = f"{kept} union all {body}"
    transactions.commit(
        clauses.relation,
        lambda mark: context.engine.insert(rows, clauses.relation, mark, overwrite=True),
        rewrites=True,
    )
    return inserted


def _columns_of_target(query: Query, clauses: Insert) -> str:
    """A query that yields exactly the table's columns, in its order."""
    relation = clauses.relation
    names = _output_names(query)
    if names is None or clauses.by_name:
        names = [column.name for column in query.columns()]
    wanted = [column.name for column in relation.columns]
    given = names if clauses.by_name else (clauses.listed or wanted)
    _check_columns(relation, names, given)
    lowered = [name.lower() for name in given]
    spelled = {column.name.lower(): column.name for column in relation.columns}
    given = [spelled[name] for name in lowered]  # the engine writes by the names of the table
    _alias(query.tree, given)
    aliases = ", ".join(quoted(name) for name in given)
    values = _converted(query, clauses, given)
    columns = ", ".join(
        _value_of(column, values.get(column.name))
        if column.name.lower() in lowered
        else f"cast(null as {column.type}) as {quoted(column.name)}"
        for column in relation.columns
    )
    return f"select {columns} from ({query.sql}) as s({aliases}){_barrier(query)}"


def _value_of(column: Column, made: exp.Expr | None) -> str:
    """The value of a column of the query, or what is `made` of it, as the table's column stores
    it."""
    if column.declared is None and made is None:
        return f"s.{quoted(column.name)}"
    value = exp.column(column.name, table="s", quoted=True) if made is None else made
    return f"{render(stored(value, column))} as {quoted(column.name)}"


def _converted(query: Query, clauses: Insert, given: list[str]) -> dict[str, exp.Expr]:
    """The values of those columns whose type differs from the table's, by the columns' names: cast
    as CAST does, of which the engine's own conversion differs. Fields of structs are matched by
    position, or by name as the columns are.

    Raises SqlError for types that are not cast to each other, and where the table's struct has
    other fields.
    """
    wanted = {column.name: column.type for column in clauses.relation.columns}
    found: dict[str, exp.Expr] = {}
    for name, column in zip(given, query.columns(), strict=True):
        if column.type in (wanted[name], "void"):
            continue
        value: exp.Expr = exp.column(name, table="s", quoted=True)
        if needs_other_fields(column.type, wanted[name]):
            types = type_of(column.type), type_of(wanted[name])
            found[name] = with_fields_of(value, *types, by_name=clauses.by_name)
        else:
            found[name] = stored_as(value, column.type, wanted[name])
    return found


def _barrier(query: Query) -> str:
    """A limit without effect, where the query leaves rows out: the engine checks constraints in
    a filter, and would move it below the query's own, onto rows that are not to be written."""
    leaves_out = query.tree.find(exp.Where, exp.Having, exp.Join) is not None
    return f" limit {2**63 - 1}" if leaves_out else ""


def _check_columns(relation: Relation, names: list[str], given: list[str]) -> None:
    if len(given) != len(names):
        too_many = len(names) > len(given)
        raise errors.SqlError(
            "INSERT_COLUMN_ARITY_MISMATCH.TOO_MANY_DATA_COLUMNS"
            if too_many
            else "INSERT_COLUMN_ARITY_MISMATCH.NOT_ENOUGH_DATA_COLUMNS",
            f"Cannot write to {relation.name}: it takes the columns {', '.join(given)}, and the "
            f"query has {len(names)}.",
        )
    for name in given:
        if relation.column(name) is None:
            raise errors.column_not_found(name, str(relation.name))
    lowered = [name.lower() for name in given]
    twice = sorted({name for name in lowered if lowered.count(name) > 1})
    if twice:
        raise errors.SqlError("COLUMN_ALREADY_EXISTS", f"Named twice: {', '.join(twice)}.")


def _output_names(query: Query) -> list[str] | None:
    """The query's column names if they can be read off its text: none where it has a star."""
    selects = query.tree.find(exp.Select, exp.Values)
    if isinstance(query.tree, exp.Values):
        first = query.tree.expressions[0]
        width = len(first.expressions) if isinstance(first, exp.Tuple) else 1
        return [f"col{i}" for i in range(1, width + 1)]
    if selects is None or not isinstance(query.tree, exp.Query) or query.tree.is_star:
        return None
    return [column.output_name for column in query.tree.selects]


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


def _with_predicate_check(relation: Relation, body: str, predicate: str) -> str:
    """Fail where a row does not match the predicate it is to replace, as Databricks does; the
    engine does not check it. The check is part of a column and not a filter, which the engine
    could move onto rows that the query itself leaves out."""
    message = (
        "[DELTA_REPLACE_WHERE_MISMATCH] Written data does not conform to partial table overwrite "
        f"condition or constraint {predicate}."
    )
    first, *others = relation.columns
    failure = f"cast(raise_error({literal(message)}) as {first.type})"
    checked = (
        f"case when {predicate} then {quoted(first.name)} else {failure} end"
        f" as {quoted(first.name)}"
    )
    return f"select {', '.join([checked, *(quoted(c.name) for c in others)])} from ({body}) as s"
