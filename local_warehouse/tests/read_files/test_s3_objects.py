"""read_files in SQL, over the connector, on objects in S3."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
from databricks.sql.exc import Error

from local_warehouse.read_files import FileStorage, ReadFilesError


def put(warehouse: Any, name: str, body: bytes) -> str:
    """Lands an object under a prefix of its own; returns its URL."""
    return str(warehouse.land((name, body)) + name)


def test_rows_and_corrupt_lines_of_a_csv(warehouse: Any) -> None:
    url = put(warehouse, "a b.csv", b'id,name\n1,"x, y"\n2\n3,c,extra\n4,"two\nlines"\n')
    assert warehouse.sql(
        f"select s.id, s.name, s._corrupt_record as corrupt from read_files('{url}',"
        " format => 'csv', header => true, multiLine => true, escape => '\"',"
        " schema => '`id` STRING, name STRING, _corrupt_record STRING',"
        " columnNameOfCorruptRecord => '_corrupt_record') as s order by s.id"
    ) == [
        {"id": "1", "name": "x, y", "corrupt": None},
        {"id": "2", "name": None, "corrupt": "2"},
        {"id": "3", "name": "c", "corrupt": "3,c,extra"},
        {"id": "4", "name": "two\nlines", "corrupt": None},
    ]


def test_several_files_in_one_statement_and_their_metadata(warehouse: Any) -> None:
    one = put(warehouse, "one.csv", b"a,b\n1,2\n")
    two = put(warehouse, "two.csv", b"b,a\n2,1\n")
    found = warehouse.sql(
        f"select a, b, _metadata.file_name as file from read_files('{one}', format => 'csv',"
        " header => true, schema => 'a STRING, b STRING')"
        f" union all select a, b, _metadata.file_name from read_files('{two}', format => 'csv',"
        " header => true, schema => 'b STRING, a STRING') order by file"
    )
    assert found == [
        {"a": "1", "b": "2", "file": "one.csv"},
        {"a": "1", "b": "2", "file": "two.csv"},
    ]


def test_what_it_cannot_do_it_refuses_by_name(warehouse: Any) -> None:
    url = put(warehouse, "x.csv", b"a\n1\n")
    with pytest.raises(Error, match="avro"):
        warehouse.sql(f"select * from read_files('{url}', format => 'avro')")
    with pytest.raises(Error, match="nonsense"):
        warehouse.sql(f"select * from read_files('{url}', format => 'csv', nonsense => 1)")
    with pytest.raises(Error, match="PATH_NOT_FOUND"):
        warehouse.sql(f"select * from read_files('{url}.gone', format => 'csv')")


def test_csv_without_a_schema_has_the_types_of_its_values(warehouse: Any) -> None:
    url = warehouse.land(
        ("a.csv", b"id,day,`odd`` name,empty\n1,2024-01-02,x,\n"), ("b.csv", b"h\n99999999999,,\n")
    )
    read = f"read_files('{url}', format => 'csv', header => true{{}})"
    described = warehouse.sql(f"describe query select * from {read.format('')}")
    assert [(row["col_name"], row["data_type"]) for row in described] == [
        ("id", "bigint"), ("day", "date"), ("`odd`` name", "string"), ("empty", "string"),
        ("_rescued_data", "string"),
    ]  # fmt: skip
    (row,) = warehouse.sql(
        f"select id + 1 as n, _rescued_data as r, _metadata.file_name as f from {read.format('')}"
        " where day = '2024-01-02'"
    )
    assert row == {"n": 2, "r": None, "f": "a.csv"}
    plain = read.format(", inferColumnTypes => false, schemaEvolutionMode => 'none'")
    assert warehouse.sql(f"select * from {plain} where id = '1'") == [
        {"id": "1", "day": "2024-01-02", "`odd`` name": "x", "empty": None}
    ]


def test_an_object_of_several_pieces_is_read_whole_and_of_one_version(
    warehouse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = b"%09d," + b"x" * 989 + b"\n"
    body = b"".join(line % number for number in range(40_000))
    url = put(warehouse, "large.csv", body)
    read = f"read_files('{url}', format => 'csv', schema => 'id STRING, text STRING')"
    assert warehouse.sql(
        "select count(distinct id) as ids, sum(cast(id as bigint)) as total,"
        f" sum(length(text)) as size from {read}"
    ) == [{"ids": 40_000, "total": sum(range(40_000)), "size": 40_000 * 989}]

    for name, value in warehouse.env.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    storage = FileStorage()
    (file,) = storage.find(url)
    blocks = storage.read(file)
    place = urlsplit(url)
    begun = next(blocks)
    warehouse.s3.put_object(Bucket=place.netloc, Key=place.path[1:], Body=body.replace(b"x", b"y"))
    with pytest.raises(ReadFilesError, match=r"large\.csv changed while it was read"):
        b"".join((begun, *blocks))


def test_an_empty_object_has_no_rows(warehouse: Any) -> None:
    url = put(warehouse, "empty.csv", b"")
    read = f"read_files('{url}', format => 'csv', schema => 'a STRING, b STRING')"
    assert warehouse.sql(f"select * from {read}") == []
