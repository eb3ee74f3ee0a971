"""What read_files does for every format: metadata, loading, refusing by name."""

from __future__ import annotations

from typing import Any

import pytest
from databricks.sql.exc import Error
from sql_reader import parquet_file, read


@pytest.mark.parametrize("file_format", ["json", "parquet", "text", "binaryFile"])
def test_metadata_of_every_format(warehouse: Any, file_format: str) -> None:
    body = parquet_file(a=[1]) if file_format == "parquet" else b'{"a":1}\n'
    url = warehouse.land(("x", body), ("y", body))
    rows = read(
        warehouse,
        url + "?",
        f"format => '{file_format}'",
        "_metadata.file_path, _metadata.file_name, _metadata.file_size,"
        " _metadata.file_modification_time > timestamp'2020-01-01' as recent",
    )
    assert [tuple(r.values()) for r in rows] == [
        (url + name, name, len(body), True) for name in ("x", "y")
    ]
    [whole, _] = read(warehouse, url, f"format => '{file_format}'")
    [named, _] = read(warehouse, url, f"format => '{file_format}'", "*, _metadata.file_name as f")
    assert list(named) == [*whole, "f"]
    assert "_metadata" not in whole


def test_files_are_loaded_into_a_table(warehouse: Any) -> None:
    url = warehouse.land(("a.json", b'{"id":1,"tags":["x"]}\n'), ("b.json", b'{"id":2}\n'))
    table = "main.default.from_json_files"
    warehouse.sql(
        f"create or replace table {table} as select id, tags, _metadata.file_name as file"
        f" from read_files('{url}', format => 'json')"
    )
    assert warehouse.sql(f"select id, file from {table} order by id") == [
        {"id": 1, "file": "a.json"},
        {"id": 2, "file": "b.json"},
    ]
    copied = warehouse.sql(f"copy into {table} from '{url}' fileformat = json"
                           " copy_options ('mergeSchema' = 'true')")  # fmt: skip
    assert copied[0]["num_affected_rows"] == 2
    assert warehouse.sql(f"select count(*) as n, max(tags)[0] as tag from {table}") == [
        {"n": 4, "tag": "x"}
    ]
    warehouse.sql(f"drop table {table}")


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        pytest.param(
            "a.json",
            "format => 'json', rescuedDataColumn => 'r'",
            "rescuedDataColumn",
            id="rescued data",
        ),
        pytest.param(
            "a.json",
            "format => 'json', wholeText => true",
            "unknown option wholeText",
            id="option of another format",
        ),
        pytest.param(
            "a.json",
            "format => 'json', schema => 'a INTERVAL DAY'",
            "INTERVAL|not a column list",
            id="a type that JSON has not",
        ),
        pytest.param(
            "a.json",
            "format => 'json', schema => 'a'",
            "not a column list",
            id="a schema without types",
        ),
        pytest.param(
            "a.json",
            "format => 'json', schema => 'a DATE', dateFormat => 'EEE d'",
            "dateFormat",
            id="a pattern with names of days",
        ),
        pytest.param(
            "case.json", "format => 'json'", "COLUMN_ALREADY_EXISTS", id="names that differ by case"
        ),
        pytest.param("k=1/a.json", "format => 'json'", "partitionColumns", id="partition columns"),
        pytest.param(
            "empty.json",
            "format => 'json'",
            "CF_EMPTY_DIR_FOR_SCHEMA_INFERENCE",
            id="nothing to infer from",
        ),
        pytest.param("a.json.gone", "format => 'text'", "PATH_NOT_FOUND", id="no file"),
        pytest.param(
            "a.json",
            "format => 'orc'",
            "only csv, json, parquet, text or binaryFile",
            id="unknown format",
        ),
    ],
)
def test_what_it_cannot_do_it_refuses_by_name(
    warehouse: Any, name: str, options: str, reason: str
) -> None:
    url = warehouse.land(
        ("a.json", b'{"a":1}'),
        ("k=1/a.json", b"{}"),
        ("empty.json", b""),
        ("case.json", b'{"a":1,"A":2}'),
    )
    with pytest.raises(Error, match=reason):
        read(warehouse, url + name if "k=" not in name else url + "*/*", options)
