"""ALTER TABLE, VIEW and SCHEMA."""

from __future__ import annotations

import json

from local_warehouse import errors
from local_warehouse.catalog.model import Relation
from local_warehouse.context import Context
from local_warehouse.queries import Query, require_table
from local_warehouse.results import Result, nothing
from local_warehouse.sessions import full_name
from local_warehouse.statements import columns
from local_warehouse.statements.constraints import (
    add_constraint,
    drop_constraint,
    read_constraint,
    set_not_null,
)
from local_warehouse.statements.create import read_mask
from local_warehouse.statements.reader import StatementReader


def schema(context: Context, reader: StatementReader) -> Result:
    parts = reader.name()
    catalog, name = parts if len(parts) == 2 else (context.session.catalog, parts[0])
    found = context.catalog.require_schema(catalog, name)
    if reader.accept("SET", "TAGS"):
        found.tags |= reader.pairs()
    elif reader.accept("UNSET", "TAGS"):
        for tag in reader.pairs():
            found.tags.pop(tag, None)
    elif reader.accept("SET", "DBPROPERTIES"):
        found.properties |= reader.pairs()
    elif reader.accept("SET", "OWNER", "TO") or reader.accept("OWNER", "TO"):
        found.owner = reader.take().text
    else:
        raise reader.unsupported()
    reader.end()
    context.catalog.put_schema(found)
    return nothing()


def table(context: Context, reader: StatementReader) -> Result:
    relation = context.relation(full_name(reader.name(), context.session.namespace))
    if reader.accept("SET", "TAGS"):
        relation.tags |= reader.pairs()
    elif reader.accept("UNSET", "TAGS"):
        for tag in reader.pairs():
            relation.tags.pop(tag, None)
    elif reader.accept("SET", "TBLPROPERTIES"):
        relation.properties |= reader.pairs()
    elif reader.accept("UNSET", "TBLPROPERTIES"):
        reader.accept("IF", "EXISTS")
        for key in reader.pairs():
            relation.properties.pop(key, None)
    elif reader.accept("SET", "OWNER", "TO") or reader.accept("OWNER", "TO"):
        relation.owner = reader.take().text
    elif reader.accept("RENAME", "TO"):
        _rename(context, relation, reader.name())
        return nothing()
    elif reader.accept("AS"):
        _new_query(context, relation, reader.rest())
        return nothing()
    elif reader.accept("ALTER") or reader.accept("CHANGE"):
        reader.accept("COLUMN")
        _column(context, relation, reader)
    else:
        _table_only(context, require_table(relation), reader)
    reader.end()
    context.catalog.put_relation(relation)
    return nothing()


def _rename(context: Context, relation: Relation, parts: list[str]) -> None:
    namespace = (relation.name.catalog, relation.name.schema)
    context.catalog.rename_relation(relation, full_name(parts, namespace))


def _new_query(context: Context, relation: Relation, text: str) -> None:
    """ALTER VIEW … AS query: the comments of its columns go with the old query."""
    with Query(context, text) as query:
        relation.columns = query.columns()
        relation.query_columns = query.names_of_star(relation.columns)
    relation.view_text, relation.view_namespace = text, context.session.namespace
    context.catalog.put_relation(relation)


def _table_only(context: Context, relation: Relation, reader: StatementReader) -> None:
    if reader.accept("ADD"):
        if reader.accept("COLUMNS") or reader.accept("COLUMN"):
            columns.add(relation, reader)
        else:
            add_constraint(context, relation, read_constraint(reader))
    elif reader.accept("DROP", "CONSTRAINT"):
        if_exists = reader.accept("IF", "EXISTS")
        drop_constraint(context, relation, reader.identifier(), if_exists)
        reader.accept_any("CASCADE", "RESTRICT")
    elif reader.accept("DROP", "PRIMARY", "KEY"):
        reader.accept("IF", "EXISTS")
        reader.accept_any("CASCADE", "RESTRICT")
        for key in [c for c in relation.constraints if c.kind == "PRIMARY KEY"]:
            drop_constraint(context, relation, key.name, True)
    elif reader.accept("CLUSTER", "BY"):
        if reader.accept_any("AUTO", "NONE"):
            relation.cluster_by = []
        else:
            relation.cluster_by = reader.names_in_parentheses()
    elif reader.accept("SET", "ROW", "FILTER"):
        function = ".".join(reader.name())
        reader.expect("ON")
        relation.row_filter = {"function": function, "columns": reader.names_in_parentheses()}
    elif reader.accept("DROP", "ROW", "FILTER"):
        relation.row_filter = None
    elif reader.accept("DROP", "COLUMN") or reader.accept("DROP", "COLUMNS"):
        columns.drop(context, relation, reader)
    elif reader.accept("RENAME", "COLUMN"):
        columns.rename(context, relation, reader)
    else:
        raise reader.unsupported()


def _column(context: Context, relation: Relation, reader: StatementReader) -> None:
    name = reader.identifier()
    column = relation.column(name)
    if column is None:
        raise errors.column_not_found(name, str(relation.name))
    if reader.accept("SET", "NOT", "NULL"):
        set_not_null(context, require_table(relation), name, True)
    elif reader.accept("DROP", "NOT", "NULL"):
        set_not_null(context, require_table(relation), name, False)
    elif reader.accept("COMMENT"):
        column.comment = reader.string()
    elif reader.accept("SET", "TAGS"):
        column.tags |= reader.pairs()
    elif reader.accept("UNSET", "TAGS"):
        for tag in reader.pairs():
            column.tags.pop(tag, None)
    elif reader.accept("SET", "MASK"):
        column.mask = read_mask(reader)
    elif reader.accept("DROP", "MASK"):
        column.mask = None
    elif reader.sees("FIRST") or reader.sees("AFTER"):
        columns.move(require_table(relation), name, columns.read_place(reader))
    elif reader.accept("TYPE"):
        columns.change_type(context, require_table(relation), name, reader.rest())
    else:
        raise errors.unsupported(f"ALTER COLUMN … {json.dumps(reader.rest())}")
