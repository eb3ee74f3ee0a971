"""`local-warehouse sql` with statements; the output and exit codes of the command."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path

import pytest

from local_warehouse.client.shell import split_statements
from warehouse_under_test import BIN, WarehouseUnderTest, outer_environment


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param("status", id="status"),
        pytest.param("env", id="env"),
        pytest.param("doctor", id="doctor"),
        pytest.param("sql 'select 1 as a'", id="sql"),
        pytest.param("sql --csv 'select 1 as a'", id="sql --csv"),
    ],
)
def test_output_that_nobody_reads_to_its_end_is_no_error(
    warehouse: WarehouseUnderTest, arguments: str
) -> None:
    command = f"{BIN / 'local-warehouse'} --state {warehouse.state} {arguments}"
    done = subprocess.run(
        ["sh", "-c", f"({command}; echo $? >&2) | true"],
        env=outer_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stderr == "141\n"


def test_sql_prints_a_table_csv_and_json(warehouse: WarehouseUnderTest) -> None:
    statement = "select 1 as n, 'a,b' as text, cast(null as string) as nothing, array(1, 2) as list"
    table = warehouse.run("local-warehouse", "sql", statement)
    assert "text" in table.stdout
    assert "a,b" in table.stdout
    assert "NULL" in table.stdout

    printed = warehouse.run("local-warehouse", "sql", "--csv", statement).stdout
    assert list(csv.DictReader(io.StringIO(printed))) == [
        {"n": "1", "text": "a,b", "nothing": "", "list": "[1, 2]"}
    ]
    printed = warehouse.run("local-warehouse", "sql", "--json", statement).stdout
    assert json.loads(printed) == [{"n": 1, "text": "a,b", "nothing": None, "list": [1, 2]}]


def test_sql_prints_columns_of_one_name(warehouse: WarehouseUnderTest) -> None:
    statement = "select 1 as id, 'x' as id union all select 2, 'y'"
    assert "id" in warehouse.run("local-warehouse", "sql", statement).stdout
    printed = warehouse.run("local-warehouse", "sql", "--csv", statement).stdout
    assert sorted(printed.splitlines()) == ["1,x", "2,y", "id,id"]
    refused = warehouse.command("sql", "--json", statement, check=False)
    assert refused.returncode == 1 and refused.stdout == ""
    assert "two columns of the name id" in refused.stderr and "--csv" in refused.stderr


def test_what_the_terminal_cannot_show_is_shown_by_its_number(
    warehouse: WarehouseUnderTest,
) -> None:
    done = warehouse.run("local-warehouse", "sql", "select 'café' as a", PYTHONIOENCODING="ascii")
    assert r"caf\xe9" in done.stdout


def test_sql_prints_values_that_python_has_none_for(warehouse: WarehouseUnderTest) -> None:
    """Dates of the years 0 and 10000, points in time, and the same within arrays and structs."""
    statement = (
        "select date_add(date'0001-01-01', -366) as before, "
        "date_add(date'9999-12-31', 1) as after, "
        "timestamp'9999-12-31 23:59:59' + interval '48' hour as moment, "
        "array(date_add(date'9999-12-31', 1)) as list, "
        "named_struct('d', date_add(date'9999-12-31', 1)) as struct, "
        "cast(repeat('9', 38) as decimal(38, 0)) as most, cast('nan' as double) as nan "
        "union all select date'2026-01-01', null, null, null, null, 1, 0"
    )
    for options in (["--csv"], ["--json"], []):
        printed = warehouse.run("local-warehouse", "sql", *options, statement, COLUMNS="400").stdout
        for part in ("0000-01-01", "10000-01-01", "2026-01-01", "9" * 38):
            assert part in printed, (options, printed)


def test_sql_runs_the_statements_of_a_file(warehouse: WarehouseUnderTest, tmp_path: Path) -> None:
    script = tmp_path / "two.sql"
    script.write_text("select 'one;' as a; -- and; then\nselect 2 as a;\n")
    printed = warehouse.run("local-warehouse", "sql", "--csv", "-f", str(script))
    assert printed.stdout == "a\none;\na\n2\n"


def test_sql_reports_an_error_in_one_message(warehouse: WarehouseUnderTest) -> None:
    failed = warehouse.run("local-warehouse", "sql", "select * from no_such_table", check=False)
    assert failed.returncode == 1
    assert "no_such_table" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert failed.stdout == ""


@pytest.mark.parametrize(
    ("script", "statements"),
    [
        pytest.param("select 1", ["select 1"], id="no semicolon"),
        pytest.param("select 1;", ["select 1"], id="one statement"),
        pytest.param(" ; ;", [], id="nothing between them"),
        pytest.param(
            "select ';'; select `a;b` -- ; no\n;;",
            ["select ';'", "select `a;b` -- ; no"],
            id="in texts, names and comments",
        ),
        pytest.param("select 1; -- the end", ["select 1"], id="a comment at the end"),
        pytest.param(
            "select 'it''s;' /* ; */; select 2",
            ["select 'it''s;' /* ; */", "select 2"],
            id="in a doubled quote and a comment",
        ),
    ],
)
def test_a_script_is_split_at_its_semicolons_only(script: str, statements: list[str]) -> None:
    assert split_statements(script) == statements


def test_wrong_use_exits_with_2(warehouse: WarehouseUnderTest) -> None:
    for arguments in (["sql"], ["exec"], ["exec", "--"], ["nonsense"], ["sql", "-f", "/no/file"]):
        done = warehouse.run("local-warehouse", *arguments, check=False)
        assert done.returncode == 2, arguments
        assert "Traceback" not in done.stderr
