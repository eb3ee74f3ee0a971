"""Aliases that are used in the SELECT list in which they are given, or in its QUALIFY.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-name-resolution
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse import errors
from local_warehouse.rewrites.scopes import ColumnsOf, random_call, sources, star_query
from local_warehouse.sql.walk import nodes, of_kind


def replace_lateral_aliases(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Replace a use of an earlier alias, or of a field of it, by its expression. A column of the
    relations that has the alias's name comes first."""
    qualify = select.args.get("qualify")
    aliases: dict[str, exp.Expr] = {}
    own: set[str] | None = None
    for projection in [*select.expressions, *([qualify] if qualify else [])]:
        for column in of_kind(nodes(projection), exp.Column) if aliases else ():
            name = (column.table or column.name).lower()
            if name not in aliases or column.find_ancestor(exp.Select) is not select:
                continue
            if own is None:
                own = _names_of_relations(select, columns_of)
            if name not in own and not (column.table and name in _relations(select)):
                _require_repeatable(name, aliases[name])
                used: exp.Expr = exp.paren(aliases[name].copy())
                if column.table:
                    used = exp.Dot(this=used, expression=column.this.copy())
                is_output = column is projection
                column.replace(exp.alias_(used, column.name, quoted=True) if is_output else used)
        if isinstance(projection, exp.Alias):
            aliases[projection.alias.lower()] = projection.this
        elif isinstance(projection, exp.Column) and projection.table:
            aliases[projection.name.lower()] = projection  # of a field, if no relation has it
    return select


def _names_of_relations(select: exp.Select, columns_of: ColumnsOf) -> set[str]:
    if not sources(select):
        return set()
    return {column.name.lower() for column in columns_of(star_query(select))}


def _relations(select: exp.Select) -> set[str]:
    relations = [*sources(select), *(select.args.get("laterals") or [])]
    return {relation.alias_or_name.lower() for relation in relations}


def _require_repeatable(alias: str, expression: exp.Expr) -> None:
    """Raise SqlError for a random expression: it would be computed for each use of its alias, with
    another value."""
    call = random_call(expression)
    if call is not None:
        raise errors.unsupported(
            f"the alias {alias} of {call}() in the same SELECT, which would be another value "
            "there (name it in a subquery)"
        )
