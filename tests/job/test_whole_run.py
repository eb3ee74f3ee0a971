"""The whole pipeline on a lakehouse of its own: its results are those of the sample's truth.

The tests stand in order: each goes on from the state that the one before it left.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from closed_pipe import run_unread
from conftest import Lakehouse

SMALL = ("--sales", "3000", "--customers", "300")
BRONZE = ("bronze.customers", "bronze.sales")


@pytest.fixture(scope="module")
def own(new_lakehouse: Callable[[str], Lakehouse]) -> Iterator[Lakehouse]:
    lakehouse = new_lakehouse("whole_run")
    lakehouse.up()
    yield lakehouse
    lakehouse.down()


def run_job(lakehouse: Lakehouse) -> dict:
    return json.loads(lakehouse.run("run-job", "--json").stdout)


def truth(lakehouse: Lakehouse) -> dict:
    return json.loads((lakehouse.state / "sample" / "truth.json").read_text())


def versions(lakehouse: Lakehouse) -> dict[str, int]:
    """The newest Delta version of each bronze table."""
    return {
        table: max(row["version"] for row in lakehouse.sql(f"describe history {table}"))
        for table in BRONZE
    }


def rows_by_file(lakehouse: Lakehouse) -> dict[str, tuple[int, int]]:
    """Rows and malformed rows of each file in bronze, by its key in the landing."""
    counted = " union all ".join(
        "select _source_file, count(*) as row_count, count(_corrupt_record) as corrupt "
        f"from {table} group by _source_file"
        for table in BRONZE
    )
    prefix = lakehouse.env["LANDING_URL"] + "/"
    return {
        row["_source_file"].removeprefix(prefix): (row["row_count"], row["corrupt"])
        for row in lakehouse.sql(counted)
    }


def expected_by_file(lakehouse: Lakehouse) -> dict[str, tuple[int, int]]:
    known = truth(lakehouse)
    return {
        file["key"]: (file["rows"], file["corrupt_rows"])
        for file in known["files"]  # where both waves have the file, wave 2 comes last
        if file["wave"] <= known["wave"]
    }


def test_first_wave_comes_out_as_its_truth_says(own: Lakehouse) -> None:
    own.run("landing-sample", *SMALL)
    report = run_job(own)
    assert report["state"] == truth(own)["after_wave"]["1"]
    assert report["balanced"]
    assert report["files"] == {"loaded": 16, "refused": []}
    assert report["run"]["files_loaded"] == 16
    assert rows_by_file(own) == expected_by_file(own)


def test_same_files_again_load_nothing(own: Lakehouse) -> None:
    before = versions(own)
    own.run("landing-sample", *SMALL)
    summary = json.loads(own.run("load-bronze", "--json").stdout.splitlines()[-1])
    assert (summary["new"], summary["changed"], summary["unchanged"]) == (0, 0, 16)
    assert versions(own) == before


def test_a_run_with_nothing_new_builds_nothing_and_asks_the_warehouse_nothing(
    own: Lakehouse,
) -> None:
    own.run("load-bronze")  # sees that the files were put again, and that they are the same
    shown = own.run("run-job", DATABRICKS_HOST="https://localhost:9").stdout
    assert "Nothing new since" in shown
    for task in ("bronze_to_silver", "silver_to_gold", "refresh_dashboard", "mark_green"):
        assert f"- {task}  0.0 s  anything_new: false" in shown


# Files of one's own, by hand: what each line becomes.
CUSTOMERS = """\
id,customername,gender,age
1,Ann,female,30
2,,male,41
3,Cem,,25
4,Dan,male,
5,Eve,female,52
"""
SALES_HEADER = "createtime,id,product,quan,shop,platform\n"
SALES = (
    SALES_HEADER
    + """\
2026-08-01,1,APPLE,2,Main,shopee
2026-08-01,1,APPLE,2,Main,shopee
2026-08-02,2,OPPO,1,Main,lazada
2026-08-03,,OPPO,1,Main,lazada
,5,NOKIA,1,Main,tiktok
2026-08-04,5,VIVO,,Main,tiktok
2026-08-05,5,VIVO,3, ,tiktok
2026-08-06,5,FAIRPHONE,4,Main,tiktok
"""
)
# Accepted, but somebody should look; the second file of sales has the lines of the first.
SAID_TWICE = "id,customername,gender,age\n9,Ida,female,20\n9,Ida,female,21\n10,Hal,divers,20\n"
OTHER_FORM = ["31.12.2026,1,APPLE,1,Main,shopee\n", "30.12.2026,1,APPLE,1,Main,shopee\n"]
ROWS = {
    "mine/customer_infomation_mine.csv": (5, 0), "mine/data_sales_mine.csv": (8, 0),
    "mine/customer_infomation_twice.csv": (3, 0),
    "mine/data_sales_form_1.csv": (2, 0), "mine/data_sales_form_2.csv": (2, 0),
}  # fmt: skip
MADE_OF_THEM = {
    "bronze": {"customers": 5 + 3, "sales": 8 + 4},
    "accepted": {"customers": 2 + 3, "sales": 4},
    "rejected": {"customers": 3, "sales": 4 + 4},
    "reasons": {
        "customers": {"missing_customer_name": 1, "missing_gender": 1, "missing_age": 1},
        "sales": {
            "missing_customer_id": 1,
            "missing_sold_on": 1,
            "missing_quantity": 1,
            "missing_shop": 1,
            "invalid_date": 4,
        },
    },
    "distinct_customers": 2 + 2,
    "matched": 3,
    "unmatched": 1,
    "orders_by_gender": {"female": 3},
    "units_by_platform": {"shopee": 4, "tiktok": 4},
    "units_by_product": {"APPLE": 4, "FAIRPHONE": 4},
    "units_by_month": {"2026-08": 8},
}


def added(one: Any, other: Any) -> Any:
    """Two counts, or two nested mappings of counts, added up."""
    if isinstance(one, dict) or isinstance(other, dict):
        one, other = one or {}, other or {}
        return {key: added(one.get(key, 0), other.get(key, 0)) for key in one | other}
    return one + other


def test_second_wave_and_ones_own_files_after_a_restart(own: Lakehouse, tmp_path: Path) -> None:
    """Changed files are replaced, a refused one stops nothing, and each line is accounted for."""
    own.down()
    own.up()
    (tmp_path / "customer_infomation_mine.csv").write_text(CUSTOMERS)
    (tmp_path / "data_sales_mine.csv").write_text(SALES)
    (tmp_path / "data_sales_without_quan.csv").write_text("createtime,id\n2026-09-01,1\n")
    (tmp_path / "customer_infomation_twice.csv").write_text(SAID_TWICE)
    for name, lines in (("1", OTHER_FORM), ("2", OTHER_FORM[::-1])):
        (tmp_path / f"data_sales_form_{name}.csv").write_text(SALES_HEADER + "".join(lines))
    (tmp_path / "stock.csv").write_text("product,pieces\n")
    own.run("landing-sample", "--wave", "2")
    own.run("landing-sample", "upload", str(tmp_path), "--prefix", "mine")
    done = own.run("run-job", "--json")
    report = json.loads(done.stdout)
    assert report["run"]["files_loaded"] == 4 + 5
    assert report["state"] == added(truth(own)["after_wave"]["2"], MADE_OF_THEM)
    assert report["balanced"]
    assert rows_by_file(own) == expected_by_file(own) | ROWS
    [refused] = report["files"]["refused"]
    assert refused["file"].endswith("/mine/data_sales_without_quan.csv")
    assert "quan" in refused["reason"]
    warnings = warnings_of(own)
    assert sorted(report["warnings"]) == warnings
    said = [line for line in done.stderr.splitlines() if line.startswith("warning ")]
    assert sorted(said) == [f"warning {words}" for words in warnings]


def warnings_of(lakehouse: Lakehouse) -> list[str]:
    """What a run on the files above warns of, in its words, sorted."""
    mine = lakehouse.env["LANDING_URL"] + "/mine"
    see = "or change the limits in seeds/file_limits.csv"
    whole = "rows, and a file of sales usually 210: is it whole? The limit is in "
    whole += "seeds/file_limits.csv"
    one, two = (f"{mine}/data_sales_form_{n}.csv" for n in "12")
    rejected = [
        *(f"2 of 2 rows of {file} are rejected (100.0 %), most of them as invalid_date: "
          f"see silver.rejected_sales, {see}" for file in (one, two)),
        f"4 of 8 rows of {mine}/data_sales_mine.csv are rejected (50.0 %), most of them as "
        f"missing_customer_id: see silver.rejected_sales, {see}",
        f"{one} has 2 {whole}", f"{two} has 2 {whole}", f"{mine}/data_sales_mine.csv has 8 {whole}",
        f"3 of 5 rows of {mine}/customer_infomation_mine.csv are rejected (60.0 %), most of them "
        f"as missing_age: see silver.rejected_customers, {see}",
    ]  # fmt: skip
    return sorted([
        f"dataset sales: {two}: all its lines are the same as those of {one}, so they count twice",
        f"belongs to no dataset, not loaded: {mine}/stock.csv",
        *rejected,
        "1 customer lines of divers: add it to seeds/genders.csv",
        f"customer 9 has 2 different records in {mine}/customer_infomation_twice.csv: "
        "which is the newer, it does not say",
        "1 sales of FAIRPHONE: add it to seeds/products.csv",
    ])  # fmt: skip


def test_the_output_of_each_task_has_its_warnings_once(own: Lakehouse) -> None:
    """On a workspace the task's output is all that there is to read."""
    newest = max((own.state / "runs").iterdir())
    said: list[str] = []
    for task in ("landing_to_bronze", "bronze_to_silver", "silver_to_gold"):
        for line in (newest / f"{task}.log").read_text().splitlines():
            _, sign, words = line.partition("Warning: ")
            said += [words] if sign else [line] if line.startswith("belongs to no") else []
    assert sorted(said) == warnings_of(own)


def test_where_a_small_file_that_is_all_rejected_is_shown(own: Lakehouse) -> None:
    """It stops no run, so the dashboard's table names it with its reason."""
    rows = own.sql(
        "select commonest_reject_reason as reason, rejected_rows, total_rows "
        "from gold.file_quality where source_file like '%/data_sales_form_1.csv'"
    )
    assert rows == [{"reason": "invalid_date", "rejected_rows": 2, "total_rows": 2}]


def test_each_line_of_ones_own_files_is_where_it_belongs(own: Lakehouse) -> None:
    def rejected(table: str) -> list[tuple[str, ...]]:
        rows = own.sql(f"select reject_reasons from {table} where _source_file like '%_mine.csv'")
        return sorted(tuple(row["reject_reasons"]) for row in rows)

    assert rejected("silver.rejected_customers") == [
        ("missing_age",),
        ("missing_customer_name",),
        ("missing_gender",),
    ]
    assert rejected("silver.rejected_sales") == [
        ("missing_customer_id",),
        ("missing_quantity",),
        ("missing_shop",),
        ("missing_sold_on",),
    ]
    matched = own.sql(
        "select customer_name, product, quantity from gold.sales_of_customer "
        "where sold_on >= date'2026-08-01' order by sold_on"
    )
    assert [tuple(row.values()) for row in matched] == [
        ("Ann", "APPLE", 2),
        ("Ann", "APPLE", 2),
        ("Eve", "FAIRPHONE", 4),
    ]
    unmatched = own.sql(
        "select customer_id, product from gold.unmatched_sales where sold_on >= date'2026-08-01'"
    )
    assert unmatched == [{"customer_id": "2", "product": "OPPO"}]


def test_report_alone_runs_nothing_and_says_the_same(own: Lakehouse) -> None:
    runs = list((own.state / "runs").iterdir())
    printed = own.run("run-job", "report").stdout
    state = added(truth(own)["after_wave"]["2"], MADE_OF_THEM)
    assert f"= {state['matched']:,} matched to a customer + {state['unmatched']:,}" in printed
    assert "✗" not in printed
    said = [line.strip() for line in printed.splitlines() if line.startswith("  warning ")]
    assert sorted(said) == [f"warning {words}" for words in warnings_of(own)]
    assert list((own.state / "runs").iterdir()) == runs


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["for people", "as JSON"])
def test_report_that_nobody_reads(own: Lakehouse, options: list[str]) -> None:
    assert run_unread("run-job", "report", *options, env=own.env) == (141, "")
