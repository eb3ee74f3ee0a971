"""Calls of functions whose arguments have names or are more or fewer than usual, and operators that
bind otherwise in the engine."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from databricks.sql.exc import Error


def test_named_arguments_go_where_they_belong(warehouse: Any) -> None:
    query = (
        "select mask('Ab-12', digitChar => '#', lowerChar => 'y') as a,"
        " mask(otherChar => '.', str => 'Ab-12') as b, mask('Ab-12', 'U', digitChar => '0') as c"
    )
    assert warehouse.sql(query) == [{"a": "Xy-##", "b": "Xx.nn", "c": "Ux-00"}]
    given = warehouse.sql("select * from explode_outer(collection => map('a', 1)) as t(k, n)")
    assert given == [{"k": "a", "n": 1}]


@pytest.mark.parametrize(
    ("call", "condition"),
    [
        ("mask(upperChar => 'U')", "REQUIRED_PARAMETER_NOT_FOUND"),
        ("mask('a', charDigit => '0')", "UNRECOGNIZED_PARAMETER_NAME"),
        ("mask(str => 'a', 'U')", "UNEXPECTED_POSITIONAL_ARGUMENT"),
        (
            "mask('a', str => 'b')",
            "DUPLICATE_ROUTINE_PARAMETER_ASSIGNMENT.BOTH_POSITIONAL_AND_NAMED",
        ),
        ("upper(str => 'a')", "NAMED_PARAMETERS_NOT_SUPPORTED"),
        ("element_at(array(1), 0)", "INVALID_INDEX_OF_ZERO"),
        ("split_part('a.b', '.', 0)", "INVALID_INDEX_OF_ZERO"),
        ("regexp_extract('ab', 'a', 2)", "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX"),
        ("regexp_extract_all('ab', '(a)', -1)", "INVALID_PARAMETER_VALUE.REGEX_GROUP_INDEX"),
        ("mask('Ab', 'XX')", "DATATYPE_MISMATCH.INPUT_SIZE_NOT_ONE"),
        ("max_by(1, 2, 3)", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION"),
        ("floor(2.5, 0, 1)", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION"),
        ("format_string()", "WRONG_NUM_ARGS.WITHOUT_SUGGESTION"),
        ("to_binary('4z', 'hex')", "CONVERSION_INVALID_INPUT"),
        ("encode('ñ', 'US-ASCII')", "MALFORMED_CHARACTER_CODING"),
        ("regexp_replace('aa', 'a', 'x', 0)", "DATATYPE_MISMATCH.VALUE_OUT_OF_RANGE"),
        ("conv('99999999999999999999', 10, 16)", "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE"),
        ("'a' like all ()", "PARSE_SYNTAX_ERROR"),
        ("8 > > 1", "PARSE_SYNTAX_ERROR"),
    ],
)
def test_what_a_call_does_not_take_is_an_error(warehouse: Any, call: str, condition: str) -> None:
    warehouse.fails(f"select {call} as x", condition)


def test_operators_bind_as_in_spark(warehouse: Any) -> None:
    query = (
        "select 7 & 2 << 1 as a, 8 | 4 ^ 6 & 3 as b, n | 1 << 3 - 1 as c, -8 >>> 28 as d,"
        " '4' || n + 2 as e, n + 2 || 'x' as f, n & 3 = 1 as g from values (5) as t(n)"
    )
    row = warehouse.sql(query)[0]
    assert row == {"a": 4, "b": 14, "c": 5, "d": 15, "e": 47, "f": "7x", "g": True}


def test_a_pattern_is_replaced_from_a_place_on(warehouse: Any) -> None:
    query = (
        "select regexp_replace(s, 'n', '-', 1) as a, regexp_replace(s, 'n', '-', 4) as b,"
        " regexp_replace(s, '^n', '-', 3) as c, regexp_replace(s, '$', '-', 9) as d"
        " from values ('banana') as t(s)"
    )
    assert warehouse.sql(query) == [{"a": "ba-a-a", "b": "bana-a", "c": "ba-ana", "d": "banana"}]


def test_an_empty_match_stands_behind_another(warehouse: Any) -> None:
    query = (
        "select regexp_replace(s, 'n*', '-') as a, regexp_extract_all(s, '([a-c])?', 1) as b,"
        " regexp_count(s, 'x|n?') as c, regexp_replace(s, 'n*', '') as d,"
        " regexp_replace(s, 'a|$', '+') as e, regexp_replace(s, '^b*', '.') as f,"
        " regexp_replace(s, 'a', '-', cast(null as int)) as g from values ('bann') as t(s)"
    )
    row = warehouse.sql(query)[0]
    assert list(row["b"]) == ["b", "a", "", "", ""]
    del row["b"]
    assert row == {
        "a": "-b-a--", "c": 5, "d": "ba", "e": "b+nn+", "f": ".ann", "g": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "schema", "shown"),
    [
        ('[1, "2"]', "array<int>", None),
        ("[1, null]", "array<int>", "[1, null]"),
        ('[1.5, "x", null]', "array<double>", None),
        ('{"a": 1, "b": "x"}', "map<string, int>", None),
        ('{"n": [1, "x"], "m": {"a": true}, "s": "t"}',
         "n array<int>, m map<string, boolean>, s string", "{null, {a -> true}, t}"),
        ('{"n": [1, null]}', "struct<n: array<bigint>, o: int>", "{[1, null], null}"),
        ('[1, "2", {"a": 1}]', "array<string>", '[1, 2, {"a":1}]'),
        ("", "n array<int>", None),
    ],
)  # fmt: skip
def test_a_list_in_json_is_whole_or_null(
    warehouse: Any, text: str, schema: str, shown: str | None
) -> None:
    query = f"select cast(from_json(t, '{schema}') as string) as v from values ('{text}') as v(t)"
    assert warehouse.sql(query) == [{"v": shown}]


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("""from_json('{"a":"x"}', 'a int', map('mode', 'FAILFAST'))""",
         r'MALFORMED_RECORD_IN_PARSING.*{"a":"x"}'),
        ("""from_json('{"a":1}', t.schema)""", "schema that is no literal"),
        ("""from_json('{"a":1}', 'a binary')""", "BINARY"),
        ("""from_json('{"a":1}', 'variant')""", "VARIANT"),
        ("""from_json('{"a":1}', 'a int, a string')""", "two fields of one name"),
        ("""from_json('{"a":1,"a":2}', 'map<string,int>')""", "name twice"),
        ("""from_json('{"a":"12024-01-01"}', 'a date')""", "the year 12024"),
        ("""from_json('{"a":1}', 'a date', map('dateFormat', 'EEE'))""", "the format 'EEE'"),
        ("""from_json('{"a":1}', 'a date', map('timeZone', 'CET'))""", "the option timeZone"),
        ("""from_json('{"a":1}', 'a int', map('allowComments', 'x'))""", "allowComments"),
        ("from_csv('x', 'a int', map('mode', 'FAILFAST'))", "MALFORMED_RECORD_IN_PARSING.*: x"),
        ("from_csv('x', 'a int', map('quote', 'xx'))", "quote"),
        ("from_csv('x', t.schema)", "schema that is no literal"),
        ("schema_of_csv(t.schema)", "schema_of_csv"),
        ("schema_of_csv('')", "no literal|not of a literal"),
        ("to_json(struct(1), map('pretty', 'true'))", "pretty => true"),
        ("to_json(struct(1), map('ignoreNullFields', 'false'))", "ignorenullfields"),
    ],
)  # fmt: skip
def test_what_is_not_done_of_json_and_csv_is_said(warehouse: Any, call: str, reason: str) -> None:
    with pytest.raises(Error, match=reason):
        warehouse.sql(f"select {call} as y from values ('a int') as t(schema)")


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("format_string('%d', 'a')", "INVALID_PARAMETER_VALUE.*'%d'"),
        ("format_string('%f', 1.5)", "INVALID_PARAMETER_VALUE"),  # of a DECIMAL
        ("format_string('%s %s', 1)", "INVALID_PARAMETER_VALUE"),
        ("format_string('100%', 1)", "INVALID_PARAMETER_VALUE"),
        ("printf('%.2d', 1)", "INVALID_PARAMETER_VALUE"),
        ("format_string('%tY', 1)", "UNSUPPORTED_FEATURE"),
        ("format_string('%h', 'a')", "UNSUPPORTED_FEATURE"),
        ("format_string('%s', array(1))", "UNSUPPORTED_FEATURE.*ARRAY<INT>"),
        ("format_number(1, '##0.0E0')", "UNSUPPORTED_FEATURE.*'##0.0E0'"),
    ],
)
def test_a_format_that_does_not_fit_is_an_error(warehouse: Any, call: str, reason: str) -> None:
    with pytest.raises(Error, match=reason):
        warehouse.sql(f"select {call} as y")


def test_json_is_read_everywhere(warehouse: Any) -> None:
    query = (
        "select from_json(v, 'a int, t timestamp').a as k, count(*) as n,"
        " max(from_json(v, 't timestamp').t) as t,"
        " max(transform(array(v), x -> from_json(x, 'a int').a)[0]) as l"
        """ from values ('{"a":1,"t":"2024-01-02T03:04:05Z"}'), ("{'a':1}"), ('{'), ('') as t(v)"""
        " where from_json(v, 'a int') is not null group by from_json(v, 'a int, t timestamp').a"
        " order by k"
    )
    moment = dt.datetime(2024, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    assert warehouse.sql(query) == [
        {"k": None, "n": 1, "t": None, "l": None},
        {"k": 1, "n": 2, "t": moment, "l": 1},
    ]


def test_null_has_no_length(warehouse: Any) -> None:
    query = (
        "select array_size(null) as a, json_array_length(null) as b, json_object_keys(null) as c"
    )
    assert warehouse.sql(query) == [{"a": None, "b": None, "c": None}]


def test_fields_are_named_as_the_parameters_of_a_lambda(warehouse: Any) -> None:
    query = (
        "select map_zip_with(map('a', 1), map('a', 2), (k, one, two) -> struct(k, one + two)) as m,"
        " transform_values(map('a', 1), (k, v) -> struct(v, k as name)) as t"
    )
    row = warehouse.sql(f"select typeof(m) as m, typeof(t) as t from ({query})")[0]
    assert row == {
        "m": "map<string,struct<k:string,col2:int>>",
        "t": "map<string,struct<v:int,name:string>>",
    }


def test_lateral_needs_no_alias(warehouse: Any) -> None:
    query = "select n, col from values (1), (2) as t(n), lateral explode(array(n * 10)) order by n"
    assert [tuple(row.values()) for row in warehouse.sql(query)] == [(1, 10), (2, 20)]
