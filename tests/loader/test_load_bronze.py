"""The command `load-bronze` against the local warehouse: rows, columns, batches and the log."""

from __future__ import annotations

import bz2
import gzip

import pytest
import zstandard
from landing_place import CUSTOMERS, SALES, Place


def test_rows_are_loaded_as_they_are_with_where_they_came_from(place: Place) -> None:
    url = place.put(
        "customer_infomation_1.csv",
        b'gender,AGE,id,customername\nF, 007 ,1,"Ann, ""A"" \nLee"\n,x,2,\nNULL,\\N,3,Bob\n',
    )
    place.load()
    assert place.rows("customers", "id, customername, gender, age, _corrupt_record") == [
        ("1", 'Ann, "A" \nLee', "F", " 007 ", None),
        ("2", None, None, "x", None),
        ("3", "Bob", "NULL", "\\N", None),
    ]
    (row,) = place.sql(
        "select distinct _source_file, _source_etag, _source_size, _source_modified_at, "
        "_batch_id, _loaded_at from bronze.customers"
    )
    (entry,) = place.log()
    assert row["_source_file"] == entry["source_file"] == url
    for name in ("source_etag", "source_size", "source_modified_at", "batch_id"):
        assert row[f"_{name}"] == entry[name]
    assert row["_loaded_at"] < entry["logged_at"]
    assert (entry["status"], entry["row_count"], entry["corrupt_row_count"]) == ("loaded", 3, 0)


def test_a_malformed_line_is_kept_with_its_raw_text(place: Place) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS + b"3,short\n4,a,b,5,extra\n")
    files, summary = place.load_json()
    assert place.rows("customers", "id, age, _corrupt_record", "_corrupt_record is not null") == [
        ("3", None, "3,short"),
        ("4", "5", "4,a,b,5,extra"),
    ]
    assert files["customer_infomation_1.csv"]["corrupt_row_count"] == 2
    assert (summary["rows"], summary["corrupt_rows"]) == (4, 2)


def test_a_crlf_far_behind_lines_that_end_in_lf_is_kept_as_malformed(place: Place) -> None:
    lines = b"".join(b"%d,Ann,F,30\n" % number for number in range(8000))  # over 64 KiB
    place.put(
        "customer_infomation_1.csv", b"id,customername,gender,age\n" + lines + b"x,Bob,M,41\r\n"
    )
    place.load()
    found = place.rows("customers", "id, age, _corrupt_record", "_corrupt_record is not null")
    assert found == [("x", "41\r", "x,Bob,M,41\r")]
    assert place.log()[0]["row_count"] == 8001


def test_a_second_run_has_nothing_to_do(place: Place) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS)
    place.put("deep/er/data_sales_1.csv", SALES)
    assert "Loaded 2 files, 3 rows" in place.load().stdout
    tables = ("customers", "sales", "load_log")
    before = {table: place.versions(table) for table in tables}
    assert "2 loaded files as they were" in place.load().stdout
    assert "Nothing to do: 2 files, loaded already" in place.load("--since", "1h").stdout
    assert {table: place.versions(table) for table in tables} == before


def test_an_empty_landing_place_still_gives_the_tables(place: Place) -> None:
    assert "Nothing to do" in place.load().stdout
    assert place.rows("customers", "id, customername") == []
    assert place.rows("sales", "createtime, platform, _loaded_at") == []
    assert place.log() == []


def test_a_file_uploaded_again_replaces_its_rows_only(place: Place) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS)
    place.put("customer_infomation_2.csv", b"id,customername,gender,age\n9,Zoe,F,50\n")
    place.load()
    place.put("customer_infomation_1.csv", b"id,customername,gender,age\n1,Anne,F,31\n")
    files, summary = place.load_json()
    assert place.rows("customers", "id, customername, age") == [
        ("1", "Anne", "31"),
        ("9", "Zoe", "50"),
    ]
    assert files["customer_infomation_1.csv"]["action"] == "changed"
    assert files["customer_infomation_2.csv"]["result"] == "unchanged"
    assert (summary["new"], summary["changed"], summary["unchanged"]) == (0, 1, 1)
    assert [entry["row_count"] for entry in place.log()] == [2, 1, 1]


def test_a_file_that_comes_back_with_a_header_only_leaves_no_row(place: Place) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS)
    place.load()
    place.put("customer_infomation_1.csv", b"id,customername,gender,age\n")
    place.load()
    assert place.rows("customers", "id") == []
    assert [(e["status"], e["row_count"]) for e in place.log()] == [("loaded", 2), ("loaded", 0)]


def test_columns_are_matched_by_name_and_new_ones_are_added(place: Place) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS)
    place.put("customer_infomation_2.csv", b"Tier,age,gender,customername,id\ngold,1,F,Cat,3\n")
    doubled = b"id,customername,gender,age,Tier,,TIER\n4,D,M,2,x,y,z\n"
    place.put("customer_infomation_3.csv", doubled)
    files, _ = place.load_json()
    assert place.rows("customers", "id, customername, gender, age, tier, column_6, tier_2") == [
        ("1", "Ann", "F", "30", None, None, None),
        ("2", "Bob", "M", "41", None, None, None),
        ("3", "Cat", "F", "1", "gold", None, None),
        ("4", "D", "M", "2", "x", "y", "z"),
    ]
    assert files["customer_infomation_2.csv"]["columns_added"] == ["tier"]
    assert files["customer_infomation_3.csv"]["columns_added"] == ["column_6", "tier_2"]
    place.put("customer_infomation_4.csv", b"id,customername,gender,age,tax\n5,E,F,3,7\n")
    place.load()
    assert place.rows("customers", "id, tier, tax", "tax is not null") == [("5", None, "7")]
    assert [list(entry["columns_added"]) for entry in place.log()] == [
        [], ["tier"], ["column_6", "tier_2"], ["tax"],
    ]  # fmt: skip


def test_the_case_of_the_schemas_name_is_of_no_matter(place: Place) -> None:
    for number in (1, 2):
        content = b"id,customername,gender,age,tier\n1,Ann,F,30,%d\n" % number
        place.put(f"customer_infomation_{number}.csv", content)
        place.load("--dataset", "customers", "--schema", place.schema.upper())
    assert sorted(place.rows("customers", "tier")) == [("1",), ("2",)]


def test_the_next_run_redoes_what_was_loaded_but_not_logged(place: Place) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS)
    place.load()
    place.sql("delete from bronze.load_log")
    place.forget_plan()
    before = place.rows("customers", "id, customername, gender, age, _source_etag")
    place.load()
    assert place.rows("customers", "id, customername, gender, age, _source_etag") == before
    assert [entry["row_count"] for entry in place.log()] == [2]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("customer_infomation_1.csv.gz", gzip.compress(CUSTOMERS, mtime=0)),
        ("customer_infomation_1.csv.bz2", bz2.compress(CUSTOMERS)),
        ("customer_infomation_1.csv.zst", zstandard.ZstdCompressor().compress(CUSTOMERS)),
        ("customer_infomation_1.CSV", b"\xef\xbb\xbf" + CUSTOMERS),
        ("customer_infomation_1.csv", CUSTOMERS.replace(b",", b";")),
        ("customer_infomation_1.csv", CUSTOMERS.replace(b",", b"\t").replace(b"\n", b"\r\n")),
        ("customer_infomation_1.csv", b"\n" + CUSTOMERS.replace(b",", b"|").rstrip()),
    ],
    ids=[
        "gzip",
        "bzip2",
        "zstandard",
        "upper-case-suffix-and-byte-order-mark",
        "semicolon",
        "tab-and-crlf",
        "pipe-and-no-final-line-end",
    ],
)
def test_a_dialect_is_found_out(place: Place, name: str, content: bytes) -> None:
    place.put(name, content)
    place.load()
    assert place.rows("customers", "id, customername, gender, age, _corrupt_record") == [
        ("1", "Ann", "F", "30", None),
        ("2", "Bob", "M", "41", None),
    ]


def test_a_table_that_is_not_the_loaders_is_left_alone(place: Place) -> None:
    place.sql(f"create schema {place.schema}")
    place.sql("create table bronze.customers (id int)")
    place.put("customer_infomation_1.csv", CUSTOMERS)
    assert "is not a table of this loader" in place.load(exit_code=1).stderr
