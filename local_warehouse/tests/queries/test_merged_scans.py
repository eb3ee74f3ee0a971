"""A statement of many branches that read a file each gives the same rows merged and unmerged."""

from __future__ import annotations

import gzip
from typing import Any

import pytest
from databricks.sql.exc import Error
from landed_files import AB, ABC, FILES, put, text

from local_warehouse.rewrites.merged_scans import merge

UNMERGED = "/* a comment is one of the things that leave a statement as it is */ "
AS_CSV = "format => 'csv', header => true, multiLine => true, escape => '\"'"
OPTIONS = AS_CSV + ", columnNameOfCorruptRecord => '_corrupt_record'"


def branch(url: str, number: int, schema: str) -> str:
    """A SELECT of one file, with constants that tell the branches apart."""
    path = url.replace("\\", "\\\\")  # of a glob, in which a backslash escapes
    c = "CAST(NULL AS STRING) AS c" if schema == AB else "c"
    return (
        f"SELECT {text(url)} AS f, CAST({number} AS BIGINT) AS n, {number} AS i,"
        f" TIMESTAMP'2026-01-02T03:04:{number:02}.5Z' AS t, 'same' AS s,"
        f" CASE WHEN endswith(b, {text(str(number % 4))}) THEN b ELSE _corrupt_record END AS k,"
        f" a, b, {c} FROM read_files({text(path)}, {OPTIONS}, {schema})"
    )


@pytest.fixture(scope="module")
def table(warehouse: Any) -> str:
    """A table into which the branches fit."""
    warehouse.sql(
        "create table main.default.merged_scans"
        " (f string, n bigint, i int, t timestamp, s string, k string,"
        " a string, b string, c string)"
    )
    return "main.default.merged_scans"


def rows(warehouse: Any, table: str, statement: str) -> list[str]:
    """The rows of the table after a statement that replaces them all, in one order."""
    counted = warehouse.sql(statement)
    found = warehouse.sql(f"select * from {table}")
    assert counted[0]["num_inserted_rows"] == len(found)
    return sorted(map(repr, found))


def test_the_rows_are_the_same(warehouse: Any, table: str) -> None:
    urls = put(warehouse, FILES)
    branches = [
        branch(url, number, schema)
        for number, (url, (_, _, schema)) in enumerate(zip(urls, FILES, strict=True))
    ]
    statement = f"INSERT OVERWRITE {table}\n" + "\nUNION ALL\n".join(branches)
    merged, scans = merge(statement)
    assert len(scans.by_path) == 3
    assert merged.count("UNION ALL") == 2
    assert merge(UNMERGED + statement)[0] == UNMERGED + statement
    expected = rows(warehouse, table, UNMERGED + statement)
    assert len(expected) > len(FILES) + 36_000
    assert rows(warehouse, table, statement) == expected


def test_an_error_names_its_file(warehouse: Any, table: str) -> None:
    cut_off = ("cut off.csv.gz", gzip.compress(b"a,b,c\n1,2,3\n")[:-9], ABC)
    urls = put(warehouse, [*FILES[:3], cut_off, FILES[4]])
    for bad in (urls[3], f"{urls[0]}.gone"):
        branches = [branch(url, 1, ABC) for url in (*urls[:2], bad, urls[4])]
        with pytest.raises(Error, match=bad.rpartition("/")[2]):
            warehouse.sql(f"INSERT INTO {table} {' UNION ALL '.join(branches)}")


SCAN = f"FROM read_files('s3://b/%s', {OPTIONS}, {ABC})"


@pytest.mark.parametrize(
    "select",
    [
        pytest.param(f"SELECT count(*) AS a {SCAN}", id="count"),
        pytest.param(f"SELECT max(a) AS a {SCAN}", id="max"),
        pytest.param(f"SELECT row_number() OVER (ORDER BY a) AS a {SCAN}", id="window"),
        pytest.param(f"SELECT DISTINCT a {SCAN}", id="DISTINCT"),
        pytest.param(f"SELECT a {SCAN} WHERE a = 'x'", id="WHERE"),
        pytest.param(f"SELECT a {SCAN} LIMIT 1", id="LIMIT"),
        pytest.param(f"SELECT * {SCAN}", id="star"),
        pytest.param(f"SELECT _metadata.file_name AS a {SCAN}", id="_metadata"),
        pytest.param(f"SELECT rand() AS a {SCAN}", id="random value"),
        pytest.param(f"SELECT explode(array(a, b)) AS a {SCAN}", id="generator"),
        pytest.param(f"SELECT '%s', a {SCAN}", id="unnamed literal"),
        pytest.param(f"SELECT a {SCAN} AS f JOIN x ON f.a = x.a", id="join"),
        pytest.param(f"SELECT a FROM read_files('s3://b/%s', {OPTIONS})", id="no schema"),
        pytest.param("SELECT a FROM x", id="no read_files"),
    ],
)
def test_what_is_no_row_of_one_file_stays_as_it_is(select: str) -> None:
    branches = [select.replace("%s", name) for name in ("one", "two", "three")]
    statement = f"INSERT INTO t {' UNION ALL '.join(branches)}"
    _, scans = merge(statement)
    assert scans.by_path == {}


@pytest.mark.parametrize(
    "tail",
    [
        pytest.param(" ORDER BY a", id="ORDER BY"),
        pytest.param(" LIMIT 1", id="LIMIT"),
        pytest.param(" EXCEPT SELECT a FROM x", id="EXCEPT"),
        pytest.param(f" UNION SELECT a FROM x UNION ALL SELECT a {SCAN % 3}", id="UNION"),
        pytest.param(
            f" UNION (SELECT a FROM x) UNION ALL SELECT a {SCAN % 3}", id="UNION in brackets"
        ),
    ],
)
def test_what_follows_the_branches_is_kept(tail: str) -> None:
    statement = f"INSERT INTO t SELECT a {SCAN % 1} UNION ALL SELECT a {SCAN % 2}{tail}"
    assert merge(statement)[1].by_path == {}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("r'a%s'", id="raw string"),
        pytest.param("X'1%s'", id="hexadecimal"),
        pytest.param("b'%s'", id="bytes"),
        pytest.param("'a' '%s'", id="two strings"),
        pytest.param("INTERVAL '%s' DAY", id="interval"),
        pytest.param("1.%s", id="decimal"),
        pytest.param('"%s"', id="double quotes"),
    ],
)
def test_unusual_literals_are_left_alone(value: str) -> None:
    branches = [f"SELECT {value.replace('%s', str(n))} AS x, a {SCAN % n}" for n in (1, 2, 3)]
    assert merge(f"INSERT INTO t {' UNION ALL '.join(branches)}")[1].by_path == {}


def test_integers_of_different_types_are_not_merged() -> None:
    branches = [f"SELECT {value} AS x, a {SCAN % value}" for value in (1, 2**31, 2, 2**40)]
    merged, scans = merge(f"INSERT INTO t {' UNION ALL '.join(branches)}")
    assert merged.count("UNION ALL") == 1
    found = [values for files in scans.by_path.values() for values in files.constants.values()]
    assert found == [[1, 2], [2**31, 2**40]]


def test_only_an_insert_is_merged() -> None:
    query = f"SELECT a {SCAN % 1} UNION ALL SELECT a {SCAN % 2}"
    assert merge(f"INSERT INTO t {query}")[1].by_path
    for first in ("CREATE VIEW v AS", "CREATE TABLE t AS", "EXPLAIN", ""):
        assert merge(f"{first} {query}")[1].by_path == {}
