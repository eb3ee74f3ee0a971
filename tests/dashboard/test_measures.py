"""The page counts by itself when a filter is set: every measure as the warehouse counts it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from browser import Browser
from dashboard_page import DASH, pick, show, table

from dashboard_preview.formats import format_of, format_value
from lakehouse import Lakehouse

VALUES = """\
select * from values
    ('1', 'a', timestamp'2026-01-05 10:30:00', 1, 2.5),
    ('2', 'a', timestamp'2026-01-20 11:00:00', 3, cast(null as decimal(3, 1))),
    ('3', 'b', timestamp'2026-03-01 00:00:00', 2, 0.5),
    ('4', cast(null as string), timestamp'2025-12-31 23:59:59', null, 1.0)
as t (id, name, moment, number, price)
"""
MEASURES = {
    "rows": "COUNT(`*`)",
    "counted": "COUNT(`number`)",
    "distinct": "COUNT(DISTINCT `name`)",
    "sum": "SUM(`number`)",
    "mean": "AVG(`price`)",
    "least": "MIN(`price`)",
    "last": "MAX(`moment`)",
    "named": "MEASURE(`Price of one`)",
}
# Halves that binary fractions cannot hold, large and small numbers, and what is no number.
NUMBERS = "select explode(array(0.0525D, 0.0005D, 2.675D, -1.005D, 1234567.5D, double('NaN'))) as n"
FORMATS = {
    "percent": {"type": "number-percent", "decimalPlaces": {"type": "exact", "places": 1}},
    "exact": {"type": "number", "decimalPlaces": {"type": "exact", "places": 2}},
    "plain": {},
}
LARGE = "select * from values ('a', 11036547), ('b', 11030372), ('c', 5) as t (name, number)"
UNITS = {unit: f'DATE_TRUNC("{unit}", `moment`)' for unit in ("YEAR", "MONTH", "DAY", "HOUR")}


def synthetic() -> dict[str, Any]:
    """A dashboard of tables of every measure by every unit of time, a line and an area chart."""
    place = {"x": 0, "y": 0, "width": 6, "height": 6}

    def widget(
        name: str, fields: dict[str, str], spec: dict[str, Any], dataset: str = "samples"
    ) -> dict[str, Any]:
        query = {
            "datasetName": dataset,
            "fields": [{"name": field, "expression": text} for field, text in fields.items()],
            "disaggregated": False,
        }
        queries = [{"name": "main_query", "query": query}]
        return {"widget": {"name": name, "queries": queries, "spec": spec}, "position": place}

    def columns(fields: Iterable[str], **more: dict[str, Any]) -> dict[str, Any]:
        encodings = {"columns": [{"fieldName": field, **more.get(field, {})} for field in fields]}
        return {"version": 2, "widgetType": "table", "encodings": encodings}

    def xy(kind: str) -> dict[str, Any]:
        x = {"fieldName": "time", "scale": {"type": "temporal"}}
        y = {"fieldName": "sum", "scale": {"type": "quantitative"}}
        return {"version": 3, "widgetType": kind, "encodings": {"x": x, "y": y}}

    by_name = {"name": "`name`", **MEASURES}
    layout = [
        widget("table-name", by_name, columns(by_name)),
        widget("sankey", {}, {"widgetType": "sankey"}),
        widget(
            "table-formats",
            dict.fromkeys(FORMATS, "`n`"),
            columns(FORMATS, **{name: {"format": format_} for name, format_ in FORMATS.items()}),
            dataset="numbers",
        ),
    ]
    for unit, expression in UNITS.items():
        fields = {"time": expression, **MEASURES}
        layout.append(widget(f"table-{unit}", fields, columns(fields)))
    for kind in ("line", "area"):
        fields = {"time": UNITS["MONTH"], "sum": MEASURES["sum"]}
        layout.append(widget(f"chart-{kind}", fields, xy(kind)))
    bars = {
        "x": {"fieldName": "sum", "scale": {"type": "quantitative"}},
        "y": {"fieldName": "name", "scale": {"type": "categorical"}},
        "label": {"show": True},
    }
    fields = {"name": "`name`", "sum": MEASURES["sum"]}
    spec = {"version": 3, "widgetType": "bar", "encodings": bars}
    layout.append(widget("chart-bar", fields, spec, dataset="large"))
    query = {"datasetName": "samples", "fields": [{"name": "id", "expression": "`id`"}]}
    layout.append(
        {
            "widget": {
                "name": "choice",
                "queries": [{"name": "q", "query": query}],
                "spec": {
                    "version": 2,
                    "widgetType": "filter-multi-select",
                    "encodings": {"fields": [{"fieldName": "id", "queryName": "q"}]},
                },
            },
            "position": place,
        }
    )
    measure = {
        "displayName": "Price of one",
        "expression": "SUM(`price`) / NULLIF(SUM(`number`), 0)",
    }
    return {
        "datasets": [
            {"name": "samples", "queryLines": [VALUES], "columns": [measure]},
            {"name": "numbers", "queryLines": [NUMBERS]},
            {"name": "large", "queryLines": [LARGE]},
        ],
        "pages": [{"name": "all", "displayName": "All", "layout": layout}],
    }


@pytest.fixture(scope="module")
def synthetic_page(lakehouse: Lakehouse, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the page that `preview-dashboard` makes of it."""
    folder = tmp_path_factory.mktemp("synthetic")
    file = folder / "sales.lvdash.json"
    file.write_text(json.dumps(synthetic()))
    command = ["preview-dashboard", str(file), "--schema", "default", "--out", str(folder)]
    lakehouse.run(*command, "--no-pictures")
    return folder


def test_numbers_are_rounded_on_the_page_as_in_the_pictures(
    browser: Browser, synthetic_page: Path
) -> None:
    show(browser, synthetic_page, "all")
    on_page = table(browser, "table-formats")
    assert on_page == [
        ["-100.5%", "-1.01", "-1.01"],
        ["0.1%", "0.00", "0"],
        ["5.3%", "0.05", "0.05"],
        ["123,456,750.0%", "1,234,567.50", "1,234,567.5"],
        ["267.5%", "2.68", "2.68"],
        [DASH, DASH, DASH],
    ]
    numbers = [-1.005, 0.0005, 0.0525, 1234567.5, 2.675, None]
    formats = [format_of({"format": format_}) for format_ in FORMATS.values()]
    assert on_page == [[format_value(number, each) for each in formats] for number in numbers]


@pytest.mark.parametrize("width", [320, 600, 1280])
def test_labels_of_the_longest_bars_are_seen_whole(
    browser: Browser, synthetic_page: Path, width: int
) -> None:
    show(browser, synthetic_page, "all", width=width)
    chart = "document.querySelector('[data-widget=chart-bar] svg')"
    texts = f"[...{chart}.querySelectorAll('text')]"
    assert "11,036,547" in browser.run(f"{texts}.map(text => text.textContent)")
    outside = browser.run(
        f"{texts}.filter(text => text.getBoundingClientRect().right > "
        f"{chart}.getBoundingClientRect().right + 1).map(text => text.textContent)"
    )
    assert outside == []


def test_the_page_counts_every_measure_as_the_warehouse_does(
    browser: Browser, synthetic_page: Path
) -> None:
    show(browser, synthetic_page, "all")
    names = [f"table-{each}" for each in ("name", *UNITS)] + ["chart-line", "chart-area"]
    every = {name: browser.run(f"preview.rows('{name}')") for name in names}
    assert len(every["table-HOUR"]) == 4
    assert [row["rows"] for row in every["table-MONTH"]] == [1, 2, 1]
    pick(browser, "choice", "1", "2", "3", "4")  # all of them, so the page counts by itself
    assert {name: browser.run(f"preview.rows('{name}')") for name in names} == every
    pick(browser, "choice", "3")
    [row] = browser.run("preview.rows('table-YEAR')")
    assert row == {
        "time": "2026-01-01", "rows": 1, "counted": 1, "distinct": 1, "sum": 2, "mean": 0.5,
        "least": 0.5, "last": "2026-03-01T00:00:00Z", "named": 0.25,
    }  # fmt: skip
    assert "does not draw" in browser.run("document.querySelector('.sankey').textContent")
    assert browser.problems() == []
