"""The page counts by itself when a filter is set: every measure as the warehouse counts it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from browser import Browser
from dashboard_page import pick, show

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
UNITS = {unit: f'DATE_TRUNC("{unit}", `moment`)' for unit in ("YEAR", "MONTH", "DAY", "HOUR")}


def synthetic() -> dict[str, Any]:
    """A dashboard of tables of every measure by every unit of time, a line and an area chart."""
    place = {"x": 0, "y": 0, "width": 6, "height": 6}

    def widget(name: str, fields: dict[str, str], spec: dict[str, Any]) -> dict[str, Any]:
        query = {
            "datasetName": "samples",
            "fields": [{"name": field, "expression": text} for field, text in fields.items()],
            "disaggregated": False,
        }
        queries = [{"name": "main_query", "query": query}]
        return {"widget": {"name": name, "queries": queries, "spec": spec}, "position": place}

    def columns(fields: dict[str, str]) -> dict[str, Any]:
        encodings = {"columns": [{"fieldName": field} for field in fields]}
        return {"version": 2, "widgetType": "table", "encodings": encodings}

    def xy(kind: str) -> dict[str, Any]:
        x = {"fieldName": "time", "scale": {"type": "temporal"}}
        y = {"fieldName": "sum", "scale": {"type": "quantitative"}}
        return {"version": 3, "widgetType": kind, "encodings": {"x": x, "y": y}}

    by_name = {"name": "`name`", **MEASURES}
    layout = [
        widget("table-name", by_name, columns(by_name)),
        widget("sankey", {}, {"widgetType": "sankey"}),
    ]
    for unit, expression in UNITS.items():
        fields = {"time": expression, **MEASURES}
        layout.append(widget(f"table-{unit}", fields, columns(fields)))
    for kind in ("line", "area"):
        fields = {"time": UNITS["MONTH"], "sum": MEASURES["sum"]}
        layout.append(widget(f"chart-{kind}", fields, xy(kind)))
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
        "datasets": [{"name": "samples", "queryLines": [VALUES], "columns": [measure]}],
        "pages": [{"name": "all", "displayName": "All", "layout": layout}],
    }


def test_the_page_counts_every_measure_as_the_warehouse_does(
    browser: Browser, lakehouse: Lakehouse, tmp_path: Path
) -> None:
    file = tmp_path / "sales.lvdash.json"
    file.write_text(json.dumps(synthetic()))
    lakehouse.run("preview-dashboard", str(file), "--schema", "default", "--out", str(tmp_path))
    show(browser, tmp_path, "all")
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
