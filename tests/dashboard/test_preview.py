"""`preview-dashboard`: what it asks, what it writes, and what it says when it cannot."""

import base64
import gzip
import json
import struct
import subprocess
from datetime import date
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any

import pytest
from dashboard_page import HOSTILE

from dashboard_preview.definition import (
    FILTERS,
    DashboardDataset,
    DashboardError,
    DatasetParameter,
    read_dashboard,
)
from dashboard_preview.expressions import parse
from dashboard_preview.page import ROWS_SIZE, pack_rows
from dashboard_preview.results import Rows, aggregate_sql
from dashboard_preview.selections import BoundQuery, bind, filtered, read_selections
from lakehouse import BIN, ROOT, Lakehouse, outer_environment

DASHBOARD = read_dashboard(ROOT / "dashboards/sales.lvdash.json")
ASKING = [each for each in DASHBOARD.widgets() if each.queries and each.kind not in FILTERS]
AGGREGATING = [each.name for each in ASKING if not each.query.disaggregated]


def ask(
    lakehouse: Lakehouse, query: BoundQuery, schema: str = "gold", sql: str = ""
) -> list[dict[str, Any]]:
    """The rows of a query, or of `sql` with the query's values."""
    connection = lakehouse.connect(schema=schema)
    with connection, connection.cursor() as cursor:
        cursor.execute(sql or query.sql, list(query.values) or None)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def bound(name: str, *chosen: str) -> BoundQuery:
    """A dataset's query with what is chosen in the filters, each as NAME=VALUE."""
    return bind(DASHBOARD.datasets[name], DASHBOARD, read_selections(chosen, DASHBOARD))


@pytest.mark.parametrize("name", DASHBOARD.datasets)
def test_every_dataset_query_runs_and_gives_the_columns_that_widgets_name(
    filled: Lakehouse, name: str
) -> None:
    dataset = DASHBOARD.datasets[name]
    [*_, row] = ask(filled, bound(name))
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
    source = filtered(bound(widget.query.dataset), widget.query.dataset, DASHBOARD, {}, ())
    rows = ask(filled, source, sql=aggregate_sql(source, fields))
    assert rows
    assert set(rows[0]) == set(widget.query.fields)


# What gold would be with 30 times the customers, sales in every group for ten years, 1,000 times
# the files. The datasets' rows must not follow the customers, nor the page's size the rest.
GROWN = {
    "sales_of_customer": """
        select concat(customer_id, '-', copy.id) as customer_id, sold_on, platform, product
        from gold.sales_of_customer cross join range(30) as copy""",
    "daily_unmatched_sales": """
        select
            date_add(date'2016-01-01', cast(day.id as int)) as sold_on, platform,
            concat('PRODUCT ', product.id) as product,
            abs(hash(day.id, platform, product.id)) % 1000 as orders,
            abs(hash(product.id, platform, day.id)) % 3000 as units
        from range(3650) as day cross join range(12) as product
        cross join (select distinct platform from gold.daily_sales)""",
    "daily_sales": """
        select sold_on, platform, product, gender, orders, units
        from grown.daily_unmatched_sales
        cross join (select distinct gender from gold.daily_sales)""",
    "file_quality": """
        select f.* except (source_file), concat(source_file, '-', copy.id) as source_file
        from gold.file_quality as f cross join range(1000) as copy""",
    "rejections": """
        select f.* except (source_file), concat(source_file, '-', copy.id) as source_file
        from gold.rejections as f cross join range(1000) as copy""",
}
DIMENSIONS = ("sold_on", "platform", "product", "gender")


@pytest.fixture(scope="module")
def grown(filled: Lakehouse) -> str:
    """The schema of GROWN's views."""
    filled.sql("create schema if not exists grown")
    for name, query in GROWN.items():
        filled.sql(f"create or replace view grown.{name} as {query}")
    return "grown"


@pytest.mark.parametrize("name", DASHBOARD.datasets)
def test_no_dataset_has_more_rows_than_days_platforms_products_and_genders(
    filled: Lakehouse, grown: str, name: str
) -> None:
    """With 30 customers for each, there are more customers a day than the bound allows rows."""
    counted = ", ".join(f"count(distinct {each}) as {each}" for each in DIMENSIONS)
    [groups] = filled.sql(f"select {counted} from gold.daily_sales")
    limit = prod(groups.values())
    [buyers] = filled.sql(
        "select count(*) as number from (select distinct sold_on, platform, product, customer_id "
        "from grown.sales_of_customer)"
    )
    assert buyers["number"] > limit
    schema = "gold" if name in ("sales", "unmatched") else grown
    assert 0 < len(ask(filled, bound(name), schema)) <= limit


def test_the_page_stays_small_however_many_customers_days_and_files_there_are(
    filled: Lakehouse, grown: str, tmp_path: Path
) -> None:
    filled.run("preview-dashboard", "--schema", grown, "--no-pictures", "--out", str(tmp_path))
    assert (tmp_path / "sales.html").stat().st_size < 5_000_000


def test_what_is_too_large_for_a_page_is_cut_and_says_so() -> None:
    digests = (sha256(str(number).encode()).hexdigest() for number in range(150_000))
    many = Rows({"n": list(digests)}, complete=True)
    few = Rows({"n": [1, 2, 3]}, complete=True)
    packed = {
        name: json.loads(gzip.decompress(base64.b64decode(text)))
        for name, text in pack_rows({"many": many, "few": few}).items()
    }
    assert packed["few"] == {"complete": True, "length": 3, "columns": {"n": {"values": [1, 2, 3]}}}
    assert packed["many"]["complete"] is False
    assert 0 < packed["many"]["length"] < 150_000
    assert sum(map(len, pack_rows({"many": many, "few": few}).values())) <= ROWS_SIZE


TO_FEBRUARY = "sold_on <= date'2026-02-15'"
CHOICES = [
    ([], "true"),
    (["platform=shopee"], "platform = 'shopee'"),
    (["product=APPLE", "product=NOKIA"], "product in ('APPLE', 'NOKIA')"),
    (["sold_on=2026-01-01..2026-02-15"], "sold_on between date'2026-01-01' and date'2026-02-15'"),
    (["sold_on=2026-02-15.."], "sold_on >= date'2026-02-15'"),
    (["sold_on=..2026-02-15", "platform=lazada"], f"{TO_FEBRUARY} and platform = 'lazada'"),
    ([f"product={HOSTILE}"], "product like '</SCRIPT>%'"),
    (["platform=none of them"], "false"),
]  # fmt: skip


@pytest.mark.parametrize(("chosen", "condition"), CHOICES, ids=lambda each: str(each))
def test_the_warehouse_counts_different_customers_under_what_is_chosen(
    filled: Lakehouse, chosen: list[str], condition: str
) -> None:
    [expected] = filled.sql(
        f"select count(distinct customer_id) as customers from gold.sales_of_customer "
        f"where {condition}"
    )
    [counted] = ask(filled, bound("customers", *chosen))
    assert counted == expected
    assert (counted["customers"] > 0) == (condition != "false")


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ("shop=Main", "no such filter; give NAME=VALUE with one of the names sold_on, platform"),
        ("platform", "no such filter"),
        ("sold_on=yesterday", "give two days"),
        ("sold_on=2026-02-30..2026-03-01", "out of range"),
        ("sold_on=2026-03-01..2026-02-01", "2026-02-01 is before 2026-03-01"),
    ],
)
def test_a_choice_that_no_filter_has_is_refused(
    lakehouse: Lakehouse, tmp_path: Path, chosen: str, said: str
) -> None:
    done = lakehouse.run(
        "preview-dashboard", "--filter", chosen, "--out", str(tmp_path), check=False
    )
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("text", ["now-7d/d", ""])
def test_a_default_that_the_preview_cannot_read_is_named(text: str) -> None:
    parameter = DatasetParameter("days", "RANGE", "DATE", (text, "2026-01-01"))
    dataset = DashboardDataset("mine", "Mine", "select :days.min", {}, {"days": parameter})
    with pytest.raises(
        DashboardError, match="dataset mine: parameter days has no value of type DATE"
    ):
        bind(dataset, DASHBOARD, {})


def test_markers_of_a_range_are_replaced_and_no_others() -> None:
    parameters = {
        "days": DatasetParameter("days", "RANGE", "DATE", ("2026-01-01", "2026-01-31")),
        "number": DatasetParameter("number", "SINGLE", "INTEGER", ("7",)),
        "names": DatasetParameter("names", "MULTI", "STRING", ()),
    }
    sql = (
        "select ':days.min' as days, json:days.min, :number from t where d < :days.max -- :days.max"
    )
    query = bind(DashboardDataset("mine", "Mine", sql, {}, parameters), DASHBOARD, {})
    assert query.sql == sql.replace("< :days.max", "< :days_max")
    assert {value.name: value.value for value in query.values} == {
        "days_min": date(2026, 1, 1), "days_max": date(2026, 1, 31), "number": 7, "names": [],
    }  # fmt: skip


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
