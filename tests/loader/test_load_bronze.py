"""The command `load-bronze` against the local warehouse: each rule of docs/loader.md once."""

from __future__ import annotations

import bz2
import gzip
import random
import tracemalloc
from pathlib import Path

import pytest
import zstandard
from landing_place import CUSTOMERS, SALES, Place


def test_rows_land_as_they_are_with_where_they_came_from(place: Place) -> None:
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
    assert "Nothing to do: 2 files, loaded already" in place.load().stdout
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
    place.put("customer_infomation_3.csv", b"id,customername,gender,age,Tier,,ID\n4,D,M,2,x,y,z\n")
    files, _ = place.load_json()
    assert place.rows("customers", "id, customername, gender, age, tier, column_6, id_2") == [
        ("1", "Ann", "F", "30", None, None, None),
        ("2", "Bob", "M", "41", None, None, None),
        ("3", "Cat", "F", "1", "gold", None, None),
        ("4", "D", "M", "2", "x", "y", "z"),
    ]
    assert files["customer_infomation_2.csv"]["columns_added"] == ["tier"]
    assert files["customer_infomation_3.csv"]["columns_added"] == ["column_6", "id_2"]
    place.put("customer_infomation_4.csv", b"id,customername,gender,age,tax\n5,E,F,3,7\n")
    place.load()
    assert place.rows("customers", "id, tier, tax", "tax is not null") == [("5", None, "7")]
    assert [list(entry["columns_added"]) for entry in place.log()] == [
        [], ["tier"], ["column_6", "id_2"], ["tax"],
    ]  # fmt: skip


def test_the_case_of_the_schemas_name_is_of_no_matter(place: Place) -> None:
    for number in (1, 2):
        content = b"id,customername,gender,age,tier\n1,Ann,F,30,%d\n" % number
        place.put(f"customer_infomation_{number}.csv", content)
        place.load("--dataset", "customers", "--schema", place.schema.upper())
    assert sorted(place.rows("customers", "tier")) == [("1",), ("2",)]


def test_a_file_without_a_required_column_is_refused_and_the_others_load(place: Place) -> None:
    bad = place.put("data_sales_bad.csv", b"createtime,id,product,quan,shop\n2024-01-01,1,TV,2,s\n")
    place.put("data_sales_good.csv", SALES)
    printed = place.load(exit_code=3).stdout
    assert f"refused: sales: {bad}: required column missing: platform" in printed
    assert place.rows("sales", "shop") == [("Hanoi",)]
    refused = [entry for entry in place.log() if entry["status"] == "refused"]
    assert [(e["source_file"], e["row_count"]) for e in refused] == [(bad, 0)]
    assert "required column missing: platform" in refused[0]["reason"]


def test_a_refused_file_is_reported_until_it_is_mended_but_logged_once(place: Place) -> None:
    bad = place.put("data_sales_1.csv", b"id\n1\n")
    place.load(exit_code=3)
    assert f"still refused: sales: {bad}" in place.load(exit_code=3).stdout
    assert len(place.log()) == 1
    place.put("data_sales_1.csv", SALES)
    place.load()
    assert [entry["status"] for entry in place.log()] == ["refused", "loaded"]
    assert place.rows("sales", "shop") == [("Hanoi",)]


def test_a_refused_file_loads_once_the_declaration_allows_it(place: Place, tmp_path: Path) -> None:
    place.put("data_sales_1.csv", "createtime,id,größe\n2024-01-01,1,ä\n".encode("cp1252"))
    sources = tmp_path / "sources.yml"
    declared = (
        "sources: [{name: bronze, tables: [{name: sales, external: {location: '**/data_*'%s}}]}]"
    )
    sources.write_text(declared % "")
    assert "not UTF-8" in place.load("--sources", str(sources), exit_code=3).stdout
    sources.write_text(declared % ", options: {encoding: windows-1252}")
    place.load("--sources", str(sources))
    assert place.rows("sales", "id, `größe`") == [("1", "ä")]


def test_a_loaded_file_that_is_replaced_by_a_bad_one_keeps_its_rows(place: Place) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS)
    place.load()
    place.put("customer_infomation_1.csv", b"")
    assert "the file is empty" in place.load(exit_code=3).stdout
    assert len(place.rows("customers", "id")) == 2


def test_the_next_run_redoes_what_was_landed_but_not_logged(place: Place) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS)
    place.load()
    place.sql("delete from bronze.load_log")
    before = place.rows("customers", "id, customername, gender, age, _source_etag")
    place.load()
    assert place.rows("customers", "id, customername, gender, age, _source_etag") == before
    assert [entry["row_count"] for entry in place.log()] == [2]


def test_a_dry_run_shows_the_plan_and_writes_nothing(place: Place) -> None:
    url = place.put("customer_infomation_1.csv", CUSTOMERS)
    place.put("data_sales_1.csv", b"id\n")
    printed = place.load("--dry-run", exit_code=3).stdout
    assert url in printed
    assert "Dry run, nothing was written; 1 file would be loaded" in printed
    assert not place.sql(
        f"select 1 from information_schema.schemata where schema_name = '{place.schema}'"
    )
    place.load(exit_code=3)
    _, summary = place.load_json("--dry-run", exit_code=3)
    assert (summary["new"], summary["unchanged"], summary["refused"]) == (0, 1, 1)


def test_only_the_datasets_asked_for_are_loaded(place: Place) -> None:
    place.put("customer_infomation_1.csv", CUSTOMERS)
    place.put("data_sales_1.csv", SALES)
    _, summary = place.load_json("--dataset", "sales")
    assert list(summary["datasets"]) == ["sales"]
    _, summary = place.load_json("--dataset", "sales", "--dataset", "customers")
    assert (summary["new"], summary["unchanged"]) == (1, 1)


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
)
def test_a_dialect_is_found_out(place: Place, name: str, content: bytes) -> None:
    place.put(name, content)
    place.load()
    assert place.rows("customers", "id, customername, gender, age, _corrupt_record") == [
        ("1", "Ann", "F", "30", None),
        ("2", "Bob", "M", "41", None),
    ]


def test_hostile_keys_land_under_their_own_name(place: Place) -> None:
    names = ["a b", "it's", 'q"q', "{x,y}", "[1]", "*", "x?", "100%25", "#1", "é年", "a,b",
             "'); drop table x --", "$(id)", "a+b&c=d"]  # fmt: skip
    urls = {
        place.put(f"in {n}/customer_infomation_{name}.csv", CUSTOMERS.replace(b"Ann", b"%d" % n))
        for n, name in enumerate(names)
    }
    place.load()
    found = place.rows("customers", "_source_file, customername", "id = '1'")
    assert {url for url, _ in found} == urls
    assert all(f"/in {number}/" in url for url, number in found)


def test_hostile_headers_and_values_land_as_text(place: Place) -> None:
    hostile = [
        "'; drop table x; --",
        "`a`",
        "a.b",
        "${x}",
        "{{ y }}",
        "\\'",
        "select",
        "😀",
        "a\tb",
    ]
    header = ",".join(["id", "customername", "gender", "age", *hostile])
    values = ",".join(f'"{value}"' for value in ["1", "a", "b", "c", *hostile])
    place.put("customer_infomation_1.csv", f"{header}\n{values}\n".encode())
    place.load()
    (row,) = place.sql("select * from bronze.customers")
    assert list(row.values())[-len(hostile) :] == hostile


def test_the_batch_limits_only_change_the_number_of_statements(place: Place) -> None:
    for number in range(5):
        place.put(f"customer_infomation_{number}.csv", CUSTOMERS.replace(b"Ann", b"%d" % number))
    place.load("--max-statement-files", "2")
    assert len(place.rows("customers", "id")) == 10
    batches = place.sql("select count(distinct _batch_id) as n, count(distinct _loaded_at) as m "
                        "from bronze.customers")  # fmt: skip
    assert batches == [{"n": 3, "m": 3}]
    assert sorted(entry["row_count"] for entry in place.log()) == [2, 2, 2, 2, 2]


def test_compressed_files_that_are_damaged_are_refused_and_keep_no_other_out(place: Place) -> None:
    rows = b"".join(b"%d,n,F,%d\n" % (n, random.randrange(10**9)) for n in range(30_000))  # noqa: S311
    gz, zst = gzip.compress(CUSTOMERS + rows), zstandard.compress(CUSTOMERS + rows)
    damaged = {
        "customer_infomation_1.csv.gz": gz[:100_000] + bytes(100) + gz[100_100:],
        "customer_infomation_2.csv.gz": gz[:-8],
        "customer_infomation_3.csv.gz": gz + b"not gzip",
        "customer_infomation_4.csv.zst": zst[:-100],
        "customer_infomation_5.csv.zst": zst + b"not zstandard",
    }
    one = CUSTOMERS.replace(b"Ann", b"Kim")
    good = {
        "customer_infomation_6.csv": CUSTOMERS,
        "customer_infomation_7.csv.gz": gzip.compress(CUSTOMERS) + gzip.compress(b"3,Eve,F,1\n"),
        # pzstd begins with a skippable frame
        "customer_infomation_8.csv.zst": b"\x50\x2a\x4d\x18\2\0\0\0xx" + zstandard.compress(one),
    }
    for name, content in (damaged | good).items():
        place.put(name, content)
    files, _ = place.load_json(exit_code=3)
    assert {name: file["result"] for name, file in files.items()} == {
        **dict.fromkeys(damaged, "refused"),
        **dict.fromkeys(good, "loaded"),
    }
    reasons = [files[name]["reason"] for name in damaged]
    assert all("content is damaged" in r or "content ends too early" in r for r in reasons)
    assert len(place.rows("customers", "id")) == 7
    entries = len(place.log())
    place.load(exit_code=3)
    assert len(place.log()) == entries == 8


def test_a_small_file_that_decompresses_to_gigabytes_needs_little_memory(place: Place) -> None:
    block = (128 << 10 << 3 | 2).to_bytes(3, "little") + b"x"  # of zstandard: x, 131,072 times
    frame = b"\x28\xb5\x2f\xfd\0\x38" + block * 4_000
    place.put("customer_infomation_1.csv.zst", frame)
    tracemalloc.start()
    try:
        printed = place.load(exit_code=3).stdout
        assert tracemalloc.get_traced_memory()[1] < 400e6
    finally:
        tracemalloc.stop()
    assert "the header line does not end within 16 MiB" in printed


def test_a_table_that_is_not_the_loaders_is_left_alone(place: Place) -> None:
    place.sql(f"create schema {place.schema}")
    place.sql("create table bronze.customers (id int)")
    place.put("customer_infomation_1.csv", CUSTOMERS)
    assert "is not a table of this loader" in place.load(exit_code=1).stderr
