"""Types of CSV columns as Spark's CSVInferSchema finds them, from all values of a relation.

The questions and the casts are SQL: the engine reads the values, however many there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa

from local_warehouse.read_files.scan import Scan, quoted

_DAY = "[0-9]{1,2}"
_TIME = f"[ T]{_DAY}:{_DAY}(:{_DAY}([.][0-9]+)?)?(Z|[+-][0-9]{{2}}:[0-9]{{2}})?"
_NUMBER = "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?"
_DIGITS = 38  # of a DECIMAL
# The test of a value for each type. A column has the first type that all its values pass.
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


def with_inferred_types(
    scan: Scan, options: Mapping[str, object], ask: Callable[[str], Sequence[int | None]]
) -> str:
    """A scan as a relation in which the columns of CSV without a schema have the inferred types.

    `options` are those of the call, by lower-cased names; `ask` runs a query of one row and returns
    its values. Any other scan is returned as it is. Where `schemaEvolutionMode` is not given there
    is a column `_rescued_data`, always NULL, as every value fits.
    """
    is_csv = str(options.get("format") or "csv").lower() == "csv"
    if not is_csv or options.get("schema") is not None:
        return scan.sql
    columns = [quoted(field.name) for field in scan.schema if pa.types.is_string(field.type)]
    found: dict[str, str] = {}
    if columns and _infers(options):
        found = _types(columns, ask(_question(columns, scan.sql)))
    return _typed(scan, found, rescues=options.get("schemaevolutionmode") is None)


def _infers(options: Mapping[str, object]) -> bool:
    given = [options.get(name) for name in ("infercolumntypes", "inferschema")]
    return not any(value is not None and str(value).lower() == "false" for value in given)


def _question(columns: Sequence[str], relation: str) -> str:
    """A query of one row: for each column the number of its values, the digits of its longest and
    the number of values of each type."""
    asked = ["count(COLUMN)", _LONGEST, *(f"count_if({test})" for test in _TESTS.values())]
    numbers = [number.replace("COLUMN", column) for column in columns for number in asked]
    named = ", ".join(f"{number} as n{i}" for i, number in enumerate(numbers))
    return f"select {named} from {relation}"


def _types(columns: Sequence[str], row: Sequence[int | None]) -> dict[str, str]:
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


def _typed(scan: Scan, types: Mapping[str, str], *, rescues: bool) -> str:
    """The relation with its columns cast, and with the column of rescued data if `rescues`."""
    shown = []
    for name in scan.schema.names:
        column = quoted(name)
        kind = types.get(column, "string")
        value = f"trim({column})" if kind == "double" else column
        shown.append(column if kind == "string" else f"cast({value} as {kind}) as {column}")
    if rescues:
        before_metadata = len(shown) - ("_metadata" in scan.schema.names)
        shown.insert(before_metadata, f"cast(null as string) as {_RESCUED}")
    return f"(select {', '.join(shown)} from {scan.sql})"
