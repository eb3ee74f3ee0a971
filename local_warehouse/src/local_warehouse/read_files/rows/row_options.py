"""The named arguments of `read_files` for the formats other than CSV.

https://docs.databricks.com/aws/en/sql/language-manual/functions/read_files
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from local_warehouse.read_files.errors import InvalidOption, UnsupportedOption
from local_warehouse.read_files.option_values import (
    Mode,
    OptionValue,
    as_boolean,
    as_encoding,
    as_mode,
)
from local_warehouse.read_files.rows.ddl import parse_ddl
from local_warehouse.types.json_documents import ALLOWANCES, BY_DEFAULT
from local_warehouse.types.text_moments import pattern_of

FORMATS = ("json", "parquet", "text", "binaryfile")


@dataclass(frozen=True)
class RowOptions:
    """Options of one call; those that its format does not have keep their defaults."""

    file_format: str
    schema: pa.Schema | None = None
    multi_line: bool = False
    mode: Mode = Mode.PERMISSIVE
    corrupt_column: str = "_corrupt_record"
    infer_types: bool = True
    encoding: str = "utf-8"
    whole_text: bool = False
    line_separator: str | None = None
    path_glob_filter: str | None = None
    has_rescued_data: bool = True
    partition_columns: str | None = None
    date_format: str | None = None
    timestamp_format: str | None = None
    timestamp_ntz_format: str | None = None
    allowed: frozenset[str] = BY_DEFAULT  # of what JSON has not


def _string(_: str, value: OptionValue) -> str:
    return str(value)


def _schema(_: str, value: OptionValue) -> pa.Schema:
    return parse_ddl(str(value))


def _pattern(name: str, value: OptionValue) -> str:
    try:
        pattern_of(str(value))
    except ValueError as error:
        raise UnsupportedOption(name, f"{error} in the pattern {value!r}") from None
    return str(value)


def _only(accepted: str, result: Any) -> Callable[[str, OptionValue], Any]:
    def read(name: str, value: OptionValue) -> Any:
        if str(value).lower() != accepted:
            raise UnsupportedOption(name, f"only {accepted!r}, not {value!r}")
        return result

    return read


_ALL = FORMATS
# documented name -> (formats, field of RowOptions, reader of the value)
_OPTIONS: dict[str, tuple[tuple[str, ...], str | None, Callable[[str, OptionValue], Any]]] = {
    "format": (_ALL, None, _string),
    "pathGlobFilter": (_ALL, "path_glob_filter", _string),
    "partitionColumns": (_ALL, "partition_columns", _only("", "")),
    "ignoreCorruptFiles": (_ALL, None, _only("false", None)),
    "ignoreMissingFiles": (_ALL, None, _only("false", None)),
    "schema": (("json", "parquet"), "schema", _schema),
    "schemaEvolutionMode": (("json", "parquet"), "has_rescued_data", _only("none", False)),
    "mergeSchema": (("parquet",), None, _only("true", None)),
    "multiLine": (("json",), "multi_line", as_boolean),
    "mode": (("json",), "mode", as_mode),
    "columnNameOfCorruptRecord": (("json",), "corrupt_column", _string),
    "inferColumnTypes": (("json",), "infer_types", as_boolean),
    "dateFormat": (("json",), "date_format", _pattern),
    "timestampFormat": (("json",), "timestamp_format", _pattern),
    "timestampNTZFormat": (("json",), "timestamp_ntz_format", _pattern),
    **{name: (("json",), name, as_boolean) for name in sorted(ALLOWANCES)},
    "encoding": (("json", "text"), "encoding", as_encoding),
    "charset": (("json",), "encoding", as_encoding),
    "lineSep": (("json", "text"), "line_separator", _string),
    "wholeText": (("text",), "whole_text", as_boolean),
}
_REFUSED = {
    "badRecordsPath", "datetimeRebaseMode", "dropFieldIfAllNull", "int96RebaseMode", "locale",
    "modifiedAfter", "modifiedBefore", "prefersDecimal", "primitivesAsString",
    "readerCaseSensitive", "recursiveFileLookup", "rescuedDataColumn", "samplingRatio",
    "schemaHints", "singleVariantColumn", "timeZone", "useStrictGlobber",
}  # fmt: skip


def parse_row_options(arguments: Mapping[str, OptionValue]) -> RowOptions:
    """Check the named arguments; a NULL value means the default, as in Spark.

    Raises InvalidOption and UnsupportedOption.
    """
    file_format = str(arguments["format"]).lower()
    documented = {name.lower(): name for name in [*_OPTIONS, *_REFUSED]}
    values: dict[str, Any] = {}
    for given, value in arguments.items():
        if value is None:
            continue
        name = documented.get(given.lower(), given)
        if name in _REFUSED:
            raise UnsupportedOption(name, "the local reader does not implement it")
        formats, field, read = _OPTIONS.get(name, ((), None, _string))
        if file_format not in formats:
            known = sorted(n for n, (f, _, _) in _OPTIONS.items() if file_format in f)
            raise InvalidOption(
                f"read_files: unknown option {name}; known for {file_format} are {', '.join(known)}"
            )
        result = read(name, value)
        if field is not None:
            values[field] = result
    allowances = {name: values.pop(name) for name in ALLOWANCES & values.keys()}
    allowed = {name for name in ALLOWANCES if allowances.get(name, name in BY_DEFAULT)}
    return RowOptions(file_format, **values, allowed=frozenset(allowed))
