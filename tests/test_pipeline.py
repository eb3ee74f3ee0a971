"""Loader and dbt, command by command, on a lakehouse of their own.

Whole runs of the job on the big sample are in tests/job; here the files are small enough to know
every row by heart. The tests stand in order: each goes on from the state the one before it left.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from lakehouse import ROOT, Lakehouse

CUSTOMERS = """\
id,customername,gender,age
1,Ann,female,30
2,Ben,male,41
"""
FIRST = """\
createtime,id,product,quan,shop,platform
2026-08-01,1,APPLE,2,Main,shopee
2026-08-02,2,OPPO,1,Main,lazada
2026-08-03,9,NOKIA,1,Main,lazada
2026-08-04,1,VIVO,none,Main,tiktok
"""
# The same file again: one line kept, one corrected, two gone.
SECOND = """\
createtime,id,product,quan,shop,platform
2026-08-01,1,APPLE,2,Main,shopee
2026-08-04,1,VIVO,5,Main,tiktok
"""
SALES_KEY = "shop/2026/data_sales_august.csv"
TABLES = {
    "bronze.sales": "product",
    "silver.checked_sales": "raw_product",
    "silver.sales": "product",
    "silver.rejected_sales": "raw_product",
    "gold.sales_of_customer": "product",
    "gold.unmatched_sales": "product",
    "gold.daily_sales": "product",
}
LOGS = ("silver.build_log", "silver.definition_log", "silver.test_log", "silver.touched_days")
# They depend on no data: the first build runs them.
WITHOUT_UNIT_TESTS = ("--exclude-resource-type", "unit_test")
# Where every row is afterwards as it was before, so is what the data's tests would say.
WITHOUT_TESTS = (*WITHOUT_UNIT_TESTS, "--exclude-resource-type", "test")


@pytest.fixture(scope="module")
def own(new_lakehouse: Callable[[str], Lakehouse]) -> Iterator[Lakehouse]:
    lakehouse = new_lakehouse("pipeline")
    lakehouse.up()
    land(lakehouse, "crm/customer_infomation_1.csv", CUSTOMERS)
    land(lakehouse, SALES_KEY, FIRST)
    yield lakehouse
    lakehouse.down()


def land(lakehouse: Lakehouse, key: str, content: str) -> None:
    lakehouse.s3.put_object(Bucket="landing", Key=key, Body=content.encode())


def load(lakehouse: Lakehouse) -> tuple[int, int, int]:
    """Load, and return how many files were new, changed and unchanged."""
    lines = lakehouse.run("load-bronze", "--json").stdout.splitlines()
    summary = json.loads(lines[-1])
    return summary["new"], summary["changed"], summary["unchanged"]


def build(lakehouse: Lakehouse, *options: str) -> str:
    """What `dbt build` printed; it must have neither warned nor spoken of a deprecation."""
    printed = lakehouse.run("dbt", "--no-use-colors", "build", *options).stdout
    assert re.search(r"PASS=\d+ WARN=0 ERROR=0", printed), printed
    assert "deprecat" not in printed.lower(), printed
    return printed


def products(lakehouse: Lakehouse) -> dict[str, list[str]]:
    return {
        table: [
            row["product"]
            for row in lakehouse.sql(f"select {column} as product from {table} order by 1")
        ]
        for table, column in TABLES.items()
    }


def contents(lakehouse: Lakehouse) -> dict[str, list[str]]:
    """Every row of every silver and gold relation, as text, but for what says when it was built."""
    relations = lakehouse.sql(
        "select table_schema, table_name from information_schema.tables "
        "where table_schema in ('silver', 'gold')"
    )
    names = sorted(f"{row['table_schema']}.{row['table_name']}" for row in relations)
    return {
        name: sorted(
            str({k: v for k, v in row.items() if k != "checked_at"})
            for row in lakehouse.sql(f"select * from {name}")
        )
        for name in names
        if name not in LOGS
    }


def versions(lakehouse: Lakehouse) -> dict[str, Any]:
    """By relation: the versions of a table, and when a view was made."""
    relations = lakehouse.sql(
        "select concat(table_schema, '.', table_name) as name, table_type, created, last_altered "
        "from information_schema.tables where table_schema in ('bronze', 'silver', 'gold')"
    )
    return {
        row["name"]: (row["created"], row["last_altered"])
        if row["table_type"] == "VIEW"
        else [version["version"] for version in lakehouse.sql(f"describe history {row['name']}")]
        for row in relations
    }


def test_each_row_is_where_it_belongs(own: Lakehouse) -> None:
    assert load(own) == (2, 0, 0)
    build(own)
    assert products(own) == {
        "bronze.sales": ["APPLE", "NOKIA", "OPPO", "VIVO"],
        "silver.checked_sales": ["APPLE", "NOKIA", "OPPO", "VIVO"],
        "silver.sales": ["APPLE", "NOKIA", "OPPO"],
        "silver.rejected_sales": ["VIVO"],
        "gold.sales_of_customer": ["APPLE", "OPPO"],
        "gold.unmatched_sales": ["NOKIA"],
        "gold.daily_sales": ["APPLE", "OPPO"],
    }


def test_every_query_of_the_documentation_gives_rows(own: Lakehouse) -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    text = "\n".join(page.read_text() for page in pages)
    blocks = re.findall(r"^```sql\n(.*?)^```", text, flags=re.M | re.S)
    blocks += re.findall(r'local-warehouse sql "([^"…]+)"', text)
    blocks += re.findall(r"`(select [^`…]* from [^`…]+)`", text)
    parts = [part for block in blocks for part in re.split(r";\s*$", block, flags=re.M)]
    statements = [part for part in parts if part.strip()]
    asked = " ".join(statements)
    tables = sorted(path.stem for path in (ROOT / "models" / "gold").glob("*.sql"))
    assert [table for table in tables if f"gold.{table}" not in asked] == []
    assert [statement for statement in statements if not own.sql(statement)] == []


def test_a_second_run_writes_nothing(own: Lakehouse) -> None:
    build(own, *WITHOUT_UNIT_TESTS)  # its tests have passed once
    before = versions(own)
    assert len(before) > 20
    assert load(own) == (0, 0, 2)
    printed = build(own, *WITHOUT_UNIT_TESTS)
    assert versions(own) == before
    made = re.findall(r"OK (?:created|loaded) .* (\S+) \.+ \[(OK.*?) in", printed)
    assert {outcome for _, outcome in made} == {"OK (as it is)", "OK (nothing has changed)"}


def test_every_table_is_clustered_as_it_is_declared(own: Lakehouse) -> None:
    declared = {"bronze.load_log": ["dataset", "source_file"]}
    manifest = json.loads((Path(own.env["DBT_TARGET_PATH"]) / "manifest.json").read_text())
    for source in manifest["sources"].values():
        if source["external"]:
            declared[f"bronze.{source['identifier']}"] = ["_source_file"]
    for node in manifest["nodes"].values():
        if node["resource_type"] == "model" and node["config"]["materialized"] != "view":
            declared[f"{node['schema']}.{node['alias']}"] = node["config"]["liquid_clustered_by"]
    assert all(declared.values())
    shown = {
        table: own.sql(f"describe detail {table}")[0]["clusteringColumns"] for table in declared
    }
    assert {table: list(keys) for table, keys in shown.items()} == declared


def test_old_rows_of_a_changed_file_are_gone_everywhere(own: Lakehouse) -> None:
    kept = own.sql("select sale_id from silver.sales where product = 'APPLE'")
    own.down()
    own.up()
    land(own, SALES_KEY, SECOND)
    assert load(own) == (0, 1, 1)
    build(own, *WITHOUT_UNIT_TESTS)
    assert products(own) == {
        "bronze.sales": ["APPLE", "VIVO"],
        "silver.checked_sales": ["APPLE", "VIVO"],
        "silver.sales": ["APPLE", "VIVO"],
        "silver.rejected_sales": [],
        "gold.sales_of_customer": ["APPLE", "VIVO"],
        "gold.unmatched_sales": [],
        "gold.daily_sales": ["APPLE", "VIVO"],
    }
    assert own.sql("select sale_id from silver.sales where product = 'APPLE'") == kept


def test_an_audit_leaves_of_each_log_what_counts(own: Lakehouse) -> None:
    keys = {
        "build_log": "model_name, dataset, source_file", "definition_log": "node_id",
        "test_log": "test_name", "touched_days": "sold_on",
    }  # fmt: skip
    newest = {
        log: own.sql(
            f"select {key}, max({moment}) as m from silver.{log} group by {key} order by all"
        )
        for (log, key), moment in zip(
            keys.items(), ("logged_at", "logged_at", "tested_until", "touched_at"), strict=True
        )
    }
    own.run("dbt", "test", *WITHOUT_UNIT_TESTS, "--vars", "audit: true")
    for log, key in keys.items():
        left = own.sql(f"select {key} from silver.{log} order by all")
        assert left == [{k: v for k, v in row.items() if k != "m"} for row in newest[log]], log
    for log in (*(f"silver.{log}" for log in keys), "bronze.load_log"):
        assert [row["numFiles"] for row in own.sql(f"describe detail {log}")] == [1], log
    before = contents(own)
    build(own, *WITHOUT_TESTS)
    assert contents(own) == before


def test_a_full_refresh_gives_the_same_tables(own: Lakehouse) -> None:
    before = contents(own)
    build(own, "--full-refresh", *WITHOUT_TESTS)
    assert contents(own) == before


def test_sources_are_fresh(own: Lakehouse) -> None:
    own.run("dbt", "source", "freshness")
