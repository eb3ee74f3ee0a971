"""`--verify`: the records in a file, the rows in the table and the number in the log."""

from __future__ import annotations

import io

import pytest
from customer_files import ONE, TWO
from landing_place import CUSTOMERS, Place

from bronze_loader.datasets.declaration import Dataset
from bronze_loader.run.verify import count_records
from bronze_loader.sniffing.header import sniff


def test_verify_names_the_file_where_table_and_file_differ(place: Place) -> None:
    url = place.put(ONE, CUSTOMERS)
    place.put(TWO, b"id,customername,gender,age\n" + b'7,"a\n""b""",F,1\n' * 3 + b"\n8,c\n")
    assert "Verified: 2 files" in place.load("--verify").stdout
    place.sql(f"delete from bronze.customers where id = '2' and _source_file = '{url}'")
    done = place.load("--verify", exit_code=1)
    assert f"{url}: records in the file 2, rows in `main`" in done.stderr
    assert "1, rows in the log 2" in done.stderr
    place.load("--force", ONE, "--verify")


@pytest.mark.parametrize(
    ("content", "records"),
    [
        (b"a,b\n1,2\n3,4", 2),
        (b"a,b\r\n1,2\r\n\r\n3,4\r\n", 2),
        (b"a,b\r1,2\r3,4\r", 2),
        (b'a,b\n"1\n\n1",2\n', 1),
        (b'a,b\n"1""\n",2\n3,"open\nto the end\n', 2),
        (b"a,b\n1\rx,2\n", 1),
        (b"a,b" + b" " * 2_000_000 + b"\r1,2\r3,4\r", 2),
        (b"\xef\xbb\xbfa,b\n1,2\n", 1),
        (b"a,b\n", 0),
        (b"a,b\n" + b"x" * 3_000_000 + b",1\n", 1),
    ],
    ids=[
        "no-final-line-end",
        "crlf-and-a-blank-line",
        "cr",
        "line-breaks-in-quotes",
        "quote-left-open",
        "cr-in-a-value",
        "cr-far-behind",
        "byte-order-mark",
        "header-only",
        "large-value",
    ],
)
def test_records_are_counted_in_the_file(content: bytes, records: int) -> None:
    dataset = Dataset("a", "**/*", ())
    header = sniff("a.csv", len(content), dataset, lambda at, size: content[at : at + size])
    assert count_records(io.BytesIO(content), "a.csv", header, dataset.options) == records
