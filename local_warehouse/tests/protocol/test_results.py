"""databricks-sql-connector against the local warehouse: results of any size, page by page."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    "count",
    [pytest.param(0, id="no row"), pytest.param(1, id="one row"), pytest.param(7, id="seven rows")],
)
def test_every_way_to_fetch_gives_the_same_rows(warehouse: Any, count: int) -> None:
    statement = f"select id as n, cast(id as string) as s from range({count})"
    expected = [(n, str(n)) for n in range(count)]
    columns = [{"n": n, "s": s} for n, s in expected]
    with warehouse.connect() as connection, connection.cursor() as cursor:
        assert cursor.execute(statement).fetchall() == expected
        assert [(c[0], c[1]) for c in cursor.description] == [("n", "bigint"), ("s", "string")]
        assert list(cursor.execute(statement)) == expected
        cursor.execute(statement)
        one_by_one = [row.n for row in iter(cursor.fetchone, None)]
        assert one_by_one == [n for n, _ in expected]
        assert (cursor.fetchone(), cursor.fetchmany(2), cursor.fetchall()) == (None, [], [])
        assert cursor.execute(statement).fetchall_arrow().to_pylist() == columns
        cursor.execute(statement)
        pages = list(iter(lambda: cursor.fetchmany(3), []))
        assert [len(page) for page in pages] == ([3, 3, 1] if count == 7 else [count] * count)
        assert [tuple(row) for page in pages for row in page] == expected
        cursor.execute(statement)
        tables = [cursor.fetchmany_arrow(3) for _ in range(count // 3 + 1)]
        assert [row for table in tables for row in table.to_pylist()] == columns


def test_a_result_is_read_page_by_page(warehouse: Any) -> None:
    with warehouse.connect() as connection, connection.cursor(arraysize=1000) as cursor:
        cursor.execute("select id, concat('row ', id) as name from range(250000) order by id")
        assert [row.id for row in cursor.fetchmany(3)] == [0, 1, 2]
        assert cursor.fetchone().name == "row 3"
        assert cursor.rownumber == 4
        table = cursor.fetchall_arrow()
        assert table.num_rows == 249_996
        assert table.column("id")[-1].as_py() == 249_999
        assert cursor.fetchall() == []


def test_cursors_of_one_connection_are_read_in_turns(warehouse: Any) -> None:
    with warehouse.connect() as connection:
        cursors = [connection.cursor() for _ in range(3)]
        for start, cursor in enumerate(cursors):
            cursor.execute(f"select id + {start} as id from range(200000) order by id")
        first = [[cursor.fetchmany(2)[-1].id for cursor in cursors] for _ in range(2)]
        assert first == [[1, 2, 3], [3, 4, 5]]
        assert [cursor.fetchall_arrow().num_rows for cursor in cursors] == [199_996] * 3


def test_a_long_result_is_never_held_whole(warehouse: Any) -> None:
    """420 MB through a warehouse whose memory may grow by a fraction of that."""
    statement = "select id, repeat('x', 700) as text from range(600000)"
    with warehouse.connect() as connection, connection.cursor(arraysize=20_000) as cursor:
        cursor.execute("select 1").fetchall()
        before = _megabytes(warehouse)
        cursor.execute(statement)
        seen, last, peak = 0, -1, 0
        while (page := cursor.fetchmany_arrow(20_000)).num_rows:
            seen += page.num_rows
            last = page.column("id")[-1].as_py()
            if seen % 100_000 == 0:
                peak = max(peak, _megabytes(warehouse))
        assert (seen, last) == (600_000, 599_999)
        assert peak - before < 250


def test_long_values_are_sent_a_few_at_a_time(warehouse: Any) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("select id, repeat('x', 1000000) as text from range(150)")
        first = cursor.fetchmany_arrow(1)
        assert cursor.active_result_set.results.n_valid_rows < 50  # of what came with it
        rest = cursor.fetchall_arrow()
        assert first.column("id").to_pylist() + rest.column("id").to_pylist() == list(range(150))
        lengths = {len(text) for text in rest.column("text").to_pylist()}
        assert lengths == {1_000_000}


def _megabytes(warehouse: Any) -> int:
    return sum(int(kilobytes) for kilobytes in warehouse.processes("rss")) // 1024


def test_rowcount_is_the_number_of_changed_rows(warehouse: Any) -> None:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("create or replace table main.default.counted (a int)")
        cursor.execute("insert into main.default.counted values (1), (2), (3)")
        assert cursor.rowcount == 3
        assert cursor.fetchall() == [(3, 3)]
        cursor.execute("delete from main.default.counted where a > 1")
        assert cursor.rowcount == 2
        cursor.execute("select * from main.default.counted")
        assert cursor.rowcount == -1  # as the connector has it for a query
        cursor.execute("drop table main.default.counted")
        assert (cursor.description, cursor.fetchall()) == ([], [])
