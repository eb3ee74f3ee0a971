"""DESCRIBE of tables (plain, EXTENDED, AS JSON, HISTORY, DETAIL), schemas, catalogs, queries."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

from local_warehouse import errors
from local_warehouse.catalog.model import Relation
from local_warehouse.catalog.names import full_name, schema_name
from local_warehouse.delta import tables as delta_tables
from local_warehouse.delta import transactions
from local_warehouse.resolver.query import Query
from local_warehouse.session.context import Context, described, target
from local_warehouse.statements import functions
from local_warehouse.statements.reader import StatementReader
from local_warehouse.types.conversion import to_json
from local_warehouse.types.results import Result, rows

_COLUMNS = [("col_name", "string"), ("data_type", "string"), ("comment", "string")]
_INFO = [("info_name", "string"), ("info_value", "string")]


def describe(context: Context, reader: StatementReader) -> Result:
    """DESCRIBE of what the next words name; without one, of a table."""
    if reader.accept("HISTORY"):
        return _history(context, reader)
    if reader.accept("DETAIL"):
        return _detail(context, reader)
    if reader.accept("SCHEMA") or reader.accept("DATABASE"):
        return _schema(context, reader)
    if reader.accept("CATALOG"):
        reader.accept("EXTENDED")
        name = context.catalog.require_catalog(reader.identifier())
        reader.end()
        comment = context.catalog.catalog_comment(name) or ""
        return rows(_INFO, [["Catalog Name", name], ["Comment", comment], ["Owner", "local"]])
    if reader.accept("FUNCTION"):
        return functions.describe(context, reader)
    if reader.accept("QUERY") or reader.sees("SELECT") or reader.sees("WITH"):
        with Query(context, reader.rest(), describes=True) as query:
            columns = query.described_columns()
            return rows(_COLUMNS, [[c.name, c.shown_type, c.comment] for c in columns])
    reader.accept("TABLE")
    extended = reader.accept("EXTENDED")
    parts = reader.name()
    as_json = reader.accept("AS", "JSON")
    column = None if as_json or reader.at_end() else reader.name()[-1]
    reader.end()
    relation = _relation_or_view(context, parts)
    if column is not None:
        return _column(relation, column)
    if as_json:
        document = json.dumps(_document(relation))
        return rows([("json_metadata", "string")], [[document]])
    return rows(_COLUMNS, _extended_rows(relation) if extended else _plain_rows(relation))


def _column(relation: Relation, name: str) -> Result:
    found = relation.column(name)
    if found is None:
        raise errors.column_not_found(name, str(relation.name))
    details = {
        "col_name": found.name,
        "data_type": found.shown_type,
        "comment": found.comment or "NULL",
    }
    return rows(_INFO, list(details.items()))


def _relation_or_view(context: Context, parts: list[str]) -> Relation:
    """The relation of a name; a temporary view as a relation."""
    view = context.session.temporary_views.get(parts[0].lower()) if len(parts) == 1 else None
    if view is None:
        return described(context, parts)
    name = full_name(parts, context.session.namespace)
    return Relation(name, "VIEW", view.columns, view_text=view.text)


def _plain_rows(relation: Relation) -> list[list[Any]]:
    found: list[list[Any]] = [[c.name, c.shown_type, c.comment] for c in relation.columns]
    if relation.partition_by:
        found += [["# Partition Information", "", ""], ["# col_name", "data_type", "comment"]]
        for name in relation.partition_by:
            column = relation.column(name)
            found.append(
                [name, column.shown_type if column else "", column.comment if column else None]
            )
    if relation.cluster_by:
        found += [["# Clustering Information", "", ""], ["# col_name", "data_type", "comment"]]
        for name in relation.cluster_by:
            column = relation.column(name)
            found.append(
                [name, column.shown_type if column else "", column.comment if column else None]
            )
    return found


def _extended_rows(relation: Relation) -> list[list[Any]]:
    properties = ",".join(f"{k}={v}" for k, v in sorted(relation.shown_properties.items()))
    details = {
        "Catalog": relation.name.catalog,
        "Database": relation.name.schema,
        "Table": relation.name.table,
        "Created Time": _time(relation.created_at),
        "Type": relation.shown_kind,
        "Comment": relation.comment,
        "Location": relation.location,
        "Provider": None if relation.is_view else "delta",
        "Owner": relation.owner,
        "View Text": relation.view_text,
        "Table Properties": f"[{properties}]",
    }
    found = [*_plain_rows(relation), ["", "", ""], ["# Detailed Table Information", "", ""]]
    found += [[name, value, ""] for name, value in details.items() if value is not None]
    if relation.constraints:
        found += [["", "", ""], ["# Constraints", "", ""]]
        found += [[c.name, c.text, ""] for c in relation.constraints]
    return found


def _document(relation: Relation) -> dict[str, Any]:
    """The object of DESCRIBE … AS JSON (Databricks SQL reference, DESCRIBE TABLE)."""
    document: dict[str, Any] = {
        "table_name": relation.name.table,
        "catalog_name": relation.name.catalog,
        "namespace": [relation.name.schema],
        "schema_name": relation.name.schema,
        "columns": [
            {"name": c.name, "type": to_json(c.shown_type), "nullable": c.nullable}
            | ({"comment": c.comment} if c.comment else {})
            for c in relation.columns
        ],
        "owner": relation.owner,
        "created_time": _time(relation.created_at),
        "type": relation.shown_kind,
        "provider": None if relation.is_view else "delta",
        "comment": relation.comment,
        "location": relation.location,
        "view_text": relation.view_text,
        "table_properties": relation.shown_properties,
        "partition_columns": relation.partition_by,
        "clustering_columns": relation.cluster_by,
    }
    keys = [f"({c.name},{c.text})" for c in relation.constraints if c.kind != "CHECK"]
    if keys:  # a CHECK is among the properties alone
        document["table_constraints"] = f"[{', '.join(keys)}]"
    if (filtered := relation.row_filter) is not None:
        document["row_filter"] = _function_of(filtered) | {"column_names": filtered["columns"]}
    document["column_masks"] = [
        {"column_name": c.name}
        | _function_of(c.mask)
        | ({"using_column_names": using} if (using := c.mask.get("using_columns")) else {})
        for c in relation.columns
        if c.mask
    ] or None
    return {key: value for key, value in document.items() if value is not None}


def _function_of(policy: Mapping[str, Any]) -> dict[str, Any]:
    parts = zip(("catalog", "schema", "function"), policy["function"].split("."), strict=True)
    return {"function_name": {f"{kind}_name": name for kind, name in parts}}


def _time(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _history(context: Context, reader: StatementReader) -> Result:
    """One row a commit, newest first."""
    relation = target(context, reader.name())
    limit = reader.whole_number() if reader.accept("LIMIT") else None
    reader.end()
    columns = [
        ("version", "bigint"), ("timestamp", "timestamp"), ("userId", "string"),
        ("userName", "string"), ("operation", "string"),
        ("operationParameters", "map<string,string>"), ("job", "string"), ("notebook", "string"),
        ("clusterId", "string"), ("readVersion", "bigint"), ("isolationLevel", "string"),
        ("isBlindAppend", "boolean"), ("operationMetrics", "map<string,string>"),
        ("userMetadata", "string"), ("engineInfo", "string"),
    ]  # fmt: skip
    commits = [
        [
            commit["version"],
            dt.datetime.fromtimestamp(commit["timestamp"] / 1000, dt.UTC),
            None,
            "local",
            *_operation(relation, commit),
            None,
            None,
            None,
            commit.get("readVersion"),
            commit.get("isolationLevel"),
            commit.get("isBlindAppend"),
            _texts(commit.get("operationMetrics")),
            transactions.without_marks(commit.get("userMetadata") or "") or None,
            commit.get("engineInfo"),
        ]
        for commit in delta_tables.history(relation.path, limit)
    ]
    return rows(columns, commits)


def _operation(relation: Relation, commit: dict[str, Any]) -> tuple[Any, list[tuple[str, str]]]:
    """The name and the parameters of what a commit did."""
    clone = relation.clone_of
    if clone is not None and clone.version == commit["version"]:
        told = {
            "source": clone.source,
            "sourceVersion": clone.source_version,
            "isShallow": clone.is_shallow,
        }
        return "CLONE", _texts(told)
    parameters = _texts(commit.get("operationParameters"))
    return commit.get("operation"), [(k, transactions.without_marks(v)) for k, v in parameters]


def _texts(values: dict[str, Any] | None) -> list[tuple[str, str]]:
    """A map of texts as Arrow takes it."""
    return [(k, v if isinstance(v, str) else json.dumps(v)) for k, v in (values or {}).items()]


def _detail(context: Context, reader: StatementReader) -> Result:
    relation = target(context, reader.name())
    reader.end()
    with delta_tables.newest_table(relation.path) as table:
        files: Any = table.get_add_actions(flatten=True)
        protocol = table.protocol()
    features = sorted({*(protocol.reader_features or ()), *(protocol.writer_features or ())})
    sizes: list[int] = [size.as_py() for size in files.column("size_bytes")]
    columns = [
        ("format", "string"), ("id", "string"), ("name", "string"), ("description", "string"),
        ("location", "string"), ("createdAt", "timestamp"), ("lastModified", "timestamp"),
        ("partitionColumns", "array<string>"), ("clusteringColumns", "array<string>"),
        ("numFiles", "bigint"), ("sizeInBytes", "bigint"), ("properties", "map<string,string>"),
        ("minReaderVersion", "int"), ("minWriterVersion", "int"),
        ("tableFeatures", "array<string>"), ("statistics", "map<string,bigint>"),
        ("clusterByAuto", "boolean"),
    ]  # fmt: skip
    created = dt.datetime.fromtimestamp(relation.created_at, dt.UTC)
    altered = dt.datetime.fromtimestamp(relation.altered_at, dt.UTC)
    name = f"{relation.name.catalog}.{relation.name.schema}.{relation.name.table}"
    row = [
        "delta", relation.id, name, relation.comment, relation.location, created, altered,
        relation.partition_by, relation.cluster_by, len(sizes), sum(sizes),
        _texts(dict(relation.shown_properties)), protocol.min_reader_version,
        protocol.min_writer_version, features, [], relation.cluster_by_auto,
    ]  # fmt: skip
    return rows(columns, [row])


def _schema(context: Context, reader: StatementReader) -> Result:
    extended = reader.accept("EXTENDED")
    parts = reader.name()
    reader.end()
    catalog, name = schema_name(parts, context.session.catalog)
    schema = context.catalog.require_schema(catalog, name)
    columns = [("database_description_item", "string"), ("database_description_value", "string")]
    details = [
        ["Catalog Name", schema.catalog],
        ["Namespace Name", schema.name],
        ["Comment", schema.comment or ""],
        ["Location", ""],
        ["Owner", schema.owner],
    ]
    if extended:
        pairs = ", ".join(f"({key},{value})" for key, value in sorted(schema.properties.items()))
        details.append(["Properties", f"({pairs})" if pairs else ""])
    return rows(columns, details)
