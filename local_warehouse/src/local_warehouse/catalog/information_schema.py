"""information_schema: the catalog as tables, with the columns that Databricks documents.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-information-schema
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from local_warehouse import errors
from local_warehouse.catalog.model import Column, Constraint, Relation, Schema
from local_warehouse.catalog.names import Name
from local_warehouse.catalog.store import Catalog
from local_warehouse.types.conversion import to_arrow
from local_warehouse.types.decimals import decimal_of
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
    given = [column for column in columns if column.constant is _GIVEN]
    found = arrow_table([(column.name, column.type) for column in given], rows(catalog, only))
    for position, column in enumerate(columns):
        if column.constant is not _GIVEN:
            value = pa.scalar(column.constant, to_arrow(column.type))
            values = pa.repeat(value, found.num_rows)
            found = found.add_column(position, pa.field(column.name, value.type), values)
    return found


def relations(catalog: str) -> list[Relation]:
    """The tables of a catalog's information_schema, as the views that they are on Databricks."""
    return [
        Relation(
            Name(catalog, "information_schema", name),
            "VIEW",
            columns=columns_of(name),
            owner="System user",
            created_at=0,
            altered_at=0,
        )
        for name in sorted(_TABLES)
    ]


def columns_of(table: str) -> list[Column]:
    """The columns of a table of information_schema, which there is."""
    return [Column(column.name, column.type) for column in _TABLES[table][0]]


def with_its_own(catalog: Catalog, name: str) -> list[Schema]:
    """The schemas of a catalog, with its information_schema."""
    own = Schema(name, "information_schema", owner="System user")
    return sorted([*catalog.schemas(name), own], key=lambda schema: schema.name)


def _all_relations(catalog: Catalog, only: str | None) -> Iterator[Relation]:
    """The relations of a catalog, or of all, with those of information_schema."""
    yield from catalog.relations(only)
    for name in catalog.catalogs():
        if only in (None, name):
            yield from relations(name)


def _time(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(seconds, dt.UTC)


def _name(relation: Relation) -> tuple[str, str, str]:
    return relation.name.catalog, relation.name.schema, relation.name.table


def _catalogs(catalog: Catalog, only: str | None) -> Rows:
    for name in catalog.catalogs():
        if only in (None, name):
            yield name, catalog.catalog_comment(name)


def _schemata(catalog: Catalog, only: str | None) -> Rows:
    for name in catalog.catalogs():
        if only in (None, name):
            for schema in with_its_own(catalog, name):
                yield schema.catalog, schema.name, schema.owner, schema.comment, schema.owner


def _tables(catalog: Catalog, only: str | None) -> Rows:
    for relation in _all_relations(catalog, only):
        yield (
            *_name(relation), relation.shown_kind, "NO" if relation.is_view else "YES",
            relation.owner, relation.comment, _time(relation.created_at), relation.owner,
            _time(relation.altered_at), relation.owner,
            "UNKNOWN_DATA_SOURCE_FORMAT" if relation.is_view else "DELTA", relation.location,
        )  # fmt: skip


def _views(catalog: Catalog, only: str | None) -> Rows:
    for relation in catalog.relations(only):
        if relation.is_view:
            yield *_name(relation), relation.view_text


def _columns(catalog: Catalog, only: str | None) -> Rows:
    for relation in _all_relations(catalog, only):
        partitions = {name.lower(): i for i, name in enumerate(relation.partition_by, start=1)}
        for position, column in enumerate(relation.columns):
            kind = _kind(column.shown_type)
            yield (
                *_name(relation), column.name, position, "YES" if column.nullable else "NO",
                column.shown_type, kind, *_numbers(kind, column.type), _DATETIMES.get(kind),
                "NO" if relation.is_view else "YES", partitions.get(column.name.lower()),
                column.comment,
            )  # fmt: skip


def _kind(ddl_type: str) -> str:
    return ddl_type.partition("<")[0].partition("(")[0].upper()


_BITS = {"TINYINT": 8, "SMALLINT": 16, "INT": 32, "BIGINT": 64, "FLOAT": 24, "DOUBLE": 53}
_DATETIMES = {"DATE": 0, "TIMESTAMP": 3, "TIMESTAMP_NTZ": 3}


def _numbers(kind: str, ddl_type: str) -> tuple[int | None, int | None, int | None]:
    """The precision, its radix and the scale of a type of numbers."""
    number = decimal_of(ddl_type)
    if kind == "DECIMAL" and number is not None:
        return number.precision, 10, number.scale
    if kind not in _BITS:
        return None, None, None
    return _BITS[kind], 2, None if kind in ("FLOAT", "DOUBLE") else 0


def _table_constraints(catalog: Catalog, only: str | None) -> Rows:
    for relation in catalog.relations(only):
        for constraint in relation.constraints:
            enforced = "YES" if constraint.kind == "CHECK" else "NO"
            yield *_name(relation)[:2], constraint.name, *_name(relation), constraint.kind, enforced


def _check_constraints(catalog: Catalog, only: str | None) -> Rows:
    for relation in catalog.relations(only):
        for constraint in relation.constraints:
            if constraint.kind == "CHECK":
                yield *_name(relation)[:2], constraint.name, constraint.expression


def _constraint_table_usage(catalog: Catalog, only: str | None) -> Rows:
    for relation in catalog.relations(only):
        for constraint in relation.constraints:
            yield *_referenced(relation, constraint), *_name(relation)[:2], constraint.name


def _constraint_column_usage(catalog: Catalog, only: str | None) -> Rows:
    for relation in catalog.relations(only):
        for constraint in relation.constraints:
            referenced = _referenced(relation, constraint)
            for column in constraint.reference_columns or constraint.columns:
                yield *referenced, column, *_name(relation)[:2], constraint.name


def _referenced(relation: Relation, constraint: Constraint) -> tuple[str, ...]:
    """The table that a constraint uses: of a foreign key the one that it refers to."""
    return tuple(constraint.references) or _name(relation)


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
            *name, *name, _kind(returns), returns, *_numbers(_kind(returns), returns),
            function.body, function.owner, function.comment, _time(function.created_at),
            _time(function.created_at),
        )  # fmt: skip


def _parameters(catalog: Catalog, only: str | None) -> Rows:
    for function in catalog.functions(only):
        name = (function.name.catalog, function.name.schema, function.name.table)
        for position, parameter in enumerate(function.parameters):
            yield (
                *name, position, parameter.name, parameter.type, _kind(parameter.type),
                *_numbers(_kind(parameter.type), parameter.type), parameter.default,
                parameter.comment,
            )  # fmt: skip


@dataclass(frozen=True)
class _Column:
    """A column: its values are those of the rows, or one that all rows have."""

    name: str
    type: str
    constant: object


_GIVEN = object()


def _columns_of(*texts: str) -> list[_Column]:
    """Columns from texts such as "a,b:int c:string=YES d:int=": without a type they are strings,
    and what follows the = is the value of all rows, nothing being NULL."""
    found = []
    for text in " ".join(texts).split():
        described, has_constant, constant = text.partition("=")
        names, _, data_type = described.partition(":")
        value = (constant or None) if has_constant else _GIVEN
        found += [_Column(name, data_type or "string", value) for name in names.split(",")]
    return found


_SPECIFIC = "specific_catalog,specific_schema,specific_name"
_RELATION = "table_catalog,table_schema,table_name"
_TAGGED = "catalog_name,schema_name,table_name"
_CONSTRAINT = "constraint_catalog,constraint_schema,constraint_name"
_LENGTHS = "character_maximum_length:int= character_octet_length="
_PRECISION = "numeric_precision,numeric_precision_radix,numeric_scale:int"
_INTERVAL = "interval_type= interval_precision,maximum_cardinality:int="
_NO_TIMES = "created:timestamp= created_by=local last_altered:timestamp= last_altered_by=local"
_TABLES: dict[str, tuple[list[_Column], Callable[[Catalog, str | None], Rows]]] = {
    "catalogs": (_columns_of("catalog_name catalog_owner=local comment", _NO_TIMES), _catalogs),
    "schemata": (
        _columns_of(
            "catalog_name,schema_name,schema_owner,comment created:timestamp= created_by",
            "last_altered:timestamp= last_altered_by=local",
        ),
        _schemata,
    ),
    "tables": (
        _columns_of(
            _RELATION, "table_type,is_insertable_into commit_action=PRESERVE table_owner,comment",
            "created:timestamp created_by last_altered:timestamp last_altered_by",
            "data_source_format storage_sub_directory= storage_path",
        ),
        _tables,
    ),
    "views": (
        _columns_of(
            _RELATION, "view_definition check_option=NONE is_updatable,is_insertable_into=NO",
            "sql_path= is_materialized=NO",
        ),
        _views,
    ),
    "columns": (
        _columns_of(
            _RELATION, "column_name ordinal_position:int column_default= is_nullable",
            "full_data_type,data_type", _LENGTHS, _PRECISION, "datetime_precision:int", _INTERVAL,
            "is_identity=NO identity_generation,identity_start,identity_increment=",
            "identity_maximum,identity_minimum,identity_cycle= is_generated=NEVER",
            "generation_expression= is_system_time_period_start,is_system_time_period_end=NO",
            "system_time_period_timestamp_generation= is_updatable partition_ordinal_position:int",
            "comment",
        ),
        _columns,
    ),
    "table_constraints": (
        _columns_of(
            _CONSTRAINT, _RELATION, "constraint_type is_deferrable,initially_deferred=NO enforced",
            "comment=",
        ),
        _table_constraints,
    ),
    "check_constraints": (
        _columns_of(_CONSTRAINT, "check_clause sql_path="),
        _check_constraints,
    ),
    "constraint_table_usage": (_columns_of(_RELATION, _CONSTRAINT), _constraint_table_usage),
    "constraint_column_usage": (
        _columns_of(_RELATION, "column_name", _CONSTRAINT),
        _constraint_column_usage,
    ),
    "key_column_usage": (
        _columns_of(
            _CONSTRAINT, _RELATION, "column_name",
            "ordinal_position,position_in_unique_constraint:int",
        ),
        _key_column_usage,
    ),
    "referential_constraints": (
        _columns_of(
            _CONSTRAINT, "unique_constraint_catalog,unique_constraint_schema",
            "unique_constraint_name,match_option,update_rule,delete_rule",
        ),
        _referential_constraints,
    ),
    "routines": (
        _columns_of(
            _SPECIFIC, "routine_catalog,routine_schema,routine_name routine_type=FUNCTION",
            "data_type,full_data_type", _LENGTHS, _PRECISION, "datetime_precision:int=", _INTERVAL,
            "routine_body=SQL routine_definition external_name,external_language=",
            "parameter_style=SQL is_deterministic=YES sql_data_access=CONTAINS_SQL",
            "is_null_call=YES security_type=DEFINER as_locator=NO sql_path= routine_owner comment",
            "created:timestamp created_by=local last_altered:timestamp last_altered_by=local",
        ),
        _routines,
    ),
    "parameters": (
        _columns_of(
            _SPECIFIC, "ordinal_position:int parameter_mode=IN is_result,as_locator=NO",
            "parameter_name,full_data_type,data_type", _LENGTHS, _PRECISION,
            "datetime_precision:int=", _INTERVAL, "parameter_default,comment",
        ),
        _parameters,
    ),
    "table_tags": (_columns_of(_TAGGED, "tag_name,tag_value"), _table_tags),
    "column_tags": (_columns_of(_TAGGED, "column_name,tag_name,tag_value"), _column_tags),
    "schema_tags": (_columns_of("catalog_name,schema_name,tag_name,tag_value"), _schema_tags),
    "column_masks": (_columns_of(_RELATION, "column_name,mask_name,using_columns"), _column_masks),
    "row_filters": (_columns_of(_RELATION, "filter_name,target_columns"), _row_filters),
}  # fmt: skip
