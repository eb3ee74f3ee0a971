"""Makes the tiles that page and pictures draw: widgets with their rows, formats and charts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from dashboard_preview.charts import Spec, chart
from dashboard_preview.definition import CHARTS, DRAWN, FILTERS, Dashboard, Widget
from dashboard_preview.expressions import FieldExpression
from dashboard_preview.formats import MISSING, NumberFormat, format_of, format_value
from dashboard_preview.results import Results, Row, filters_of


@dataclass(frozen=True)
class Block:
    """A heading of a text tile (`level` 1 or 2) or a paragraph (0)."""

    level: int
    text: str


@dataclass(frozen=True)
class DisplayColumn:
    """A column of a table tile, or the value of a counter; `missing` is the text for NULL."""

    field: str
    title: str
    format: NumberFormat
    is_number: bool
    missing: str = MISSING


@dataclass(frozen=True)
class Tile:
    """A widget with its rows: a chart has `spec`, a table or counter `columns`, a text `blocks`."""

    widget: Widget
    rows: Sequence[Row] = ()
    fields: Mapping[str, FieldExpression] = field(default_factory=dict)
    filters: Sequence[str] = ()
    spec: Spec = field(default_factory=dict)
    columns: Sequence[DisplayColumn] = ()
    blocks: Sequence[Block] = ()

    @property
    def is_filter(self) -> bool:
        """Whether the widget is a filter."""
        return self.widget.kind in FILTERS

    @property
    def is_drawn(self) -> bool:
        """Whether the preview knows the kind of widget."""
        return self.is_filter or self.widget.kind in DRAWN


@dataclass(frozen=True)
class TiledPage:
    """A page of the dashboard, with its tiles in reading order, in a grid of `columns`."""

    name: str
    title: str
    columns: int
    tiles: Sequence[Tile]


def tile_pages(dashboard: Dashboard, results: Results) -> list[TiledPage]:
    """The dashboard's pages, the tiles of each from top left to bottom right."""
    return [
        TiledPage(
            page.name,
            page.title,
            page.columns,
            [
                _tile(widget, filters_of(dashboard, page), results)
                for widget in sorted(page.widgets, key=_reading_order)
            ],
        )
        for page in dashboard.pages
    ]


def _reading_order(widget: Widget) -> tuple[int, int]:
    return widget.position.y, widget.position.x


def _tile(widget: Widget, filters: Sequence[str], results: Results) -> Tile:
    if widget.kind == "text":
        return Tile(widget, blocks=_blocks(widget.text))
    if widget.kind in FILTERS or widget.kind not in DRAWN:
        return Tile(widget)
    rows, fields = results.widgets[widget.name], results.fields[widget.name]
    if widget.kind in CHARTS:
        coloured = [*rows, *_colour_values(widget, fields, results)]
        return Tile(widget, rows, fields, filters, spec=chart(widget, fields, coloured))
    encodings = widget.encodings
    named = encodings["columns"] if widget.kind == "table" else [encodings["value"]]
    columns = [_column(encoding, rows) for encoding in named]
    if widget.kind == "counter" and fields[columns[0].field].tree.get("op") == "sum":
        # SQL's sum of no rows is NULL; on a page it is nothing, as a count of no rows is.
        columns = [replace(columns[0], missing=format_value(0, columns[0].format))]
    return Tile(widget, rows, fields, filters, columns=columns)


def _colour_values(
    widget: Widget, fields: Mapping[str, FieldExpression], results: Results
) -> list[Row]:
    """A row for each value in the dataset that the colours of a chart stand for."""
    name = widget.encodings.get("color", {}).get("fieldName")
    if name not in fields or fields[name].is_measure or fields[name].unit:
        return []
    values = results.datasets[widget.query.dataset].columns[fields[name].tree["column"]]
    return [{name: value} for value in dict.fromkeys(values)]


def _column(encoding: Mapping[str, Any], rows: Sequence[Row]) -> DisplayColumn:
    name = encoding["fieldName"]
    values = [row[name] for row in rows if row[name] is not None]
    is_number = bool(values) and all(isinstance(value, (int, float)) for value in values)
    return DisplayColumn(
        name,
        encoding.get("displayName", name),
        format_of(encoding),
        is_number or "format" in encoding,
    )


def _blocks(text: str) -> list[Block]:
    """The headings and paragraphs of a text; of Markdown only these are read."""
    blocks = []
    for paragraph in filter(None, (part.strip() for part in text.split("\n\n"))):
        hashes = len(paragraph) - len(paragraph.lstrip("#"))
        level = min(hashes, 2) if paragraph[hashes : hashes + 1] == " " else 0
        blocks.append(Block(level, paragraph[hashes:].strip() if level else paragraph))
    return blocks
