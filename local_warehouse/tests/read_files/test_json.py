"""read_files of JSON, Parquet, text and binary files, over the connector, on objects in S3."""

from __future__ import annotations

import datetime as dt
import gzip
import io
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from databricks.sql.exc import Error


def _read(warehouse: Any, url: str, options: str, columns: str = "*") -> list[dict[str, Any]]:
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute(f"select {columns} from read_files('{url}', {options})")
        return list(cursor.fetchall_arrow().to_pylist())


def test_json_types_are_inferred_over_all_files(warehouse: Any) -> None:
    url = warehouse.land(
        ("a.json", b'{"n":1,"s":"x","b":true,"o":{"z":[1,2],"e":{}}}\r\n\n{"n":2.5,"s":null}\n'),
        ("b.json.gz", gzip.compress(b'{"n":3,"mixed":1}\n{"mixed":"t","void":null,"big":1e400}')),
        ("_hidden.json", b"{"),
    )
    rows = _read(
        warehouse, url, "format => 'json'", "*, typeof(n) n_type, typeof(o) o_type, typeof(void) v"
    )
    assert list(rows[0])[:8] == ["b", "big", "mixed", "n", "o", "s", "void", "_rescued_data"]
    assert {(r["n_type"], r["o_type"], r["v"]) for r in rows} == {
        ("double", "struct<z:array<bigint>>", "string")
    }
    assert [(r["n"], r["s"], r["b"], r["mixed"]) for r in rows] == [
        (1.0, "x", True, None),
        (2.5, None, None, None),
        (3.0, None, None, "1"),
        (None, None, None, "t"),
    ]
    assert rows[0]["o"] == {"z": [1, 2]}


def test_json_by_a_schema(warehouse: Any) -> None:
    url = warehouse.land(
        (
            "a.json",
            '{"i":1,"s":1.50,"d":"2026-02-28","t":"2026-02-28T10:00:00Z","n":1.005,"x":"AP8=",'
            '"m":{"k":[1]},"st":{"a":1,"gone":2},"é":true}\n'
            '{"i":"1","s":{"a": [1, 2.0]},"d":"no","t":0,"n":"2","m":null,"st":[],'
            '"é":"x"}\n'.encode(),
        )
    )
    schema = (
        "i INT, s STRING, d DATE, t TIMESTAMP, n DECIMAL(5,2), x BINARY,"
        " m MAP<STRING, ARRAY<INT>>, st STRUCT<a: INT> COMMENT ''one'', `é` BOOLEAN, bad STRING"
    ).replace("''", "\\'")
    first, second = _read(
        warehouse,
        url,
        f"format => 'json', schema => '{schema}', columnNameOfCorruptRecord => 'bad'",
    )
    assert first == {
        "i": 1,
        "s": "1.50",
        "d": dt.date(2026, 2, 28),
        "t": dt.datetime(2026, 2, 28, 10, tzinfo=dt.UTC),
        "n": Decimal("1.01"),
        "x": b"\x00\xff",
        "m": [("k", [1])],
        "st": {"a": 1},
        "é": True,
        "bad": None,
    }
    assert second.pop("bad").startswith('{"i":"1"')  # kept for the values that do not fit
    assert second == {
        "i": None,
        "s": '{"a":[1,2.0]}',
        "d": None,
        "t": dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
        "n": Decimal("2.00"),
        "x": None,
        "m": None,
        "st": None,
        "é": None,
    }


def test_json_values_that_do_not_fit(warehouse: Any) -> None:
    """What Apache Spark 4.0 answers for this file."""
    url = warehouse.land(
        (
            "a.json",
            b'{"n":1,"l":[1,"x",3],"m":{"k":"q"},"t":"2026-02-28T10:00:00Z","s":[{"x":"q"},null]}\n'
            b'{"n":1.0,"l":[1,null],"m":{"k":null},"t":"2026-02-28 10:00:00","s":[5]}\n'
            b'{"n":99999999999,"l":2,"m":{},"t":5,"s":{"x":1}}\n',
        )
    )
    schema = "n INT, l ARRAY<INT>, m MAP<STRING, INT>, t TIMESTAMP_NTZ, s ARRAY<STRUCT<x: INT>>"
    rows = _read(warehouse, url, f"format => 'json', schema => '{schema}'")
    assert [tuple(row.values()) for row in rows] == [
        (1, None, None, None, [{"x": None}, None]),
        (None, [1, None], [("k", None)], dt.datetime(2026, 2, 28, 10), None),
        (None, None, [], None, None),
    ]


def test_json_values_beyond_any_type(warehouse: Any) -> None:
    huge, digits = "1" + "0" * 400, "7" * 5000
    url = warehouse.land(
        (
            "a.json",
            f'{{"d":{huge},"s":{digits},"t":99999999999999,"n":"NaN"}}\n'
            '{"s":"\\ud800x","t":"20240101","\\uD800":1}\n'.encode(),
        )
    )
    schema = "d DOUBLE, s STRING, t TIMESTAMP, n DECIMAL(5,2), `?` INT, bad STRING"
    first, second = _read(
        warehouse,
        url,
        f"format => 'json', schema => '{schema}', columnNameOfCorruptRecord => 'bad'",
    )
    assert (first["d"], first["s"], first["t"], first["n"]) == (float("inf"), digits, None, None)
    assert first["bad"].startswith('{"d":1000')
    assert (second["s"], second["t"], second["?"]) == ("?x", None, 1)
    inferred = _read(warehouse, url, "format => 'json'", "typeof(d) as d, typeof(s) as s")
    assert inferred[0] == {"d": "double", "s": "string"}


def test_json_lines_that_are_corrupt(warehouse: Any) -> None:
    url = warehouse.land(("a.json", b'{"a":1}\n{oops\n{"a":3} rest\n[{"a":4},{"a":5}]\n7\n'))
    options = "format => 'json', schema => 'a INT, _corrupt_record STRING'"
    assert [tuple(r.values()) for r in _read(warehouse, url, options)] == [
        (1, None),
        (None, "{oops"),
        (3, None),
        (4, None),
        (5, None),
        (None, "7"),
    ]
    kept = _read(warehouse, url, options + ", mode => 'DROPMALFORMED'")
    assert [r["a"] for r in kept] == [1, 3, 4, 5]
    with pytest.raises(Error, match="MALFORMED_RECORD_IN_PARSING"):
        _read(warehouse, url, options + ", mode => 'FAILFAST'")
    inferred = _read(warehouse, url, "format => 'json', schemaEvolutionMode => 'none'")
    assert inferred[1] == {"a": None, "_corrupt_record": "{oops"}


def test_json_documents_over_several_lines(warehouse: Any) -> None:
    url = warehouse.land(
        ("1.json", b'[\n {"a": 1},\n {"a": 2}\n]'), ("2.json", b'{\n"a": 3}'), ("3.json", b"")
    )
    options = "format => 'json', multiLine => true, schemaEvolutionMode => 'none'"
    assert _read(warehouse, url, options) == [{"a": 1}, {"a": 2}, {"a": 3}]


def test_json_as_text_without_inference(warehouse: Any) -> None:
    url = warehouse.land(("a.json", b'{"a":1.50,"b":{"c":[true]}}\n'))
    options = "format => 'json', inferColumnTypes => false, schemaEvolutionMode => 'none'"
    assert _read(warehouse, url, options) == [{"a": "1.50", "b": '{"c":[true]}'}]


def _parquet(**columns: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def test_parquet_files_of_several_schemas(warehouse: Any) -> None:
    url = warehouse.land(
        ("p1.parquet", _parquet(a=[1, 2], s=["x", None])),
        ("p2.parquet", _parquet(a=pa.array([3], pa.int32()), n=[[1.5]])),
        ("other.txt", b"no parquet"),
    )
    unified = "format => 'parquet', schemaEvolutionMode => 'none'"
    assert _read(warehouse, url + "p*.parquet", unified) == [
        {"a": 1, "s": "x", "n": None},
        {"a": 2, "s": None, "n": None},
        {"a": 3, "s": None, "n": [1.5]},
    ]
    given = "format => 'parquet', schema => 'S STRING, a DECIMAL(20,1), more DATE'"
    assert _read(warehouse, url + "p{1,2}.parquet", given)[0] == {
        "S": "x",
        "a": Decimal("1.0"),
        "more": None,
    }
    with pytest.raises(Error, match=r"Cannot read s3://.*/other\.txt"):
        _read(warehouse, url, unified)


def test_parquet_types_are_those_of_spark(warehouse: Any) -> None:
    moment = dt.datetime(2026, 2, 28, 10, 11, 12, 123456, dt.UTC)
    naive = pa.array([moment.replace(tzinfo=None)], pa.timestamp("us"))
    given: dict[str, tuple[pa.Array, str, Any]] = {
        "u8": (pa.array([255], pa.uint8()), "smallint", 255),
        "u64": (pa.array([2**64 - 1], pa.uint64()), "decimal(20,0)", Decimal(2**64 - 1)),
        "words": (pa.array(["x"]).dictionary_encode(), "string", "x"),
        "long": (pa.array([["x"]], pa.large_list(pa.large_string())), "array<string>", ["x"]),
        "fixed": (pa.array([b"ab"], pa.binary(2)), "binary", b"ab"),
        "int96": (naive, "timestamp", moment),
    }
    table = pa.table({name: array for name, (array, _, _) in given.items()})
    columns = ", ".join(f"{name}, typeof({name}) as {name}_type" for name in given)
    file = io.BytesIO()
    pq.write_table(table, file, use_deprecated_int96_timestamps=True)
    [row] = _read(
        warehouse, warehouse.land(("a.parquet", file.getvalue())), "format => 'parquet'", columns
    )
    assert list(row.values()) == [
        part for _, kind, value in given.values() for part in (value, kind)
    ]
    file = io.BytesIO()
    pq.write_table(pa.table({"t": pa.array([1], pa.timestamp("ns"))}), file)
    with pytest.raises(Error, match="PARQUET_TYPE_ILLEGAL"):
        _read(warehouse, warehouse.land(("a.parquet", file.getvalue())), "format => 'parquet'")


def test_lines_and_whole_texts(warehouse: Any) -> None:
    url = warehouse.land(
        ("a.txt", "é one\r\ntwo\n\nthree\rfour".encode()),
        ("sub/b.txt", b"five;six"),
        ("c.txt.gz", gzip.compress(b"\xef\xbb\xbfseven\n")),
    )
    lines = _read(warehouse, url, "format => 'text', pathGlobFilter => '*.txt'")
    assert [r["value"] for r in lines] == ["é one", "two", "", "three", "four", "five;six"]
    split = _read(warehouse, url + "sub/", "format => 'text', lineSep => ';'")
    assert [r["value"] for r in split] == ["five", "six"]
    assert _read(warehouse, url + "c.txt.gz", "format => 'text'") == [{"value": "seven"}]
    assert _read(warehouse, url + "a.txt", "format => 'text', wholeText => true") == [
        {"value": "é one\r\ntwo\n\nthree\rfour"}
    ]


def test_binary_files(warehouse: Any) -> None:
    url = warehouse.land(("a.bin", bytes(range(256))), ("b.gz", b"\x1f\x8b not unpacked"))
    rows = _read(warehouse, url + "*", "format => 'binaryFile'")
    assert [(r["path"], r["length"], r["content"][:2]) for r in rows] == [
        (url + "a.bin", 256, b"\x00\x01"),
        (url + "b.gz", 15, b"\x1f\x8b"),
    ]
    assert rows[0]["modificationTime"].tzinfo is not None


@pytest.mark.parametrize("file_format", ["json", "parquet", "text", "binaryFile"])
def test_metadata_of_every_format(warehouse: Any, file_format: str) -> None:
    body = _parquet(a=[1]) if file_format == "parquet" else b'{"a":1}\n'
    url = warehouse.land(("x", body), ("y", body))
    rows = _read(
        warehouse,
        url + "?",
        f"format => '{file_format}'",
        "_metadata.file_path, _metadata.file_name, _metadata.file_size,"
        " _metadata.file_modification_time > timestamp'2020-01-01' as recent",
    )
    assert [tuple(r.values()) for r in rows] == [
        (url + name, name, len(body), True) for name in ("x", "y")
    ]
    [whole, _] = _read(warehouse, url, f"format => '{file_format}'")
    [named, _] = _read(warehouse, url, f"format => '{file_format}'", "*, _metadata.file_name as f")
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
        ("a.json", "format => 'json', rescuedDataColumn => 'r'", "rescuedDataColumn"),
        ("a.json", "format => 'json', wholeText => true", "unknown option wholeText"),
        ("a.json", "format => 'json', schema => 'a INTERVAL DAY'", "INTERVAL|not a column list"),
        ("a.json", "format => 'json', schema => 'a'", "not a column list"),
        ("q.json", "format => 'json'", "allowSingleQuotes"),
        ("case.json", "format => 'json'", "COLUMN_ALREADY_EXISTS"),
        ("k=1/a.json", "format => 'json'", "partitionColumns"),
        ("empty.json", "format => 'json'", "CF_EMPTY_DIR_FOR_SCHEMA_INFERENCE"),
        ("a.json.gone", "format => 'text'", "PATH_NOT_FOUND"),
        ("a.json", "format => 'orc'", "only csv, json, parquet, text or binaryFile"),
    ],
)
def test_what_it_cannot_do_it_refuses_by_name(
    warehouse: Any, name: str, options: str, reason: str
) -> None:
    url = warehouse.land(
        ("a.json", b'{"a":1}'),
        ("q.json", b"{'a':1}"),
        ("k=1/a.json", b"{}"),
        ("empty.json", b""),
        ("case.json", b'{"a":1,"A":2}'),
    )
    with pytest.raises(Error, match=reason):
        _read(warehouse, url + name if "k=" not in name else url + "*/*", options)
