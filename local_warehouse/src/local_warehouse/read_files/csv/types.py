"""Types of CSV columns as Spark's CSVInferSchema finds them, from all values of a relation.

The questions and the casts are SQL: the engine reads the values, however many there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from local_warehouse.read_files.scan import quoted

_DAY = "[0-9]{1,2}"
_TIME = f"[ T]{_DAY}:{_DAY}(:{_DAY}([.][0-9]+)?)?(Z|[+-][0-9]{{2}}:[0-9]{{2}})?"
_NUMBER = "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?"
_DIGITS = 38  # of a DECIMAL
# What a value must be to be of a type; the first type that all values of a column have is its own.
_TESTS = {
    "int": "COLUMN rlike '^[+-]?[0-9]+$' and try_cast(COLUMN as int) is not null",
    "bigint": "COLUMN rlike '^[+-]?[0-9]+$' and try_cast(COLUMN as bigint) is not null",
    "decimal": f"COLUMN rlike '^[+-]?[0-9]{{1,{_DIGITS}}}$'",
    "double": f"COLUMN rlike '^ *{_NUMBER} *$' or COLUMN in ('NaN', 'Infinity', '-Infinity')",
    "date": "COLUMN rlike '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' and try_cast(COLUMN as date) is not null",
    "timestamp": f"COLUMN rlike '^[0-9]{{4}}-{_DAY}(-{_DAY}({_TIME})?)?$'"
    " and try_cast(COLUMN as timestamp) is not null",
    "boolean": "lower(COLUMN) in ('true', 'false')",
}
_LONGEST = "max(length(translate(COLUMN, '+-', '')))"
_RESCUED = "_rescued_data"


def is_open(options: Mapping[str, object]) -> bool:
    """Whether a read_files call is of CSV and gives no schema."""
    is_csv = str(options.get("format") or "csv").lower() == "csv"
    return is_csv and options.get("schema") is None


def infers(options: Mapping[str, object]) -> bool:
    given = [options.get(name) for name in ("infercolumntypes", "inferschema")]
    return not any(value is not None and str(value).lower() == "false" for value in given)


def rescues(options: Mapping[str, object]) -> bool:
    return options.get("schemaevolutionmode") is None


def columns_of(schema: pa.Schema) -> list[str]:
    """The names of the columns whose types are to be found, as SQL."""
    return [quoted(field.name) for field in schema if pa.types.is_string(field.type)]


def question(columns: Sequence[str], relation: str) -> str:
    """A query of one row of numbers: of each column's values, of those of each type, and of the
    digits of its longest."""
    asked = ["count(COLUMN)", _LONGEST, *(f"count_if({test})" for test in _TESTS.values())]
    numbers = [number.replace("COLUMN", column) for column in columns for number in asked]
    named = ", ".join(f"{number} as n{i}" for i, number in enumerate(numbers))
    return f"select {named} from {relation}"


def types(columns: Sequence[str], row: Sequence[int | None]) -> dict[str, str]:
    """The columns' types, from the answer to the question."""
    width = len(_TESTS) + 2
    return {
        column: _type(*(number or 0 for number in row[i * width : (i + 1) * width]))
        for i, column in enumerate(columns)
    }


def _type(values: int, longest: int, *counts: int) -> str:
    if not values:
        return "string"
    found = next((t for t, n in zip(_TESTS, counts, strict=True) if n == values), "string")
    return f"decimal({longest},0)" if found == "decimal" else found


def typed(relation: str, schema: pa.Schema, of: Mapping[str, str], *, rescues: bool) -> str:
    """The relation with its columns cast, and with a column for what does not fit, which is
    nothing."""
    shown = []
    for name in schema.names:
        column = quoted(name)
        kind = of.get(column, "string")
        value = f"trim({column})" if kind == "double" else column
        shown.append(column if kind == "string" else f"cast({value} as {kind}) as {column}")
    if rescues:
        before_metadata = len(shown) - ("_metadata" in schema.names)
        shown.insert(before_metadata, f"cast(null as string) as {_RESCUED}")
    return f"(select {', '.join(shown)} from {relation})"
