"""Draws the dashboard as a PNG, light and dark, its pages below each other.

The tiles are placed by the grid of the dashboard's file. Vega-Lite draws each chart as an SVG, and
it becomes a part of the SVG of the picture.
"""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import vl_convert

from dashboard_preview.definition import CHARTS, DATE_RANGE, Dashboard, Position
from dashboard_preview.formats import format_value
from dashboard_preview.results import Results
from dashboard_preview.selections import Selection
from dashboard_preview.theme import Theme, themes, vega_config
from dashboard_preview.tiles import DisplayColumn, Tile, TiledPage

FONT = "Arial, sans-serif"
WIDTH, MARGIN, GAP, ROW = 1280, 16, 12, 36  # pixels, as in the page
SCALE = 1.5
_PADDING = 16
_TABLE_ROW, _LETTER = 26, 7.2  # height of a row, width of a letter of 13 pixels


@dataclass(frozen=True)
class Box:
    """A place in the picture, in pixels."""

    x: float
    y: float
    width: float
    height: float


def pictures(
    dashboard: Dashboard, pages: Sequence[TiledPage], results: Results
) -> Iterator[tuple[str, bytes]]:
    """The name of each scheme (`light`, `dark`) with its PNG."""
    for scheme, theme in themes(dashboard.theme).items():
        yield scheme, vl_convert.svg_to_png(_svg(pages, results, theme), scale=SCALE)


def _svg(pages: Sequence[TiledPage], results: Results, theme: Theme) -> str:
    drawn, top = [], float(MARGIN)
    for page in pages:
        bottom = top
        for tile in page.tiles:
            box = _box(tile.widget.position, page.columns, top)
            drawn.append(_tile(tile, box, results, theme))
            bottom = max(bottom, box.y + box.height)
        top = bottom + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{top:.0f}" '
        f'font-family="{FONT}" font-size="13" fill="{theme.font}">'
        f'<rect width="100%" height="100%" fill="{theme.canvas}"/>{"".join(drawn)}</svg>'
    )


def _box(place: Position, columns: int, top: float) -> Box:
    column = (WIDTH - 2 * MARGIN + GAP) / columns
    return Box(
        MARGIN + place.x * column,
        top + place.y * (ROW + GAP),
        place.width * column - GAP,
        place.height * (ROW + GAP) - GAP,
    )


def _tile(tile: Tile, box: Box, results: Results, theme: Theme) -> str:
    kind = tile.widget.kind
    if kind == "text":
        return _blocks(tile, box, theme)
    card = (
        f'<rect x="{box.x + 0.5}" y="{box.y + 0.5}" width="{box.width - 1}" '
        f'height="{box.height - 1}" rx="10" fill="{theme.widget}" stroke="{theme.border}"/>'
    )
    if tile.is_filter:
        return card + _filter(tile, box, results, theme)
    if kind == "counter":
        return card + _counter(tile, box, theme)
    inner = Box(
        box.x + _PADDING, box.y + 46, box.width - 2 * _PADDING, box.height - 46 - _PADDING
    )  # fmt: skip
    card += _heading(tile, box, theme)
    if kind in CHARTS:
        return card + _chart(tile, inner, theme)
    return card + (_table(tile, inner, theme) if kind == "table" else "")


def _heading(tile: Tile, box: Box, theme: Theme) -> str:
    title, description = tile.widget.title, tile.widget.description
    return _text(
        box.x + _PADDING, box.y + 29,
        f'<tspan font-size="14" font-weight="bold">{_safe(title)}</tspan>'
        f'<tspan font-size="12" dx="8" fill="{theme.muted}">{_safe(description)}</tspan>',
    )  # fmt: skip


def _blocks(tile: Tile, box: Box, theme: Theme) -> str:
    heights = {0: 20, 1: 32, 2: 26}
    sizes = {0: 14, 1: 25, 2: 18}
    drawn = []
    y = box.y + (box.height - sum(heights[block.level] for block in tile.blocks)) / 2
    for block in tile.blocks:
        style = f'font-size="{sizes[block.level]}"'
        style += ' font-weight="bold"' if block.level else f' fill="{theme.muted}"'
        drawn.append(_text(box.x + 2, y + heights[block.level] * 0.74, _safe(block.text), style))
        y += heights[block.level]
    return "".join(drawn)


def _counter(tile: Tile, box: Box, theme: Theme) -> str:
    column = tile.columns[0]
    value = format_value(
        tile.rows[0][column.field] if tile.rows else None, column.format, column.missing
    )
    x, size = box.x + _PADDING, 30 if len(value) <= 8 else 20
    muted = f'fill="{theme.muted}"'
    return (
        _text(x, box.y + 29, _safe(tile.widget.title), f'font-size="14" {muted}')
        + _text(x, box.y + 76, _safe(value), f'font-size="{size}" font-weight="bold"')
        + _text(
            x, box.y + box.height - 18, _safe(tile.widget.description), f'font-size="12" {muted}'
        )
    )


def _filter(tile: Tile, box: Box, results: Results, theme: Theme) -> str:
    """A filter with what is chosen in it: by default its widest choice."""
    asked = results.chosen.get(tile.widget.name, Selection())
    choice = ", ".join(asked.values) or "All"
    if tile.widget.kind == DATE_RANGE:
        days = sorted(
            value[:10]
            for dataset, column in tile.widget.targets()
            for value in results.datasets[dataset].columns[column]
            if value
        ) or [""]
        first, last = asked.first or days[0], asked.last or days[-1]
        choice = f"{first} \u2013 {last}" if first or last else choice
    title = f'font-size="12" font-weight="bold" fill="{theme.muted}"'
    return _text(box.x + _PADDING, box.y + 31, _safe(tile.widget.title), title) + _text(
        box.x + _PADDING, box.y + 58, _safe(choice), 'font-size="14"'
    )


def _chart(tile: Tile, box: Box, theme: Theme) -> str:
    spec = {
        **tile.spec,
        "data": {"name": "rows", "values": list(tile.rows)},
        "width": round(box.width),
        "height": round(box.height),
    }
    svg: str = vl_convert.vegalite_to_svg(spec, config=vega_config(theme, FONT))
    # Each chart numbers its clipping paths from 0: the prefix keeps their ids apart.
    svg = re.sub(r'(id="|url\(#)(clip|gradient)', rf"\1{tile.widget.name}-\2", svg)
    return svg.replace("<svg", f'<svg x="{box.x}" y="{box.y}"', 1)


def _table(tile: Tile, box: Box, theme: Theme) -> str:
    room = int(box.height // _TABLE_ROW) - 1
    rows = tile.rows if len(tile.rows) <= room else tile.rows[: room - 1]
    cells = [
        [format_value(row[column.field], column.format) for column in tile.columns] for row in rows
    ]
    places = _columns_within(tile.columns, cells, box)
    drawn = [
        _cell(column.title, place, box.y + 14, column, f'font-size="12" fill="{theme.muted}"')
        for column, place in zip(tile.columns, places, strict=True)
    ]
    for number, row in enumerate(cells, start=1):
        y = box.y + number * _TABLE_ROW
        drawn.append(
            f'<path d="M{box.x} {y - 4}h{box.width}" stroke="{theme.border}" stroke-width="1"/>'
        )
        drawn += [
            _cell(text, place, y + 14, column)
            for text, place, column in zip(row, places, tile.columns, strict=True)
        ]
    if len(rows) < len(tile.rows):
        y = box.y + (len(rows) + 1) * _TABLE_ROW + 14
        more = f"and {len(tile.rows) - len(rows)} more"
        drawn.append(_text(box.x, y, more, f'fill="{theme.muted}"'))
    return "".join(drawn)


def _columns_within(
    columns: Sequence[DisplayColumn], cells: Sequence[Sequence[str]], box: Box
) -> list[Box]:
    """A place for each column, in proportion to its longest text, filling the width."""
    texts = list(zip(*cells, strict=True)) if cells else [()] * len(columns)
    wanted = [
        max(len(text) for text in (column.title, *values)) * _LETTER + 16
        for column, values in zip(columns, texts, strict=True)
    ]
    factor = box.width / sum(wanted)
    places, x = [], box.x
    for width in wanted:
        places.append(replace(box, x=x, width=width * factor))
        x += width * factor
    return places


def _cell(text: str, place: Box, y: float, column: DisplayColumn, style: str = "") -> str:
    longest = int(place.width / (_LETTER * 0.86))
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    if column.is_number:
        return _text(place.x + place.width - _PADDING, y, _safe(cut), f'text-anchor="end" {style}')
    return _text(place.x, y, _safe(cut), style)


def _text(x: float, y: float, content: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{content}</text>'


def _safe(text: str) -> str:
    return html.escape(text)
