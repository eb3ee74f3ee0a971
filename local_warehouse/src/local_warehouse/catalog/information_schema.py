"""information_schema: the catalog as tables, with the columns that Databricks documents.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-information-schema
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pyarrow as pa

from local_warehouse import errors
from local_warehouse.catalog.model import Relation
from local_warehouse.catalog.store import Catalog
from local_warehouse.types.results import arrow_table

Row = Sequence[Any]
Rows = Iterator[Row]


def table(catalog: Catalog, name: str, only: str | None) -> pa.Table:
    """The rows of one table of information_schema: those of the catalog `only`, or of all.

    Raises SqlError (TABLE_OR_VIEW_NOT_FOUND) for a table that is not there.
    """
    if name not in _TABLES:
        raise errors.table_not_found(f"information_schema.{name}")
    columns, rows = _TABLES[name]
    return arrow_table(
        [tuple(column.split(":")) for column in columns.split()],  # type: ignore[misc]
        rows(catalog, only),
    )


def _time(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def _name(relation: Relation) -> tuple[str, str, str]:
    return relation.name.catalog, relation.name.schema, relation.name.table


def _catalogs(catalog: Catalog, only: str | None) -> Rows:
    for name in catalog.catalogs():
        if only in (None, name):
            yield name, "local", catalog.catalog_comment(name)


def _schemata(catalog: Catalog, only: str | None) -> Rows:
    for schema in catalog.schemas(only):
        yield schema.catalog, schema.name, schema.owner, schema.comment


def _tables(catalog: Catalog, only: str | None) -> Rows:
    for relation in catalog.relations(only):
        yield (
            *_name(relation), relation.kind, "NO" if relation.is_view else "YES", relation.owner,
            relation.comment, _time(relation.created_at), relation.owner,
            _time(relation.altered_at), relation.owner,
            "UNKNOWN_DATA_SOURCE_FORMAT" if relation.is_view else "DELTA", relation.location,
        )  # fmt: skip


def _views(catalog: Catalog, only: str | None) -> Rows:
    for relation in catalog.relations(only):
        if relation.is_view:
            yield *_name(relation), relation.view_text, "NONE", "NO", "NO"


def _columns(catalog: Catalog, only: str | None) -> Rows:
    for relation in catalog.relations(only):
        for position, column in enumerate(relation.columns):
            yield (
                *_name(relation), column.name, position, None, "YES" if column.nullable else "NO",
                column.type, column.type.partition("<")[0].partition("(")[0].upper(),
                column.comment,
            )  # fmt: skip


def _table_constraints(catalog: Catalog, only: str | None) -> Rows:
    for relation in catalog.relations(only):
        for constraint in relation.constraints:
            yield *_name(relation)[:2], constraint.name, *_name(relation), constraint.kind, "NO"


def _key_column_usage(catalog: Catalog, only: str | None) -> Rows:
    for relation in catalog.relations(only):
        for constraint in relation.constraints:
            if constraint.kind == "CHECK":
                continue
            foreign = constraint.kind == "FOREIGN KEY"
            for position, column in enumerate(constraint.columns, start=1):
                yield (
                    *_name(relation)[:2], constraint.name, *_name(relation), column, position,
                    position if foreign else None,
                )  # fmt: skip


def _referential_constraints(catalog: Catalog, only: str | None) -> Rows:
    primary: dict[tuple[str, ...], str] = {
        _name(relation): constraint.name
        for relation in catalog.relations()
        for constraint in relation.constraints
        if constraint.kind == "PRIMARY KEY"
    }
    for relation in catalog.relations(only):
        for constraint in relation.constraints:
            target = tuple(constraint.references)  # catalog, schema, table
            if constraint.kind == "FOREIGN KEY" and target in primary:
                yield (
                    *_name(relation)[:2], constraint.name, *target[:2], primary[target],
                    "NONE", "NO ACTION", "NO ACTION",
                )  # fmt: skip


def _table_tags(catalog: Catalog, only: str | None) -> Rows:
    for relation in catalog.relations(only):
        for tag, value in relation.tags.items():
            yield *_name(relation), tag, value


def _column_tags(catalog: Catalog, only: str | None) -> Rows:
    for relation in catalog.relations(only):
        for column in relation.columns:
            for tag, value in column.tags.items():
                yield *_name(relation), column.name, tag, value


def _schema_tags(catalog: Catalog, only: str | None) -> Rows:
    for schema in catalog.schemas(only):
        for tag, value in schema.tags.items():
            yield schema.catalog, schema.name, tag, value


def _column_masks(catalog: Catalog, only: str | None) -> Rows:
    for relation in catalog.relations(only):
        for column in relation.columns:
            if column.mask:
                using = ",".join(column.mask.get("using_columns") or ())
                yield *_name(relation), column.name, column.mask["function"], using


def _row_filters(catalog: Catalog, only: str | None) -> Rows:
    for relation in catalog.relations(only):
        if relation.row_filter:
            columns = ",".join(relation.row_filter["columns"])
            yield *_name(relation), relation.row_filter["function"], columns


def _routines(catalog: Catalog, only: str | None) -> Rows:
    for function in catalog.functions(only):
        name = (function.name.catalog, function.name.schema, function.name.table)
        returns = function.returns
        yield (
            *name, *name, "FUNCTION", returns.partition("<")[0].partition("(")[0].upper(), returns,
            "SQL", function.body, function.owner, function.comment, _time(function.created_at),
        )  # fmt: skip


def _parameters(catalog: Catalog, only: str | None) -> Rows:
    for function in catalog.functions(only):
        name = (function.name.catalog, function.name.schema, function.name.table)
        for position, parameter in enumerate(function.parameters):
            yield (
                *name, position, "IN", parameter.name, parameter.type,
                parameter.type.partition("<")[0].partition("(")[0].upper(), parameter.default,
                parameter.comment,
            )  # fmt: skip


_SPECIFIC = "specific_catalog:string specific_schema:string specific_name:string "
_RELATION = "table_catalog:string table_schema:string table_name:string "
_TAGGED = "catalog_name:string schema_name:string table_name:string "
_CONSTRAINT = "constraint_catalog:string constraint_schema:string constraint_name:string "
_TABLES: dict[str, tuple[str, Callable[[Catalog, str | None], Rows]]] = {
    "catalogs": ("catalog_name:string catalog_owner:string comment:string", _catalogs),
    "schemata": (
        "catalog_name:string schema_name:string schema_owner:string comment:string",
        _schemata,
    ),
    "tables": (
        _RELATION + "table_type:string is_insertable_into:string table_owner:string "
        "comment:string created:timestamp created_by:string last_altered:timestamp "
        "last_altered_by:string data_source_format:string storage_path:string",
        _tables,
    ),
    "views": (
        _RELATION + "view_definition:string check_option:string is_updatable:string "
        "is_insertable_into:string",
        _views,
    ),
    "columns": (
        _RELATION + "column_name:string ordinal_position:int column_default:string "
        "is_nullable:string full_data_type:string data_type:string comment:string",
        _columns,
    ),
    "table_constraints": (
        _CONSTRAINT + _RELATION + "constraint_type:string enforced:string",
        _table_constraints,
    ),
    "key_column_usage": (
        _CONSTRAINT + _RELATION + "column_name:string ordinal_position:int "
        "position_in_unique_constraint:int",
        _key_column_usage,
    ),
    "referential_constraints": (
        _CONSTRAINT + "unique_constraint_catalog:string unique_constraint_schema:string "
        "unique_constraint_name:string match_option:string update_rule:string "
        "delete_rule:string",
        _referential_constraints,
    ),
    "routines": (
        _SPECIFIC + "routine_catalog:string routine_schema:string routine_name:string "
        "routine_type:string data_type:string full_data_type:string routine_body:string "
        "routine_definition:string routine_owner:string comment:string created:timestamp",
        _routines,
    ),
    "parameters": (
        _SPECIFIC + "ordinal_position:int parameter_mode:string parameter_name:string "
        "full_data_type:string data_type:string parameter_default:string comment:string",
        _parameters,
    ),
    "table_tags": (_TAGGED + "tag_name:string tag_value:string", _table_tags),
    "column_tags": (_TAGGED + "column_name:string tag_name:string tag_value:string", _column_tags),
    "schema_tags": (
        "catalog_name:string schema_name:string tag_name:string tag_value:string",
        _schema_tags,
    ),
    "column_masks": (
        _RELATION + "column_name:string mask_name:string using_columns:string",
        _column_masks,
    ),
    "row_filters": (_RELATION + "filter_name:string target_columns:string", _row_filters),
}
