"""SELECT * EXCEPT (…), which the engine does not read beside a relation's name.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-names-star
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.rewrites.scopes import ColumnsOf, sources, star_query


def spell_out_excepted_stars(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Replace a star with exceptions by the columns that are left of it."""
    projections: list[exp.Expr] = []
    changed = False
    for projection in select.expressions:
        star = projection.this if isinstance(projection, exp.Column) else projection
        excepted = star.args.get("except_") if isinstance(star, exp.Star) else None
        if not excepted:
            projections.append(projection)
            continue
        changed = True
        hidden = {name.name.lower() for name in excepted}
        qualifier = projection.table if isinstance(projection, exp.Column) else None
        for alias, name in _star_columns(select, qualifier, columns_of):
            if name.lower() not in hidden:
                projections.append(exp.column(name, table=alias, quoted=True))
    if changed:
        select.set("expressions", projections)
    return select


def _star_columns(
    select: exp.Select, qualifier: str | None, columns_of: ColumnsOf
) -> list[tuple[str | None, str]]:
    """The (relation, name) pairs that a star stands for."""
    aliases = [source.alias_or_name for source in sources(select)]
    wanted = [alias for alias in aliases if not qualifier or alias.lower() == qualifier.lower()]
    pairs: list[tuple[str | None, str]] = []
    for alias in wanted:
        one = star_query(select)
        if alias:  # a lone subquery may have none
            table = exp.to_identifier(alias, quoted=True)
            one.set("expressions", [exp.Column(this=exp.Star(), table=table)])
        pairs += [(alias or None, column.name) for column in columns_of(one)]
    return pairs
