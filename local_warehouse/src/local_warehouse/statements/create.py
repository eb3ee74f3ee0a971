"""CREATE CATALOG, SCHEMA, TABLE and VIEW; FUNCTION is in `functions.py`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from deltalake import DeltaTable
from sqlglot import exp

from local_warehouse import errors
from local_warehouse.catalog.locks import definition
from local_warehouse.catalog.model import Clone, Column, Constraint, Relation, Schema
from local_warehouse.catalog.names import Name, check_new, full_name, quoted, schema_name
from local_warehouse.delta import bounds, transactions
from local_warehouse.delta import tables as delta_tables
from local_warehouse.errors import SqlError, StatementError
from local_warehouse.resolver.parameters import bind
from local_warehouse.resolver.policies import has_policy
from local_warehouse.resolver.query import Query
from local_warehouse.resolver.time_travel import read_version_after_at, version_of
from local_warehouse.rewrites.collations import refuse_columns
from local_warehouse.rewrites.output_names import name_made
from local_warehouse.session.context import Context, target
from local_warehouse.session.session import TemporaryView
from local_warehouse.sql.dialect import literal, parse
from local_warehouse.sql.walk import nodes
from local_warehouse.statements import clustering, functions, partitions, table_properties
from local_warehouse.statements.clustering import Clustering
from local_warehouse.statements.columns import check_names, check_types
from local_warehouse.statements.constraints import (
    add_constraint,
    check_condition,
    drop_check,
    read_constraint,
    set_not_null,
)
from local_warehouse.statements.policies import read_mask, read_row_filter
from local_warehouse.statements.reader import StatementReader
from local_warehouse.storage import objects
from local_warehouse.storage.locations import odd_characters
from local_warehouse.types.conversion import declared_type, from_delta, in_case, to_delta
from local_warehouse.types.results import Result, nothing, rows


def create(context: Context, reader: StatementReader) -> Result:
    """CREATE [OR REPLACE] [TEMPORARY] {CATALOG | SCHEMA | TABLE | VIEW | FUNCTION} …."""
    if reader.accept("CATALOG"):
        return _catalog(context, reader)
    if reader.accept("SCHEMA") or reader.accept("DATABASE"):
        return _schema(context, reader)
    replace = reader.accept("OR", "REPLACE")
    if reader.accept("TABLE"):
        return _table(context, reader, replace)
    temporary = reader.accept("TEMPORARY") or reader.accept("TEMP")
    if reader.accept("VIEW"):
        return _view(context, reader, replace, temporary)
    if reader.accept("FUNCTION"):
        return functions.create(context, reader, replace, temporary)
    raise reader.unsupported()


def _refuse_known_clauses(reader: StatementReader, kind: str) -> None:
    """Raise SqlError (UNSUPPORTED_FEATURE) for a clause that Databricks has and this does not."""
    for words in (
        ("DEFAULT", "COLLATION"), ("WITH", "METRICS"), ("LANGUAGE", "YAML"),
        ("WITH", "SCHEMA", "BINDING"), ("WITH", "SCHEMA", "EVOLUTION"),
        ("WITH", "SCHEMA", "TYPE", "EVOLUTION"),
    ):  # fmt: skip
        if reader.sees(*words):
            raise errors.unsupported(f"CREATE {kind} … {' '.join(words)}")


def _catalog(context: Context, reader: StatementReader) -> Result:
    if_not_exists = reader.accept("IF", "NOT", "EXISTS")
    name = reader.identifier()
    comment = reader.string() if reader.accept("COMMENT") else None
    reader.end()
    if not (if_not_exists and name.lower() in context.catalog.catalogs()):
        context.catalog.create_catalog(name, comment)
    return nothing()


def _schema(context: Context, reader: StatementReader) -> Result:
    if_not_exists = reader.accept("IF", "NOT", "EXISTS")
    parts = [part.lower() for part in reader.name()]
    catalog, name = schema_name(parts, context.session.catalog)
    check_new(name)
    schema = Schema(context.catalog.require_catalog(catalog), name)
    while not reader.at_end():
        if reader.accept("COMMENT"):
            schema.comment = reader.string()
        elif reader.accept("WITH", "DBPROPERTIES"):
            schema.properties = reader.pairs()
        elif reader.accept("MANAGED", "LOCATION"):
            raise errors.unsupported("CREATE SCHEMA … MANAGED LOCATION")
        else:
            _refuse_known_clauses(reader, "SCHEMA")
            raise reader.error("expected COMMENT or WITH DBPROPERTIES")
    if context.catalog.schema(catalog, name) is not None:
        if if_not_exists:
            return nothing()
        raise errors.already_exists("SCHEMA", quoted(catalog, name))
    context.catalog.put_schema(schema)
    return nothing()


# tables


@dataclass
class _TableClauses:
    columns: list[tuple[str, str, bool, str | None]] = field(default_factory=list)
    masks: dict[str, dict[str, object]] = field(default_factory=dict)  # by column
    constraints: list[Constraint] = field(default_factory=list)
    partition_by: list[str] = field(default_factory=list)
    clustering: Clustering = field(default_factory=Clustering)
    location: str | None = None
    comment: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    row_filter: dict[str, object] | None = None
    query: str | None = None
    clone_of: list[str] | None = None
    is_shallow: bool = False
    version_of_source: int = 0
    like: list[str] | None = None

    def check_layout(self, columns: dict[str, str]) -> None:
        """Raise SqlError where a table of columns of these types cannot be partitioned or clustered
        as it is asked to."""
        check_types(columns.values())
        self.clustering.check(columns, self.partition_by, is_managed=not self.location)
        partitions.check(self.partition_by, columns)


def _table(context: Context, reader: StatementReader, or_replace: bool) -> Result:
    if_not_exists = not or_replace and reader.accept("IF", "NOT", "EXISTS")
    name = full_name(reader.name(), context.session.namespace)
    check_new(name.table)
    clauses = _read_table_clauses(context, reader)
    if clauses.like is not None:
        _take_definition(clauses, _definition(context, clauses.like))
    context.catalog.require_schema(name.catalog, name.schema)
    with definition(name):
        return _create_table(context, name, clauses, or_replace, if_not_exists)


def _create_table(
    context: Context, name: Name, clauses: _TableClauses, or_replace: bool, if_not_exists: bool
) -> Result:
    existing = context.catalog.relation(name)
    if existing is not None and not or_replace:
        if if_not_exists:
            return nothing()
        raise errors.already_exists("TABLE", str(name))
    if existing is not None and existing.is_view:
        raise SqlError("EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE", f"{name} is a view and not a table.")
    if clauses.clone_of is not None:
        if has_policy(target(context, clauses.clone_of)):
            raise errors.unsupported("CLONE of a table with a row filter or a column mask")
        cloned = _source_of_clone(context, clauses)
        clauses.partition_by = list(cloned.metadata().partition_columns)
        clauses.version_of_source = cloned.version()
    relation = _new_relation(context, name, clauses, existing)
    write = _write_empty if clauses.query is None else _write_query
    with _new_folder(context, relation, existing):
        relation.columns, relation.partition_by = write(context, relation, clauses, existing)
        _describe(context, relation, clauses)
        source = None if clauses.clone_of is None else target(context, clauses.clone_of)
        if source is not None:
            _take_over(context, relation, source)
        copied: Iterable[str] = ()
        if source is not None and not clauses.is_shallow:
            copied = context.catalog.copied_files(source)
        context.catalog.put_relation(relation, copied)
    if source is not None:
        return _clone_result(relation)
    if clauses.query is None:
        return nothing()
    return rows([("num_affected_rows", "bigint"), ("num_inserted_rows", "bigint")], [])


@contextmanager
def _new_folder(context: Context, relation: Relation, existing: Relation | None) -> Iterator[None]:
    """While a table is made: on an error the engine forgets it, and its folder is deleted if it is
    new and managed. The folder stays on the list of folders then, as a statement that was stopped
    may still write there."""
    is_new = relation.kind == "MANAGED" and not _is_in_place(relation, existing)
    if is_new:
        context.catalog.begin(relation.path)
    try:
        yield
    except Exception:
        with suppress(StatementError):
            if is_new:
                objects.delete_tree(relation.path)
            context.engine.forget(relation)
        raise


def _is_in_place(relation: Relation, existing: Relation | None) -> bool:
    """Whether a table takes the place of one at the same location."""
    return existing is not None and existing.location == relation.location


def _read_table_clauses(context: Context, reader: StatementReader) -> _TableClauses:
    clauses = _TableClauses()
    if reader.accept("LIKE"):
        clauses.like = reader.name()
    clauses.is_shallow = reader.accept("SHALLOW")
    if reader.accept("DEEP", "CLONE") or reader.accept("CLONE"):
        clauses.clone_of = reader.name()
        version = reader.until("TBLPROPERTIES", "LOCATION")  # VERSION AS OF n, TIMESTAMP AS OF t
        clauses.query = f"select * from {quoted(*clauses.clone_of)} {version}"
    if reader.accept("("):
        _read_columns(context, reader, clauses)
    while not reader.at_end():
        if reader.accept("USING"):
            table_format = reader.identifier().lower()
            if table_format != "delta":
                raise errors.unsupported(f"tables in the format {table_format}")
        elif reader.accept("PARTITIONED", "BY"):
            clauses.partition_by = reader.names_in_parentheses()
        elif reader.accept("CLUSTER", "BY"):
            clauses.clustering = clustering.read(reader)
        elif reader.accept("LOCATION"):
            clauses.location = reader.string()
        elif reader.accept("COMMENT"):
            clauses.comment = reader.string()
        elif reader.accept("TBLPROPERTIES"):
            clauses.properties = reader.pairs()
            table_properties.check(clauses.properties)
        elif reader.accept("WITH", "ROW", "FILTER"):
            clauses.row_filter = read_row_filter(context, reader)
        elif reader.accept("AS") or reader.sees("SELECT") or reader.sees("WITH"):
            clauses.query = reader.rest()
        else:
            _refuse_known_clauses(reader, "TABLE")
            raise reader.error("expected a clause of CREATE TABLE")
    if not (clauses.columns or clauses.query or clauses.location or clauses.like):
        raise errors.unsupported("CREATE TABLE without columns, query or location")
    if clauses.columns and clauses.query is not None:
        raise reader.error("a column list and AS query exclude each other")
    return clauses


def _definition(context: Context, parts: list[str]) -> Relation:
    return context.relation(full_name(parts, context.session.namespace))


def _take_definition(clauses: _TableClauses, source: Relation) -> None:
    """Take from the relation after LIKE its columns, layout, comment and properties."""
    clauses.columns = [(c.name, c.shown_type, c.nullable, c.comment) for c in source.columns]
    clauses.partition_by = list(source.partition_by)
    clauses.clustering = Clustering(source.cluster_by, source.cluster_by_auto)
    clauses.comment = clauses.comment or source.comment
    clauses.properties = source.properties | clauses.properties


def _read_columns(context: Context, reader: StatementReader, clauses: _TableClauses) -> None:
    ends = (",", "NOT", "COMMENT", "CONSTRAINT", "DEFAULT", "GENERATED", "PRIMARY", "MASK", "CHECK")
    while True:
        if reader.sees("CONSTRAINT") or reader.sees("PRIMARY", "KEY") or reader.sees("FOREIGN"):
            clauses.constraints.append(read_constraint(reader))
        else:
            name = reader.identifier()
            data_type = in_case(reader.data_type(*ends))
            nullable, comment = True, None
            while not (reader.sees(",") or reader.sees(")")):
                if reader.accept("NOT", "NULL"):
                    nullable = False
                elif reader.accept("COMMENT"):
                    comment = reader.string()
                elif reader.accept("MASK"):
                    clauses.masks[name] = read_mask(context, reader)
                elif reader.sees("CONSTRAINT") or reader.sees("PRIMARY", "KEY"):
                    clauses.constraints.append(read_constraint(reader, column=name))
                else:
                    raise errors.unsupported(f"{reader.peek().text.upper()} on a column")
            clauses.columns.append((name, data_type, nullable, comment))
        if reader.accept(")"):
            break
        reader.expect(",")
    keys = {
        column.lower()
        for constraint in clauses.constraints
        for column in constraint.columns
        if constraint.kind == "PRIMARY KEY"
    }
    clauses.columns = [
        (name, data_type, nullable and name.lower() not in keys, comment)
        for name, data_type, nullable, comment in clauses.columns
    ]


def _new_relation(
    context: Context, name: Name, clauses: _TableClauses, existing: Relation | None
) -> Relation:
    relation = Relation(name, kind="EXTERNAL" if clauses.location else "MANAGED")
    if clauses.location:
        relation.location = _plain(context.warehouse.locations.check(clauses.location))
    elif existing is not None and existing.kind == "MANAGED":
        relation.location = existing.location
    else:
        relation.location = f"{context.warehouse.managed}/{relation.id}"
    if existing is not None:
        relation.created_at, relation.tags = existing.created_at, existing.tags
        if existing.location == relation.location:
            relation.id, relation.generation = existing.id, existing.generation + 1
    return relation


def _plain(location: str) -> str:
    """The location of a new table. Raises SqlError if the engine could not read it as it is."""
    odd = odd_characters(location)
    if odd:
        raise errors.unsupported(f"{' and '.join(odd)} in the location of a table, {location}")
    return location


def _write_query(
    context: Context, relation: Relation, clauses: _TableClauses, existing: Relation | None
) -> tuple[list[Column], list[str]]:
    """Write the query's rows; returns the table's columns, and the names of its partitions'."""
    assert clauses.query is not None
    if "collate" in clauses.query.lower():
        refuse_columns(parse(clauses.query))
    location = relation.path
    replaced = _is_in_place(relation, existing)
    if not replaced and relation.kind == "EXTERNAL" and delta_tables.exists(location):
        raise SqlError(
            "DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION",
            f"Cannot create {relation.name} from a query: {location} already holds a table.",
        )
    with Query(context, clauses.query, reads=True, writes=existing, describes=True) as query:
        columns = query.described_columns()
        if clauses.clone_of is None:
            check_names((column.name for column in columns), clauses.properties)
        _check_distinct(column.name for column in columns)
        clauses.check_layout({column.name: column.type for column in columns})
        old = _checks_in_log(existing) if existing is not None and replaced else ()
        sql = _without_void(query.sql, columns)
        made = transactions.commit(
            relation,
            lambda mark: context.engine.overwrite(
                sql, location, columns, clauses.partition_by, mark, without_checks=old
            ),
            rewrites=True,
        )
    if clauses.clone_of is not None:
        source = target(context, clauses.clone_of)
        relation.clone_of = Clone(
            made.version, str(source.name).replace("`", ""), clauses.version_of_source,
            clauses.is_shallow,
        )  # fmt: skip
    for name in old:
        drop_check(relation, name)
    found, partitions = delta_tables.settle(location, {column.name: True for column in columns})
    for made_column, column in zip(found, columns, strict=True):
        made_column.declared = "void" if column.type == "void" else column.declared
        made_column.comment = column.comment
    return found, partitions


def _without_void(sql: str, columns: list[Column]) -> str:
    """A query whose columns of type VOID are STRING, which a Delta table can hold.

    Raises SqlError (DELTA_COMPLEX_TYPE_COLUMN_CONTAINS_NULL_TYPE) for VOID within another type.
    """
    for column in columns:
        if column.type != "void" and re.search(r"[<:,]void\b", column.type):
            raise SqlError(
                "DELTA_COMPLEX_TYPE_COLUMN_CONTAINS_NULL_TYPE",
                f"Found VOID within the column {column.name}, which is of the type "
                f"{column.type.upper()}. Delta does not support it; cast the NULL in the query.",
            )
    if not any(column.type == "void" for column in columns):
        return sql
    names = [quoted(column.name) for column in columns]
    given = [
        f"cast({name} as string) as {name}" if column.type == "void" else name
        for name, column in zip(names, columns, strict=True)
    ]
    return f"select {', '.join(given)} from ({sql})"


def _check_distinct(names: Iterable[str]) -> None:
    twice = [name for name, count in Counter(name.lower() for name in names).items() if count > 1]
    if twice:
        message = f"There are two columns {' and two '.join(twice)}. Give them other names."
        raise SqlError("COLUMN_ALREADY_EXISTS", message)


def _checks_in_log(existing: Relation) -> Iterable[str]:
    """The names of a table's CHECK constraints. The log is read only where it may have others than
    the catalog, which is in an external table."""
    if existing.kind == "EXTERNAL" or any(c.kind == "CHECK" for c in existing.constraints):
        return delta_tables.constraints(existing.path)
    return ()


def _write_empty(
    context: Context, relation: Relation, clauses: _TableClauses, existing: Relation | None
) -> tuple[list[Column], list[str]]:
    """Write a table without rows, or find the one that is there; returns what `_write_query`
    does."""
    location = relation.path
    if existing is None and delta_tables.exists(location):
        found = delta_tables.columns(location)
        _check_adoption(relation, clauses, found[0])
        return found
    _check_distinct(name for name, *_ in clauses.columns)
    if any(data_type.lower() == "void" for _, data_type, *_ in clauses.columns):
        raise errors.unsupported("a column that is declared as VOID (CREATE TABLE AS makes one)")
    clauses.check_layout({name: data_type for name, data_type, *_ in clauses.columns})
    check_names((name for name, *_ in clauses.columns), clauses.properties)
    columns = ", ".join(
        f"{quoted(name)} {data_type}{'' if nullable else ' not null'}"
        for name, data_type, nullable, _ in clauses.columns
    )
    partitioned = ", ".join(quoted(name) for name in clauses.partition_by)
    partition_clause = f"partitioned by ({partitioned})" if partitioned else ""
    properties = ", ".join(
        f"{literal(name)} = {literal(text)}" for name, text in _properties(context, clauses)
    )
    properties_clause = f"tblproperties ({properties})" if properties else ""
    tail = (
        f"({columns}) using delta {partition_clause} {properties_clause}"
        f" location {literal(location)}"
    )
    if existing is not None and _is_in_place(relation, existing):
        context.engine.run(
            f"create or replace table {quoted(context.engine.name_of(existing))} {tail}"
        )
    else:
        name = f"new_{relation.id}"
        context.engine.run(f"create table {quoted(name)} {tail}")
        context.engine.run(f"drop table {quoted(name)}")
    with delta_tables.newest_table(location) as table:
        delta_tables.checkpoint(table)
        return delta_tables.columns_of(table)


def _properties(context: Context, clauses: _TableClauses) -> Iterator[tuple[str, str]]:
    """The properties that the first commit of a table is to have: its CHECK constraints, and which
    columns have bounds."""
    declared = [Column(name, from_delta(to_delta(of))) for name, of, *_ in clauses.columns]
    yield from bounds.properties(declared).items()
    checks = [check for check in clauses.constraints if check.kind == "CHECK"]
    if not checks:
        return
    columns = ", ".join(
        f"cast(null as {data_type}) as {quoted(name)}" for name, data_type, *_ in clauses.columns
    )
    for check in checks:  # the engine would find out at the first write only
        check_condition(check.expression or "", declared)
        context.engine.columns(f"select 1 from (select {columns}) where {check.expression}")
        yield f"delta.constraints.{check.name.lower()}", check.expression or ""


def _check_adoption(relation: Relation, clauses: _TableClauses, found: list[Column]) -> None:
    """Raise SqlError if the table at the location, which is to be taken over, has columns of other
    names than those asked for."""
    wanted = [name.lower() for name, *_ in clauses.columns]
    if wanted and wanted != [column.name.lower() for column in found]:
        raise SqlError(
            "DELTA_CREATE_TABLE_SCHEME_MISMATCH",
            f"The specified schema does not match the existing schema at {relation.location}: "
            f"specified {', '.join(wanted)}; existing {', '.join(c.name for c in found)}.",
        )


def _describe(context: Context, relation: Relation, clauses: _TableClauses) -> None:
    """Give a new relation what only the catalog knows of it, and its constraints."""
    for name, data_type, _, comment in clauses.columns:
        column = relation.column(name)
        if column is None:
            continue
        column.comment = comment or column.comment
        if column.type == from_delta(to_delta(data_type)):
            column.declared = declared_type(data_type)
    for name, mask in clauses.masks.items():
        column = relation.column(name)
        if column is not None:
            column.mask = mask
    relation.comment, relation.properties = clauses.comment, clauses.properties
    clauses.clustering.give_to(relation)
    relation.row_filter = clauses.row_filter
    for constraint in clauses.constraints:
        add_constraint(context, relation, constraint)


def _source_of_clone(context: Context, clauses: _TableClauses) -> DeltaTable:
    """The source of a clone, in the version that is cloned."""
    assert clauses.clone_of is not None and clauses.query is not None
    source = target(context, clauses.clone_of)
    tree = parse(clauses.query)
    bind(nodes(tree), context)
    table = tree.find(exp.Table)
    assert table is not None
    read_version_after_at(table)
    travel = table.args.get("version")
    version = None if travel is None else version_of(context.engine, source, travel)
    return delta_tables.open_table(source.path, version)


def _take_over(context: Context, relation: Relation, source: Relation) -> None:
    """Give a clone what it has of its source besides the rows. A shallow clone is a copy here."""
    relation.comment, relation.cluster_by = source.comment, list(source.cluster_by)
    relation.cluster_by_auto = source.cluster_by_auto and relation.kind == "MANAGED"
    relation.properties = source.properties | relation.properties
    for column in source.columns:
        copied = relation.column(column.name)
        if copied is not None:
            copied.comment, copied.declared = column.comment, column.declared
    for column in source.columns:
        if not column.nullable and relation.column(column.name) is not None:
            set_not_null(context, relation, column.name, True)
    for constraint in source.constraints:
        if constraint.kind == "CHECK":
            add_constraint(context, relation, replace(constraint))


def _clone_result(relation: Relation) -> Result:
    """The metrics of a clone, all of whose files are copies."""
    with delta_tables.newest_table(relation.path) as table:
        files: Any = table.get_add_actions(flatten=True)
    sizes: list[int] = files.column("size_bytes").to_pylist()
    numbers = {
        "source_table_size": sum(sizes),
        "source_num_of_files": len(sizes),
        "num_removed_files": 0,
        "num_copied_files": len(sizes),
        "removed_files_size": 0,
        "copied_files_size": sum(sizes),
    }
    return rows([(name, "bigint") for name in numbers], [list(numbers.values())])


# views


def _view(context: Context, reader: StatementReader, replace: bool, temporary: bool) -> Result:
    if_not_exists = reader.accept("IF", "NOT", "EXISTS")
    if if_not_exists and (replace or temporary):
        raise reader.error("IF NOT EXISTS is for views of the catalog that are not replaced")
    parts = reader.name()
    listed: list[tuple[str, str | None]] = []
    if reader.accept("("):
        while True:
            column = reader.identifier()
            listed.append((column, reader.string() if reader.accept("COMMENT") else None))
            if reader.accept(")"):
                break
            reader.expect(",")
    comment: str | None = None
    properties: dict[str, str] = {}
    while not reader.accept("AS"):
        if reader.accept("COMMENT"):
            comment = reader.string()
        elif reader.accept("TBLPROPERTIES"):
            properties = reader.pairs()
        elif not reader.accept("WITH", "SCHEMA", "COMPENSATION"):  # which views do without it
            _refuse_known_clauses(reader, "VIEW")
            raise reader.error("expected COMMENT, TBLPROPERTIES or AS")
    tree, text = reader.query(), reader.rest()
    refuse_columns(tree)
    made = None if temporary else name_made(tree)
    with Query(context, tree, permanent=not temporary, reads=True, describes=True) as query:
        columns = query.described_columns()
        query_columns = query.names_of_star(columns)
        is_local = temporary and len(parts) == 1
        own = parts[0].lower() if is_local else full_name(parts, context.session.namespace)
        query.check_acyclic(own)
        reads = query.reads
    if made is not None:
        raise errors.view_without_alias(str(own), made)
    if listed and len(listed) != len(columns):
        raise SqlError(
            "CREATE_VIEW_COLUMN_ARITY_MISMATCH",
            f"The view names {len(listed)} columns and its query yields {len(columns)}.",
        )
    named = [
        Column(given[0], column.type, True, given[1] or column.comment, declared=column.declared)
        for column, given in zip(columns, listed or [(c.name, None) for c in columns], strict=True)
    ]
    _check_distinct(column.name for column in named)
    if temporary:
        if len(parts) > 1:
            raise SqlError(
                "TEMP_VIEW_NAME_TOO_MANY_NAME_PARTS",
                f"A temporary view has a name of one part, and not {'.'.join(parts)}.",
            )
        if own in context.session.temporary_views and not replace:
            raise SqlError(
                "TEMP_TABLE_OR_VIEW_ALREADY_EXISTS",
                f"Cannot create the temporary view {parts[0]} because it already exists.",
            )
        names = [column.name for column in named] if listed else []
        view = TemporaryView(text, context.session.namespace, named, names)
        context.session.temporary_views[parts[-1].lower()] = view
        return nothing()
    name = full_name(parts, context.session.namespace)
    check_new(name.table)
    context.catalog.require_schema(name.catalog, name.schema)
    relation = Relation(name, kind="VIEW", columns=named, view_text=text, comment=comment)
    relation.view_namespace, relation.properties = context.session.namespace, properties
    relation.query_columns, relation.reads = query_columns, reads
    with definition(name):
        existing = context.catalog.relation(name)
        if existing is not None and not replace:
            if if_not_exists:
                return nothing()
            raise errors.already_exists("VIEW", str(name))
        if existing is not None and not existing.is_view:
            message = f"{name} is a table and not a view."
            raise SqlError("EXPECT_VIEW_NOT_TABLE.NO_ALTERNATIVE", message)
        if existing is not None:
            relation.created_at, relation.tags = existing.created_at, existing.tags
        context.catalog.put_relation(relation)
    return nothing()
