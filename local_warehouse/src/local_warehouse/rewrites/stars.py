"""SELECT * EXCEPT (…), which the engine does not read beside a relation's name, and stars among the
arguments of functions.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-names-star
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.catalog.model import Column
from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.output_names import name_outputs
from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    place_of,
    places_around,
    position_of,
    sources,
    star_query,
)
from local_warehouse.rewrites.signatures import name_of
from local_warehouse.rewrites.structs import type_of, without_field
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_RELATIONS = (exp.DerivedTable, exp.Pivot, exp.Table)


def spell_out_excepted_stars(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Replace a star with exceptions by the columns that are left of it, and one beside GROUP BY by
    the columns, which the engine does not do. Raises SqlError for a star beside a GROUP BY that has
    a position."""
    projections: list[exp.Expr] = []
    changed = False
    group = None if select.args.get("laterals") else select.args.get("group")
    relations = {"", *(relation.alias_or_name.lower() for relation in sources(select))}
    if group is not None and select.is_star and any(map(position_of, group.expressions)):
        raise SqlError(
            "STAR_GROUP_BY_POS", "Star (*) is not allowed beside a position in GROUP BY."
        )
    for projection in select.expressions:
        star = _star(projection)
        is_grouped = group is not None and projection.text("table").lower() in relations
        if star is None or not (star.args.get("except_") or is_grouped):
            projections.append(projection)
            continue
        changed = True
        projections += _columns(projection, star, select, columns_of)
    if changed:
        select.set("expressions", projections)
    return select


def spell_out_stars_of_calls(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Replace a star among the arguments of a function by the columns, which the output's name
    shows, too; but for the plain ones of count and struct, which the engine knows."""
    is_changed = False
    for star in of_kind(nodes(tree), exp.Star):
        argument = star.parent if isinstance(star.parent, exp.Column) else star
        call, select = argument.parent, place_of(star)
        if not isinstance(call, (exp.Anonymous, exp.Distinct)) or not isinstance(
            select, exp.Select
        ):
            continue
        name = str(call.this).lower() if isinstance(call, exp.Anonymous) else ""
        is_counted = name == "count" and argument is star and len(call.expressions) == 1
        if (is_counted or name == "struct") and not star.args.get("except_"):
            continue
        at = argument.index or 0
        columns = _columns(argument, star, select, columns_of)
        call.set("expressions", [*call.expressions[:at], *columns, *call.expressions[at + 1 :]])
        is_changed = True
    return name_outputs(tree) if is_changed else tree


def _star(node: exp.Expr) -> exp.Star | None:
    star = node.this if isinstance(node, exp.Column) else node
    return star if isinstance(star, exp.Star) else None


def _columns(
    node: exp.Expr, star: exp.Star, select: exp.Select, columns_of: ColumnsOf
) -> list[exp.Expr]:
    """What a star, which may have a relation's name before it, stands for in a SELECT."""
    left: list[exp.Expr] = []
    qualifier = node.table if isinstance(node, exp.Column) else None
    columns = _star_columns(select, qualifier, columns_of)
    paths = [_path(name, columns) for name in star.args.get("except_") or []]
    for alias, column in columns:
        kept: exp.Expr | None = exp.column(column.name, table=alias, quoted=True)
        for path in paths:
            if path[0] == column.name.lower() and kept is not None:
                kept = _without(kept, column, path[1:])
        if kept is not None:
            left.append(kept)
    return left


def _path(name: exp.Expr, columns: list[tuple[str | None, Column]]) -> list[str]:
    """The column that an exception names, and the fields in it, in lower case, without a
    relation's name."""
    path = name.parts if isinstance(name, (exp.Column, exp.Dot)) else [name]
    parts = [part.name.lower() for part in path]
    known = {column.name.lower() for _, column in columns}
    relations = {alias.lower() for alias, _ in columns if alias}
    if parts[0] not in known and parts[0] in relations:
        parts = parts[1:]
    if not parts or parts[0] not in known:
        raise SqlError(
            "UNRESOLVED_COLUMN.WITH_SUGGESTION",
            f"A column with name `{name.sql()}` cannot be resolved. Did you mean one of the"
            f" following? [{', '.join(f'`{one}`' for one in sorted(known))}].",
        )
    return parts


def _without(kept: exp.Expr, column: Column, fields: list[str]) -> exp.Expr | None:
    """What is left of a column: nothing, or a struct without one of its fields."""
    if not fields:
        return None
    if isinstance(kept, exp.Alias):
        raise unsupported("EXCEPT of several fields of one struct")
    left = without_field(kept, type_of(column.type), fields)
    if left is None:
        raise SqlError(
            "FIELD_NOT_FOUND", f"{column.name} has no field {'.'.join(fields)}: {column.type}."
        )
    return exp.alias_(left, column.name, quoted=True)


def _star_columns(
    select: exp.Select, qualifier: str | None, columns_of: ColumnsOf
) -> list[tuple[str | None, Column]]:
    """The pairs of a relation's alias and a column that a star stands for."""
    aliases = [source.alias_or_name for source in sources(select)]
    wanted = [alias for alias in aliases if not qualifier or alias.lower() == qualifier.lower()]
    pairs: list[tuple[str | None, Column]] = []
    for alias in wanted:
        one = star_query(select)
        if alias:  # a lone subquery may have none
            table = exp.to_identifier(alias, quoted=True)
            one.set("expressions", [exp.Column(this=exp.Star(), table=table)])
        pairs += [(alias or None, column) for column in columns_of(one)]
    return pairs


def spell_as_relations(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Write the name before a star as the relation itself is written: in another case, the engine
    finds the relation and none of its columns. Raises SqlError for count(t.*), which would count
    the rows without a NULL and look as if it counted all."""
    for star in of_kind(nodes(tree), exp.Star):
        column = star.parent
        while isinstance(column, exp.Dot):  # the fields of a struct
            column = column.this
        name = column.args.get("table") if isinstance(column, exp.Column) else None
        for place in places_around(star) if name is not None else ():
            written = _names_of_relations(place).get(name.name.lower())
            if written is not None:
                name.replace(exp.to_identifier(written, quoted=True))
                if column is star.parent:
                    _check_count(column)
                break
    return tree


def _check_count(star: exp.Expr) -> None:
    argument = star.parent if isinstance(star.parent, exp.Distinct) else star
    call = argument.parent
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
