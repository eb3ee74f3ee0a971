"""The same rows in another form are told; a file's way to be read is kept in the log."""

from __future__ import annotations

import gzip

import pytest
from landing_place import CUSTOMERS, Place

from bronze_loader.warehouse import statements
from bronze_loader.warehouse.log_statements import LOG_COLUMNS, LOG_TABLE

ONE, PACKED, OTHER, LATE, QUOTED, SPELLED = (
    f"customer_infomation_{name}"
    for name in ("1.csv", "1.csv.gz", "2.csv", "3.csv", "5.csv", "6.csv")
)


@pytest.fixture
def log_of_an_earlier_loader(place: Place) -> None:
    """A load log without the column that came last."""
    env = place.lakehouse.env
    schema = statements.BronzeSchema(
        env["DATABRICKS_CATALOG"], place.schema, env["LAKEHOUSE_URL"].rstrip("/")
    )
    place.sql(statements.create_schema(schema))
    place.sql(statements.create_table(schema, LOG_TABLE, LOG_COLUMNS[:-1], ["dataset"]))


@pytest.mark.usefixtures("log_of_an_earlier_loader")
def test_files_with_the_same_rows_are_told_whatever_they_are_written_in(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    assert "no such entry" in place.load("log").stdout
    place.load("--dry-run")
    one = place.put(ONE, CUSTOMERS)
    other = place.put(OTHER, CUSTOMERS.replace(b"Bob", b"Rob"))
    files, _ = place.load_json()
    assert [file["reason"] for file in files.values()] == [None, None]
    first, *rows = CUSTOMERS.splitlines(keepends=True)
    packed = place.put(PACKED, gzip.compress(CUSTOMERS))
    place.put(LATE, b"Exported today\n" + (first + b"".join(reversed(rows))).replace(b",", b";"))
    quoted = b'"age","id","gender","customername"\r\n"41","2","M","Bob"\r\n'
    place.put(QUOTED, quoted + b'"30","1","F","Ann"\r\n')
    place.put(SPELLED, CUSTOMERS.replace(b"Ann", b"Ann "))
    files, _ = place.load_json()
    said = f"all its lines are the same as those of {one}, so they count twice"
    assert files[PACKED]["reason"] == said
    assert "all its lines are the same as those of" in files[LATE]["reason"]
    assert "all its lines are the same as those of" in files[QUOTED]["reason"]
    assert files[SPELLED]["reason"] is None  # a value that is written in another way is another
    assert files[PACKED]["result"] == "loaded"
    assert f"{packed}: {said}" in caplog.text
    caplog.clear()
    # The rows of a file that has gone stay, so they still count twice.
    place.delete(OTHER)
    place.load()
    place.put("customer_infomation_4.csv.gz", gzip.compress(CUSTOMERS.replace(b"Bob", b"Rob")))
    files, _ = place.load_json()
    assert f"those of {other}" in files["customer_infomation_4.csv.gz"]["reason"]
    # A replacement that has the same rows as before is no news.
    place.put(PACKED, gzip.compress(CUSTOMERS, compresslevel=1) + gzip.compress(b""))
    place.delete(ONE)
    caplog.clear()
    files, _ = place.load_json("--dataset", "customers")
    logged = {entry["source_file"]: entry["reason"] for entry in place.log()}
    assert logged[packed] == said
