"""The named arguments of `read_files` for CSV, checked and typed.

Names, aliases and defaults are those of Databricks' and Apache Spark's CSV reader
(https://docs.databricks.com/aws/en/sql/language-manual/functions/read_files).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from local_warehouse.read_files.csv.schema import CsvColumn, parse_schema
from local_warehouse.read_files.errors import InvalidOption, UnsupportedOption
from local_warehouse.read_files.option_values import (
    Mode,
    OptionValue,
    as_boolean,
    as_encoding,
    as_mode,
)


@dataclass(frozen=True)
class CsvOptions:
    """Options of one call. A character option that is off is the empty string."""

    schema: tuple[CsvColumn, ...] | None = None
    header: bool = False
    delimiter: str = ","
    quote: str = '"'
    escape: str = "\\"
    escape_of_escape: str | None = None
    comment: str = ""
    encoding: str = "utf-8"
    multi_line: bool = False
    line_separator: str | None = None
    mode: Mode = Mode.PERMISSIVE
    corrupt_column: str = "_corrupt_record"
    null_value: str = ""
    empty_value: str = ""
    ignore_leading_space: bool = False
    ignore_trailing_space: bool = False
    skip_rows: int = 0
    enforce_schema: bool = True
    max_columns: int = 20480
    path_glob_filter: str | None = None

    @property
    def data_columns(self) -> tuple[CsvColumn, ...] | None:
        """The schema without the corrupt-record column: what a record's tokens fill, in order."""
        if self.schema is None:
            return None
        return tuple(c for c in self.schema if c.name != self.corrupt_column)


def _integer(name: str, value: OptionValue) -> int:
    try:
        return int(str(value))
    except ValueError:
        raise InvalidOption(f"read_files: option {name} is a number, not {value!r}") from None


def _string(name: str, value: OptionValue) -> str:
    return str(value)


def _character(name: str, value: OptionValue) -> str:
    text = str(value)
    if len(text) > 1:
        raise InvalidOption(f"read_files: option {name} is one character, not {text!r}")
    return text


def _escape_of_escape(name: str, value: OptionValue) -> str | None:
    return _character(name, value) or None


_ESCAPED = {"\\t": "\t", "\\r": "\r", "\\b": "\b", "\\f": "\f", '\\"': '"', "\\'": "'"}
_ESCAPED |= {"\\\\": "\\", "\\u0000": "\0"}


def _delimiter(name: str, value: OptionValue) -> str:
    text = _ESCAPED.get(str(value), str(value))
    if text == "" or (text == "\\" and value == "\\"):
        raise InvalidOption(
            f"read_files: option {name} is empty or a single backslash; write a backslash as '\\\\'"
        )
    if len(text) > 1:
        raise UnsupportedOption(name, f"a delimiter of several characters ({text!r})")
    return text


def _line_separator(name: str, value: OptionValue) -> str:
    text = str(value)
    if not 1 <= len(text) <= 2:
        raise InvalidOption(f"read_files: option {name} is one or two characters, not {text!r}")
    return text


def _schema(name: str, value: OptionValue) -> tuple[CsvColumn, ...]:
    return parse_schema(str(value))


_Reader = Callable[[str, OptionValue], object]
# lower-cased option name -> (field of CsvOptions, reader of the value, name as documented)
_OPTIONS: dict[str, tuple[str, _Reader, str]] = {
    documented.lower(): (field, reader, documented)
    for documented, field, reader in (
        ("schema", "schema", _schema),
        ("header", "header", as_boolean),
        ("sep", "delimiter", _delimiter),
        ("delimiter", "delimiter", _delimiter),
        ("quote", "quote", _character),
        ("escape", "escape", _character),
        ("charToEscapeQuoteEscaping", "escape_of_escape", _escape_of_escape),
        ("comment", "comment", _character),
        ("encoding", "encoding", as_encoding),
        ("charset", "encoding", as_encoding),
        ("multiLine", "multi_line", as_boolean),
        ("lineSep", "line_separator", _line_separator),
        ("mode", "mode", as_mode),
        ("columnNameOfCorruptRecord", "corrupt_column", _string),
        ("nullValue", "null_value", _string),
        ("emptyValue", "empty_value", _string),
        ("ignoreLeadingWhiteSpace", "ignore_leading_space", as_boolean),
        ("ignoreTrailingWhiteSpace", "ignore_trailing_space", as_boolean),
        ("skipRows", "skip_rows", _integer),
        ("enforceSchema", "enforce_schema", as_boolean),
        ("maxColumns", "max_columns", _integer),
        ("pathGlobFilter", "path_glob_filter", _string),
    )
}
# Options with values that change nothing: name -> those values, lower-cased.
_FIXED: dict[str, tuple[str, ...]] = {
    "format": ("csv",),
    "inferSchema": ("true", "false"),  # by type_inference.py, as the next
    "inferColumnTypes": ("true", "false"),
    "schemaEvolutionMode": ("none",),
    "maxCharsPerColumn": ("-1",),
    "unescapedQuoteHandling": ("stop_at_delimiter",),
    "mergeSchema": ("false",),
    "ignoreCorruptFiles": ("false",),
    "ignoreMissingFiles": ("false",),
}
_REFUSED = (
    "rescuedDataColumn", "schemaHints", "badRecordsPath", "dateFormat",
    "timestampFormat", "timeZone", "locale", "nanValue", "positiveInf", "negativeInf",
    "preferDate", "modifiedAfter", "modifiedBefore", "recursiveFileLookup", "partitionColumns",
    "samplingRatio", "singleVariantColumn", "readerCaseSensitive", "compression",
)  # fmt: skip


def parse_options(arguments: Mapping[str, OptionValue]) -> CsvOptions:
    """Check the named arguments; a NULL value means the default, as in Spark.

    Raises InvalidOption and UnsupportedOption.
    """
    given = {name.lower(): (name, v) for name, v in arguments.items() if v is not None}
    fixed = {name.lower(): accepted for name, accepted in _FIXED.items()}
    refused = {name.lower() for name in _REFUSED}
    if "format" not in given:
        raise InvalidOption("read_files: say the format, as in format => 'csv'")
    values: dict[str, object] = {}
    for key, (name, value) in given.items():
        if key in _OPTIONS:
            field, reader, documented = _OPTIONS[key]
            if not (key in ("delimiter", "charset") and _preferred(key) in given):
                values[field] = reader(documented, value)
        elif key in fixed:
            if str(value).lower() not in fixed[key]:
                raise UnsupportedOption(name, f"only {' or '.join(fixed[key])}, not {value!r}")
        elif key in refused:
            raise UnsupportedOption(name, "the local reader does not implement it")
        else:
            known = sorted([n for _, _, n in _OPTIONS.values()] + list(_FIXED))
            raise InvalidOption(
                f"read_files: unknown option {name}; known for csv are {', '.join(known)}"
            )
    return CsvOptions(**values)  # type: ignore[arg-type]


def _preferred(alias: str) -> str:
    return {"delimiter": "sep", "charset": "encoding"}[alias]
