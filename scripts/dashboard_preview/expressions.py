"""The expressions of a widget's fields: a dimension, or a measure.

In a field Databricks allows a column, DATE_TRUNC of a column, an aggregate of a column, or
MEASURE(`name`), which stands for an expression of the dataset. Each is kept twice: as SQL for the
warehouse, and as a tree, from which the page counts again when a filter is set.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from dashboard_preview.definition import DashboardError

_AGGREGATES: dict[type[exp.Expression], str] = {
    exp.Sum: "sum",
    exp.Avg: "avg",
    exp.Min: "min",
    exp.Max: "max",
}
_OPERATORS: dict[type[exp.Expression], str] = {
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Nullif: "nullif",
}  # fmt: skip
_UNITS = ("YEAR", "MONTH", "DAY", "HOUR")

Tree = dict[str, Any]


@dataclass(frozen=True)
class FieldExpression:
    """The expression of a field, as SQL and as a tree for the page.

    The tree of a dimension is {"column", "unit"}. That of a measure is {"op", "column"} for an
    aggregate, {"op", "args"} for an operator, {"op": "literal", "value"} for a number.
    """

    sql: str
    tree: Tree
    is_measure: bool

    @property
    def unit(self) -> str | None:
        """The unit that DATE_TRUNC truncates to, such as `month`; None without one."""
        return None if self.is_measure else self.tree["unit"]

    def columns(self) -> set[str]:
        """The columns of the dataset that it reads."""
        return set(_columns(self.tree))


def parse(text: str, measures: Mapping[str, str]) -> FieldExpression:
    """Read a field's expression. Raises DashboardError for one that a preview cannot compute."""
    try:
        expression = sqlglot.parse_one(text, dialect="databricks")
    except SqlglotError as error:
        raise DashboardError(f"{text!r} is not an expression: {error}") from error
    expression = expression.transform(lambda node: _standard_sql(node, measures))
    dimension = _dimension(expression)
    return FieldExpression(
        sql=expression.sql(dialect="databricks"),
        tree=dimension or _measure(expression, text),
        is_measure=dimension is None,
    )


def _standard_sql(node: exp.Expression, measures: Mapping[str, str]) -> exp.Expression:
    """Replace MEASURE(`name`) by its expression, and COUNT(`*`) by COUNT(*)."""
    if isinstance(node, exp.Anonymous) and node.name.upper() == "MEASURE":
        name = node.expressions[0].name
        if name not in measures:
            raise DashboardError(
                f"MEASURE(`{name}`): the dataset has no such measure; it has {sorted(measures)}."
            )
        return exp.paren(sqlglot.parse_one(measures[name], dialect="databricks"))
    if isinstance(node, exp.Count) and node.this.name == "*":
        return exp.Count(this=exp.Star())
    return node


def _dimension(expression: exp.Expression) -> Tree | None:
    if isinstance(expression, exp.Column):
        return {"column": expression.name, "unit": None}
    if isinstance(expression, (exp.TimestampTrunc, exp.DateTrunc)) and isinstance(
        expression.this, exp.Column
    ):
        unit = expression.args["unit"].name.upper()
        if unit in _UNITS:
            return {"column": expression.this.name, "unit": unit.lower()}
        raise DashboardError(f"DATE_TRUNC to {unit}: the preview knows {', '.join(_UNITS)}.")
    return None


def _measure(node: exp.Expression, text: str) -> Tree:
    if isinstance(node, exp.Paren):
        return _measure(node.this, text)
    if isinstance(node, exp.Literal) and not node.is_string:
        return {"op": "literal", "value": float(node.name)}
    if isinstance(node, exp.Count):
        if isinstance(node.this, exp.Star):
            return {"op": "rows"}
        if isinstance(node.this, exp.Distinct) and len(node.this.expressions) == 1:
            return {"op": "distinct", "column": node.this.expressions[0].name}
        if isinstance(node.this, exp.Column):
            return {"op": "count", "column": node.this.name}
    for kind, name in _AGGREGATES.items():
        if isinstance(node, kind) and isinstance(node.this, exp.Column):
            return {"op": name, "column": node.this.name}
    for kind, name in _OPERATORS.items():
        if isinstance(node, kind):
            return {
                "op": name,
                "args": [_measure(each, text) for each in (node.this, node.expression)],
            }
    raise DashboardError(
        f"{text!r}: the preview knows columns, DATE_TRUNC, SUM, AVG, MIN, MAX, COUNT, "
        "COUNT(DISTINCT), MEASURE, NULLIF and arithmetic."
    )


def _columns(tree: Tree) -> Iterator[str]:
    if "column" in tree:
        yield tree["column"]
    for argument in tree.get("args", []):
        yield from _columns(argument)
