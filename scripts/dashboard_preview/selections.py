"""What is chosen in the filters, from the command line, and as values of parameters and conditions.

A filter is named by the parameter or the field that it is bound to, such as `platform`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

import sqlglot
from databricks.sql.parameters.native import (
    ArrayParameter,
    BigIntegerParameter,
    DateParameter,
    DecimalParameter,
    StringParameter,
    TDbsqlParameter,
    TimestampParameter,
)

from dashboard_preview.definition import (
    DATE_RANGE,
    FILTERS,
    MULTI,
    RANGE,
    Dashboard,
    DashboardDataset,
    DashboardError,
    DatasetParameter,
    Widget,
)

_DAYS = re.compile(r"(\d{4}-\d\d-\d\d)?\.\.(\d{4}-\d\d-\d\d)?")


@dataclass(frozen=True)
class Selection:
    """The choice in a filter: `values`, or the days `first` to `last`, empty where it is open."""

    values: tuple[str, ...] = ()
    first: str = ""
    last: str = ""


Selections = Mapping[str, Selection]  # by the name of the filter's widget


@dataclass(frozen=True)
class BoundQuery:
    """A statement with markers `:name`, and the typed values of its parameters."""

    sql: str
    values: Sequence[TDbsqlParameter] = field(default_factory=list)


def read_selections(texts: Sequence[str], dashboard: Dashboard) -> dict[str, Selection]:
    """The selections that texts `NAME=VALUE` and `NAME=FIRST..LAST` make, by filter.

    A name that is given several times has several values. Raises DashboardError for a name that no
    filter has, and for a range that is none or ends before it begins.
    """
    filters: dict[str, list[Widget]] = {}
    for widget in dashboard.widgets():
        if widget.kind in FILTERS:
            for name in dict.fromkeys(name for _, name in widget.targets() + widget.parameters()):
                filters.setdefault(name, []).append(widget)
    chosen: dict[str, Selection] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or name not in filters:
            raise DashboardError(
                f"--filter {text}: no such filter; give NAME=VALUE with one of the names "
                f"{', '.join(filters)}."
            )
        for widget in filters[name]:
            before = chosen.get(widget.name, Selection())
            chosen[widget.name] = (
                _days(text, value)
                if widget.kind == DATE_RANGE
                else Selection(values=(*before.values, value))
            )
    return chosen


def _days(text: str, value: str) -> Selection:
    found = _DAYS.fullmatch(value)
    try:
        first, last = (day or "" for day in found.groups()) if found else ("", "")
        for day in filter(None, (first, last)):
            date.fromisoformat(day)
    except ValueError as error:
        raise DashboardError(f"--filter {text}: {error}.") from error
    if not first and not last:
        raise DashboardError(f"--filter {text}: give two days, as 2026-01-01..2026-01-31.")
    if first and last and first > last:
        raise DashboardError(f"--filter {text}: {last} is before {first}.")
    return Selection(first=first, last=last)


def bind(dataset: DashboardDataset, dashboard: Dashboard, chosen: Selections) -> BoundQuery:
    """The dataset's query with the values of its parameters: those chosen, or else the defaults.

    The connector knows no ranges, so `:name.min` becomes the marker `:name_min`. Raises
    DashboardError for a parameter that has no value.
    """
    selections = {
        name: chosen[widget.name]
        for widget in dashboard.widgets()
        if widget.kind in FILTERS and widget.name in chosen
        for target, name in widget.parameters()
        if target == dataset.name
    }
    values = [
        value
        for name, parameter in dataset.parameters.items()
        for value in _values(dataset, parameter, selections.get(name, Selection()))
    ]
    return BoundQuery(_with_simple_markers(dataset), values)


def _values(
    dataset: DashboardDataset, parameter: DatasetParameter, selection: Selection
) -> Iterator[TDbsqlParameter]:
    name, kind = parameter.name, parameter.data_type
    try:
        if parameter.kind == RANGE:
            first, last = parameter.default
            yield _typed(selection.first or first, kind, f"{name}_min")
            yield _typed(selection.last or last, kind, f"{name}_max")
        elif parameter.kind == MULTI:
            texts = selection.values or parameter.default
            yield ArrayParameter([_typed(text, kind).value for text in texts], name)
        else:
            [text] = selection.values or parameter.default
            yield _typed(text, kind, name)
    except (ValueError, InvalidOperation) as error:
        raise DashboardError(
            f"dataset {dataset.name}: parameter {name} has no value of type {kind} "
            f"({error}); give one by --filter."
        ) from error


def _typed(text: str, kind: str, name: str | None = None) -> TDbsqlParameter:
    if kind == "DATE":
        return DateParameter(date.fromisoformat(text[:10]), name)
    if kind == "DATETIME":
        return TimestampParameter(datetime.fromisoformat(text), name)
    if kind == "INTEGER":
        return BigIntegerParameter(int(text), name)
    if kind == "DECIMAL":
        return DecimalParameter(Decimal(text), name)
    return StringParameter(text, name)


def _with_simple_markers(dataset: DashboardDataset) -> str:
    """The query with `:name_min` for `:name.min` and `:name_max` for `:name.max` of each range.

    A colon right behind a name or a bracket is no marker but a path into JSON.
    """
    ranges = {name for name, each in dataset.parameters.items() if each.kind == RANGE}
    sql, parts, end = dataset.sql, [], 0
    tokens = sqlglot.tokenize(sql, dialect="databricks")
    for colon, name, dot, side in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False):
        is_path = re.match(r"[\w`)\]]", sql[colon.start - 1 : colon.start])
        if (colon.text, dot.text) == (":", ".") and name.text in ranges and not is_path:
            parts += [sql[end : dot.start], f"_{side.text}"]
            end = side.end + 1
    return "".join([*parts, sql[end:]])


def filtered(
    query: BoundQuery, name: str, dashboard: Dashboard, chosen: Selections, filters: Sequence[str]
) -> BoundQuery:
    """The query of a dataset under what is chosen of its fields, as SQL that follows FROM.

    `name` is the dataset's; `filters` are the names of the widgets that count.
    """
    conditions, values = [], list(query.values)
    for widget in dashboard.widgets():
        if widget.name not in filters or widget.name not in chosen:
            continue
        selection = chosen[widget.name]
        for target, column in widget.targets():
            if target == name:
                for before, value, after in _conditions(selection, quote(column)):
                    value.name = f"chosen_{len(values)}"
                    conditions.append(f"{before}:{value.name}{after}")
                    values.append(value)
    where = f"\nwhere {' and '.join(conditions)}" if conditions else ""
    return BoundQuery(f"(\n{query.sql}\n) as {quote(name)}{where}", values)


def _conditions(selection: Selection, column: str) -> Iterator[tuple[str, TDbsqlParameter, str]]:
    """Conditions as the SQL before a marker, the marker's value, and the SQL behind it."""
    if selection.values:
        texts = ArrayParameter(selection.values)
        yield "array_contains(", texts, f", cast({column} as string))"
    if selection.first:
        yield f"cast({column} as date) >= ", _typed(selection.first, "DATE"), ""
    if selection.last:
        yield f"cast({column} as date) <= ", _typed(selection.last, "DATE"), ""


def quote(name: str) -> str:
    """The name as an identifier of Databricks SQL."""
    return f"`{name.replace('`', '``')}`"
