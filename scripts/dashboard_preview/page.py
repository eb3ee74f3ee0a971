"""Writes the page: a single HTML file with rows, charts, Vega, style and script in it.

The page loads nothing from any host; its Content-Security-Policy forbids it.
"""

import base64
import gzip
import html
import json
import os
from collections.abc import Mapping, Sequence
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any

import vl_convert

from dashboard_preview.definition import CHARTS, DATE_RANGE, Dashboard
from dashboard_preview.results import Results, Rows
from dashboard_preview.theme import SCHEMES, Theme, themes, vega_config
from dashboard_preview.tiles import DisplayColumn, Tile, TiledPage

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
ROWS_SIZE = 3_500_000  # bytes; Vega and the rest take about a million
_EMBED = "window.vegaEmbed = vegaEmbed;"


def page(
    dashboard: Dashboard, pages: Sequence[TiledPage], results: Results, origin: str, cache: Path
) -> str:
    """The page's HTML. `origin` says in a few words where and when the numbers are from, `cache` is
    a folder that may be kept for the next page, and may be lost."""
    by_scheme = themes(dashboard.theme)
    parts = {
        "title": html.escape(dashboard.title),
        "shown": html.escape(origin),
        "colours": _colours(by_scheme),
        "css": _asset("page.css"),
        "tabs": "".join(_tab(each) for each in pages),
        "pages": "\n".join(_page(each) for each in pages),
        "dashboard": _in_script(_data(pages, results, by_scheme)),
        "rows": _in_script(pack_rows(results.datasets)),
        "vega": _vega(cache).replace("</script", "<\\/script"),
        "script": _asset("page.js"),
    }
    made = _asset("page.html")
    for name, text in parts.items():
        before, after = made.split(f"@@{name}@@")
        made = before + text + after
    return made


def _vega(cache: Path) -> str:
    """Vega and what draws with it, as one script, which takes more than a second to bundle."""
    kept = cache / f"vega-{version('vl-convert-python')}.js"
    if kept.is_file():
        return kept.read_text("utf-8")
    bundle: str = vl_convert.javascript_bundle(_EMBED)
    cache.mkdir(parents=True, exist_ok=True)
    part = kept.with_suffix(f".{os.getpid()}")
    part.write_text(bundle, "utf-8")
    part.replace(kept)
    return bundle


def _asset(name: str) -> str:
    return resources.files("dashboard_preview").joinpath("assets", name).read_text("utf-8")


def _in_script(data: Any) -> str:
    """The data as JSON that cannot end the script element around it."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


# ---- the data that the script reads --------------------------------------------------------------


def _data(
    pages: Sequence[TiledPage], results: Results, by_scheme: Mapping[str, Theme]
) -> dict[str, Any]:
    tiles = [tile for each in pages for tile in each.tiles]
    return {
        "charts": CHARTS,
        "config": {scheme: vega_config(theme, FONT) for scheme, theme in by_scheme.items()},
        "filters": [_filter(tile, results) for tile in tiles if tile.is_filter],
        "widgets": [_widget(tile) for tile in tiles if tile.fields],
    }


def _filter(tile: Tile, results: Results) -> dict[str, Any]:
    widget = tile.widget
    asked = results.chosen.get(widget.name)
    is_range = widget.kind == DATE_RANGE
    if asked:
        chosen = {"from": asked.first, "to": asked.last} if is_range else asked.values
    return {
        "name": widget.name,
        "title": widget.title,
        "targets": widget.targets(),
        "parameters": widget.parameters(),
        "asked": chosen if asked else None,
        "range": is_range,
        "single": widget.kind == "filter-single-select",
    }


def _widget(tile: Tile) -> dict[str, Any]:
    widget = tile.widget
    columns = [_column(column) for column in tile.columns]
    made: dict[str, Any] = {
        "name": widget.name,
        "kind": widget.kind,
        "dataset": widget.query.dataset,
        "disaggregated": widget.query.disaggregated,
        "filters": tile.filters,
        "fields": [
            {"name": name, "measure": field.is_measure, "tree": field.tree}
            for name, field in tile.fields.items()
        ],
        "rows": tile.rows,
    }
    if widget.kind == "counter":
        made["value"] = columns[0]
    elif columns:
        made["columns"] = columns
    else:
        made["spec"] = tile.spec
    return made


def _column(column: DisplayColumn) -> dict[str, Any]:
    return {
        "field": column.field,
        "title": column.title,
        "format": column.format.as_dict(),
        "number": column.is_number,
        "missing": column.missing,
    }


def pack_rows(datasets: Mapping[str, Rows]) -> dict[str, str]:
    """The rows of the datasets, each as gzipped JSON in base 64, at most ROWS_SIZE together.

    What is too large loses rows from its end and is not complete; the largest dataset first.
    """
    kept = dict(datasets)
    packed = {name: _pack(rows) for name, rows in kept.items()}
    while sum(map(len, packed.values())) > ROWS_SIZE:
        largest = max(packed, key=lambda name: len(packed[name]))
        kept[largest] = kept[largest].half()
        packed[largest] = _pack(kept[largest])
    return packed


def _pack(rows: Rows) -> str:
    made = {
        "complete": rows.complete,
        "length": rows.length,
        "columns": {column: _encode_column(values) for column, values in rows.columns.items()},
    }
    text = json.dumps(made, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _encode_column(values: Sequence[Any]) -> dict[str, Any]:
    """A column of text as its distinct words and a code for each row; another as it is."""
    if not any(isinstance(value, str) for value in values):
        return {"values": values}
    words = {word: code for code, word in enumerate(dict.fromkeys(values))}
    return {"words": list(words), "codes": [words[value] for value in values]}


# ---- the HTML that the script fills --------------------------------------------------------------


def _colours(by_scheme: Mapping[str, Theme]) -> str:
    light, dark = (_variables(by_scheme[scheme]) for scheme in SCHEMES)
    return (
        f":root {{ --family: {FONT}; {light} }}\n"
        f':root[data-scheme="dark"] {{ {dark} }}\n'
        f"@media (prefers-color-scheme: dark) "
        f'{{ :root:not([data-scheme="light"]) {{ {dark} }} }}'
    )


def _variables(theme: Theme) -> str:
    names = ("canvas", "widget", "border", "font", "muted", "selection")
    return " ".join(f"--{name}: {getattr(theme, name)};" for name in names)


def _tab(page: TiledPage) -> str:
    name, title = html.escape(page.name), html.escape(page.title)
    role = 'type="button" role="tab" aria-selected="false"'
    return f'<button {role} data-page="{name}">{title}</button>'


def _page(page: TiledPage) -> str:
    tiles = "\n".join(_tile(tile) for tile in page.tiles)
    return (
        f'<main class="page" id="{html.escape(page.name)}" role="tabpanel" hidden '
        f'style="--columns: {page.columns}">\n{tiles}\n</main>'
    )


def _tile(tile: Tile) -> str:
    widget, place = tile.widget, tile.widget.position
    kind = "filter" if tile.is_filter else "chart" if widget.kind in CHARTS else widget.kind
    card = "" if kind == "text" else " card"
    if widget.kind == DATE_RANGE:
        card += " wide"
    return (
        f'<section class="tile {html.escape(kind)}{card}" data-widget="{html.escape(widget.name)}" '
        f'style="--x: {place.x}; --y: {place.y}; --w: {place.width}; --h: {place.height}">'
        f"{_content(tile, kind)}</section>"
    )


def _content(tile: Tile, kind: str) -> str:
    if kind == "text":
        return "".join(_block(block.level, block.text) for block in tile.blocks)
    title = html.escape(tile.widget.title)
    description = html.escape(tile.widget.description)
    said = f"<p>{description}</p>" if description else ""
    if kind == "counter":
        return f'<header><h2>{title}</h2></header><div class="value">&ndash;</div>{said}'
    if kind == "filter":
        return f'<h2>{title}</h2><div class="body"></div>'
    body = '<div class="body"></div>'
    if kind == "chart":
        body = (
            f'<div class="body"><div class="vega" role="img" aria-label="{title}"></div>'
            '<div class="empty" hidden>No rows</div></div>'
        )
    if not tile.is_drawn:
        body = f'<p class="note">A preview does not draw “{html.escape(kind)}”.</p>'
    return f"<header><h2>{title}</h2>{said}</header>{body}"


def _block(level: int, text: str) -> str:
    name = f"h{level}" if level else "p"
    return f"<{name}>{html.escape(text)}</{name}>"
