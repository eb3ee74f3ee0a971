"""Reads a .lvdash.json file, as far as a preview needs it.

Its form is that of the files that Databricks exports and `bundle deploy` takes.
https://docs.databricks.com/aws/en/dashboards/
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COLUMNS = {"GRID_V1": 12, None: 6}  # of the grid, by the page's layoutVersion
CHARTS = ("bar", "line", "area", "pie")
DRAWN = (*CHARTS, "counter", "table", "text")
FILTERS = ("filter-date-range-picker", "filter-multi-select", "filter-single-select")
DATE_RANGE = FILTERS[0]
GLOBAL_FILTERS = "PAGE_TYPE_GLOBAL_FILTERS"
SINGLE, MULTI, RANGE = "SINGLE", "MULTI", "RANGE"  # kinds of parameters; the file omits SINGLE


class DashboardError(Exception):
    """The dashboard's file cannot be read, or holds what a preview cannot draw."""


@dataclass(frozen=True)
class DatasetParameter:
    """A parameter of a dataset's query: `:name`, or `:name.min` and `:name.max` of a range.

    `kind` is SINGLE, MULTI (an array, empty for all values) or RANGE, `data_type` that of a value,
    such as DATE. `default` are the values while no filter is set: for a RANGE its two ends.
    """

    name: str
    kind: str
    data_type: str
    default: tuple[str, ...]


@dataclass(frozen=True)
class DashboardDataset:
    """A query with its parameters, and its measures: expressions by the name in MEASURE(`…`)."""

    name: str
    title: str
    sql: str
    measures: Mapping[str, str]
    parameters: Mapping[str, DatasetParameter]


@dataclass(frozen=True)
class WidgetQuery:
    """The fields that a widget asks of a dataset: their names and expressions."""

    name: str
    dataset: str
    fields: Mapping[str, str]
    disaggregated: bool


@dataclass(frozen=True)
class Position:
    """A place in the page's grid, in its columns and rows."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True)
class Widget:
    """A tile. `kind` is its widgetType, or `text`; `encodings` are as in the file."""

    name: str
    kind: str
    position: Position
    title: str = ""
    description: str = ""
    text: str = ""
    queries: tuple[WidgetQuery, ...] = ()
    encodings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def query(self) -> WidgetQuery:
        """The query of a widget that is no filter and so has only one."""
        return self.queries[0]

    def targets(self) -> list[tuple[str, str]]:
        """The (dataset, column) pairs that a filter's widget filters."""
        return self._bound("fieldName")

    def parameters(self) -> list[tuple[str, str]]:
        """The (dataset, parameter) pairs that a filter's widget sets."""
        return self._bound("parameterName")

    def _bound(self, key: str) -> list[tuple[str, str]]:
        datasets = {query.name: query.dataset for query in self.queries}
        return [
            (datasets[target["queryName"]], target[key])
            for target in self.encodings["fields"]
            if key in target
        ]


@dataclass(frozen=True)
class Page:
    """A page: widgets in a grid of so many columns. `is_filters`: its filters are for all pages."""

    name: str
    title: str
    columns: int
    is_filters: bool
    widgets: tuple[Widget, ...]


@dataclass(frozen=True)
class Dashboard:
    """A dashboard. `theme` is the file's `uiSettings.theme`."""

    title: str
    datasets: Mapping[str, DashboardDataset]
    pages: tuple[Page, ...]
    theme: Mapping[str, Any]

    def widgets(self) -> Iterator[Widget]:
        """All widgets, page by page."""
        for _, widget in self.placed():
            yield widget

    def placed(self) -> Iterator[tuple[Page, Widget]]:
        """All widgets, each with the page that it is on."""
        for page in self.pages:
            for widget in page.widgets:
                yield page, widget


def read_dashboard(path: Path) -> Dashboard:
    """Read the file. A DashboardError names the file, and the widget at fault."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DashboardError(f"{path}: {error.strerror or error}") from error
    except ValueError as error:
        raise DashboardError(f"{path} is not JSON: {error}") from error
    try:
        datasets = {item["name"]: _dataset(item) for item in content["datasets"]}
        pages = tuple(_page(item) for item in content["pages"])
        theme = content.get("uiSettings", {}).get("theme", {})
    except (KeyError, TypeError, AttributeError) as error:
        raise DashboardError(f"{path} is not an AI/BI dashboard: no {error}") from error
    title = path.name.removesuffix(".lvdash.json").replace("_", " ").capitalize()
    dashboard = Dashboard(title, datasets, pages, theme)
    for widget in dashboard.widgets():
        _check_names(widget, datasets, path)
    return dashboard


def _check_names(widget: Widget, datasets: Mapping[str, DashboardDataset], path: Path) -> None:
    """Raise DashboardError for a dataset or a parameter that the file does not have."""
    for query in widget.queries:
        if query.dataset not in datasets:
            raise DashboardError(
                f"{path}: widget {widget.name} asks dataset {query.dataset}, "
                f"which the file does not have; it has {', '.join(datasets)}."
            )
    for dataset, name in widget.parameters() if widget.kind in FILTERS else ():
        known = datasets[dataset].parameters
        if name not in known:
            raise DashboardError(
                f"{path}: filter {widget.name} sets parameter {name} of dataset {dataset}, "
                f"which has {', '.join(known) or 'none'}."
            )


def _dataset(item: Mapping[str, Any]) -> DashboardDataset:
    lines = item.get("queryLines")
    return DashboardDataset(
        name=item["name"],
        title=item.get("displayName", item["name"]),
        sql=("".join(lines) if lines else item["query"]).strip().rstrip(";"),
        measures={
            column["displayName"]: column["expression"] for column in item.get("columns", [])
        },
        parameters={each["keyword"]: _parameter(each) for each in item.get("parameters", [])},
    )


def _parameter(item: Mapping[str, Any]) -> DatasetParameter:
    selection = item.get("defaultSelection", {})
    if "range" in selection:
        ends = [selection["range"].get(end, {}).get("value") for end in ("min", "max")]
    else:
        ends = [each["value"] for each in selection.get("values", {}).get("values", [])]
    default = tuple(value for value in ends if value is not None)
    kind = item.get("complexType", SINGLE)
    return DatasetParameter(item["keyword"], kind, item["dataType"], default)


def _page(item: Mapping[str, Any]) -> Page:
    return Page(
        name=item["name"],
        title=item.get("displayName", item["name"]),
        columns=COLUMNS.get(item.get("layoutVersion"), 12),
        is_filters=item.get("pageType") == GLOBAL_FILTERS,
        widgets=tuple(_widget(placed["widget"], placed["position"]) for placed in item["layout"]),
    )


def _widget(item: Mapping[str, Any], position: Mapping[str, int]) -> Widget:
    place = Position(position["x"], position["y"], position["width"], position["height"])
    if "spec" not in item:
        lines = item.get("multilineTextboxSpec", {}).get("lines", [])
        return Widget(
            item["name"], "text", place, text="".join(lines) or item.get("textbox_spec", "")
        )
    spec = item["spec"]
    frame = spec.get("frame", {})
    return Widget(
        name=item["name"],
        kind=spec["widgetType"],
        position=place,
        title=frame.get("title", "") if frame.get("showTitle") else "",
        description=frame.get("description", "") if frame.get("showDescription") else "",
        queries=tuple(_query(query["name"], query["query"]) for query in item.get("queries", [])),
        encodings=spec.get("encodings", {}),
    )


def _query(name: str, item: Mapping[str, Any]) -> WidgetQuery:
    return WidgetQuery(
        name=name,
        dataset=item["datasetName"],
        fields={each["name"]: each["expression"] for each in item.get("fields", [])},
        disaggregated=bool(item.get("disaggregated")),
    )
