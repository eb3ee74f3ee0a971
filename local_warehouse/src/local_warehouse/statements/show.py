"""SHOW of catalogs, schemas, tables, views, columns, properties, grants and functions."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable

from local_warehouse.catalog import information_schema
from local_warehouse.catalog.model import Relation
from local_warehouse.catalog.names import full_name, quoted, schema_name
from local_warehouse.session.context import Context, described
from local_warehouse.sql.dialect import literal
from local_warehouse.statements.grants import read_securable
from local_warehouse.statements.reader import StatementReader
from local_warehouse.types.conversion import in_case
from local_warehouse.types.results import Result, rows

_TABLES = [("database", "string"), ("tableName", "string"), ("isTemporary", "boolean")]


def show(context: Context, reader: StatementReader) -> Result:
    """SHOW what the next words name."""
    if reader.accept("CATALOGS"):
        names = _like(reader, context.catalog.catalogs())
        return rows([("catalog", "string")], [[name] for name in names])
    if reader.accept("SCHEMAS") or reader.accept("DATABASES"):
        catalog = context.session.catalog
        if reader.accept_any("IN", "FROM"):
            catalog = context.catalog.require_catalog(reader.identifier())
        names = _like(reader, _schemas(context, catalog))
        return rows([("databaseName", "string")], [[name] for name in names])
    if reader.accept("TABLE", "EXTENDED"):
        return _table_extended(context, reader)
    if reader.accept("TABLES"):
        catalog, schema = _namespace(context, reader)
        there = [r.name.table for r in _relations(context, catalog, schema)]
        return rows(_TABLES, _with_temporary(context, reader, schema, there))
    if reader.accept("VIEWS"):
        return _views(context, reader)
    if reader.accept("COLUMNS"):
        relation = _relation_after_in(context, reader)
        reader.end()
        return rows([("col_name", "string")], [[column.name] for column in relation.columns])
    if reader.accept("TBLPROPERTIES"):
        relation = context.relation(full_name(reader.name(), context.session.namespace))
        return _properties(relation, reader)
    if reader.accept("CREATE", "TABLE"):
        relation = context.relation(full_name(reader.name(), context.session.namespace))
        reader.end()
        return rows([("createtab_stmt", "string")], [[_create_statement(relation)]])
    if reader.accept("GRANTS") or reader.accept("GRANT"):
        return _grants(context, reader)
    kind = reader.accept_any("ALL", "SYSTEM", "USER")
    if reader.accept("FUNCTIONS"):
        return _functions(context, reader, kind)
    raise reader.unsupported()


def _properties(relation: Relation, reader: StatementReader) -> Result:
    """All properties, or the one that stands in parentheses."""
    found = sorted(relation.shown_properties.items())
    if reader.sees("("):
        key = next(iter(reader.pairs()))
        missing = f"Table {relation.name} does not have property: {key}"
        found = [(key, relation.shown_properties.get(key, missing))]
    reader.end()
    return rows([("key", "string"), ("value", "string")], found)


def _like(reader: StatementReader, names: Iterable[str]) -> list[str]:
    """Names that match [LIKE] 'pattern', in which * is any text and | separates patterns."""
    reader.accept("LIKE")
    patterns = ["*"] if reader.at_end() else reader.string().lower().split("|")
    reader.end()
    return sorted(
        name
        for name in names
        if any(fnmatch.fnmatchcase(name.lower(), pattern.strip()) for pattern in patterns)
    )


def _namespace(context: Context, reader: StatementReader) -> tuple[str, str]:
    if not reader.accept_any("IN", "FROM"):
        return context.session.namespace
    parts = reader.name()
    catalog, schema = schema_name(parts, context.session.catalog)
    if schema.lower() == "information_schema":
        return context.catalog.require_catalog(catalog), "information_schema"
    found = context.catalog.require_schema(catalog, schema)
    return found.catalog, found.name


def _views(context: Context, reader: StatementReader) -> Result:
    catalog, schema = _namespace(context, reader)
    views = [r.name.table for r in _relations(context, catalog, schema) if r.is_view]
    columns = [
        ("namespace", "string"), ("viewName", "string"), ("isTemporary", "boolean"),
        ("isMaterialized", "boolean"),
    ]  # fmt: skip
    found = _with_temporary(context, reader, schema, views)
    return rows(columns, [[*row, False] for row in found])


def _schemas(context: Context, catalog: str) -> list[str]:
    return [schema.name for schema in information_schema.with_its_own(context.catalog, catalog)]


def _relations(context: Context, catalog: str, schema: str) -> list[Relation]:
    if schema == "information_schema":
        return information_schema.relations(catalog)
    return context.catalog.relations(catalog, schema)


def _with_temporary(
    context: Context, reader: StatementReader, schema: str, names: list[str]
) -> list[list[object]]:
    """Rows of relations by name, with the temporary views of the session, which have no schema."""
    found: list[list[object]] = []
    temporary = context.session.temporary_views
    for name in _like(reader, {*names, *temporary}):
        if name in names:
            found.append([schema, name, False])
        if name in temporary:
            found.append(["", name, True])
    return found


def _functions(context: Context, reader: StatementReader, kind: str | None) -> Result:
    """The functions of a schema, and of the session; those of the engine are not listed."""
    catalog, schema = _namespace(context, reader)
    names = {f.name.table: f.full_name for f in context.catalog.functions(catalog, schema)}
    names |= {name: name for name in context.session.temporary_functions}
    found = [] if kind == "SYSTEM" else _like(reader, names)
    return rows([("function", "string")], [[names[name]] for name in found])


def _table_extended(context: Context, reader: StatementReader) -> Result:
    catalog, schema = _namespace(context, reader)
    relations = {r.name.table: r for r in _relations(context, catalog, schema)}
    found = []
    for name in _like(reader, relations):
        relation = relations[name]
        fields = (
            f" |-- {column.name}: {column.shown_type} (nullable = {str(column.nullable).lower()})"
            for column in relation.columns
        )
        information = "\n".join(
            [
                f"Catalog: {catalog}",
                f"Database: {schema}",
                f"Table: {name}",
                f"Owner: {relation.owner}",
                f"Type: {relation.shown_kind}",
                f"Provider: {'' if relation.is_view else 'delta'}",
                *([f"Comment: {relation.comment}"] if relation.comment else []),
                f"Location: {relation.location or ''}",
                "Schema: root",
                *fields,
            ]
        )
        found.append([schema, name, False, information])
    return rows([*_TABLES, ("information", "string")], found)


def _relation_after_in(context: Context, reader: StatementReader) -> Relation:
    reader.accept_any("IN", "FROM")
    parts = reader.name()
    if reader.accept_any("IN", "FROM"):
        parts = [*reader.name(), *parts]
    return described(context, parts)


def _create_statement(relation: Relation) -> str:
    columns = []
    for column in relation.columns:
        data_type = "" if relation.is_view else f" {in_case(column.shown_type, upper=True)}"
        not_null = "" if column.nullable else " NOT NULL"
        comment = f" COMMENT {literal(column.comment)}" if column.comment else ""
        columns.append(f"  {quoted(column.name)}{data_type}{not_null}{comment}")
    columns += [
        f"  CONSTRAINT {quoted(c.name)} {c.text}" for c in relation.constraints if c.kind != "CHECK"
    ]
    kind = "VIEW" if relation.is_view else "TABLE"
    clauses = [f"CREATE {kind} {relation.name} (\n" + ",\n".join(columns) + ")"]
    if not relation.is_view:
        clauses.append("USING delta")
    if relation.partition_by:
        clauses.append(f"PARTITIONED BY ({', '.join(map(quoted, relation.partition_by))})")
    if relation.cluster_by:
        clauses.append(f"CLUSTER BY ({', '.join(map(quoted, relation.cluster_by))})")
    elif relation.cluster_by_auto:
        clauses.append("CLUSTER BY AUTO")
    if relation.kind == "EXTERNAL":
        clauses.append(f"LOCATION {literal(relation.location or '')}")
    if relation.comment:
        clauses.append(f"COMMENT {literal(relation.comment)}")
    properties = sorted(relation.settable_properties.items())
    if properties:
        pairs = ", ".join(f"{literal(k)} = {literal(v)}" for k, v in properties)
        clauses.append(f"TBLPROPERTIES ({pairs})")
    if relation.is_view:
        clauses.append(f"AS {relation.view_text}")
    return "\n".join(clauses)


def _grants(context: Context, reader: StatementReader) -> Result:
    principal = None if reader.sees("ON") else reader.take().text
    reader.expect("ON")
    kind, securable = read_securable(context, reader)
    reader.end()
    columns = [
        ("Principal", "string"), ("ActionType", "string"), ("ObjectType", "string"),
        ("ObjectKey", "string"),
    ]  # fmt: skip
    found = [
        [grant.principal, grant.privilege, grant.kind, grant.securable]
        for grant in context.catalog.grants(kind, securable)
        if principal in (None, grant.principal)
    ]
    return rows(columns, found)
