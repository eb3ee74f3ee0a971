"""The dashboard's file is one that Databricks takes, and reads gold tables alone.

What Databricks takes is not published as a schema; the rules are those of files it exports.
"""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import sqlglot
import yaml
from sqlglot import exp

from lakehouse import ROOT

FILE = ROOT / "dashboards/sales.lvdash.json"
DASHBOARD = json.loads(FILE.read_text())
DATASETS = {dataset["name"]: dataset for dataset in DASHBOARD["datasets"]}
LAYOUT = [item for page in DASHBOARD["pages"] for item in page["layout"]]
WIDGETS = {item["widget"]["name"]: item["widget"] for item in LAYOUT}
SPECS = {name: widget for name, widget in WIDGETS.items() if "spec" in widget}
VERSIONS = {
    "counter": 2, "table": 2, "bar": 3, "pie": 3,
    "filter-multi-select": 2, "filter-date-range-picker": 2,
}  # fmt: skip
REQUIRED = {
    "counter": {"value"},
    "table": {"columns"},
    "bar": {"x", "y"},
    "pie": {"angle", "color"},
    "filter-multi-select": {"fields"},
    "filter-date-range-picker": {"fields"},
}


def encoded(encodings: Any) -> Iterator[dict[str, Any]]:
    """Every encoding that names a field, however deep."""
    if isinstance(encodings, list):
        for each in encodings:
            yield from encoded(each)
    elif isinstance(encodings, dict):
        if "fieldName" in encodings:
            yield encodings
        for each in encodings.values():
            yield from encoded(each)


def test_names_are_unique_and_of_the_letters_that_are_allowed() -> None:
    names = [item["widget"]["name"] for item in LAYOUT]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}", name)] == []
    assert len(DATASETS) == len(DASHBOARD["datasets"])


@pytest.mark.parametrize("page", DASHBOARD["pages"], ids=lambda page: page["name"])
def test_widgets_do_not_overlap_within_twelve_columns(page: dict[str, Any]) -> None:
    assert page["pageType"] == "PAGE_TYPE_CANVAS"
    assert page["layoutVersion"] == "GRID_V1"
    cells = {
        item["widget"]["name"]: {
            (x, y)
            for x in range(place["x"], place["x"] + place["width"])
            for y in range(place["y"], place["y"] + place["height"])
        }
        for item in page["layout"]
        for place in [item["position"]]
    }
    assert all(0 <= x < 12 and y >= 0 for place in cells.values() for x, y in place)
    overlapping = [
        (one, other) for one, other in combinations(cells, 2) if cells[one] & cells[other]
    ]
    assert overlapping == []


@pytest.mark.parametrize("name", SPECS)
def test_every_field_has_its_encoding_and_every_encoding_its_field(name: str) -> None:
    widget, spec = SPECS[name], SPECS[name]["spec"]
    assert spec["version"] == VERSIONS[spec["widgetType"]]
    assert set(spec["encodings"]) >= REQUIRED[spec["widgetType"]]
    assert spec["frame"]["showTitle"]
    assert spec["frame"]["title"]
    queries = {query["name"]: query["query"] for query in widget["queries"]}
    encodings = list(encoded(spec["encodings"]))
    if spec["widgetType"].startswith("filter-"):
        asked = {(query, field["name"]) for query in queries for field in queries[query]["fields"]}
        assert {(each["queryName"], each["fieldName"]) for each in encodings} == asked
    else:
        assert list(queries) == ["main_query"]
        names = [field["name"] for field in queries["main_query"]["fields"]]
        assert sorted(each["fieldName"] for each in encodings) == sorted(names)
    for query in queries.values():
        assert query["datasetName"] in DATASETS
        assert all(field["expression"] for field in query["fields"])


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_queries_are_one_statement_that_names_gold_tables_alone(dataset: dict[str, Any]) -> None:
    """A qualified name would escape the schema that the bundle gives each target."""
    assert all(line.endswith("\n") for line in dataset["queryLines"])
    [statement] = sqlglot.parse("".join(dataset["queryLines"]), dialect="databricks")
    assert isinstance(statement, exp.Query)
    for table in statement.find_all(exp.Table):
        assert not table.db
        assert not table.catalog
        assert (ROOT / f"models/gold/{table.name}.sql").is_file(), table.name


def test_the_exposure_names_the_tables_that_are_read() -> None:
    [exposure] = yaml.safe_load((ROOT / "models/gold/_exposures.yml").read_text())["exposures"]
    named = {re.fullmatch(r"ref\('(\w+)'\)", each)[1] for each in exposure["depends_on"]}
    queries = ["".join(dataset["queryLines"]) for dataset in DATASETS.values()]
    parsed = [sqlglot.parse_one(query, dialect="databricks") for query in queries]
    read = {table.name for statement in parsed for table in statement.find_all(exp.Table)}
    assert named == read


def test_every_kind_of_filter_is_bound_to_what_it_says_it_filters() -> None:
    bound = {
        name: {query["query"]["datasetName"] for query in widget["queries"]}
        for name, widget in SPECS.items()
        if widget["spec"]["widgetType"].startswith("filter-")
    }
    assert bound == {
        "filter-date": {"sales", "buyers", "unmatched"},
        "filter-platform": {"sales", "buyers", "unmatched"},
        "filter-product": {"sales", "buyers", "unmatched"},
        "filter-landed": {"files"},
        "filter-dataset": {"files", "reasons"},
        "filter-status": {"files"},
    }


def test_the_bundle_deploys_this_file_with_catalog_and_schema() -> None:
    resource = ROOT / "resources/sales_dashboard.dashboard.yml"
    dashboard = yaml.safe_load(resource.read_text())["resources"]["dashboards"]["sales"]
    assert (resource.parent / Path(dashboard["file_path"])).resolve() == FILE
    assert dashboard["dataset_catalog"] == "${var.catalog}"
    assert dashboard["dataset_schema"] == "${resources.schemas.gold.name}"
