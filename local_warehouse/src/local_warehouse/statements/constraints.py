"""Constraints: CHECK and NOT NULL are enforced, keys are recorded (as on Databricks)."""

from __future__ import annotations

import uuid

from deltalake import DeltaTable
from sqlglot import exp

from local_warehouse import errors
from local_warehouse.catalog.model import Column, Constraint, Relation
from local_warehouse.catalog.names import full_name, quoted
from local_warehouse.delta import tables as delta_tables
from local_warehouse.delta import transactions
from local_warehouse.rewrites.lateral_generators import GENERATORS
from local_warehouse.rewrites.mixed_numbers import (
    KnownColumns,
    compared_values,
    mixed_comparisons,
)
from local_warehouse.rewrites.scopes import is_random
from local_warehouse.rewrites.signatures import name_of
from local_warehouse.session.context import Context
from local_warehouse.sql.dialect import normal_form, parse, render
from local_warehouse.sql.walk import nodes, of_kind
from local_warehouse.statements.reader import StatementReader


def read_constraint(reader: StatementReader, column: str | None = None) -> Constraint:
    """[CONSTRAINT name] {CHECK (…) | PRIMARY KEY (…) | FOREIGN KEY (…) REFERENCES t (…)}."""
    name = reader.identifier() if reader.accept("CONSTRAINT") else f"constraint_{uuid.uuid4().hex}"
    if reader.accept("CHECK"):
        constraint = Constraint(name, "CHECK", expression=reader.parenthesised().strip())
    elif reader.accept("PRIMARY", "KEY"):
        columns = [column] if column and not reader.sees("(") else _key_columns(reader)
        constraint = Constraint(name, "PRIMARY KEY", columns)
    elif reader.accept("FOREIGN", "KEY"):
        columns = reader.names_in_parentheses()
        reader.expect("REFERENCES")
        constraint = Constraint(name, "FOREIGN KEY", columns, references=reader.name())
        if reader.sees("("):
            constraint.reference_columns = reader.names_in_parentheses()
    else:
        raise reader.error("expected CHECK, PRIMARY KEY or FOREIGN KEY")
    while words := reader.accept_any("NOT", "ENFORCED", "DEFERRABLE", "INITIALLY", "DEFERRED",
                                     "NORELY", "RELY"):  # fmt: skip
        constraint.rely |= words == "RELY"
    return constraint


def _key_columns(reader: StatementReader) -> list[str]:
    reader.expect("(")
    columns = [reader.identifier()]
    reader.accept("TIMESERIES")
    while reader.accept(","):
        columns.append(reader.identifier())
        reader.accept("TIMESERIES")
    reader.expect(")")
    return columns


def add_constraint(context: Context, relation: Relation, constraint: Constraint) -> None:
    """Add a constraint to a relation, which the caller puts into the catalog.

    A CHECK is committed to the table's log; it must hold for all rows. A foreign key must refer to
    a table with a primary key. Raises SqlError if a condition is not met.
    """
    if any(c.name.lower() == constraint.name.lower() for c in relation.constraints):
        raise errors.SqlError(
            "DELTA_CONSTRAINT_ALREADY_EXISTS",
            f"Constraint '{constraint.name}' already exists on {relation.name}.",
        )
    for column in constraint.columns:
        if relation.column(column) is None:
            raise errors.column_not_found(column, str(relation.name))
    if constraint.kind == "PRIMARY KEY":
        _check_primary_key(relation, constraint)
    if constraint.kind == "CHECK":
        _add_check(context, relation, constraint)
    elif constraint.kind == "FOREIGN KEY":
        target = full_name(constraint.references, relation_namespace(relation))
        referenced = relation if target == relation.name else context.relation(target)
        keys = [c for c in referenced.constraints if c.kind == "PRIMARY KEY"]
        if not keys:
            raise errors.SqlError(
                "UC_INVALID_FOREIGN_KEY", f"{target} has no primary key to refer to."
            )
        constraint.references = [target.catalog, target.schema, target.table]
        constraint.reference_columns = constraint.reference_columns or list(keys[0].columns)
    relation.constraints.append(constraint)


def _check_primary_key(relation: Relation, key: Constraint) -> None:
    """Raise SqlError where a table has a primary key, or a column of the key may be NULL.

    https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-create-table-constraint
    """
    if any(one.kind == "PRIMARY KEY" for one in relation.constraints):
        raise errors.SqlError("UC_INVALID_PRIMARY_KEY", f"{relation.name} has a primary key.")
    nullable = [one.name for one in map(relation.column, key.columns) if one and one.nullable]
    if nullable:
        raise errors.SqlError(
            "UC_INVALID_PRIMARY_KEY",
            f"Cannot create the primary key `{key.name}` because its child column(s)"
            f" {', '.join(map(quoted, nullable))} is nullable. Please change the column nullability"
            " and retry.",
        )


def relation_namespace(relation: Relation) -> tuple[str, str]:
    """The catalog and schema of a relation, which complete the names in its definition."""
    return relation.name.catalog, relation.name.schema


def _add_check(context: Context, relation: Relation, constraint: Constraint) -> None:
    engine = context.engine
    expression = constraint.expression or ""
    check_condition(expression, relation.columns)
    there = delta_tables.constraints(relation.path).get(constraint.name.lower())
    if there is not None and normal_form(there) == normal_form(expression):
        return  # the table was created with it
    snapshot = engine.snapshot_of(relation)
    where = f"where not ({constraint.expression})"
    broken = engine.count(f"select count(*) from {quoted(snapshot.name)} {where}")
    if broken:
        raise errors.SqlError(
            "DELTA_NEW_CHECK_CONSTRAINT_VIOLATION",
            f"{broken} rows in {relation.name} violate the new CHECK constraint "
            f"({constraint.expression}).",
        )
    table, name = quoted(engine.name_of(relation)), quoted(constraint.name)
    engine.run(f"alter table {table} add constraint {name} check ({constraint.expression})")
    with delta_tables.newest_table(relation.path) as changed:
        delta_tables.checkpoint(changed)


def check_condition(expression: str, columns: list[Column]) -> None:
    """Raise SqlError for a CHECK with a subquery, random values or a generator, and for one that
    compares a DECIMAL with a DOUBLE or a text, neither of them a literal: the engine, which finds
    out at each write, would compare 15 digits behind the point."""
    tree = parse(f"select 1 from checked where {expression}")
    for table in of_kind(nodes(tree), exp.Table):
        table.meta["columns"] = KnownColumns(columns)
    condition = tree.args["where"].this
    _refuse_what_varies(condition)
    for node in mixed_comparisons(nodes(tree)):
        if any(sum(not _is_literal(one) for one in group) > 1 for group in compared_values(node)):
            raise errors.unsupported(
                f"a CHECK of {render(node)}, a DECIMAL beside a DOUBLE or a STRING (cast one of"
                " them to the other's type)"
            )


def _refuse_what_varies(condition: exp.Expr) -> None:
    """Raise SqlError for a CHECK that may hold for a row at one time and not at another."""
    for node in nodes(condition):
        if isinstance(node, (exp.Query, exp.Exists)) and not isinstance(node, exp.Subquery):
            raise errors.SqlError(
                "SUBQUERY_IN_CHECK_CONSTRAINT",
                f"The CHECK ({render(condition)}) has a subquery: it may read its own row only.",
            )
        if isinstance(node, exp.Anonymous) and is_random(node):
            raise errors.SqlError(
                "NON_DETERMINISTIC_CHECK_CONSTRAINT",
                f"The CHECK ({render(condition)}) has {node.this}(), whose values are random.",
            )
        if name_of(node) in GENERATORS:
            raise errors.SqlError(
                "UNSUPPORTED_GENERATOR.OUTSIDE_SELECT",
                f"The CHECK ({render(condition)}) has {node.this}(), which makes rows.",
            )


def _is_literal(node: exp.Expr) -> bool:
    while isinstance(node, (exp.Neg, exp.Cast, exp.Paren)):
        node = node.this
    return isinstance(node, exp.Literal)


def drop_constraint(relation: Relation, name: str, if_exists: bool) -> None:
    """Take a constraint off a relation, which the caller puts into the catalog.

    A CHECK is taken out of the table's log too. Raises SqlError (DELTA_CONSTRAINT_DOES_NOT_EXIST)
    unless `if_exists`.
    """
    found = next((c for c in relation.constraints if c.name.lower() == name.lower()), None)
    if found is None:
        if if_exists:
            return
        raise errors.SqlError(
            "DELTA_CONSTRAINT_DOES_NOT_EXIST",
            f"Cannot drop nonexistent constraint {name} from {relation.name}.",
        )
    if found.kind == "CHECK":
        drop_check(relation, found.name)
        relation.generation += 1  # the engine keeps the checks that a table was declared with
    relation.constraints.remove(found)


def drop_check(relation: Relation, name: str) -> None:
    """Take a CHECK constraint out of a table's log."""
    transactions.by_delta_rs(
        relation, lambda table: delta_tables.drop_constraint(table, name), again=True
    )


def set_not_null(context: Context, relation: Relation, column_name: str, wanted: bool) -> None:
    """Make a column NOT NULL, or nullable again, by a commit of metadata.

    The caller puts the relation into the catalog. Raises SqlError (DELTA_NEW_NOT_NULL_VIOLATION)
    while the column holds a NULL.
    """
    column = relation.column(column_name)
    if column is None:
        raise errors.column_not_found(column_name, str(relation.name))
    name = column.name

    def check(table: DeltaTable) -> None:
        if not wanted or not delta_tables.may_hold_null(table, name):
            return
        engine_name = quoted(context.engine.name_of(relation))
        found = context.engine.count(
            f"select count(*) from {engine_name} where {quoted(name)} is null"
        )
        if found:
            raise errors.SqlError(
                "DELTA_NEW_NOT_NULL_VIOLATION",
                f"{found} rows in {relation.name} violate the new NOT NULL constraint on {name}.",
            )

    def change(fields: list[delta_tables.Field]) -> list[delta_tables.Field]:
        return [
            {**f, "nullable": not wanted} if f["name"].lower() == column_name.lower() else f
            for f in fields
        ]

    delta_tables.change_schema(relation.path, change, check)
    column.nullable = not wanted
    if column.nullable:  # a table that the engine knows with NOT NULL would refuse NULLs
        relation.generation += 1
