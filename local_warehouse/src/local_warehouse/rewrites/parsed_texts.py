"""from_json and from_csv, whose values are read by `json_records` and `csv_records`, and
schema_of_csv: the engine's own read no moments with a T, take an integer that is too large for
another one, and know no option.

https://docs.databricks.com/aws/en/sql/language-manual/functions/from_json
https://docs.databricks.com/aws/en/sql/language-manual/functions/from_csv
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import pyarrow as pa
from sqlglot import exp
from sqlglot.errors import ParseError

from local_warehouse.errors import SqlError, syntax_error, unsupported
from local_warehouse.read_files.csv.csv_records import OF_VALUES, inferred_schema, record_options
from local_warehouse.read_files.errors import InvalidOption, UnsupportedOption
from local_warehouse.read_files.rows.ddl import arrow_type, columns_of
from local_warehouse.read_files.rows.json_types import column_type, type_of
from local_warehouse.rewrites.json_texts import checked_options
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.sql.dialect import WarehouseDialect, render
from local_warehouse.types.json_documents import ALLOWANCES, decoded
from local_warehouse.types.record_texts import CORRUPT, schema_text, types_within
from local_warehouse.types.text_moments import pattern_of

_Type = exp.DataType.Type
_NESTED = re.compile(r"\s*(array|map|struct)\s*<", re.IGNORECASE)
_SCALAR = re.compile(r"\s*\w+\s*(\([\d\s,]*\))?\s*")
_NO_TYPES = (_Type.UNKNOWN, _Type.USERDEFINED, _Type.NULL)
_FORMATS = ("dateFormat", "timestampFormat", "timestampNTZFormat")
_OF_RECORDS = ("mode", "columnNameOfCorruptRecord")
_OF_CSV = (
    "sep", "delimiter", "quote", "escape", "charToEscapeQuoteEscaping", "comment", "lineSep",
    "multiLine", "nullValue", "emptyValue", "ignoreLeadingWhiteSpace", "ignoreTrailingWhiteSpace",
    "unescapedQuoteHandling",
)  # fmt: skip
_DEFAULTS = {"locale": "en-us", "timezone": "utc", "readercasesensitive": "true"}
_REFUSED = ("rescueddatacolumn",)


def read_text(call: exp.Expr, arguments: list[exp.Expr]) -> None:
    """Have the text of from_json or from_csv made into JSON of texts only, and cast that."""
    is_csv = str(call.this).lower() == "from_csv"
    kind = _schema(call, arguments[1])
    options = _csv_options(call) if is_csv else _json_options(call)
    try:
        wanted = arrow_type(kind)
    except UnsupportedOption:
        raise _not_read(call) from None
    if any(map(pa.types.is_binary, types_within(wanted))):
        raise _not_read(call)
    _check(call, wanted, options)
    places = {
        "x": arguments[0],
        "schema": exp.Literal.string(schema_text(wanted)),
        "options": exp.Literal.string(json.dumps(options)),
        "texts": exp.Literal.string(_texts(wanted)),
    }
    function = f"{PREFIX}{'csv' if is_csv else 'json'}_records"
    read = fill(f"from_json({function}(x, schema, options), texts)", places)
    call.replace(read if _is_of_texts(wanted) else exp.TryCast(this=read, to=kind))


def infer_schema(call: exp.Expr, arguments: list[exp.Expr]) -> None:
    """Put the schema of a literal in place of schema_of_csv."""
    if isinstance(arguments[0], exp.Null):
        raise SqlError("DATATYPE_MISMATCH.UNEXPECTED_NULL", "The csv must not be NULL.")
    options = _csv_options(call)
    is_text = isinstance(arguments[0], exp.Literal) and arguments[0].is_string
    found = inferred_schema(arguments[0].name, options) if is_text else None
    if found is None:
        raise unsupported(f"{render(call)}, which is not of a literal with a record")
    call.replace(exp.Literal.string(found))


def _schema(call: exp.Expr, schema: exp.Expr) -> exp.DataType:
    """The type that a schema names: columns, or a type that is not of one value."""
    text = _inferred(call, schema) if isinstance(schema, exp.Anonymous) else schema.name
    if text is None or not (isinstance(schema, exp.Anonymous) or _is_text(schema)):
        raise unsupported(f"a schema that is no literal, nor the schema of one, in {render(call)}")
    is_nested = _NESTED.match(text) is not None
    if not is_nested and _SCALAR.fullmatch(text):
        raise _of_one_value(call, text)
    columns = columns_of(f"value {text}" if is_nested else text)
    if columns is None or (is_nested and len(columns) > 1):
        raise syntax_error(f"the schema {text!r} is no list of columns with their types.")
    kind = columns[0].args["kind"] if is_nested else _struct(columns)
    types = list(kind.find_all(exp.DataType))
    if any(one.this in (_Type.CHAR, _Type.VARCHAR) for one in types):
        raise SqlError(
            "UNSUPPORTED_CHAR_OR_VARCHAR_AS_STRING",
            f"The char/varchar type can't be used in the schema {text!r}.",
        )
    for struct in types:
        names = [field.name for field in struct.expressions if isinstance(field, exp.ColumnDef)]
        if len(set(names)) < len(names):
            raise unsupported(f"two fields of one name in the schema of {render(call)}")
    for field in kind.find_all(exp.ColumnDef):  # all may be NULL, and have no comment
        field.set("constraints", None)
    return kind


def _struct(columns: list[exp.ColumnDef]) -> exp.DataType:
    return exp.DataType(this=_Type.STRUCT, expressions=columns, nested=True)


def _of_one_value(call: exp.Expr, text: str) -> SqlError:
    """The error of a schema that is one type, or is meant as one."""
    try:
        kind = exp.DataType.build(text, dialect=WarehouseDialect)
    except ParseError:
        kind = None
    if kind is None or kind.this in _NO_TYPES:
        return SqlError("UNSUPPORTED_DATATYPE", f'Unsupported data type "{text.strip().upper()}".')
    if kind.this == _Type.VARIANT:
        return _not_read(call)
    if str(call.this).lower() == "from_csv":
        return SqlError("INVALID_SCHEMA.NON_STRUCT_TYPE", f"No list of columns: {text!r}.")
    return SqlError(
        "DATATYPE_MISMATCH.INVALID_JSON_SCHEMA",
        f"Input schema {text!r} must be a struct, an array, a map or a variant.",
    )


def _not_read(call: exp.Expr) -> SqlError:
    return unsupported(
        f"BINARY, VARIANT, INTERVAL and the like in the schema of {render(call)}: read a STRING in "
        "its place, and make one of it"
    )


def _is_text(schema: exp.Expr) -> bool:
    if not isinstance(schema, exp.Literal) or schema.is_string:
        return isinstance(schema, exp.Literal)
    raise SqlError(
        "INVALID_SCHEMA.NON_STRING_LITERAL",
        f"The input expression must be a string literal and not null: {render(schema)}.",
    )


def _inferred(call: exp.Expr, schema: exp.Anonymous) -> str | None:
    """The schema that schema_of_json finds in a literal; a schema_of_csv is a literal already."""
    names = (str(call.this).lower(), str(schema.this).lower())
    if names != ("from_json", "schema_of_json") or len(schema.expressions) != 1:
        return None
    [given] = schema.expressions
    if not isinstance(given, exp.Literal):
        return None
    try:
        found = column_type(type_of(decoded(given.name)))
    except ValueError:
        return None
    return None if found is None else _ddl(found)


def _json_options(call: exp.Expr) -> dict[str, str]:
    """The options that matter, by the names that the documentation has."""
    options = _options(call, (*ALLOWANCES, *_FORMATS, *_OF_RECORDS))
    for name in ALLOWANCES & options.keys():
        if options[name].lower() not in ("true", "false"):
            raise unsupported(f"the option {name} => {options[name]!r}, which is true or false")
    return options


def _csv_options(call: exp.Expr) -> dict[str, str]:
    options = _options(call, (*OF_VALUES, *_OF_CSV, *_OF_RECORDS))
    try:
        record_options(options)
    except (InvalidOption, UnsupportedOption) as error:
        raise unsupported(f"{error}, in {render(call)}") from None
    return options


def _options(call: exp.Expr, known: Iterable[str]) -> dict[str, str]:
    """The literal options of these names, whatever their case. Raises SqlError for formats that are
    not known, for others' values than the usual ones, and for the mode DROPMALFORMED."""
    names = {name.lower(): name for name in known}
    options: dict[str, str] = {}
    for given, text in checked_options(call).items():
        name = given.lower()
        if name in _REFUSED or text.lower() != _DEFAULTS.get(name, text.lower()):
            raise unsupported(f"the option {given} => {text!r} in {render(call)}")
        if name in names:
            options[names[name]] = text
    for name in _FORMATS:
        try:
            pattern_of(options.get(name, ""))
        except ValueError:
            raise unsupported(f"the format {options[name]!r} in {render(call)}") from None
    mode = options.get("mode", "PERMISSIVE").upper()
    if mode == "DROPMALFORMED":
        raise SqlError(
            "PARSE_MODE_UNSUPPORTED",
            f"The function `{str(call.this).lower()}` doesn't support the DROPMALFORMED mode."
            " Acceptable modes are PERMISSIVE and FAILFAST.",
        )
    if mode not in ("PERMISSIVE", "FAILFAST"):
        options.pop("mode")
    return options


def _check(call: exp.Expr, kind: pa.DataType, options: dict[str, str]) -> None:
    """Raise SqlError for keys of a MAP that no JSON has, for what no CSV has, and for a column of
    corrupt records that is no STRING."""
    if str(call.this).lower() == "from_csv":
        if not pa.types.is_struct(kind):
            raise SqlError("INVALID_SCHEMA.NON_STRUCT_TYPE", f"No list of columns: {render(call)}.")
        if any(field.type.num_fields for field in kind):
            raise SqlError("UNSUPPORTED_DATATYPE", f"Unsupported data type in {render(call)}.")
    if pa.types.is_struct(kind):
        column = options.get("columnNameOfCorruptRecord", CORRUPT)
        if any(field.name == column and not pa.types.is_string(field.type) for field in kind):
            raise SqlError(
                "INVALID_CORRUPT_RECORD_TYPE",
                f"The column `{column}` for corrupt records must be a nullable STRING.",
            )
    for inner in types_within(kind):
        if pa.types.is_map(inner) and not pa.types.is_string(inner.key_type):
            raise SqlError(
                "DATATYPE_MISMATCH.INVALID_JSON_MAP_KEY_TYPE",
                f"Input schema in {render(call)} can only contain STRING as a key type of a MAP.",
            )


def _is_of_texts(kind: pa.DataType) -> bool:
    return all(pa.types.is_string(inner) for inner in types_within(kind) if not inner.num_fields)


def _texts(kind: pa.DataType) -> str:
    """The schema with STRING in place of all types of one value."""
    return _ddl(kind, all_are_texts=True)


def _ddl(kind: pa.DataType, *, all_are_texts: bool = False) -> str:
    """A type as SQL names it, of those that JSON has."""
    if pa.types.is_struct(kind):
        fields = (
            f"`{f.name.replace('`', '``')}`: {_ddl(f.type, all_are_texts=all_are_texts)}"
            for f in kind
        )
        return f"struct<{', '.join(fields)}>"
    if pa.types.is_list(kind):
        return f"array<{_ddl(kind.value_type, all_are_texts=all_are_texts)}>"
    if pa.types.is_map(kind):
        return f"map<string, {_ddl(kind.item_type, all_are_texts=all_are_texts)}>"
    if all_are_texts or pa.types.is_string(kind):
        return "string"
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    return {pa.bool_(): "boolean", pa.int64(): "bigint", pa.float64(): "double"}[kind]
