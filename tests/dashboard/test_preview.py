"""`preview-dashboard`: what it asks, what it writes, and what it says when it cannot."""

import json
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dashboard_preview.definition import FILTERS, DashboardError, read_dashboard
from dashboard_preview.expressions import parse
from dashboard_preview.results import aggregate_sql
from lakehouse import BIN, ROOT, Lakehouse, outer_environment

DASHBOARD = read_dashboard(ROOT / "dashboards/sales.lvdash.json")
ASKING = [each for each in DASHBOARD.widgets() if each.queries and each.kind not in FILTERS]
AGGREGATING = [each.name for each in ASKING if not each.query.disaggregated]


def in_gold(lakehouse: Lakehouse, statement: str) -> list[dict[str, Any]]:
    connection = lakehouse.connect(schema="gold")
    with connection, connection.cursor() as cursor:
        cursor.execute(statement)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.parametrize("name", DASHBOARD.datasets)
def test_every_dataset_query_runs_and_gives_the_columns_that_widgets_name(
    filled: Lakehouse, name: str
) -> None:
    dataset = DASHBOARD.datasets[name]
    [*_, row] = in_gold(filled, dataset.sql)
    named = {
        column
        for widget in ASKING
        if widget.query.dataset == name
        for text in widget.query.fields.values()
        for column in parse(text, dataset.measures).columns()
    }
    filtered = {
        column
        for widget in DASHBOARD.widgets()
        if widget.kind in FILTERS
        for target, column in widget.targets()
        if target == name
    }
    assert named | filtered <= set(row)


@pytest.mark.parametrize("name", AGGREGATING)
def test_every_widgets_own_query_runs_as_databricks_would_run_it(
    filled: Lakehouse, name: str
) -> None:
    [widget] = [each for each in ASKING if each.name == name]
    dataset = DASHBOARD.datasets[widget.query.dataset]
    fields = {field: parse(text, dataset.measures) for field, text in widget.query.fields.items()}
    rows = in_gold(filled, aggregate_sql(widget.query, dataset, fields))
    assert rows
    assert set(rows[0]) == set(widget.query.fields)


def test_page_and_pictures_are_written(written: Path) -> None:
    assert sorted(path.name for path in written.iterdir()) == [
        "sales-dark.png",
        "sales.html",
        "sales.png",
    ]
    for picture in written.glob("*.png"):
        content = picture.read_bytes()
        width, height = struct.unpack(">II", content[16:24])
        assert content[:8] == b"\x89PNG\r\n\x1a\n"
        assert width > 1500
        assert height > width


def test_without_an_environment_the_local_services_are_used(
    filled: Lakehouse, tmp_path: Path
) -> None:
    command = [str(BIN / "preview-dashboard"), "--no-pictures", "--out", str(tmp_path)]
    environment = outer_environment() | {"LAKEHOUSE_STATE": str(filled.state)}
    done = subprocess.run(
        command, env=environment, cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "using the local services" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["sales.html"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not JSON"),
        ('{"pages": []}', "is not an AI/BI dashboard: no 'datasets'"),
        (None, "No such file"),
    ],
)
def test_a_file_that_is_no_dashboard_is_refused(
    lakehouse: Lakehouse, tmp_path: Path, content: str | None, said: str
) -> None:
    file = tmp_path / "mine.lvdash.json"
    if content is not None:
        file.write_text(content)
    done = lakehouse.run("preview-dashboard", str(file), check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"preview-dashboard: {file}")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_widget_of_an_unknown_dataset_is_refused(tmp_path: Path) -> None:
    content = json.loads((ROOT / "dashboards/sales.lvdash.json").read_text())
    content["datasets"] = content["datasets"][1:]
    file = tmp_path / "mine.lvdash.json"
    file.write_text(json.dumps(content))
    with pytest.raises(DashboardError, match="asks dataset sales, which the file does not have"):
        read_dashboard(file)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("MEASURE(`Profit`)", "no such measure"),
        ("STDDEV(`units`)", "the preview knows columns"),
        ('DATE_TRUNC("DECADE", `sold_on`)', "DATE_TRUNC to DECADE"),
        ("SUM(`units`", "is not an expression"),
    ],
)
def test_an_expression_that_cannot_be_counted_is_refused(expression: str, said: str) -> None:
    with pytest.raises(DashboardError, match=said):
        parse(expression, {"Share": "SUM(`a`)"})


def test_a_missing_table_ends_with_the_warehouses_answer(
    lakehouse: Lakehouse, tmp_path: Path
) -> None:
    done = lakehouse.run(
        "preview-dashboard", "--schema", "default", "--out", str(tmp_path), check=False
    )
    assert done.returncode == 1
    assert "daily_sales" in done.stderr
    assert "Traceback" not in done.stderr
