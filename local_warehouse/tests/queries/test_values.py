"""Values as Databricks computes them where the engine computes others: many in one statement."""

from __future__ import annotations

import json
from typing import Any

import pytest

# An expression over the row that _ROW names, and its value as text.
VALUES = {
    "string(d)": "1.0E15",
    "e::string": "1.0E-5",
    "md5(cast(d as string))": "a157dbb5435b613750c4fe8d37287155",
    "concat(d, '-', e)": "1.0E15-1.0E-5",
    "d || 'x'": "1.0E15x",
    "cast(array(d, null) as string)": "[1.0E15, null]",
    "cast(named_struct('a', d, 'b', null) as string)": "{1.0E15, null}",
    "cast(map('k', array(e)) as string)": "{k -> [1.0E-5]}",
    "string(ts)": "2024-03-01 10:00:00.5",
    "bigint(ts)": "1709287200",
    "bigint(early)": "-2",
    "try_cast(early as int)": "-2",
    "cast(early + interval 500 milliseconds as bigint)": "-1",
    "unix_seconds(early)": "-2",
    "unix_millis(early - interval 500 microseconds)": "-1501",
    "typeof(date_trunc('month', day))": "timestamp",
    "string(parse_json('\"a\"'))": "a",
    "parse_json('{\"a\": [1, null]}')::string": '{"a":[1,null]}',
    "coalesce(cast(parse_json('null') as string), 'nothing')": "nothing",
    "timestamp(10)": "1970-01-01 00:00:10",
    "timestamp'2024-01-01 00:00:00'::date": "2024-01-01",
    "timestamp_seconds(1.5)": "1970-01-01 00:00:01.5",
    "to_timestamp(m)": "1970-01-01 00:00:01.25",
    "try_to_timestamp(n)": "1970-01-01 00:00:01",
    "try_to_number('7', '00')": None,
    "to_number('-07.5', 'S00.0')": "-7.5",
    "(w + 0.5) div cast(-3.25 as decimal(38, 18))": "-307692",
    "w * w div w": "1000000",
    "w div cast(null as decimal(38, 18))": None,
    "try_to_timestamp(m)": "1970-01-01 00:00:01.25",
    "try_to_timestamp(cast('NaN' as double))": None,
    "day + interval 2 hours": "2024-02-01 02:00:00",
    "date_add(day, 1) - interval 1 second": "2024-02-01 23:59:59",
    "day + interval 1 day": "2024-02-02",
    "+interval +'1' day + day": "2024-02-02",
    "+(n + 1) - +n * -+n": "3",
    "day + interval 1 day + interval 1 hour": "2024-02-02 01:00:00",
    "interval '36:00' hour to minute + day": "2024-02-02 12:00:00",
    "day - interval 1 month": "2024-01-01",
    "typeof(((cast(null as date)) + interval 1 month) - interval 2 hours)": "timestamp",
    "coalesce(cast(null as interval day), interval 1 day) + day": "2024-02-02",
    "typeof(day - null) || typeof(null + day) || typeof((null) - day)": "datedateinterval day",
    "extract(hour from span)": "12",
    "date_part('minute', span)": "10",
    "extract(day from span)": "3",
    "cast(interval '1' day as int)": "1",
    "cast(interval '90' minute as bigint)": "90",
    "cast(day - date'2024-01-01' as int)": "31",
    "cast(-(day - date'2024-01-02') as int)": "-30",
    "cast(day - date'2024-01-01' as string)": "INTERVAL '31' DAY",
    "date'9999-12-31' - date'0001-01-01'": "INTERVAL '3652058' DAY",
    "(ts - day) + (day - date'2024-01-31')": "INTERVAL '30 10:00:00.5' DAY TO SECOND",
    "cast(-(interval 2 years) as smallint)": "-2",
    "cast(coalesce(interval '2' year, interval '3' month) as int)": "24",
    "cast(greatest(interval 90 minutes, interval 36 hours) as decimal(38, 18))":
        "2160.000000000000000000",
    "cast(interval '1 02' day to hour - interval '1' day as bigint)": "2",
    "cast(ts - day as int)": "2541600",
    "typeof(day - (cast(null as date) + interval '1' day))": "interval day",
    "round(cast('Infinity' as double), 1)": "Infinity",
    "bround(cast('-Infinity' as float), 1)": "-Infinity",
    "cast(early as decimal(20, 9))": "-1.500000000",
    "cast(interval '0.1' second as decimal(20, 18))": "0.100000000000000000",
    "typeof(if(n = 1, interval '1' day, interval '2' hour))": "interval day to hour",
    "day + if(n = 1, interval '1' month, interval '2' year)": "2024-03-01",
    "day + (interval '1' day - interval '1' hour)": "2024-02-01 23:00:00",
    "concat('a', interval '2' hour)": "aINTERVAL '02' HOUR",
    "slice(array(1, 2, 3), -1, n + 1)": "[3]",
    "slice(array(1, 2, 3), -1.5, 2)": "[3]",
    "slice(array(1, 2, 3), -n, 2147483647)": "[3]",
    "slice(array(1, 2, 3), -4, 2)": "[]",
    "slice(array(1, 2, 3), 2, cast(null as int))": None,
    "overlay('Spark SQL' placing 'CORE' from 7 for -128)": "Spark CORE",
    "overlay('Spark SQL' placing 'CORE' from n - 2 for 2)": "CORESpark SQL",
    "overlay('Spark SQL' placing 'CORE' from 7 for 2147483647)": "Spark CORESpark SQL",
    "overlay('Spark SQL' placing 'CORE' from 7 for cast(null as int))": None,
    "parse_url('http://a/b?q=1', 'QUERY', cast(null as string))": None,
    "parse_url('http://a/b?q=1', 'HOST', 'q')": None,
    "parse_url('http://a/b?q=1', 'QUERY', 'q')": "1",
    "cast(0.1 as float) + n": "1.1000000014901161",
    "typeof(nvl(n, m))": "decimal(12,2)",
    "typeof(coalesce(ts, day))": "timestamp",
    "date_trunc('hour', coalesce(day, ts))": "2024-02-01 00:00:00",
    "typeof(pmod(m, 3))": "decimal(3,2)",
    "hypot(n, 2147483647)": "2.147483647E9",
    "conv('zz', 10, 16)": "0",
    "typeof(try_divide(1.00, (-1)))": "decimal(7,6)",
    """from_json('{"a":99999999999,"b":300,"c":"x"}', 'a int, b tinyint, c string')""":
        "{null, null, x}",
    """from_json('[[300],[1]]', 'array<array<tinyint>>')""": None,
    """from_json('[[1],["x"]]', 'array<array<int>>')""": None,
    """from_json('[[1],null,[null]]', 'array<array<int>>')""": "[[1], null, [null]]",
    """from_json('{"k":["x"]}', 'map<string,array<int>>')""": None,
    """from_json('{"k":{"l":[1]}}', 'map<string,map<string,array<int>>>')""":
        "{k -> {l -> [1]}}",
    """from_json('{"s":{"a":["x"]},"b":2}', 's struct<a:array<int>>, b int')""":
        "{{null}, 2}",
    """from_json('{"a":12345.6,"b":0.015}', 'a decimal(5,2), b decimal(5,2)')""":
        "{null, 0.02}",
    "power(n, double('NaN'))": "NaN",
    "pow(-n, double('-Infinity'))": "NaN",
    "power(cast(null as int), double('NaN'))": None,
    "power(double('NaN'), n - 1)": "1.0",
    "cast(1004.3 as float) = '1004.3'": "false",
    "'0.5' in (cast(0.5 as float))": "true",
    "case cast(0.1 as float) when '0.1' then 1 end": None,
    "substring('Spark', cast(null as int))": None,
    "substring('Spark', -2147483648, 1)": "",
    "arrays_overlap(array(n), cast(array() as array<int>))": "false",
    "array_max(array(n, null))": "1",
    "greatest(array(n, null), array(n, 0))": "[1, 0]",
    "named_struct('a', n, 'b', 2) in (named_struct('c', 1, 'd', 2))": "true",
    "round(1.005D, 2)": "1.01",
    "round(n * 0.285D, 2)": "0.29",
    "bround(n + 1.5D)": "2.0",
    "bround(m * 2)": "2",
    "bround(cast(-0.25 as decimal(10, 2)), 1)": "-0.2",
    "w * w": "1000000000000.000000",
    "w * cast(1.123456789 as decimal(38, 18))": "1123456.789000",
    "left('abc', n - 2)": "",
    "right('abc', -1)": "",
    "substring('Spark SQL', -10, 3)": "Sp",
    "substring('Spark', n - 7, 3)": "Sp",
    "array_join(split('a|b', '|'), '-')": "a-|-b-",
    "array_join(split('abc', ''), '-')": "a-b-c",
    "get_json_object('{\"a\": [{\"b\": 1}, {\"b\": 2}]}', '$.a[*].b')": "[1,2]",
    "get_json_object('{\"a\": {\"b\" : 1.50, \"c\": 1e3}}', '$.a')": '{"b":1.5,"c":1000.0}',
    "get_json_object('{\"a\": [\"x\"]}', '$.a[*]')": '"x"',
    "decode(n, 2, 'two', 1, 'one', 'none')": "one",
    "decode(null, 6, 'six', null, 'nothing')": "nothing",
    "zip_with(array(1, 2), array(3), (x, y) -> x + coalesce(y, n))": "[4, 3]",
    "transform_values(map('a', 1), (k, v) -> v + n)": "{a -> 2}",
    "transform_keys(map('a', 1), (k, v) -> concat(k, v))": "{a1 -> 1}",
    "map_zip_with(map('a', 1), map('b', 2), (k, x, y) -> coalesce(x, 0) + coalesce(y, 0))":
        "{a -> 1, b -> 2}",
    "coalesce(null, array('2'))": "[2]",
    "cast(n * 1.005D as decimal(10, 2))": "1.01",
    "cast(-1.045D as decimal(10, 2))": "-1.05",
    "try_cast(d as decimal(38, 18))": "1000000000000000.000000000000000000",
    "cast(d * 123.456 as decimal(38, 1))": "123456000000000000.0",
    "cast(e * 1.5 as decimal(18, 6))": "0.000015",
    "cast(5e-19D as decimal(38, 18))": "0.000000000000000001",
    "cast(cast(3.3 as float) as decimal(20, 16))": "3.2999999523162840",
    "try_cast(99999999.995D as decimal(10, 2))": None,
    "width_bucket(0.3 * n, 0, 1, 10)": "4",
    "width_bucket(0.7, n, 0, 10)": "4",
    "cast(m * n as int) = 1": "true",
    "case cast(m as bigint) when 1 then 'one' end": "one",
    "cast(m as decimal(3, 1)) in (1.3, 9)": "true",
    "m / 7 = 0.178571": "true",
    "typeof(ceil(round(m, 0)))": "decimal(2,0)",
    "interval '-5' second * cbrt(n * 3)": "INTERVAL '-0 00:00:07.211248' DAY TO SECOND",
    "exp(n) * interval '1 02' day to hour": "INTERVAL '2 22:40:31.179144' DAY TO SECOND",
    "'foobar' rlike 'foo(?=bar)'": "true",
    "not concat('foo', n) rlike 'foo(?!1)'": "true",
    "cast(null as string) rlike 'a(?=b)'": None,
    r"regexp_replace('1234567', r'(?<=\d)(?=(\d{3})+$)', ',')": "1,234,567",
    r"regexp_replace('ab', '(?<x>a)(?=b)', r'[$1\$]')": "[a$]b",
    "split('aXbY', '(?=[A-Z])')": "[a, Xb, Y]",
    "split('ab', '(?=a)|(?<=b)')": "[ab, ]",
    r"regexp_extract('price: $12 $7', r'(?<=\$)(\d+)')": "12",
    "regexp_extract('xyz', 'a(?=b)', 0)": "",
    r"regexp_extract_all('price: $12 $7', r'(?<=\$)\d+', 0)": "[12, 7]",
    "regexp_extract_all('ab', '(x)?a(?=b)')": "[]",
    "regexp_count('aXbYc', '(?=[A-Z])')": "2",
    "regexp_substr('abc', '(?<=a)b')": "b",
    "regexp_substr('abc', '(?<=x)b')": None,
    "regexp_like('AB', '(?i)a(?=b)')": "true",
    "'Spark' collate utf8_lcase = 'SPARK'": "true",
    "'b' < 'C' collate utf8_lcase": "true",
    "'ΣΑΣ' collate utf8_lcase = 'σας'": "true",
    "'A' collate utf8_lcase in ('b', 'a')": "true",
    "'A' in ('b', 'a' collate utf8_binary)": "false",
    "collate('Spark', 'UTF8_LCASE') like 'sp%'": "true",
    "interval '1' day * sqrt(n * 3)": "INTERVAL '1 17:34:09.189774' DAY TO SECOND",
    "make_dt_interval(0, 0, 0, n) * sqrt(2D)": "INTERVAL '0 00:00:01.414214' DAY TO SECOND",
    "interval '1' second * 0.0000005": "INTERVAL '0 00:00:00.000001' DAY TO SECOND",
    "interval '2' second / (n * 3)": "INTERVAL '0 00:00:00.666667' DAY TO SECOND",
    "(ts - day) / 0.7": "INTERVAL '42 00:34:17.857143' DAY TO SECOND",
    "interval '-2' second / 3": "INTERVAL '-0 00:00:00.666667' DAY TO SECOND",
    "(d * 1e300D * 1e300D) - (d * 1e300D * 1e300D) > n": "true",
    "(d * 1e300D * 1e300D) * 0 = cast('NaN' as double)": "true",
    "sin(d * 1e300D * 1e300D) > n": "true",
    "array_max(if(n > 1, array(n), null))": None,
    "array_min(concat(if(n > 1, array(n), null), array(n)))": None,
    "array_compact(array(n, null, 2))": "[1, 2]",
    "cast(9223372036854775807 * n as timestamp) > ts": "true",
    "cast(cast(null as bigint) as timestamp)": None,
    "width_bucket(n, 1, 1, 3)": None,
    "width_bucket(interval '3' day, interval '0' day, interval '10' day, 10)": "4",
    "log(n + 9)": "2.302585092994046",
    "log(-m)": None,
    "ts - interval 1 day 2 hours": "2024-02-29 08:00:00.5",
    "interval 1 day 2 hours * 2": "INTERVAL '2 04:00:00' DAY TO SECOND",
    "-interval -1 year 1 month": "INTERVAL '0-11' YEAR TO MONTH",
    "day + interval '1 week 2 days'": "2024-02-10",
    "day + interval 1 day + n": "2024-02-03",
    "interval '26' hour = interval 1 day 2 hours": "true",
    "typeof(interval '90' minutes 1 second)": "interval minute to second",
    "interval '\n.5\t second'": "INTERVAL '00.5' SECOND",
    "day - '2024-01-01'": "INTERVAL '31' DAY",
    "'2024-03-02' - ts": "INTERVAL '0 13:59:59.5' DAY TO SECOND",
    "'2024-01-10' - interval 1 day": "2024-01-09 00:00:00",
    "interval 2 hours + concat('2024-01-', n + 9)": "2024-01-10 02:00:00",
    "extract(dow from day)": "5",
    "date_part('dow_iso', ts)": "5",
    "extract(yearofweek from string(date'2024-12-30'))": "2025",
    "extract(mins from span)": "10",
    "weekday(null)": None,
    "date_format(ts, \"'at 'z, zzzz\")": "at UTC, Coordinated Universal Time",
    "to_timestamp('2024-01-10 12:30:00', 'yyyy-MM-dd hh:mm:ss')": "2024-01-10 00:30:00",
    "to_date(concat('2024-01-', n + 9, ' 11'), 'yyyy-MM-dd KK')": "2024-01-10",
    "try_to_timestamp('10:05', 'hh:mm')": "1970-01-01 10:05:00",
    "timestamp_seconds(n + 0.1234560)": "1970-01-01 00:00:01.123456",
}  # fmt: skip
_ROW = (
    "select 1e15D as d, 1e-5D as e, timestamp'2024-03-01 10:00:00.5' as ts, 1 as n, 1.25 as m,"
    " date'2024-02-01' as day, interval '3 12:10:01.5' day to second as span,"
    " cast(1000000 as decimal(38, 18)) as w, timestamp'1969-12-31 23:59:58.5' as early"
)


def test_values_are_those_of_databricks(warehouse: Any) -> None:
    columns = ", ".join(f"cast({sql} as string) as c{i}" for i, sql in enumerate(VALUES))
    row = warehouse.sql(f"select {columns} from ({_ROW})")[0]
    found = dict(zip(VALUES, row.values(), strict=True))
    assert found == VALUES


def test_aggregates_are_those_of_databricks(warehouse: Any) -> None:
    rows = "values (1, date'2024-01-01', 'a'), (2, date'2024-01-03', 'b') as v(n, d, t)"
    found = warehouse.sql(
        "select listagg(t) as texts, string_agg(t, '-') as joined,"
        " percentile_approx(n, 0.5) as middle, percentile_approx(n, array(0.1, 0.9)) as both"
        f" from {rows}"
    )[0]
    assert found["texts"] == "ab"
    assert found["joined"] == "a-b"
    assert found["middle"] == 1
    assert list(found["both"]) == [1, 2]
    found = warehouse.sql(
        "select count_if(n > 0) filter (where n > 1) as few, cast(avg(m) as string) as middle,"
        " cast(try_avg(m) as string) as tried, max(a) as most, cast(regr_avgx(n, m) as string) as x"
        " from values (1, 1.00, array(null)), (2, 2.00, array(0)), (3, 2.00, null) as v(n, m, a)"
    )[0]
    assert found["few"] == 2
    assert found["middle"] == found["tried"] == found["x"] == "1.666667"
    assert list(found["most"]) == [0]
    nan = "values (1, 0.5D), (2, double('NaN')), (3, 1e0), (4, -2e0), (5, null) as v(i, x)"
    found = warehouse.sql(
        "select percentile(x, 0.3) as p, median(x) as m, string(percentile(x, 1.0)) as most,"
        " percentile(x, 0.9) filter (where i < 2) as few, median(cast(x as float)) as f,"
        " percentile_cont(0.5) within group (order by x desc) as c,"
        f" percentile_cont(0.5) within group (order by 1) as one from {nan}"
    )[0]
    assert found == {
        "most": "NaN",
        "p": 0.24999999999999978,  # as Spark computes 0.25
        "m": 0.75,
        "few": 0.5,
        "f": 0.75,
        "c": 0.75,
        "one": 1,
    }
    infinite = "values (1, 1, double('-Infinity')), (2, 1, 1D), (3, 2, double('NaN')) as v(i, g, x)"
    found = warehouse.sql(
        "select string(percentile(x, 0.3)) as p, string(percentile_cont(0.75) within group (order"
        " by x desc)) as c, string(corr(x, i) filter (where g = 2 or i = 2)) as r, corr(1, i) as o,"
        f" string(max(-x)) as m, string(max(sqrt(i - 2))) as s from {infinite}"
    )[0]
    most = {"p": "-Infinity", "c": "-Infinity", "r": "NaN", "o": None, "m": "NaN", "s": "NaN"}
    assert found == most
    moving = "over (order by i rows between 1 preceding and current row)"
    found = warehouse.sql(
        f"select string(var_pop(x) {moving}) as v, string(stddev(x) {moving}) as s,"
        f" string(covar_pop(x, i) {moving}) as c from {nan} order by i"
    )
    assert [tuple(row.values()) for row in found] == [
        *(("0.0", None, "0.0"), ("NaN", "NaN", "NaN"), ("NaN", "NaN", "NaN")),
        *(("2.25", "2.1213203435596424", "-0.75"), ("0.0", None, "0.0")),
    ]
    warehouse.fails(f"select regr_r2(x, i) {moving} from {nan}", "UNSUPPORTED_FEATURE")
    warehouse.fails(f"select percentile_approx(x, 0.5) from {nan}", "UNSUPPORTED_FEATURE")
    positions = f"select i > 2 as k, count(*) as n from {nan} group by {{}}((1))"
    for sets in ("rollup", "cube", "grouping sets"):
        assert {"k": True, "n": 3} in warehouse.sql(positions.format(sets))
    ranked = "row_number() over (partition by {} order by i) as n"
    for key in ("i = 1 or i + i > 2", "cast(i as tinyint) > 1"):
        assert len(warehouse.sql(f"select {ranked.format(key)} from {nan}")) == 5
    warehouse.fails(positions.replace("(1)", "(2)").format("cube"), "GROUP_BY_POS_AGGREGATE")
    warehouse.fails(positions.replace("{}((1))", "0"), "GROUP_BY_POS_OUT_OF_RANGE")
    over = "order by d range between interval 1 day preceding and current row"
    sums = warehouse.sql(f"select sum(cast(n as double)) over ({over}) as s from {rows} order by d")
    assert [row["s"] for row in sums] == [1, 2]
    for frame in ("interval 1 day preceding and current row", "1 preceding and current row"):
        over = f"order by d range between {frame}"
        sums = warehouse.sql(f"select sum(n) over ({over}) as s from {rows} order by d")
        assert [row["s"] for row in sums] == [1, 2]


@pytest.mark.parametrize("function", ["sum(x)", "sum(x) over ()", "sum(x) filter (where x > 0)"])
def test_a_sum_of_more_than_38_digits_fails(warehouse: Any, function: str) -> None:
    wide = "cast('9000000000000000000000000000000000000.5' as decimal(38, 1))"
    listed = ", ".join(f"({wide})" for _ in range(12))
    warehouse.fails(f"select {function} from values {listed} as v(x)", "ARITHMETIC_OVERFLOW")
    kept = f"select {function} as s from values ({wide}), (null) as v(x)"
    assert str(warehouse.sql(kept)[0]["s"]) == "9000000000000000000000000000000000000.5"


@pytest.mark.parametrize(
    "expression",
    [
        "try_aes_decrypt(unhex('00'), '0000111122223333')",
        "aes_encrypt('a', '1234567890abcdef', 'ECB')",
        "split('abc', 'b*')",
        "left(cast('abc' as binary), 2)",
        "regexp_extract('abc', '(?<=a)b', n) from (select 0 as n)",
        r"'abc' rlike r'\ba(?!c)'",
        "'a' collate unicode",
        "soundexes('a')",
        "from_avro('a', 'b')",
        "date'2024-01-01' + array(interval '1' day)[0]",
        "cast(array(interval '1' day)[0] as int)",
        "make_dt_interval(200000000)",
        "conv(-3, 10, 16)",
        "named_struct('a', 1) = named_struct('a', 1.5)",
        "cast(interval 90 minutes as interval hour)",
        "try_avg(cast(1 as decimal(38, 2)))",
        "elt(n, x'41', x'42') from (select 2 as n)",
    ],
)
def test_what_the_engine_would_answer_wrongly_is_refused(warehouse: Any, expression: str) -> None:
    is_known = expression != "soundexes('a')"
    condition = "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE" if is_known else "UNRESOLVED_ROUTINE"
    warehouse.fails(f"select {expression}", condition)


_MISMATCH = "DATATYPE_MISMATCH"
_NO_CAST = f"{_MISMATCH}.CAST_WITHOUT_SUGGESTION"


@pytest.mark.parametrize(
    ("expression", "condition"),
    [
        ("extract(second from interval 36 hours)", "INVALID_EXTRACT_FIELD"),
        ("date_part('minute', interval 1 day 2 hours)", "INVALID_EXTRACT_FIELD"),
        ("extract(epoch from date'2024-01-01')", "INVALID_EXTRACT_FIELD"),
        ("date_part('milliseconds', timestamp'2024-01-01 00:00:00')", "INVALID_EXTRACT_FIELD"),
        ("interval '1 day 2' day", "PARSE_SYNTAX_ERROR"),
        ("interval '1 day -'", "PARSE_SYNTAX_ERROR"),
        ("interval 1 month 2 days", "PARSE_SYNTAX_ERROR"),
        ("interval '1' month '2-1' year to month", "PARSE_SYNTAX_ERROR"),
        ("interval '1' month - interval '2' hour", f"{_MISMATCH}.BINARY_OP_DIFF_TYPES"),
        ("interval 1 month < interval 9 days", f"{_MISMATCH}.BINARY_OP_DIFF_TYPES"),
        ("coalesce(interval 1 year, interval 9 days)", f"{_MISMATCH}.DATA_DIFF_TYPES"),
        (
            "s - interval 1 month from (select '2024-01-01' as s)",
            f"{_MISMATCH}.BINARY_OP_DIFF_TYPES",
        ),
        ("dateadd('day', 1, date'2024-01-01')", "INVALID_PARAMETER_VALUE.DATETIME_UNIT"),
        (
            "datediff('MICROSECOND', current_date, current_date)",
            "INVALID_PARAMETER_VALUE.DATETIME_UNIT",
        ),
        ("timestamp_seconds(n + 0.1234567) from (select 1 as n)", "ARITHMETIC_OVERFLOW"),
        ("extract(hour from x) from (select interval '1' day as x)", "INVALID_EXTRACT_FIELD"),
        ("slice(array(1), n, 1) from (select 0 as n)", "INVALID_PARAMETER_VALUE.START"),
        ("slice(array(1), 1, -1)", "INVALID_PARAMETER_VALUE.LENGTH"),
        ("cast(n as timestamp_ntz) from (select 1.5 as n)", _NO_CAST),
        (
            "try_cast(abs(n) as binary) from (select 1 as n)",
            f"{_MISMATCH}.CAST_WITH_CONF_SUGGESTION",
        ),
        (
            "cast(greatest(n, 2) as date) from (select 1 as n)",
            f"{_MISMATCH}.CAST_WITH_FUNC_SUGGESTION",
        ),
        ("try_cast(interval '1' day / 4 as float)", _NO_CAST),
        ("date_format('x', 'y')", "CAST_INVALID_INPUT"),
        ("substring('Spark', 2147483648)", "CAST_OVERFLOW"),
        ("try_cast(d as boolean) from (select date'2024-01-01' as d)", _NO_CAST),
        ("'a' like '%\\\\'", "INVALID_FORMAT.ESC_AT_THE_END"),
        ("'ab' like 'a/b' escape '/'", "INVALID_FORMAT.ESC_IN_THE_MIDDLE"),
        ("mask(s, 3) from (select 'a' as s)", f"{_MISMATCH}.UNEXPECTED_INPUT_TYPE"),
        ("array_repeat('a', n) from (select '2' as n)", f"{_MISMATCH}.UNEXPECTED_INPUT_TYPE"),
        ("stack(2, n, 1.5) from (select 1 as n)", f"{_MISMATCH}.STACK_COLUMN_DIFF_TYPES"),
        ("percentile_approx(n, 0.5, 0) from (select 1 as n)", f"{_MISMATCH}.VALUE_OUT_OF_RANGE"),
        (
            "count(*) over (order by n range between current row and 1 following)"
            " from (select 9223372036854775807 as n)",
            "ARITHMETIC_OVERFLOW",
        ),
        (
            "count(*) over (order by d range between interval 1 day preceding and interval 1 month"
            " following) from (select date'2024-01-01' as d)",
            f"{_MISMATCH}.SPECIFIED_WINDOW_FRAME_DIFF_TYPES",
        ),
        (
            "count(*) over (order by t range between 1 preceding and current row) from (select"
            " timestamp'2024-01-01' as t)",
            f"{_MISMATCH}.RANGE_FRAME_INVALID_TYPE",
        ),
        (
            "count(*) over (order by d range between 1.5 preceding and current row) from (select"
            " date'2024-01-01' as d)",
            f"{_MISMATCH}.RANGE_FRAME_INVALID_TYPE",
        ),
        ("to_number('7', '00')", "INVALID_FORMAT.MISMATCH_INPUT"),
    ],
)
def test_what_databricks_refuses_is_an_error(
    warehouse: Any, expression: str, condition: str
) -> None:
    warehouse.fails(f"select {expression}", condition)


def test_branches_of_a_union_get_one_type(warehouse: Any) -> None:
    rows = warehouse.sql("select 1.5 as x union all select '2.5' union all select null order by 1")
    assert [row["x"] for row in rows] == [None, 1.5, 2.5]
    numbers, texts = "values (1) as v(x)", "values ('7') as v(y)"
    union = f"select x from {numbers} union all select y from {texts}"
    assert [row["x"] for row in warehouse.sql(f"{union} order by 1")] == [1, 7]
    for number, text in (("x", "'a'"), ("array(x)", "array('b')")):
        union = f"select {number} from {numbers} union all select {text}"
        warehouse.fails(union, "CAST_INVALID_INPUT")
    mixed = "select 1 as x union all select date'2024-01-01'"
    warehouse.fails(mixed, "INCOMPATIBLE_COLUMN_TYPE")
    structs = "select named_struct('a', 1) as x union all select named_struct('b', 2)"
    assert [row["n"] for row in warehouse.sql(f"select x.a as n from ({structs}) order by 1")] == [
        1,
        2,
    ]


@pytest.mark.parametrize(
    ("first", "second", "data_type", "shown"),
    [
        ("cast(1 as float)", "16777217", "double", ["1.0", "1.6777217E7"]),
        ("1.5", "1", "decimal(11,1)", ["1.0", "1.5"]),
        ("date'2024-01-01'", "'2024-01-02'", "date", ["2024-01-01", "2024-01-02"]),
        (
            "date'2024-01-01'",
            "timestamp'2024-01-02 03:00:00'",
            "timestamp",
            ["2024-01-01 00:00:00", "2024-01-02 03:00:00"],
        ),
        ("false", "'true'", "boolean", ["false", "true"]),
        ("array(1)", "array('2')", "array<bigint>", ["[1]", "[2]"]),
        ("array(1)", "array(1.5D)", "array<double>", ["[1.0]", "[1.5]"]),
        ("struct(1 as a)", "struct(1.5D as b)", "struct<a:double>", ["{1.0}", "{1.5}"]),
    ],
)
def test_a_union_loses_no_digits(
    warehouse: Any, first: str, second: str, data_type: str, shown: list[str]
) -> None:
    union = f"select {first} as x union all select {second} union all select null"
    query = f"select typeof(x) as t, cast(x as string) as s from ({union}) where x is not null"
    rows = warehouse.sql(f"{query} order by s")
    assert [row["s"] for row in rows] == shown
    assert {row["t"] for row in rows} == {data_type}


def test_columns_without_alias_are_named_as_written(warehouse: Any) -> None:
    names = [
        "initcap(ab cd)",
        'get_json_object({"a":1}, $.a)',
        "regexp_count(aa, a)",
        "isnan(n)",
        "weekday(d)",
        "datediff(d, d)",
    ]
    query = (
        "select initcap('ab cd'), get_json_object('{\"a\":1}', '$.a'), regexp_count('aa', 'a'),"
        " isnan(n), weekday(d), datediff(d, d) from values (1D, date'2024-01-01') as v(n, d)"
    )
    assert list(warehouse.sql(query)[0]) == names


@pytest.mark.parametrize(
    "made",
    [
        "map_from_arrays(map_keys(m), map_values(m))",
        "map_from_entries(map_entries(m))",
        "transform_values(m, (k, v) -> v)",
        "transform_keys(m, (k, v) -> k)",
        "map_zip_with(m, m, (k, v, w) -> w)",
        "map_filter(m, (k, v) -> true)",
        "map_concat(m, cast(map() as map<string, int>))",
    ],
)
def test_a_map_has_the_keys_of_its_row_in_a_part_of_a_batch(warehouse: Any, made: str) -> None:
    rows = (
        "values (1, map('a', 1)), (2, map('b', 2, 'c', 3)), (3, null), (4, map('d', 4)) as v(n, m)"
    )
    cut = f"(select * from {rows} order by n limit 3 offset 1)"
    for query in (
        f"select n, to_json({made}) as m from {cut} order by n",
        f"select n, m from (select n, to_json({made}) as m, avg(n) over (order by n) from {rows})"
        " where n > 1 order by n",
    ):
        found = [row["m"] for row in warehouse.sql(query)]
        assert found == ['{"b":2,"c":3}', None, '{"d":4}'], query


def test_maps_are_exploded(warehouse: Any) -> None:
    rows = "values (1, map('a', 1, 'b', 2)) as v(i, m)"
    wanted = [{"k": "a", "n": 1}, {"k": "b", "n": 2}]
    lateral = f"select k, n from {rows} lateral view explode(m) e as k, n order by k"
    assert warehouse.sql(lateral) == wanted
    assert warehouse.sql(f"select explode(m) as (k, n) from {rows}") == wanted
    assert warehouse.sql("select * from explode(map('a', 1))") == [{"key": "a", "value": 1}]
    condition = "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE"
    warehouse.fails(f"select posexplode(m) from {rows}", condition)


def test_a_star_leaves_out_fields(warehouse: Any) -> None:
    rows = "values (named_struct('x', 1, 'y', named_struct('z', 2, 'w', 3)), 5) as t(s, i)"

    def row(excepted: str) -> dict[str, Any]:
        query = f"select to_json(struct(*)) as j from (select * except ({excepted}) from {rows})"
        return json.loads(warehouse.sql(query)[0]["j"])

    assert row("s.x") == {"s": {"y": {"z": 2, "w": 3}}, "i": 5}
    assert row("s.y.z, i") == {"s": {"x": 1, "y": {"w": 3}}}
    assert row("t.i") == {"s": {"x": 1, "y": {"z": 2, "w": 3}}}
    for name, condition in (("nothing", "UNRESOLVED_COLUMN"), ("s.nothing", "FIELD_NOT_FOUND")):
        warehouse.fails(f"select * except ({name}) from {rows}", condition)


def test_structs_are_written_and_compared_by_position(warehouse: Any, schema: str) -> None:
    table = f"{schema}.structs"
    warehouse.sql(f"create table {table} (i int, s struct<a:int,b:string>, l array<struct<x:int>>)")
    warehouse.sql(f"insert into {table} select 1, named_struct('b', '7', 'a', 2), array(struct(5))")
    warehouse.sql(f"insert into {table} by name select 2 as i, named_struct('b', 'u', 'a', 3) as s")
    found = warehouse.sql(f"select s.a, s.b, l[0].x as x from {table} order by i")
    assert found == [{"a": 7, "b": "2", "x": 5}, {"a": 3, "b": "u", "x": None}]
    equal = f"select i from {table} where s = named_struct('p', 3, 'q', 'u')"
    assert warehouse.sql(equal) == [{"i": 2}]
    more, fewer = "named_struct('a', 1, 'b', 'x', 'c', 2)", "named_struct('a', 1)"
    condition = "INCOMPATIBLE_DATA_FOR_TABLE.{}"
    for struct, kind in ((more, "EXTRA_STRUCT_FIELDS"), (fewer, "STRUCT_MISSING_FIELDS")):
        for verb, names in (("", ("", "")), (" by name", (" as i", " as s"))):
            insert = f"insert into {table}{verb} select 3{names[0]}, {struct}{names[1]}"
            statement = insert if verb else f"{insert}, null"
            warehouse.fails(statement, condition.format(kind))


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("array(date'2020-12-25', cast('2021-01-02' as date))", "[2020-12-25, 2021-01-02]"),
        ("array(upper('a'), 'b')", "[A, b]"),
        ("array(array(upper('a')), array())", "[[A], []]"),
        ("array(named_struct('x', upper('a')))", "[{A}]"),
        ("named_struct('x', array(cast('2020-12-25' as timestamp)))", "{[2020-12-25 00:00:00]}"),
        ("map('k', array(cast(1 as decimal(3, 1)), null))", "{k -> [1.0, null]}"),
        ("transform(array(date'2020-12-25'), x -> x + 1)", "[2020-12-26]"),
    ],
)
def test_arrays_in_values_hold_computed_elements(warehouse: Any, cell: str, expected: str) -> None:
    rows = f"select cast(a as string) as a from values ({cell}, 1), (null, 2) as v(a, b) order by b"
    assert warehouse.sql(rows) == [{"a": expected}, {"a": None}]
