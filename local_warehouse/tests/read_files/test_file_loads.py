"""INSERT from `read_files` is done without the engine where it can be, with the same outcome.

A list of the table's columns leaves a statement to the engine.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
import zstandard
from databricks.sql.exc import Error
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from landed_files import FILES, put, text

from warehouse_under_test import eventually

COLUMNS = ("f", "n", "t", "s", "k", "a", "b", "c")
DEFINITION = "f string not null, n bigint, t timestamp, s string, k string, a string, b string"
OPTIONS = "format => 'csv', columnNameOfCorruptRecord => 'bad'"
DIALECTS = (
    "header => true, multiLine => true, escape => '\"'",
    "header => true, multiLine => true",
    "header => true, escape => '\"', sep => ';'",
    "header => true, multiLine => true, escape => '\"', mode => 'DROPMALFORMED'",
    "multiLine => true, quote => '\\'', escape => '\\'', nullValue => 'a', "
    "encoding => 'iso-8859-1'",
    "header => true, multiLine => true, lineSep => '\\n', ignoreLeadingWhiteSpace => true",
    "skipRows => 1",
)
ODD = "[\\\\x00-\\\\x08\\\\x0B\\\\x0C\\\\x0E-\\\\x1F\\\\x7F-\\\\x9F\\\\uFFFD]"
CSV = tuple[str, bytes, str]


def select(
    url: str,
    number: int,
    schema: str,
    options: str = DIALECTS[0],
    f: str = "",
    mark: int | None = None,
) -> str:
    """The rows of a file, marked as the loader marks them: damaged values by its number, or by a
    mark that other files have too."""
    mark = number if mark is None else mark
    c = "c" if "c STRING" in schema else "CAST(NULL AS STRING) AS c"
    values = "coalesce(a, ''), coalesce(b, '')"
    schema = schema.replace("_corrupt_record", "bad")
    path = text(url.replace("\\", "\\\\"))
    return (
        f"SELECT {text(f or url)} AS f, CAST({number} AS BIGINT) AS n, "
        f"TIMESTAMP'2026-01-02T03:04:{number:02}.000005Z' AS t, 'same' AS s, "
        f"CASE WHEN bad IS NOT NULL THEN bad WHEN concat({values}) RLIKE '{ODD}' "
        f"OR endswith(b, {text(str(mark % 4))}) OR a = {text(f'x{mark}')} "
        "OR (endswith(b, '\n') AND length(b) - length(replace(b, ',', '')) >= 1) "
        f"THEN concat_ws(',', {values}) END AS k, a, b, {c} "
        f"FROM read_files({path}, {OPTIONS}, {options}, {schema})"
    )


class Both:
    """Two tables, one for rows that the engine writes and one for rows that it does not."""

    def __init__(self, warehouse: Any) -> None:
        self.warehouse = warehouse
        self.own, self.engines = "main.default.loads_own", "main.default.loads_engine"
        root = f"{warehouse.env['LAKEHOUSE_URL']}/{uuid.uuid4().hex}"
        for name in (self.own, self.engines):
            place = f"{root}/{name.rpartition('.')[2]}"
            columns = f"({DEFINITION}, c string)"
            warehouse.sql(f"create or replace table {name} {columns} location '{place}'")

    def insert(self, branches: list[str], keys: list[str] | None) -> tuple[list[Any], list[Any]]:
        """What both say, and their rows of the keys; REPLACE WHERE where keys are given."""
        where = "" if keys is None else f" REPLACE WHERE f IN ({', '.join(map(text, keys))})"
        query = "\nUNION ALL\n".join(branches)
        found = []
        for table in (self.own, f"{self.engines} ({', '.join(COLUMNS)})"):
            counts = self.warehouse.sql(f"INSERT INTO {table}{where}\n{query}")
            condition = "" if keys is None else f" where f in ({', '.join(map(text, keys))})"
            name = table.partition(" ")[0]
            rows = self.warehouse.sql(f"select * from {name}{condition}")
            found.append([counts, *sorted(map(repr, rows))])
        return found[0], found[1]

    def writer(self, table: str) -> str:
        """Who made the newest commit."""
        return str(self.warehouse.sql(f"describe history {table} limit 1")[0]["engineInfo"])

    def newest_statistics(self, table: str) -> list[dict[str, Any]]:
        """The statistics of the files that the newest commit added."""
        place = urlsplit(self.warehouse.sql(f"describe detail {table}")[0]["location"])
        newest = self.warehouse.sql(f"describe history {table} limit 1")[0]["version"]
        key = f"{place.path.lstrip('/')}/_delta_log/{newest:020}.json"
        body = self.warehouse.s3.get_object(Bucket=place.netloc, Key=key)["Body"].read()
        actions = [json.loads(line) for line in body.splitlines()]
        return [json.loads(one["add"]["stats"]) for one in actions if "add" in one]


@pytest.fixture(scope="module")
def both(warehouse: Any) -> Both:
    return Both(warehouse)


def test_the_rows_are_those_of_the_engine(both: Both) -> None:
    urls = put(both.warehouse, FILES)
    branches = [select(url, n, FILES[n][2]) for n, url in enumerate(urls)]
    own, engines = both.insert(branches, urls)
    assert own == engines
    assert len(own) > len(FILES) + 36_000
    assert both.writer(both.own) == "local-warehouse"
    assert both.writer(both.engines) != "local-warehouse"
    # again: the rows that are there are replaced, which the engine does
    assert both.insert(branches[:3], urls[:3])[0] == both.insert(branches[:3], urls[:3])[1]
    assert both.writer(both.own) != "local-warehouse"
    # what the statistics of the files say leaves no row out
    asked = "select count_if(a = '5'), count_if(t > '2026-01-02T03:04:03Z') from {0} union all "
    asked += "select count(*), 0 from {0} where a = '5' union all "
    asked += "select 0, count(*) from {0} where t > '2026-01-02T03:04:03Z'"
    answers = [both.warehouse.sql(asked.format(table)) for table in (both.own, both.engines)]
    assert sorted(map(repr, answers[0])) == sorted(map(repr, answers[1]))


def test_each_row_of_large_files_has_the_marks_of_its_file(both: Both) -> None:
    # of several row groups, of unlike numbers of rows, the last of both files
    line = b"x" * 1000 + b",z\n"
    sizes = (50_000, 9, 45_000)
    landed = [
        (f"{n}.csv.zst", zstandard.compress(b"a,b\n" + line * size), "")
        for n, size in enumerate(sizes)
    ]
    urls = put(both.warehouse, landed)
    branches = [select(url, n, LOOKED) for n, url in enumerate(urls)]
    both.warehouse.sql(f"INSERT INTO {both.own}\n" + "\nUNION ALL\n".join(branches))
    assert both.writer(both.own) == "local-warehouse"
    asked = f"select f, n, second(t) as t, s, k, c, a, b, count(*) from {both.own} where f in "
    asked += f"({', '.join(map(text, urls))}) group by all order by n"
    wanted = [(url, n, n, "same", None, None, "x" * 1000, "z", size)
              for n, (url, size) in enumerate(zip(urls, sizes, strict=True))]  # fmt: skip
    assert [tuple(row.values()) for row in both.warehouse.sql(asked)] == wanted
    found = both.newest_statistics(both.own)
    assert sum(one["numRecords"] for one in found) == sum(sizes)
    assert min(one["minValues"]["f"] for one in found) == min(urls)
    assert max(one["maxValues"]["n"] for one in found) == len(urls) - 1
    for one in found:
        assert one["minValues"]["s"] == one["maxValues"]["s"] == "same"
        assert (one["nullCount"]["s"], one["nullCount"]["c"]) == (0, one["numRecords"])
        assert not {"a", "c"} & {*one["minValues"], *one["maxValues"]}


parts = st.sampled_from(
    [b"a", b"x1", b"1", b",", b";", b"\n", b"\r\n", b"\r", b'"', b'""', b"'", b"\\", b" ", b"\0",
     b"\t", b"\xff", b"\x85", "\x85é€😀\ufffd".encode(), b"\x7f", b"a,b\n", b'"a\n,"",b",c\n']
)  # fmt: skip
bodies = st.lists(parts, max_size=30).map(b"".join)


# Small files of one dialect are parsed together where their marks are the same.
ALIKE = [
    b"a,b\n1,2\n3,4", b"a,b\n1,2\n", b"a,b\r\n1,2\r\n3,4\r\n", b"a,b\n\n1,2\n", b"a,b\n1,2\n\n",
    b"a,b\n", b"a,b\n1\n", b"a,b\n\xef\xbb\xbf1,2\n", b"\xef\xbb\xbfa,b\n,\n", b"a,b\n \n1,2\n",
    b"a,b\n1,x\n1,\x7f\nx1,2\n", b'a,b\n"1",2\n', b"a,b\n1,2,3\n",
]  # fmt: skip


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.lists(st.tuples(bodies, st.sampled_from(DIALECTS)), min_size=6, max_size=12), st.booleans()
)
@example([(b"a,b\n1,\x00\n2,3\r\n", dialect) for dialect in DIALECTS], False)
@example([(body, DIALECTS[0]) for body in ALIKE], True)
@example([(body, DIALECTS[2].replace("';'", "','")) for body in (*ALIKE[:3], *ALIKE[7:9])], True)
def test_any_bytes_give_what_the_engine_gives(
    both: Both, files: list[tuple[bytes, str]], alike: bool
) -> None:
    schemas = ["schema => 'a STRING, B STRING, c STRING, _corrupt_record STRING'",
               "schema => 'b STRING, a STRING, _corrupt_record STRING'"]  # fmt: skip
    landed: list[CSV] = [
        (f"{n}.csv", body, schemas[1 if alike else n % 3 % 2]) for n, (body, _) in enumerate(files)
    ]
    urls = put(both.warehouse, landed)
    branches = [
        select(url, n, landed[n][2], files[0 if alike else n][1], mark=1 if alike else None)
        for n, url in enumerate(urls)
    ]
    own, engines = both.insert(branches, urls)
    assert own == engines
    if len(own) > 1:
        assert both.writer(both.own) == "local-warehouse"


def test_errors_and_constraints_are_those_of_the_engine(both: Both) -> None:
    landed = [(f"{n}.csv", b"a,b\n" + line, "") for n, line in enumerate((b"1,2", b"1", b",2"))]
    good, ragged, empty = put(both.warehouse, landed)
    schema = "schema => 'a STRING, b STRING, _corrupt_record STRING'"
    sound = select(good, 1, schema)
    failing = {
        "NOT NULL": (select(empty, 1, schema).replace(text(empty) + " AS f", "a AS f"), None),
        "null constant": (sound.replace(text(good) + " AS f", "CAST(NULL AS STRING) AS f"), None),
        "another key": (sound, ["other"]),
        "no file": (select(f"{good}.gone", 1, schema), None),
        "FAILFAST": (select(ragged, 1, schema, DIALECTS[0] + ", mode => 'FAILFAST'"), None),
        "no column": (sound.replace("AS k, a,", "AS k, d,"), None),
        "too few": (sound.replace("'same' AS s,", ""), None),
    }
    before = [both.warehouse.sql(f"select count(*) from {t}") for t in (both.own, both.engines)]
    for name, (branch, keys) in failing.items():
        where = "" if keys is None else f"REPLACE WHERE f IN ({', '.join(map(text, keys))})"
        said = []
        for table in (both.own, f"{both.engines} ({', '.join(COLUMNS)})"):
            with pytest.raises(Error) as raised:
                both.warehouse.sql(f"INSERT INTO {table} {where} {sound} UNION ALL {branch}")
            said.append(str(raised.value).replace(both.engines, both.own).partition("\n")[0][:60])
        assert said[0] == said[1], name
    after = [both.warehouse.sql(f"select count(*) from {t}") for t in (both.own, both.engines)]
    assert before == after
    both.warehouse.sql(f"alter table {both.own} add constraint no_40 check (n <> 40)")
    with pytest.raises(Error, match="no_40"):
        both.warehouse.sql(f"INSERT INTO {both.own} {select(good, 40, schema)}")
    both.warehouse.sql(f"INSERT INTO {both.own} {select(good, 2, schema)}")
    both.warehouse.sql(f"alter table {both.own} drop constraint no_40")


LOOKED = "schema => 'a STRING, b STRING, _corrupt_record STRING'"


def test_a_canceled_load_leaves_no_rows_no_files_and_no_parts_of_any(warehouse: Any) -> None:
    # It repeats too far apart for Parquet's compression, so that parts are sent while it is read.
    digests = (hashlib.sha512(b"%d" % n).hexdigest().encode() for n in range(16_000))
    frame = zstandard.compress(b"".join(b"%s,x\n" % digest for digest in digests) * 2)
    landed = ("long.csv.zst", zstandard.compress(b"a,b\n") + frame * 60, "")
    (url,) = put(warehouse, [landed])
    both = Both(warehouse)
    with warehouse.connect() as connection, connection.cursor() as cursor:
        place = urlsplit(warehouse.sql(f"describe detail {both.own}")[0]["location"])
        at = {"Bucket": place.netloc, "Prefix": place.path.lstrip("/")}

        def written() -> list[str]:
            files = warehouse.s3.list_objects_v2(**at).get("Contents", [])
            parts = warehouse.s3.list_multipart_uploads(**at).get("Uploads", [])
            return [one["Key"] for one in (*files, *parts) if "/_delta_log/" not in one["Key"]]

        def rows() -> int:
            return int(warehouse.sql(f"select count(*) as n from {both.own}")[0]["n"])

        for pause in (0, 0.3, 0.6, 0.9):  # files may be complete by then, and not be committed
            cursor.execute_async(f"INSERT INTO {both.own} {select(url, 1, LOOKED)}")
            eventually(written, "a file is begun", every=0.01)
            assert pause or cursor.is_query_pending()
            time.sleep(pause)
            cursor.cancel()
            eventually(lambda: rows() or not written(), "rows are there, or nothing is")
            if rows():
                assert pause
                break  # it ended before it was canceled


def test_loads_beside_each_other_and_beside_other_writers_are_all_there(warehouse: Any) -> None:
    urls = put(warehouse, [(f"{n}.csv", b"a,b\n" + b"1,2\n" * 9, "") for n in range(8)])
    both = Both(warehouse)
    statements = [
        f"INSERT INTO {both.own} {'REPLACE WHERE f = ' + text(url) if n % 2 else ''} "
        f"{select(url, n, LOOKED)}"
        for n, url in enumerate(urls)
    ] + [f"INSERT INTO {both.own} (f, n) VALUES ('by the engine', {n})" for n in (20, 21)]

    def run(statement: str) -> None:
        """Run it again after a conflict, as the loader does: what fails has written nothing."""
        for _ in statements:
            try:
                return warehouse.sql(statement)
            except Error as error:
                assert "DELTA_CONCURRENT_APPEND" in str(error)
                assert "REPLACE" in statement  # an append has no conflict with appends
        pytest.fail(f"as many conflicts as there are statements: {statement}")

    with ThreadPoolExecutor(len(statements)) as pool:
        list(pool.map(run, statements))
    found = warehouse.sql(f"select n, count(*) as rows from {both.own} group by n order by n")
    assert [(row["n"], row["rows"]) for row in found] == [
        *((n, 9) for n in range(8)), (20, 1), (21, 1)
    ]  # fmt: skip
