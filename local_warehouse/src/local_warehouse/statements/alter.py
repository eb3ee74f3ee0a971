"""ALTER TABLE, VIEW and SCHEMA.

A statement is read to its end before anything changes: the functions here read a clause and return
the change that it asks for. Changes are made to a copy of the relation, which is then put into the
catalog. A change of columns or CHECK constraints commits to the table's log before that; if the
catalog cannot be written then, `local-warehouse doctor --repair` makes the two agree.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from local_warehouse import errors
from local_warehouse.catalog.locks import definition, schema_definition
from local_warehouse.catalog.model import Column, Relation, Schema
from local_warehouse.catalog.names import Name, check_new, full_name, schema_name
from local_warehouse.resolver.query import Query
from local_warehouse.rewrites.output_names import name_made
from local_warehouse.session.context import Context, require_table
from local_warehouse.sql.dialect import parse
from local_warehouse.statements import clustering, columns, table_properties
from local_warehouse.statements.constraints import (
    add_constraint,
    drop_constraint,
    read_constraint,
    set_not_null,
)
from local_warehouse.statements.policies import read_mask, read_row_filter
from local_warehouse.statements.reader import StatementReader
from local_warehouse.types.results import Result, nothing

Change = Callable[[], object]


def schema(context: Context, reader: StatementReader) -> Result:
    """What follows ALTER SCHEMA."""
    catalog, name = schema_name(reader.name(), context.session.catalog)
    with schema_definition(catalog, name):
        altered = context.catalog.require_schema(catalog, name).copy()
        change = _common(altered, reader)
        if change is None and reader.accept("SET", "DBPROPERTIES"):
            change = partial(altered.properties.update, reader.pairs())
        if change is None:
            raise reader.unsupported()
        reader.end()
        change()
        context.catalog.put_schema(altered)
    return nothing()


def table(context: Context, reader: StatementReader) -> Result:
    """What follows ALTER TABLE or ALTER VIEW."""
    name = full_name(reader.name(), context.session.namespace)
    if reader.accept("RENAME", "TO"):
        return _rename(context, name, reader)
    with definition(name):
        return _relation(context, context.relation(name).copy(), reader)


def _rename(context: Context, old: Name, reader: StatementReader) -> Result:
    new = full_name(reader.name(), (old.catalog, old.schema))
    check_new(new.table)
    reader.end()
    with definition(old, new):
        context.relation(old)
        context.catalog.rename_relation(old, new)
    return nothing()


def _relation(context: Context, relation: Relation, reader: StatementReader) -> Result:
    change = (
        _common(relation, reader)
        or _of_relation(context, relation, reader)
        or _of_table(context, require_table(relation), reader)
    )
    reader.end()
    change()
    context.catalog.put_relation(relation)
    return nothing()


def _common(securable: Schema | Relation | Column, reader: StatementReader) -> Change | None:
    """The changes that tables, views, schemas and columns have in common: of tags and owner."""
    if reader.accept("SET", "TAGS"):
        return partial(securable.tags.update, reader.pairs())
    if reader.accept("UNSET", "TAGS"):
        return partial(_remove, securable.tags, reader.pairs())
    is_owned = not isinstance(securable, Column)
    if is_owned and (reader.accept("SET", "OWNER", "TO") or reader.accept("OWNER", "TO")):
        return partial(setattr, securable, "owner", reader.take().text)
    return None


def _remove(entries: dict[str, str], keys: dict[str, str]) -> None:
    for key in keys:
        entries.pop(key, None)


def _of_relation(context: Context, relation: Relation, reader: StatementReader) -> Change | None:
    if reader.accept("SET", "TBLPROPERTIES"):
        properties = reader.pairs()
        if not relation.is_view:
            table_properties.check(properties)
        return partial(relation.properties.update, properties)
    if reader.accept("UNSET", "TBLPROPERTIES"):
        reader.accept("IF", "EXISTS")
        return partial(_remove, relation.properties, reader.pairs())
    if reader.accept("ALTER") or reader.accept("CHANGE"):
        reader.accept("COLUMN")
        return _of_column(context, relation, reader)
    if relation.is_view and reader.accept("AS"):
        return partial(_new_query, context, relation, reader.rest())
    return None


def _new_query(context: Context, view: Relation, text: str) -> None:
    """Give a view another query. The comments that it gave its columns are lost."""
    tree = parse(text)
    made = name_made(tree)
    with Query(context, tree, permanent=True, describes=True) as query:
        view.columns = query.described_columns()
        view.query_columns = query.names_of_star(view.columns)
        view.reads = query.reads
        query.check_acyclic(view.name)
    if made is not None:
        raise errors.view_without_alias(str(view.name), made)
    view.view_text, view.view_namespace = text, context.session.namespace


def _of_table(context: Context, relation: Relation, reader: StatementReader) -> Change:
    if reader.accept("ADD"):
        if reader.accept("COLUMNS") or reader.accept("COLUMN"):
            return columns.add(relation, reader)
        return partial(add_constraint, context, relation, read_constraint(reader))
    if reader.accept("DROP", "CONSTRAINT"):
        if_exists = reader.accept("IF", "EXISTS")
        name = reader.identifier()
        reader.accept_any("CASCADE", "RESTRICT")
        return partial(drop_constraint, relation, name, if_exists)
    if reader.accept("DROP", "PRIMARY", "KEY"):
        reader.accept("IF", "EXISTS")
        reader.accept_any("CASCADE", "RESTRICT")
        return partial(_drop_primary_key, relation)
    if reader.accept("CLUSTER", "BY"):
        return partial(clustering.alter, relation, clustering.read(reader))
    if reader.accept("SET", "ROW", "FILTER"):
        return partial(setattr, relation, "row_filter", read_row_filter(context, reader, relation))
    if reader.accept("DROP", "ROW", "FILTER"):
        return partial(setattr, relation, "row_filter", None)
    if reader.accept("DROP", "COLUMN") or reader.accept("DROP", "COLUMNS"):
        return columns.drop(context, relation, reader)
    if reader.accept("RENAME", "COLUMN"):
        return columns.rename(context, relation, reader)
    raise reader.unsupported()


def _drop_primary_key(relation: Relation) -> None:
    for key in [c for c in relation.constraints if c.kind == "PRIMARY KEY"]:
        drop_constraint(relation, key.name, True)


def _of_column(context: Context, relation: Relation, reader: StatementReader) -> Change:
    name = reader.identifier()
    column = relation.column(name)
    if column is None:
        raise errors.column_not_found(name, str(relation.name))
    change = _common(column, reader)
    if change is not None:
        return change
    if reader.accept("SET", "NOT", "NULL"):
        return partial(set_not_null, context, require_table(relation), name, True)
    if reader.accept("DROP", "NOT", "NULL"):
        return partial(set_not_null, context, require_table(relation), name, False)
    if reader.accept("COMMENT"):
        return partial(setattr, column, "comment", reader.string())
    if reader.accept("SET", "MASK"):
        return partial(setattr, column, "mask", read_mask(context, reader, relation))
    if reader.accept("DROP", "MASK"):
        return partial(setattr, column, "mask", None)
    if reader.sees("FIRST") or reader.sees("AFTER"):
        return partial(columns.move, require_table(relation), name, columns.read_place(reader))
    if reader.accept("TYPE"):
        return partial(columns.change_type, context, require_table(relation), name, reader.rest())
    raise errors.unsupported(f"ALTER COLUMN … {reader.rest()!r}")
