"""The expressions of a widget's fields: a dimension, or a measure.

Databricks allows in a field a column, DATE_TRUNC of one, an aggregate of one, or MEASURE(`name`),
which stands for an expression of the dataset. Each is kept twice: as SQL, for the warehouse, and as
a tree, by which the page counts again when a filter is set.
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
class Expression:
    """`sql` for the warehouse. `tree` is {"column", "unit"} for a dimension, else a measure's.

    A measure's tree is {"op", "column"} for an aggregate, {"op", "args"} for an operator,
    {"op": "literal", "value"}.
    """

    sql: str
    tree: Tree
    is_measure: bool

    @property
    def unit(self) -> str | None:
        """What DATE_TRUNC truncates to."""
        return None if self.is_measure else self.tree["unit"]

    def columns(self) -> set[str]:
        """The columns of the dataset that it reads."""
        return set(_columns(self.tree))


def parse(text: str, measures: Mapping[str, str]) -> Expression:
    """Read an expression. Raises DashboardError for what a preview cannot count."""
    try:
        expression = sqlglot.parse_one(text, dialect="databricks")
    except SqlglotError as error:
        raise DashboardError(f"{text!r} is not an expression: {error}") from error
    expression = expression.transform(lambda node: _plain(node, measures))
    dimension = _dimension(expression)
    return Expression(
        sql=expression.sql(dialect="databricks"),
        tree=dimension or _measure(expression, text),
        is_measure=dimension is None,
    )


def _plain(node: exp.Expression, measures: Mapping[str, str]) -> exp.Expression:
    """MEASURE(`name`) as what it stands for, and COUNT(`*`) as SQL has it."""
    if isinstance(node, exp.Anonymous) and node.name.upper() == "MEASURE":
        name = node.expressions[0].name
        if name not in measures:
            raise DashboardError(
                f"MEASURE(`{name}`): the dataset has no such measure, but {sorted(measures)}."
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
