"""Assignments of UPDATE and MERGE that the engine does not know: of a struct's fields, and of
values to columns of a declared type."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from local_warehouse import errors
from local_warehouse.catalog.model import Column, Relation
from local_warehouse.rewrites.lengths import stored
from local_warehouse.rewrites.structs import type_of, with_field
from local_warehouse.rewrites.texts import STORED


def assign_whole_structs(tree: exp.Expr, relation: Relation) -> None:
    """Let `SET t.st.x = v` assign to the whole of `t.st`, in place.

    Several fields of one column are assigned together. Raises SqlError for a field that the struct
    has not.
    """
    if not any(column.type.startswith("struct<") for column in relation.columns):
        return
    target = tree.this.alias_or_name.lower()
    for update in tree.find_all(exp.Update):
        for change in [c for c in update.expressions if isinstance(c, exp.EQ)]:
            if not isinstance(change.this, (exp.Column, exp.Dot)):
                continue
            path = [part.name for part in change.this.parts]
            if len(path) > 1 and path[0].lower() == target:
                path = path[1:]
            column = relation.column(path[0])
            if len(path) == 1 or column is None or not column.type.startswith("struct<"):
                continue
            _assign(update, change, column, path, tree.this.alias_or_name)


def _assign(
    update: exp.Update, change: exp.EQ, column: Column, path: list[str], target: str
) -> None:
    whole = exp.column(column.name, table=target, quoted=True)
    earlier = next(
        (
            one
            for one in update.expressions
            if one is not change
            and isinstance(one, exp.EQ)
            and isinstance(one.this, exp.Column)
            and one.this == whole
        ),
        None,
    )
    old = whole if earlier is None else earlier.expression
    names = [name.lower() for name in path[1:]]
    value = with_field(old, type_of(column.type), names, change.expression)
    if value is None:
        raise errors.column_not_found(".".join(path), target)
    if earlier is None:
        change.replace(exp.EQ(this=whole, expression=value))
    else:
        earlier.set("expression", value)
        change.pop()


def cast_as_stored(tree: exp.Expr, relation: Relation, *, stars: bool) -> None:
    """Cast what is assigned to DECIMAL columns and to those of texts, in place, as the engine's own
    conversion rounds a DOUBLE and writes a text otherwise, and let DEFAULT be NULL. `SET *` and
    `INSERT *` are assignments of columns for that, if `stars`."""
    wanted = {
        column.name.lower(): column.type
        for column in relation.columns
        if column.type.startswith("decimal") or "string" in column.type
    }
    if wanted and stars:
        _spell_out_stars(tree, [column.name for column in relation.columns])
    for column, value in list(_assigned(tree, relation)):
        data_type = wanted.get(column.lower(), "")
        if is_default(value):
            value.replace(exp.null())
        elif isinstance(value, (exp.Literal, exp.Null)):
            continue
        elif data_type.startswith("decimal"):
            value.replace(exp.cast(value.copy(), data_type))
        elif data_type:
            stored = [value.copy(), exp.Literal.string(data_type)]
            value.replace(exp.Anonymous(this=STORED, expressions=stored))


def is_default(value: exp.Expr) -> bool:
    """Whether it is the word DEFAULT."""
    is_name = isinstance(value, exp.Column) and not value.table and not value.this.quoted
    return (is_name or isinstance(value, exp.Var)) and value.name.upper() == "DEFAULT"


def _assigned(tree: exp.Expr, relation: Relation) -> Iterator[tuple[str, exp.Expr]]:
    """The names of columns and the values that are assigned to them."""
    for change in _changes(tree):
        yield change.this.name, change.expression
    for insert in tree.find_all(exp.Insert):
        names = [column.name for column in relation.columns]
        if isinstance(insert.this, exp.Tuple):
            names = [one.name for one in insert.this.expressions]
        values = insert.args.get("expression")
        if isinstance(values, exp.Tuple) and len(values.expressions) == len(names):
            yield from zip(names, values.expressions, strict=True)


def store_as_declared(tree: exp.Expr, relation: Relation, given: list[str] | None = None) -> None:
    """Check and pad the values that a statement assigns to columns of a declared type, in place.
    `SET *` and `INSERT *` become assignments to every column of the table, or to those `given`."""
    if all(column.declared is None for column in relation.columns):
        return
    _spell_out_stars(tree, given or [column.name for column in relation.columns])
    for change in _changes(tree):
        column = relation.column(change.this.name)
        if column is not None:
            change.set("expression", stored(change.expression, column))
    for insert in tree.find_all(exp.Insert):
        columns: list[Column | None] = list(relation.columns)
        if isinstance(insert.this, exp.Tuple):
            columns = [relation.column(one.name) for one in insert.this.expressions]
        values = insert.args.get("expression")
        if isinstance(values, exp.Tuple) and len(values.expressions) == len(columns):
            pairs = zip(values.expressions, columns, strict=True)
            values.set("expressions", [v if c is None else stored(v, c) for v, c in pairs])


def _changes(tree: exp.Expr) -> Iterator[exp.EQ]:
    for update in tree.find_all(exp.Update):
        yield from (change for change in update.expressions if isinstance(change, exp.EQ))


def has_star(tree: exp.Expr) -> bool:
    """Whether a step of a MERGE is SET * or INSERT *."""
    return any(
        isinstance(star.parent, (exp.Update, exp.Insert)) for star in tree.find_all(exp.Star)
    )


def _spell_out_stars(tree: exp.Expr, names: list[str]) -> None:
    if not isinstance(tree, exp.Merge):
        return
    source = tree.args["using"].alias_or_name
    for step in tree.find_all(exp.When):
        then = step.args["then"]
        values = [exp.column(name, table=source, quoted=True) for name in names]
        columns = [exp.column(name, quoted=True) for name in names]
        if isinstance(then, exp.Update) and any(isinstance(e, exp.Star) for e in then.expressions):
            pairs = zip(columns, values, strict=True)
            then.set("expressions", [exp.EQ(this=c, expression=v) for c, v in pairs])
        elif isinstance(then, exp.Insert) and isinstance(then.this, exp.Star):
            then.set("this", exp.Tuple(expressions=columns))
            then.set("expression", exp.Tuple(expressions=values))
