"""Ten million rows over databricks-sql-connector, in the memory of a few pages."""

from __future__ import annotations

from typing import Any


def test_ten_million_rows_of_two_gigabytes(warehouse: Any) -> None:
    def megabytes() -> int:
        return sum(int(kilobytes) for kilobytes in warehouse.processes("rss")) // 1024

    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute("select 1").fetchall()
        before = megabytes()
        cursor.execute("select id, repeat('x', 200) as text from range(10000000)")
        seen, total, peak = 0, 0, 0
        while (page := cursor.fetchmany_arrow(100_000)).num_rows:
            seen += page.num_rows
            total += sum(page.column("id").to_pylist())
            peak = max(peak, megabytes())
    assert (seen, total) == (10**7, 10**7 * (10**7 - 1) // 2)
    assert peak - before < 250
