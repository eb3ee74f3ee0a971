"""The tables that generated queries read, as queries that make them."""

from __future__ import annotations

COLUMNS = {
    "id": "int", "g": "int", "i": "int", "l": "bigint", "f": "double", "n": "decimal(10,2)",
    "s": "string", "b": "boolean", "d": "date", "ts": "timestamp", "a": "array<int>",
    "m": "map<string,int>", "st": "struct<x:int,y:string>",
}  # fmt: skip
_T = """
1|1|3|30|0.5|1.50|'a'|true|'2024-01-01'|'2024-01-01 00:00:00'|array(1,2,3)|map('a',1)|1,'a'
2|1|-3|null|-0.5|2.50|'b'|false|'2024-01-02'|'2024-01-01 23:59:59.999999'|array()|map()|2,'b'
3|1|3|2147483648|0.5|-1.50|'A'|null|'2024-01-02'|'2024-01-02 12:30:00'|array(3,null,1)|map('b',null)|null,'c'
4|2|0|0|0.0|0.00|''|true|'2024-02-29'|'2024-02-29 06:00:00.5'|null|null|null,null
5|2|7|-7|cast('NaN' as double)|null|'é😀'|false|'2023-12-31'|'1969-12-31 23:59:59.5'|array(7)|map('a',7,'b',8)|7,'7'
6|2|null|40|null|12345678.90|null|true|null|null|array(null)|map('',0)|6,''
7|null|100|9223372036854775807|1e15|0.01|'12'|null|'9999-12-31'|'9999-12-31 23:59:59'|array(5,5)|map('z',5)|7,'z'
8|null|-100|-9223372036854775808|-1e-7|-0.01|' a b '|false|'0001-01-01'|'0001-01-01 00:00:00'|array(-1,0,1)|map('a',-1)|8,'b'
9|3|3|3|1.25|3.00|'a%_'|true|'2024-01-01'|'2024-03-31 01:59:59'|array(2,1)|map('k',3,'a',4)|1,'a'
"""
_U = """
1|1|3|3|0.5|1.50|'a'|true|'2024-01-02'|'2024-01-01 00:00:00'|array(1)|map('a',2)|1,'a'
2|2|3|null|2.5|2.25|'b'|false|'2024-01-01'|'2024-01-02 12:30:00'|array(2,2)|map('b',1)|2,'B'
3|2|null|7|-1.5|null|'c'|null|null|'2024-02-01 10:00:00'|null|null|null,'c'
5|4|5|50|null|100.00|null|true|'2024-02-29'|null|array(9,8)|map()|5,null
7|null|0|-1|0.0|0.10|''|false|'2020-02-29'|'2020-02-29 23:00:00'|array()|map('x',1)|7,''
7|1|-3|0|1e10|-2.50|'a'|true|'2024-01-01'|'2024-01-01 00:00:00'|array(null,1)|map('a',1)|7,'a'
"""


def _query(rows: str) -> str:
    made = ",\n".join(f"({', '.join(_row(line.split('|')))})" for line in rows.strip().splitlines())
    return f"select * from values\n{made}\nas v({', '.join(COLUMNS)})"


def _row(cells: list[str]) -> list[str]:
    """The values of a row, each of its column's type."""
    return [
        _struct(*cell.split(","))
        if data_type.startswith("struct")
        else f"cast({cell} as {data_type})"
        for cell, data_type in zip(cells, COLUMNS.values(), strict=True)
    ]


def _struct(x: str, y: str) -> str:
    return f"named_struct('x', cast({x} as int), 'y', cast({y} as string))"


# For each type the type of a column, and an ordinary value; the other row of the table is of NULLs.
TYPED = {
    "boolean": ("boolean", "true"),
    "tinyint": ("tinyint", "cast(2 as tinyint)"),
    "smallint": ("smallint", "cast(2 as smallint)"),
    "int": ("int", "2"),
    "bigint": ("bigint", "2L"),
    "float": ("float", "cast(1.5 as float)"),
    "double": ("double", "1.5D"),
    "decimal": ("decimal(10,2)", "cast(1.50 as decimal(10, 2))"),
    "string": ("string", "'2'"),
    "moment": ("string", "'2024-02-29'"),
    "json": ("string", """'{"a": [1, null]}'"""),
    "binary": ("binary", "x'32'"),
    "date": ("date", "date'2024-02-29'"),
    "timestamp": ("timestamp", "timestamp'2024-02-29 12:30:00.5'"),
    "ntz": ("timestamp_ntz", "timestamp_ntz'2024-02-29 12:30:00.5'"),
    "array": ("array<int>", "array(1, 2)"),
    "map": ("map<string,int>", "map('a', 1)"),
    "struct": ("struct<x:int,y:string>", "named_struct('x', 1, 'y', 'a')"),
}


def _typed() -> str:
    """One after the other: where each row fails for another reason, the first one's is the answer."""
    values = ", ".join(f"cast({value} as {data_type})" for data_type, value in TYPED.values())
    nulls = ", ".join(f"cast(null as {data_type})" for data_type, _ in TYPED.values())
    return f"select * from values ({values}), ({nulls}) as v({', '.join(f'c_{n}' for n in TYPED)})"


TABLES = {"t": _query(_T), "u": _query(_U), "typed": _typed()}
