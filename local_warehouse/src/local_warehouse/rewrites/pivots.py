"""PIVOT and UNPIVOT as the aggregations and the unnesting that they stand for.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-pivot
https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-unpivot
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from local_warehouse import errors
from local_warehouse.rewrites import scopes
from local_warehouse.rewrites.scopes import ColumnsOf, columns_of_relations, sources
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_NUMBERS = {"bigint", "boolean", "decimal", "double", "float", "int", "smallint", "tinyint"}


def spell_out_pivots(select: exp.Select, columns_of: ColumnsOf) -> exp.Select:
    """Put a subquery in place of each relation with a PIVOT or UNPIVOT. Raises SqlError for a star
    of its name, where only the columns that it keeps have that."""
    for source in sources(select):
        if source.args.get("pivots"):
            _check_stars(select, source)
            source.replace(_spelled_out(source, columns_of_relations(select, columns_of)))
    return select


def _check_stars(select: exp.Select, source: exp.Expr) -> None:
    if source.args["pivots"][-1].args.get("alias"):
        return
    name = source.alias_or_name.lower()
    for star in of_kind(nodes(select), exp.Star):
        if isinstance(star.parent, exp.Column) and star.parent.table.lower() == name:
            raise errors.unsupported(
                f"{name}.* of a relation with PIVOT or UNPIVOT (give it a name)"
            )


def _spelled_out(source: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """A relation of FROM with its pivots as subqueries, each around those before it."""
    relation = source.copy()
    joins = relation.args.pop("joins", None)
    relation.set("pivots", None)
    for pivot in source.args["pivots"]:
        build = _unpivot if pivot.args.get("unpivot") else _pivot
        query = build(relation, pivot, columns_of)
        alias = pivot.args.get("alias") or relation.args.get("alias")
        alias = alias.copy() if alias else None
        if alias is not None and not pivot.args.get("alias"):
            alias.set("columns", None)  # they name the relation's columns, not what is made of them
        relation = exp.Subquery(this=query, alias=alias)
    relation.set("joins", joins)
    return relation


def _pivot(relation: exp.Expr, pivot: exp.Pivot, columns_of: ColumnsOf) -> exp.Select:
    """A query with a row for each group and a column for each value.

    Spark aggregates by group and pivot columns and then puts a group's rows beside each other, so
    that a value without rows is NULL, also for a count. Where an aggregate is no number, Spark
    filters each aggregate instead, and a value without rows has a count of 0 and an empty list.
    """
    if len(pivot.args["fields"]) != 1:
        raise errors.syntax_error("PIVOT takes one FOR clause.")
    field = pivot.args["fields"][0]
    keys = _parts(field.this)
    aggregates = [aggregate.unalias() for aggregate in pivot.expressions]
    for aggregate in aggregates:
        _check_aggregate(aggregate)
    used = {column.name.lower() for part in (*keys, *aggregates) for column in _columns(part)}
    columns = columns_of(relation)
    groups = [exp.column(c.name, quoted=True) for c in columns if c.name.lower() not in used]
    inner = _grouped(
        [
            *(exp.alias_(key.copy(), f"key_{i}") for i, key in enumerate(keys)),
            *(exp.alias_(aggregate.copy(), f"agg_{i}") for i, aggregate in enumerate(aggregates)),
        ],
        relation,
        groups,
        keys,
    )
    alias = exp.TableAlias(this=exp.to_identifier("pivoted"))
    source: exp.Expr = exp.Subquery(this=inner, alias=alias)
    types = [column.type for column in columns_of(source)[-len(aggregates) :]]
    if all(_is_number(data_type) for data_type in types):
        keys = [exp.column(f"key_{i}") for i in range(len(keys))]
        aggregates = [
            exp.Anonymous(this="any_value", expressions=[exp.column(f"agg_{i}")])
            for i in range(len(aggregates))
        ]
    else:
        source = relation
    cells = [
        exp.alias_(
            _filtered(aggregate, _equals(keys, value)),
            _cell_name(value, named, len(aggregates) == 1),
            quoted=True,
        )
        for value in field.expressions
        for aggregate, named in zip(aggregates, pivot.expressions, strict=True)
    ]
    return _grouped(cells, source, groups)


def _check_aggregate(aggregate: exp.Expr) -> None:
    """Raise SqlError for an expression that has no aggregate."""
    if not scopes.aggregates(aggregate):
        raise errors.SqlError(
            "MISSING_AGGREGATION",
            f"PIVOT takes aggregates, and {render(aggregate)} has none (any_value, for instance).",
        )


def _filtered(aggregate: exp.Expr, condition: exp.Expr) -> exp.Expr:
    """An expression with its aggregates over the rows that a condition is true of."""

    def filtered(node: exp.Expr) -> exp.Expr:
        if not scopes.is_aggregate(node) or isinstance(node.parent, exp.Filter):
            return node
        return exp.Filter(this=node, expression=exp.Where(this=condition.copy()))

    return aggregate.transform(filtered)


def _grouped(
    expressions: list[exp.Expr],
    relation: exp.Expr,
    groups: list[exp.Column],
    more: Sequence[exp.Expr] = (),
) -> exp.Select:
    """A SELECT of the groups and these expressions, grouped by the groups and `more`."""
    by = [key.copy() for key in (*groups, *more)]
    return exp.Select(
        expressions=[*(group.copy() for group in groups), *expressions],
        from_=exp.From(this=relation),
        group=exp.Group(expressions=by) if by else None,
    )


def _is_number(data_type: str) -> bool:
    return data_type.partition("(")[0] in _NUMBERS


def _equals(keys: list[exp.Expr], value: exp.Expr) -> exp.Expr:
    """The condition that the keys have a value, without <=>: the engine fails on one that occurs
    twice. Raises SqlError where they are not as many as its parts."""
    parts = _parts(_unaliased(value))
    if len(keys) == 1 and len(parts) > 1:
        raise errors.unsupported(f"the STRUCT {render(value)} among the values of PIVOT")
    if len(keys) != len(parts):
        raise errors.SqlError(
            "PIVOT_VALUE_DATA_TYPE_MISMATCH",
            f"The value {render(value)} of PIVOT has not as many parts as FOR has columns.",
        )
    return exp.and_(
        *(
            key.copy().is_(exp.null())
            if isinstance(part, exp.Null)
            else exp.EQ(this=key.copy(), expression=part.copy())
            for key, part in zip(keys, parts, strict=True)
        )
    )


def _cell_name(value: exp.Expr, aggregate: exp.Expr, alone: bool) -> str:
    name = value.args["alias"].name if isinstance(value, exp.PivotAlias) else _shown(value)
    if alone:
        return name
    if isinstance(aggregate, exp.Alias):
        return f"{name}_{aggregate.alias}"
    return f"{name}_{render(aggregate)}"


def _shown(value: exp.Expr) -> str:
    """The text of a constant, which becomes the name of its column."""
    if isinstance(value, (exp.Tuple, exp.Paren)):
        return "{" + ", ".join(_shown(part) for part in _parts(value)) + "}"
    if isinstance(value, exp.Literal):
        return str(value.this)
    if isinstance(value, (exp.Cast, exp.Neg)) and isinstance(value.this, exp.Literal):
        return ("-" if isinstance(value, exp.Neg) else "") + str(value.this.this)
    if isinstance(value, (exp.Boolean, exp.Null)):
        return render(value).lower()
    raise errors.unsupported(f"the value {render(value)} of PIVOT without an alias")


def _unpivot(relation: exp.Expr, pivot: exp.Pivot, columns_of: ColumnsOf) -> exp.Select:
    """A query with a row for each row and column of the list; without those whose value is NULL,
    unless INCLUDE NULLS asks for them."""
    field = pivot.args["fields"][0]
    values = [part.name for part in _parts(pivot.expressions[0])]
    folded = [_parts(_unaliased(item)) for item in field.expressions]
    hidden = {column.name.lower() for item in folded for column in item}
    columns = columns_of(relation)
    kept = [exp.column(c.name, quoted=True) for c in columns if c.name.lower() not in hidden]
    _check_types(folded, {c.name.lower(): c.type for c in columns})
    records: list[exp.Expr] = []
    for item, parts in zip(field.expressions, folded, strict=True):
        label = "_".join(column.name for column in parts)
        if isinstance(item, exp.PivotAlias):
            label = item.args["alias"].name
        pairs: list[exp.Expr] = [exp.Literal.string(field.this.name), exp.Literal.string(label)]
        for name, column in zip(values, parts, strict=True):
            pairs += [exp.Literal.string(name), column.copy()]
        records.append(exp.Anonymous(this="named_struct", expressions=pairs))
    listed = exp.Anonymous(this="array", expressions=records)
    exploded = exp.alias_(exp.Anonymous(this="explode", expressions=[listed]), "unpivoted")
    inner = exp.Select(expressions=[*kept, exploded], from_=exp.From(this=relation))
    shown = [
        exp.column(name, table="unpivoted", quoted=True) for name in (field.this.name, *values)
    ]
    outer = exp.Select(
        expressions=[*(column.copy() for column in kept), *shown],
        from_=exp.From(
            this=exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier("folded")))
        ),
    )
    if pivot.args.get("include_nulls"):
        return outer
    present = [column.copy().is_(exp.null()).not_() for column in shown[1:]]
    return outer.where(exp.or_(*present), copy=False)


def _check_types(folded: list[list[exp.Expr]], types: dict[str, str]) -> None:
    """Raise SqlError where a string would share a column with values of another type."""
    for group in zip(*folded, strict=True):
        found = {types.get(column.name.lower(), "void") for column in group} - {"void"}
        if "string" in found and len(found) > 1:
            raise errors.SqlError(
                "UNPIVOT_VALUE_DATA_TYPE_MISMATCH",
                "Unpivot value columns must share a least common type, some types do not: "
                f"{', '.join(sorted(found)).upper()}.",
            )


def _parts(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.Tuple):
        return list(node.expressions)
    return [node.unnest()] if isinstance(node, exp.Paren) else [node]


def _unaliased(value: exp.Expr) -> exp.Expr:
    inner = value.this if isinstance(value, exp.PivotAlias) else value
    assert isinstance(inner, exp.Expr)
    return inner


def _columns(node: exp.Expr) -> list[exp.Column]:
    return list(node.find_all(exp.Column))
