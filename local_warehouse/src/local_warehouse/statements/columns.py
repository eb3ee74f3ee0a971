"""Changes of a table's columns: ADD, DROP, RENAME, TYPE, FIRST and AFTER.

To add or move a column is a commit of metadata. The other changes rewrite the table in one commit;
on Databricks they are metadata too (column mapping, type widening), which the engine does not read.
The functions alter the relation that they get, and leave it to the caller to put it into the
catalog.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial

from sqlglot import exp

from local_warehouse import errors
from local_warehouse.catalog.model import Column, Relation
from local_warehouse.catalog.names import quoted
from local_warehouse.delta import tables as delta_tables
from local_warehouse.delta import transactions
from local_warehouse.session.context import Context
from local_warehouse.sql.dialect import parse
from local_warehouse.statements.reader import StatementReader
from local_warehouse.types.conversion import declared_type, from_delta, in_case, to_delta
from local_warehouse.types.decimals import decimal_of

_INVALID = frozenset(" ,;{}()\n\t=")
_WIDER = {
    "tinyint": ("smallint", "int", "bigint", "double"),
    "smallint": ("int", "bigint", "double"),
    "int": ("bigint", "double"),
    "float": ("double",),
}
_AFTER_TYPE = (",", "COMMENT", "AFTER", "FIRST", "NOT", "DEFAULT")

_NOT_KEPT = re.compile(r"\b(interval|geometry|geography|object)\b")


def add(relation: Relation, reader: StatementReader) -> Callable[[], None]:
    """ADD COLUMN[S] [IF NOT EXISTS] [(] name type [COMMENT text] [FIRST | AFTER name], … [)].
    A name with dots is that of a new field of a struct.

    Reads the clause, and returns the change.
    """
    if_not_exists = reader.accept("IF", "NOT", "EXISTS")
    in_parentheses = reader.accept("(")
    added: list[Column] = []
    fields: list[tuple[list[str], str]] = []  # of structs: the path and the type
    places: list[tuple[str, str | None]] = []
    while True:
        path = reader.name()
        name = path[-1]
        data_type = in_case(reader.data_type(*_AFTER_TYPE))
        column = new_column(name, data_type)
        if reader.sees("DEFAULT"):
            raise errors.SqlError(
                "WRONG_COLUMN_DEFAULTS_FOR_DELTA_ALTER_TABLE_ADD_COLUMN_NOT_SUPPORTED",
                "DEFAULT values are not supported when adding new columns to previously existing "
                "Delta tables; add the column without one, then write its values.",
            )
        if len(path) > 1:
            if reader.sees("COMMENT") or reader.sees("AFTER") or reader.sees("FIRST"):
                raise errors.unsupported("COMMENT, FIRST and AFTER of a struct's new field")
            if not _has_field(relation, path):
                fields.append((path, data_type))
            elif not if_not_exists:
                raise _already_there(relation, ".".join(path))
            if not reader.accept(","):
                break
            continue
        if reader.accept("COMMENT"):
            column.comment = reader.string()
        if reader.sees("NOT"):
            raise errors.unsupported("ADD COLUMN … NOT NULL")
        if reader.sees("AFTER") or reader.sees("FIRST"):
            places.append((name, read_place(reader)))
        if relation.column(name) is None:
            added.append(column)
        elif not if_not_exists:
            raise _already_there(relation, name)
        if not reader.accept(","):
            break
    if in_parentheses:
        reader.expect(")")

    def change() -> None:
        append(relation, added)
        for path, data_type in fields:
            _add_field(relation, path, data_type)
        for name, before in places:
            move(relation, name, before)

    return change


def _has_field(relation: Relation, path: list[str]) -> bool:
    """Whether a struct of the table has the field of a path. Raises SqlError where there is no such
    struct."""
    kind = to_delta(_require(relation, path[0]).type)
    for name in path[1:]:
        if not isinstance(kind, dict) or kind["type"] != "struct":
            raise errors.column_not_found(".".join(path), str(relation.name))
        found = _delta_field(kind, name)
        if found is None:
            if name is not path[-1]:
                raise errors.column_not_found(".".join(path), str(relation.name))
            return False
        kind = found["type"]
    return True


def _delta_field(struct: delta_tables.Field, name: str) -> delta_tables.Field | None:
    return next((f for f in struct["fields"] if f["name"].lower() == name.lower()), None)


def _add_field(relation: Relation, path: list[str], data_type: str) -> None:
    """Add a field to a struct of a table, by a commit of metadata."""

    def change(
        fields: list[delta_tables.Field], *, lengths: bool = False
    ) -> list[delta_tables.Field]:
        struct: delta_tables.Field = {"fields": fields}
        for name in path[:-1]:
            found = _delta_field(struct, name)
            if found is None:
                raise errors.column_not_found(".".join(path), str(relation.name))
            struct = found["type"]
        if _delta_field(struct, path[-1]) is None:
            kind = to_delta(data_type, lengths=lengths)
            field = {"name": path[-1], "type": kind, "nullable": True, "metadata": {}}
            struct["fields"].append(field)
        return fields

    changed = _require(relation, path[0])
    shown = [{"name": path[0], "type": to_delta(changed.shown_type, lengths=True)}]
    declared = from_delta(change(shown, lengths=True)[0]["type"])
    found, _ = delta_tables.change_schema(relation.path, change)
    _take(relation, found, relation.columns)
    changed = _require(relation, path[0])
    changed.declared = None if declared == changed.type else declared


def read_place(reader: StatementReader) -> str | None:
    """Read FIRST, for which this returns None, or AFTER and the name of a column."""
    if reader.accept("FIRST"):
        return None
    reader.expect("AFTER")
    return reader.identifier()


def move(relation: Relation, name: str, before: str | None) -> None:
    """Put a column behind the one `before` it, or first, by a commit of metadata."""
    moved = _require(relation, name)
    previous = None if before is None else _require(relation, before)
    columns = [column for column in relation.columns if column is not moved]
    columns.insert(0 if previous is None else columns.index(previous) + 1, moved)
    order = [column.name.lower() for column in columns]

    def change(fields: list[delta_tables.Field]) -> list[delta_tables.Field]:
        return sorted(fields, key=lambda field: order.index(field["name"].lower()))

    delta_tables.change_schema(relation.path, change)
    relation.columns = columns
    relation.generation += 1


def check_names(names: Iterable[str], properties: Mapping[str, str]) -> None:
    """Raise SqlError for names that a Delta table cannot have without column mapping.

    https://docs.databricks.com/aws/en/delta/column-mapping
    """
    if properties.get("delta.columnMapping.mode", "none").lower() != "none":
        return
    odd = [name for name in names if not _INVALID.isdisjoint(name)]
    if odd:
        raise errors.SqlError(
            "DELTA_INVALID_CHARACTERS_IN_COLUMN_NAMES",
            "Found invalid character(s) among ' ,;{}()\\n\\t=' in the column names of your schema. "
            f"Invalid column names: {', '.join(odd)}. Give them other names in the query, or "
            "enable column mapping: TBLPROPERTIES ('delta.columnMapping.mode' = 'name').",
        )


def check_types(types: Iterable[str]) -> None:
    """Raise SqlError for a type of which the engine keeps no column in a table."""
    for data_type in types:
        found = _NOT_KEPT.search(data_type.lower())
        if found is not None:
            raise errors.unsupported(f"a column of the type {data_type.upper()}")


def new_column(name: str, data_type: str) -> Column:
    """A column of a type as a statement declares it. Raises SqlError (UNSUPPORTED_DATATYPE)."""
    check_types([data_type])
    return Column(name, from_delta(to_delta(data_type)), declared=declared_type(data_type))


def append(relation: Relation, added: list[Column]) -> None:
    """Add columns at the end of a table by one commit of metadata. The caller has its turn."""
    check_names((column.name for column in added), relation.properties)

    def change(fields: list[delta_tables.Field]) -> list[delta_tables.Field]:
        present = {field["name"].lower() for field in fields}
        return fields + [
            {"name": c.name, "type": to_delta(c.type), "nullable": True, "metadata": {}}
            for c in added
            if c.name.lower() not in present
        ]

    found, _ = delta_tables.change_schema(relation.path, change)
    _take(relation, found, [*added, *relation.columns])


def read_again(context: Context, relation: Relation) -> None:
    """Put a table into the catalog with the columns of its log, after a commit that may have
    changed them. The caller has the table's turn."""
    found, relation.partition_by = delta_tables.columns(relation.path)
    _take(relation, found, relation.columns)
    context.catalog.put_relation(relation)


def _take(relation: Relation, found: list[Column], described: list[Column]) -> None:
    """Give a relation the columns of its log (`found`), with the comments, tags and masks of those
    that are `described`, which only the catalog knows."""
    known = {column.name.lower(): column for column in described}
    for column in found:
        if column.name.lower() in known:
            column.describe_as(known[column.name.lower()])
    relation.columns = found
    relation.cluster_by = [key for key in relation.cluster_by if relation.column(key)]
    relation.generation += 1


def drop(context: Context, relation: Relation, reader: StatementReader) -> Callable[[], None]:
    """DROP COLUMN[S] [IF EXISTS] {name | (name, …)}. Reads the clause, and returns the change."""
    if_exists = reader.accept("IF", "EXISTS")
    names = reader.names_in_parentheses() if reader.sees("(") else [reader.identifier()]
    while reader.accept(","):
        names.append(reader.identifier())
    dropped = {name.lower() for name in names}
    for name in names:
        if relation.column(name) is None and not if_exists:
            raise errors.column_not_found(name, str(relation.name))
        _check_independent(relation, name)
    kept = [(c, c.name) for c in relation.columns if c.name.lower() not in dropped]
    if not kept:
        message = f"Cannot drop the only columns of {relation.name}."
        raise errors.SqlError("DELTA_DROP_COLUMN_ON_SINGLE_FIELD_SCHEMA", message)
    for name in relation.partition_by:
        if name.lower() in dropped:
            message = f"Cannot drop {name}: {relation.name} is partitioned by it."
            raise errors.SqlError("DELTA_UNSUPPORTED_DROP_PARTITION_COLUMN", message)
    keys = [key for key in relation.cluster_by if key.lower() in dropped]
    if keys:
        message = (
            f"Dropping clustering columns ({', '.join(keys)}) is not supported. Take them out of "
            "the keys first: ALTER TABLE … CLUSTER BY."
        )
        raise errors.SqlError("DELTA_UNSUPPORTED_DROP_CLUSTERING_COLUMN", message)
    unchanged = len(kept) == len(relation.columns)
    return (lambda: None) if unchanged else partial(_rewrite, context, relation, kept)


def rename(context: Context, relation: Relation, reader: StatementReader) -> Callable[[], None]:
    """RENAME COLUMN old TO new. Reads the clause, and returns the change."""
    old = reader.identifier()
    reader.expect("TO")
    new = reader.identifier()
    column = _require(relation, old)
    if relation.column(new) not in (None, column):
        raise _already_there(relation, new)
    check_names([new], relation.properties)
    _check_independent(relation, old)
    kept = [(c, new if c is column else c.name) for c in relation.columns]
    return partial(_rewrite, context, relation, kept)


def change_type(context: Context, relation: Relation, name: str, data_type: str) -> None:
    """ALTER COLUMN name TYPE data_type; the new type must hold every value of the old.

    Raises SqlError (DELTA_UNSUPPORTED_ALTER_TABLE_CHANGE_COL_OP) if it does not.
    https://docs.databricks.com/aws/en/delta/type-widening
    """
    column = _require(relation, name)
    wanted = from_delta(to_delta(in_case(data_type)))
    if wanted == column.type:
        return
    if wanted not in _WIDER.get(column.type, ()) and not _is_wider_decimal(column.type, wanted):
        raise errors.SqlError(
            "DELTA_UNSUPPORTED_ALTER_TABLE_CHANGE_COL_OP",
            f"ALTER TABLE cannot change {name} from {column.type.upper()} to {wanted.upper()}, "
            "which is no wider type. Make the table again with CREATE OR REPLACE TABLE.",
        )
    _rewrite(context, relation, [(c, c.name) for c in relation.columns], {column.name: wanted})


def _is_wider_decimal(found: str, wanted: str) -> bool:
    old, new = decimal_of(found), decimal_of(wanted)
    return (
        old is not None
        and new is not None
        and wanted.startswith("decimal")
        and new.scale >= old.scale
        and new.precision - new.scale >= old.precision - old.scale
    )


def _require(relation: Relation, name: str) -> Column:
    column = relation.column(name)
    if column is None:
        raise errors.column_not_found(name, str(relation.name))
    return column


def _already_there(relation: Relation, name: str) -> errors.SqlError:
    message = f"Cannot add column {name}: {relation.name} already has it."
    return errors.SqlError("FIELD_ALREADY_EXISTS", message)


def _check_independent(relation: Relation, name: str) -> None:
    """Raise SqlError if a CHECK constraint, a row filter or another column's mask reads the column,
    which then cannot go or be renamed."""
    policies = [("row filter", relation.row_filter or {})]
    policies += [(f"mask of {c.name}", c.mask) for c in relation.columns if c.mask]
    for what, policy in policies:
        read_by_it = [*policy.get("columns", ()), *policy.get("using_columns", ())]
        if any(argument.lower() == name.lower() for argument in read_by_it):
            raise errors.SqlError(
                "DELTA_CONSTRAINT_DEPENDENT_COLUMN_CHANGE",
                f"Cannot alter column {name}: the {what} ({policy['function']}) reads it. Drop "
                "that first.",
            )
    for constraint in relation.constraints:
        if constraint.kind != "CHECK":
            continue
        read = parse(f"select {constraint.expression}").find_all(exp.Column)
        if any(column.name.lower() == name.lower() for column in read):
            raise errors.SqlError(
                "DELTA_CONSTRAINT_DEPENDENT_COLUMN_CHANGE",
                f"Cannot alter column {name}: the CHECK constraint {constraint.name} reads it.",
            )


def _rewrite(
    context: Context,
    relation: Relation,
    kept: list[tuple[Column, str]],
    types: dict[str, str] | None = None,
) -> None:
    """Rewrite the table with the columns that are `kept`, each with its perhaps new name, and with
    new `types` by their old names."""
    projections = ", ".join(
        f"{_cast(column, (types or {}).get(column.name))} as {quoted(name)}"
        for column, name in kept
    )
    table = quoted(context.engine.name_of(relation))
    renamed = {column.name.lower(): name for column, name in kept}
    partition_by = [renamed[name.lower()] for name in relation.partition_by]
    query = f"select {projections} from {table}"
    new = [Column(name, (types or {}).get(column.name, column.type)) for column, name in kept]
    transactions.commit(
        relation,
        lambda mark: context.engine.overwrite(query, relation.path, new, partition_by, mark),
        rewrites=True,
    )
    nullable = {name: column.nullable for column, name in kept}
    found, relation.partition_by = delta_tables.settle(relation.path, nullable)
    for (column, name), written in zip(kept, found, strict=True):
        if column.type != written.type:
            column.type, column.declared = written.type, None
        column.name = name
    relation.columns = [column for column, _ in kept]
    relation.cluster_by = [renamed[key.lower()] for key in relation.cluster_by]
    relation.generation += 1


def _cast(column: Column, data_type: str | None) -> str:
    """The SQL of a column, perhaps in another type, that the engine writes NOT NULL if it is so.

    The engine takes some casts for nullable ones; the value that `coalesce` has for NULL is never
    used.
    """
    name = quoted(column.name)
    if data_type is None:
        return name
    cast = f"cast({name} as {data_type})"
    if column.nullable:
        return cast
    return f"coalesce({cast}, cast(0 as {data_type}))"
