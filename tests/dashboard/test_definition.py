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
    """Every encoding that names a field or a parameter, however deep."""
    if isinstance(encodings, list):
        for each in encodings:
            yield from encoded(each)
    elif isinstance(encodings, dict):
        if "fieldName" in encodings or "parameterName" in encodings:
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
        for key, named in (("fields", "fieldName"), ("parameters", "parameterName")):
            asked = {
                (name, each["name"]) for name in queries for each in queries[name].get(key, ())
            }
            assert {
                (each["queryName"], each[named]) for each in encodings if named in each
            } == asked
        assert not any(query["disaggregated"] for query in queries.values())
    else:
        assert list(queries) == ["main_query"]
        names = [field["name"] for field in queries["main_query"]["fields"]]
        assert sorted(each["fieldName"] for each in encodings) == sorted(names)
        # A chart that names parameters itself is drawn blank: they are its dataset's.
        assert "parameters" not in queries["main_query"]
    for query in queries.values():
        assert query["datasetName"] in DATASETS
        assert all(field["expression"] for field in query.get("fields", ()))


def set_by_filters() -> Iterator[tuple[str, str, str]]:
    """The kind of filter, the dataset and the parameter of each binding to a parameter."""
    for widget in SPECS.values():
        for query in widget["queries"]:
            for parameter in query["query"].get("parameters", ()):
                assert parameter["keyword"] == parameter["name"]
                kind = widget["spec"]["widgetType"]
                yield kind, query["query"]["datasetName"], parameter["keyword"]


PARAMETERS = [
    (each, dataset) for dataset in DATASETS.values() for each in dataset.get("parameters", ())
]
VALUE_TYPES = {"STRING", "DATE", "DATETIME", "INTEGER", "DECIMAL"}
FILTER_OF = {"MULTI": "filter-multi-select", "RANGE": "filter-date-range-picker"}


@pytest.mark.parametrize(("parameter", "dataset"), PARAMETERS, ids=lambda each: each.get("keyword"))
def test_a_parameter_has_its_filter_and_a_default_that_filters_nothing(
    parameter: dict[str, Any], dataset: dict[str, Any]
) -> None:
    name, kind = parameter["keyword"], parameter["complexType"]
    assert parameter["dataType"] in VALUE_TYPES
    bound = [filter_ for filter_, *named in set_by_filters() if named == [dataset["name"], name]]
    assert bound == [FILTER_OF[kind]]
    if kind == "RANGE":
        ends = parameter["defaultSelection"]["range"]
        assert ends["dataType"] == parameter["dataType"]
        assert (ends["min"]["value"], ends["max"]["value"]) == ("0001-01-01", "9999-12-31")
    else:
        none = {"dataType": parameter["dataType"], "values": []}
        assert parameter["defaultSelection"] == {"values": none}


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_a_query_reads_its_parameters_in_the_form_of_their_kind(dataset: dict[str, Any]) -> None:
    """An array in `in (…)`, or a range without `.min` and `.max`, fails when it is drawn."""
    tokens = sqlglot.tokenize("".join(dataset["queryLines"]), dialect="databricks")
    texts = [token.text for token in tokens] + ["", ""]
    markers = [
        (texts[place + 1], texts[place + 3] if texts[place + 2] == "." else "")
        for place, text in enumerate(texts)
        if text == ":"
    ]
    expected = []
    for parameter in dataset.get("parameters", ()):
        ends = ["min", "max"] if parameter["complexType"] == "RANGE" else ["", ""]
        expected += [(parameter["keyword"], end) for end in ends]
    assert sorted(markers) == sorted(expected)
    sql = " ".join("".join(dataset["queryLines"]).split())
    for parameter in dataset.get("parameters", ()):
        if parameter["complexType"] == "MULTI":
            name = parameter["keyword"]
            assert f"(size(:{name}) = 0 or array_contains(:{name}, {name}))" in sql


@pytest.mark.parametrize("dataset", DATASETS.values(), ids=DATASETS)
def test_queries_are_one_statement_that_names_gold_tables_alone(dataset: dict[str, Any]) -> None:
    """A qualified name would escape the schema that the bundle gives each target."""
    assert all(line.endswith("\n") for line in dataset["queryLines"])
    [statement] = sqlglot.parse("".join(dataset["queryLines"]), dialect="databricks")
    assert isinstance(statement, exp.Query)
    own = {each.alias for each in statement.find_all(exp.CTE)}
    for table in statement.find_all(exp.Table):
        if table.name in own:
            continue
        assert not table.db
        assert not table.catalog
        assert (ROOT / f"models/gold/{table.name}.sql").is_file(), table.name


def test_the_exposure_names_the_tables_that_are_read() -> None:
    [exposure] = yaml.safe_load((ROOT / "models/gold/_exposures.yml").read_text())["exposures"]
    named = {re.fullmatch(r"ref\('(\w+)'\)", each)[1] for each in exposure["depends_on"]}
    queries = ["".join(dataset["queryLines"]) for dataset in DATASETS.values()]
    parsed = [sqlglot.parse_one(query, dialect="databricks") for query in queries]
    read = {table.name for statement in parsed for table in statement.find_all(exp.Table)}
    own = {each.alias for statement in parsed for each in statement.find_all(exp.CTE)}
    assert named == read - own


def test_every_kind_of_filter_is_bound_to_what_it_says_it_filters() -> None:
    bound = {
        name: {query["query"]["datasetName"] for query in widget["queries"]}
        for name, widget in SPECS.items()
        if widget["spec"]["widgetType"].startswith("filter-")
    }
    assert bound == {
        "filter-date": {"sales", "customers", "unmatched"},
        "filter-platform": {"sales", "customers", "unmatched"},
        "filter-product": {"sales", "customers", "unmatched"},
        "filter-landed": {"file_days", "files"},
        "filter-dataset": {"file_days", "files", "reasons"},
        "filter-status": {"file_days", "files"},
    }


def test_the_bundle_deploys_this_file_with_catalog_and_schema() -> None:
    resource = ROOT / "resources/sales_dashboard.dashboard.yml"
    dashboard = yaml.safe_load(resource.read_text())["resources"]["dashboards"]["sales"]
    assert (resource.parent / Path(dashboard["file_path"])).resolve() == FILE
    assert dashboard["dataset_catalog"] == "${var.catalog}"
    assert dashboard["dataset_schema"] == "${resources.schemas.gold.name}"
