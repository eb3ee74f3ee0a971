"""Aliases that are used in the SELECT list in which they are given, or in its QUALIFY.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-name-resolution
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse import errors
from local_warehouse.rewrites.lateral_generators import GENERATORS
from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    aggregates,
    is_aggregate,
    is_all,
    position_of,
    random_call,
    relations_in,
    sources,
    star_query,
)
from local_warehouse.rewrites.signatures import name_of
from local_warehouse.sql.walk import nodes, of_kind


def replace_lateral_aliases(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Replace a use of an earlier alias, or of a field of it, by its expression. A column of the
    relations that has the alias's name comes first."""
    qualify = select.args.get("qualify")
    aliases: dict[str, exp.Expr] = {}
    repeated: set[str] = set()
    own: set[str] | None = None
    using: list[exp.Expr] = []  # the outputs that use an alias
    for projection in [*select.expressions, *([qualify] if qualify else [])]:
        for column in of_kind(nodes(projection), exp.Column) if aliases else ():
            name = (column.table or column.name).lower()
            if name not in aliases or column.find_ancestor(exp.Select) is not select:
                continue
            if own is None:
                own = _names_of_relations(select, columns_of)
            if name not in own and not (column.table and name in _relations(select)):
                _require_repeatable(name, aliases[name])
                if name in repeated:
                    raise errors.SqlError(
                        "AMBIGUOUS_LATERAL_COLUMN_ALIAS",
                        f"Lateral column alias {name} is ambiguous and has several matches.",
                    )
                if projection is not qualify:
                    _require_plain_use(column, select)
                used: exp.Expr = exp.paren(aliases[name].copy())
                if column.table:
                    used = exp.Dot(this=used, expression=column.this.copy())
                is_output = column is projection
                new = exp.alias_(used, column.name, quoted=True) if is_output else used
                column.replace(new)
                if projection is not qualify:
                    using.append(new if is_output else projection)
        if isinstance(projection, exp.Alias):
            if projection.alias.lower() in aliases:
                repeated.add(projection.alias.lower())
            aliases[projection.alias.lower()] = projection.this
        elif isinstance(projection, exp.Column) and projection.table:
            aliases[projection.name.lower()] = projection  # of a field, if no relation has it
    if using and select.args.get("group") is not None:
        theirs = {name: value for name, value in aliases.items() if name not in (own or ())}
        _spell_out_keys(select, theirs, using)
    return select


def _spell_out_keys(
    select: exp.Select, aliases: dict[str, exp.Expr], using: list[exp.Expr]
) -> None:
    """Write the expressions of keys that are aliases or positions: other outputs have these
    expressions now. Raises SqlError for a key that uses an alias itself, which Databricks
    refuses."""
    group, outputs = select.args["group"], select.expressions
    keys: list[tuple[exp.Expr, exp.Expr]] = []  # with the outputs that they mean
    for key in group.expressions:
        position = position_of(key) or 0
        if isinstance(key, exp.Column) and not key.table and key.name.lower() in aliases:
            value = aliases[key.name.lower()]
            keys.append((key, value.parent if isinstance(value.parent, exp.Alias) else value))
        elif 1 <= position <= len(outputs) and not isinstance(outputs[position - 1], exp.Star):
            keys.append((key, outputs[position - 1]))
    meant = [output for _, output in keys]
    if is_all(group):
        meant += [one for one in using if not aggregates(one) and one.find(exp.Window) is None]
    if any(one is other for one in meant for other in using):
        raise errors.SqlError(
            "UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_GROUP_BY",
            "An output that uses the alias of another one cannot be a key of GROUP BY by its own"
            " alias or position, or ALL: write its expression, or use a subquery.",
        )
    for key, output in keys:
        value = output.unalias()
        if not isinstance(value, exp.Literal) and not aggregates(value):
            key.replace(value.copy())


def _names_of_relations(select: exp.Select, columns_of: ColumnsOf) -> set[str]:
    if not sources(select):
        return set()
    return {column.name.lower() for column in columns_of(star_query(select))}


def _relations(select: exp.Select) -> set[str]:
    return {relation.alias_or_name.lower() for relation in relations_in(select)}


def _require_plain_use(column: exp.Column, select: exp.Select) -> None:
    """Raise SqlError for an alias that an aggregate, a window function or a generator reads."""
    node: exp.Expr | None = column.parent
    condition = ""
    while node is not None and node is not select:
        if isinstance(node, exp.Window):
            condition = "UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_WINDOW"
        elif not condition and (is_aggregate(node) or isinstance(node, exp.Filter)):
            condition = "UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_AGGREGATE_FUNC"
        elif not condition and name_of(node) in GENERATORS:
            condition = "UNSUPPORTED_FEATURE.LATERAL_COLUMN_ALIAS_IN_GENERATOR"
        node = node.parent
    if condition:
        raise errors.SqlError(
            condition,
            f"The feature is not supported: Referencing the lateral column alias {column.name} in"
            " an aggregate, a window function or a generator.",
        )


def _require_repeatable(alias: str, expression: exp.Expr) -> None:
    """Raise SqlError for a random expression, or for one of several rows: it would be computed for
    each use of its alias, with another value."""
    call = random_call(expression)
    if call is None and name_of(expression) in GENERATORS:
        call = name_of(expression)
    if call is not None:
        raise errors.unsupported(
            f"the alias {alias} of {call}() in the same SELECT, which would be another value "
            "there (name it in a subquery)"
        )
