"""read_files of JSON files, over the connector, on objects in S3."""

from __future__ import annotations

import datetime as dt
import gzip
from decimal import Decimal
from typing import Any

import pytest
from databricks.sql.exc import Error
from sql_reader import read


def test_json_types_are_inferred_over_all_files(warehouse: Any) -> None:
    url = warehouse.land(
        ("a.json", b'{"n":1,"s":"x","b":true,"o":{"z":[1,2],"e":{}}}\r\n\n{"n":2.5,"s":null}\n'),
        ("b.json.gz", gzip.compress(b'{"n":3,"mixed":1}\n{"mixed":"t","void":null,"big":1e400}')),
        ("_hidden.json", b"{"),
    )
    rows = read(
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
    first, second = read(
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
    rows = read(warehouse, url, f"format => 'json', schema => '{schema}'")
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
    first, second = read(
        warehouse,
        url,
        f"format => 'json', schema => '{schema}', columnNameOfCorruptRecord => 'bad'",
    )
    assert (first["d"], first["s"], first["t"], first["n"]) == (float("inf"), digits, None, None)
    assert first["bad"].startswith('{"d":1000')
    assert (second["s"], second["t"], second["?"]) == ("?x", None, 1)
    inferred = read(warehouse, url, "format => 'json'", "typeof(d) as d, typeof(s) as s")
    assert inferred[0] == {"d": "double", "s": "string"}


def test_json_lines_that_are_corrupt(warehouse: Any) -> None:
    url = warehouse.land(("a.json", b'{"a":1}\n{oops\n{"a":3} rest\n[{"a":4},{"a":5}]\n7\n'))
    options = "format => 'json', schema => 'a INT, _corrupt_record STRING'"
    assert [tuple(r.values()) for r in read(warehouse, url, options)] == [
        (1, None),
        (None, "{oops"),
        (3, None),
        (4, None),
        (5, None),
        (None, "7"),
    ]
    kept = read(warehouse, url, options + ", mode => 'DROPMALFORMED'")
    assert [r["a"] for r in kept] == [1, 3, 4, 5]
    with pytest.raises(Error, match="MALFORMED_RECORD_IN_PARSING"):
        read(warehouse, url, options + ", mode => 'FAILFAST'")
    inferred = read(warehouse, url, "format => 'json', schemaEvolutionMode => 'none'")
    assert inferred[1] == {"a": None, "_corrupt_record": "{oops"}


def test_json_documents_over_several_lines(warehouse: Any) -> None:
    url = warehouse.land(
        ("1.json", b'[\n {"a": 1},\n {"a": 2}\n]'), ("2.json", b'{\n"a": 3}'), ("3.json", b"")
    )
    options = "format => 'json', multiLine => true, schemaEvolutionMode => 'none'"
    assert read(warehouse, url, options) == [{"a": 1}, {"a": 2}, {"a": 3}]


def test_json_as_text_without_inference(warehouse: Any) -> None:
    url = warehouse.land(("a.json", b'{"a":1.50,"b":{"c":[true]}}\n'))
    options = "format => 'json', inferColumnTypes => false, schemaEvolutionMode => 'none'"
    assert read(warehouse, url, options) == [{"a": "1.50", "b": '{"c":[true]}'}]


def test_json_with_what_options_allow(warehouse: Any) -> None:
    url = warehouse.land(
        ("a.json", b"""{'a': 'it"s', "n": NaN}\n{b: 1}\n{"n": 007}\n{"n": /* one */ 1}\n""")
    )
    schema = "schema => 'a STRING, b INT, n DOUBLE, bad STRING', columnNameOfCorruptRecord => 'bad'"
    usual = read(warehouse, url, f"format => 'json', {schema}")
    assert [(row["a"], str(row["n"]), row["bad"] is None) for row in usual] == [
        ('it"s', "nan", True),
        *[(None, "None", False)] * 3,
    ]
    options = (
        "allowSingleQuotes => false, allowUnquotedFieldNames => true, allowComments => true,"
        " allowNumericLeadingZeros => 'true', allowNonNumericNumbers => false"
    )
    rows = read(warehouse, url, f"format => 'json', {schema}, {options}")
    assert [(row["b"], row["n"], row["bad"] is None) for row in rows] == [
        (None, None, False),
        (1, None, True),
        (None, 7.0, True),
        (None, 1.0, True),
    ]


def test_json_with_formats_of_moments(warehouse: Any) -> None:
    url = warehouse.land(("a.json", b'{"d":"5/Aug/15","t":"2015-08-26 10:11","n":"26.8.2015"}\n'))
    options = (
        "format => 'json', schema => 'd DATE, t TIMESTAMP, n TIMESTAMP_NTZ',"
        " dateFormat => 'd/MMM/yy', timestampFormat => 'yyyy-MM-dd HH:mm[:ss]',"
        " timestampNTZFormat => 'd.M.yyyy'"
    )
    assert read(warehouse, url, options) == [
        {
            "d": dt.date(2015, 8, 5),
            "t": dt.datetime(2015, 8, 26, 10, 11, tzinfo=dt.UTC),
            "n": dt.datetime(2015, 8, 26),
        }
    ]
