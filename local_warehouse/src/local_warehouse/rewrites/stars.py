"""SELECT * EXCEPT (…), which the engine does not read beside a relation's name, and stars among the
arguments of functions.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-names-star
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from local_warehouse.catalog.model import Column
from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.output_names import name_outputs
from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    in_parentheses,
    is_partial,
    place_of,
    places_around,
    position_of,
    relations_in,
    star_query,
)
from local_warehouse.rewrites.signatures import name_of
from local_warehouse.rewrites.structs import check_fields, field_of, type_of, without_fields
from local_warehouse.rewrites.templates import PREFIX
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_RELATIONS = (exp.DerivedTable, exp.Pivot, exp.Table)


@dataclass(frozen=True)
class StarColumn:
    """A column that a star shows."""

    relation: str | None
    name: str
    type: str
    value: exp.Expr

    def output(self) -> exp.Expr:
        """The column as an output."""
        value = self.value.copy()
        is_column = isinstance(value, exp.Column) and value.name == self.name
        return value if is_column else exp.alias_(value, self.name, quoted=True)


def spell_out_excepted_stars(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Replace a star with exceptions by the columns that are left of it, and one beside GROUP BY by
    the columns, which the engine does not do. Raises SqlError for a star beside a GROUP BY that has
    a position."""
    projections: list[exp.Expr] = []
    changed = False
    group = select.args.get("group")
    relations = {"", *(relation.alias_or_name.lower() for relation in relations_in(select))}
    if group is not None and select.is_star and any(map(position_of, group.expressions)):
        raise SqlError(
            "STAR_GROUP_BY_POS", "Star (*) is not allowed beside a position in GROUP BY."
        )
    for projection in select.expressions:
        star = star_of(projection)
        is_grouped = group is not None and projection.text("table").lower() in relations
        if star is None or not (star.args.get("except_") or is_grouped):
            projections.append(projection)
            continue
        changed = True
        projections += [one.output() for one in _columns(projection, star, select, columns_of)]
    if changed:
        select.set("expressions", projections)
    return select


def spell_out_stars_of_calls(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Replace a star among the arguments of a function by the columns, which the output's name
    shows, too; but for the plain ones of count and struct, which the engine knows."""
    is_changed = False
    for star, select in stars_of_calls(tree):
        argument = _argument(star)
        if not _is_known_to_engine(star) or len(relations_in(select)) > 1:
            put_into_call(argument, _columns(argument, star, select, columns_of))
            is_changed = True
    return name_outputs(tree) if is_changed else tree


def stars_of_calls(tree: exp.Expr) -> Iterator[tuple[exp.Star, exp.Select]]:
    """The stars among the arguments of functions, but for that of count(*), with their SELECTs."""
    for star in of_kind(nodes(tree), exp.Star):
        argument, select = _argument(star), place_of(star)
        call = argument.parent
        if not isinstance(call, (exp.Anonymous, exp.Distinct)) or not isinstance(
            select, exp.Select
        ):
            continue
        is_alone = argument is star and not star.args.get("except_")
        if not (name_of(call) == "count" and len(call.expressions) == 1 and is_alone):
            yield star, select


def _argument(star: exp.Star) -> exp.Expr:
    """A star with the relation or struct before it."""
    parent = star.parent
    return parent if isinstance(parent, (exp.Column, exp.Dot)) else star


def _is_known_to_engine(star: exp.Star) -> bool:
    call: Any = _argument(star).parent
    return name_of(call) == "struct" and not star.args.get("except_")


def put_into_call(argument: exp.Expr, columns: list[StarColumn]) -> None:
    """Put columns in place of a star among the arguments of a function."""
    call: Any = argument.parent
    at = argument.index or 0
    is_struct = name_of(call) == "struct"
    if is_struct:
        check_fields([one.name for one in columns])
    values = [one.output() if is_struct else one.value.copy() for one in columns]
    call.set("expressions", [*call.expressions[:at], *values, *call.expressions[at + 1 :]])


def star_of(node: exp.Expr) -> exp.Star | None:
    """The star of a projection, which may have a relation's name or a struct before it."""
    star = node.this if isinstance(node, exp.Column) else node
    star = star.expression if isinstance(star, exp.Dot) else star
    return star if isinstance(star, exp.Star) else None


def columns_left(star: exp.Star, shown: list[StarColumn]) -> list[StarColumn]:
    """What the exceptions of a star, which name columns that it shows, leave of these."""
    paths = [_path(name, shown) for name in star.args.get("except_") or []]
    for at, (column, fields) in enumerate(paths):
        for other, others in paths[:at]:
            length = min(len(fields), len(others))
            if column is other and fields[:length] == others[:length]:
                names = ", ".join(render(name) for name in star.args["except_"])
                raise SqlError(
                    "EXCEPT_OVERLAPPING_COLUMNS",
                    "Columns in an EXCEPT list must be distinct and non-overlapping, but got"
                    f" ({names}).",
                )
    left = []
    for one in shown:
        excepted = [fields for column, fields in paths if column is one]
        if not excepted:
            left.append(one)
        elif [] not in excepted:
            left.append(_without(one, excepted))
    if not left:
        raise unsupported("EXCEPT of all columns")
    return left


def _columns(
    node: exp.Expr, star: exp.Star, select: exp.Select, columns_of: ColumnsOf
) -> list[StarColumn]:
    """What a star, which may have a relation's name or a struct before it, stands for in a
    SELECT."""
    named = node.table.lower() if isinstance(node, exp.Column) else ""
    shown = []
    if node is star or named:
        known = _known(select, columns_of)
        shown = [one for one in known if not named or (one.relation or "").lower() == named]
    if node is not star and not shown:
        value = exp.column(node.args["table"].copy()) if named else node.this
        shown = _fields(value, select, columns_of)
    return columns_left(star, shown)


def _fields(value: exp.Expr, select: exp.Select, columns_of: ColumnsOf) -> list[StarColumn]:
    """The fields of a struct. Raises SqlError for another value, and for what is not there."""
    one = star_query(select)
    one.set("expressions", [value.copy()])
    kind = type_of(columns_of(one)[0].type)
    if kind.this != exp.DataType.Type.STRUCT:
        raise SqlError("CANNOT_RESOLVE_STAR_EXPAND", f"{render(value)}.* is of no struct.")
    return [
        StarColumn(None, field.name, render(field.args["kind"]), field_of(value, field))
        for field in kind.expressions
    ]


def _path(name: exp.Expr, shown: list[StarColumn]) -> tuple[StarColumn, list[str]]:
    """The column that an exception names, and the fields in it, in lower case."""
    path = name.parts if isinstance(name, (exp.Column, exp.Dot)) else [name]
    parts = [part.name.lower() for part in path]
    if len(parts) > 1:
        for one in shown:
            if [(one.relation or "").lower(), one.name.lower()] == parts[:2]:
                return one, parts[2:]
    found = [one for one in shown if one.name.lower() == parts[0]]
    if len(found) > 1:
        raise SqlError("AMBIGUOUS_REFERENCE", f"Reference `{render(name)}` is ambiguous.")
    if not found:
        names = sorted({one.name for one in shown})
        raise SqlError(
            "UNRESOLVED_COLUMN.WITH_SUGGESTION",
            f"A column with name `{render(name)}` cannot be resolved. Did you mean one of the"
            f" following? [{', '.join(f'`{one}`' for one in names)}].",
        )
    return found[0], parts[1:]


def _without(column: StarColumn, paths: list[list[str]]) -> StarColumn:
    """A column without some of its struct's fields."""
    left = without_fields(column.value, type_of(column.type), paths)
    if left is None:
        names = ", ".join(".".join(path) for path in paths)
        raise SqlError("FIELD_NOT_FOUND", f"{column.name} has no field {names}: {column.type}.")
    return replace(column, value=left)


def _known(select: exp.Select, columns_of: ColumnsOf) -> list[StarColumn]:
    """The columns of a SELECT's relations, but of those that only a SEMI or ANTI join reads."""
    shown = [
        leaf
        for relation in relations_in(select)
        for leaf in _leaves(relation)
        if not is_partial(relation.parent)
    ]
    return [column for one in shown for column in columns_of_relation(select, one, columns_of)]


def _leaves(relation: exp.Expr) -> Iterator[exp.Expr]:
    """The relations of joins in parentheses, or the relation itself."""
    inner = in_parentheses(relation)
    if inner is None:
        yield relation
        return
    yield from _leaves(inner)
    for join in inner.args.get("joins") or []:
        if not is_partial(join):
            yield from _leaves(join.this)


def columns_of_relation(
    select: exp.Select, relation: exp.Expr, columns_of: ColumnsOf
) -> list[StarColumn]:
    """The columns of a relation that a SELECT reads, which gets a name if it has none."""
    if not relation.alias_or_name:
        given = [
            one for one in of_kind(nodes(select), exp.TableAlias) if one.name.startswith(PREFIX)
        ]
        give_alias(relation, f"{PREFIX}relation_{len(given)}")
    one = star_query(select)
    name = exp.to_identifier(relation.alias_or_name, quoted=True)
    one.set("expressions", [exp.Column(this=exp.Star(), table=name)])
    return shown_as(relation.alias_or_name, columns_of(one))


def give_alias(relation: exp.Expr, name: str) -> None:
    """Give a relation without a name one; its columns keep theirs."""
    alias = relation.args.get("alias") or exp.TableAlias()
    alias.set("this", exp.to_identifier(name))
    relation.set("alias", alias)


def shown_as(alias: str, columns: list[Column]) -> list[StarColumn]:
    """Columns as a star shows them of the relation of a name."""
    return [
        StarColumn(
            alias, column.name, column.type, exp.column(column.name, table=alias, quoted=True)
        )
        for column in columns
    ]


def spell_as_relations(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Write the name before a star as the relation itself is written: in another case, the engine
    finds the relation and none of its columns. Raises SqlError for count(t.*), which would count
    the rows without a NULL and look as if it counted all."""
    for star in of_kind(nodes(tree), exp.Star):
        column = star.parent
        while isinstance(column, exp.Dot):  # the fields of a struct
            column = column.this
        name = column.args.get("table") if isinstance(column, exp.Column) else None
        if column is None or name is None:
            continue
        for place in places_around(star):
            written = _names_of_relations(place).get(name.name.lower())
            if written is not None:
                name.replace(exp.to_identifier(written, quoted=True))
                if column is star.parent:
                    _check_count(column)
                break
    return tree


def _check_count(star: exp.Expr) -> None:
    argument = star.parent if isinstance(star.parent, exp.Distinct) else star
    call: Any = argument.parent
    is_alone = len(argument.expressions or [argument]) == 1
    if name_of(call) == "count" and len(call.expressions) == 1 and is_alone:
        raise SqlError(
            "INVALID_USAGE_OF_STAR_OR_REGEX",
            f"{render(call)} is not allowed: use count(*), or name the columns.",
        )


def _names_of_relations(place: exp.Expr) -> dict[str, str]:
    """The names of the relations of a SELECT, by these in lower case."""
    clauses = [
        place.args.get("from_"),
        *(place.args.get("joins") or []),
        *(place.args.get("laterals") or []),
    ]
    names: dict[str, str] = {}
    for clause in clauses:
        for node in clause.walk(prune=_is_select) if clause is not None else ():
            if isinstance(node, _RELATIONS) and (name := node.alias_or_name):
                names.setdefault(name.lower(), name)
    return names


def _is_select(node: exp.Expr) -> bool:
    return isinstance(node, (exp.Select, exp.SetOperation))
