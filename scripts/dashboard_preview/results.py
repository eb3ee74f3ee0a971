"""Fetches rows from the warehouse: those of each widget, and those of each dataset for the filters.

The statement of a widget is the one that Databricks would run, its fields over its dataset, so that
the page shows the warehouse's own numbers until a filter is changed. Then it counts again from the
rows of the datasets; what a parameter has filtered, only the warehouse can count again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from dashboard_preview.definition import (
    DRAWN,
    FILTERS,
    Dashboard,
    Page,
)
from dashboard_preview.expressions import FieldExpression, parse
from dashboard_preview.selections import BoundQuery, Selections, bind, filtered, quote
from local_session.sql_connection import RunQuery

Row = dict[str, Any]


@dataclass(frozen=True)
class Rows:
    """The rows of a dataset, column by column. `complete` is False when some were left out."""

    columns: Mapping[str, Sequence[Any]]
    complete: bool

    @property
    def length(self) -> int:
        """The number of rows."""
        return len(next(iter(self.columns.values())))

    def half(self) -> "Rows":
        """The first half of the rows, which are not all."""
        end = self.length // 2
        return Rows({name: values[:end] for name, values in self.columns.items()}, complete=False)


@dataclass(frozen=True)
class Results:
    """The rows and the parsed fields of each widget, and the rows of each dataset, by name.

    Rows of widgets are those under `chosen`, what is chosen in the filters. Rows of datasets are
    all that the datasets have with those parameters.
    """

    widgets: Mapping[str, list[Row]]
    datasets: Mapping[str, Rows]
    fields: Mapping[str, Mapping[str, FieldExpression]]
    chosen: Selections


def fetch(dashboard: Dashboard, run_query: RunQuery, row_limit: int, chosen: Selections) -> Results:
    """Ask the warehouse for everything: one statement a dataset, one a widget that aggregates.

    At most `row_limit` rows of a dataset are fetched; where it has more, it is not complete.
    """
    bound = {name: bind(dataset, dashboard, chosen) for name, dataset in dashboard.datasets.items()}
    unfiltered = {name: filtered(query, name, dashboard, {}, ()) for name, query in bound.items()}
    fields = {
        widget.name: {
            name: parse(text, dashboard.datasets[widget.query.dataset].measures)
            for name, text in widget.query.fields.items()
        }
        for widget in dashboard.widgets()
        if widget.queries and widget.kind in DRAWN
    }
    used = {name: _columns_used(name, dashboard, fields) for name in dashboard.datasets}
    datasets = {
        name: _fetch_dataset(source, used[name], run_query, row_limit)
        for name, source in unfiltered.items()
        if used[name]
    }
    widgets = {}
    for page, widget in dashboard.placed():
        if widget.name not in fields:
            continue
        name, own = widget.query.dataset, fields[widget.name]
        source = filtered(bound[name], name, dashboard, chosen, filters_of(dashboard, page))
        if not widget.query.disaggregated:
            rows = _aggregate(source, own, run_query)
        elif source.sql == unfiltered[name].sql:
            rows = _project(datasets[name], own)
        else:
            rows = _project(_fetch_dataset(source, used[name], run_query, row_limit), own)
        widgets[widget.name] = rows
    return Results(widgets, datasets, fields, chosen)


def filters_of(dashboard: Dashboard, page: Page) -> list[str]:
    """The names of the filters of a page: its own and the global ones."""
    return [
        widget.name
        for each in dashboard.pages
        if each is page or each.is_filters
        for widget in each.widgets
        if widget.kind in FILTERS
    ]


def aggregate_sql(source: BoundQuery, fields: Mapping[str, FieldExpression]) -> str:
    """The statement of a widget: its fields from `source`, grouped by its dimensions."""
    selected = ", ".join(f"{field.sql} as {quote(name)}" for name, field in fields.items())
    groups = [field.sql for field in fields.values() if not field.is_measure]
    grouped = f"\ngroup by {', '.join(groups)}" if groups else ""
    return f"select {selected}\nfrom {source.sql}{grouped}"


def _aggregate(
    source: BoundQuery, fields: Mapping[str, FieldExpression], run_query: RunQuery
) -> list[Row]:
    rows = [
        {
            name: _truncate(_to_json(value), field)
            for (name, field), value in zip(fields.items(), row, strict=True)
        }
        for row in run_query(aggregate_sql(source, fields), source.values)
    ]
    dimensions = [name for name, field in fields.items() if not field.is_measure]
    return sorted(rows, key=lambda row: [str(row[name]) for name in dimensions])


def _columns_used(
    dataset: str, dashboard: Dashboard, fields: Mapping[str, Mapping[str, FieldExpression]]
) -> list[str]:
    used: set[str] = set()
    for widget in dashboard.widgets():
        if widget.kind in FILTERS:
            used |= {column for name, column in widget.targets() if name == dataset}
        elif widget.name in fields and widget.query.dataset == dataset:
            for field in fields[widget.name].values():
                used |= field.columns()
    return sorted(used)


def _fetch_dataset(
    source: BoundQuery, columns: list[str], run_query: RunQuery, row_limit: int
) -> Rows:
    selected = ", ".join(map(quote, columns))
    rows = run_query(f"select {selected}\nfrom {source.sql}\nlimit {row_limit + 1}", source.values)
    complete = len(rows) <= row_limit
    by_column = zip(*rows[:row_limit], strict=True) if rows else [[] for _ in columns]
    return Rows(
        {
            name: [_to_json(value) for value in values]
            for name, values in zip(columns, by_column, strict=True)
        },
        complete,
    )


def _project(rows: Rows, fields: Mapping[str, FieldExpression]) -> list[Row]:
    """The rows of a widget that does not aggregate: the dataset's, in their order."""
    columns = [
        [_truncate(value, field) for value in rows.columns[field.tree["column"]]]
        for field in fields.values()
    ]
    return [dict(zip(fields, values, strict=True)) for values in zip(*columns, strict=True)]


def _to_json(value: Any) -> Any:
    """The value as JSON has it: dates as 2026-02-28, times in UTC as 2026-02-28T10:00:00Z.

    Infinity and NaN, which JSON does not have, become None.
    """
    if isinstance(value, datetime):
        in_utc = value.astimezone(UTC) if value.tzinfo else value
        return in_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return None if isinstance(value, float) and not isfinite(value) else value


def _truncate(value: Any, field: FieldExpression) -> Any:
    """The date alone of a time that DATE_TRUNC gave for a day, month or year."""
    return value[:10] if field.unit in ("year", "month", "day") and value else value
