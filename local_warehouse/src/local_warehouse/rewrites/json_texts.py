"""JSON and CSV of fractions and moments, as Databricks writes them: 1.0E10, 1.50, milliseconds.

What the engine writes alike is left to it. An option that it does not know is not refused there, so
that options are looked at first.

https://docs.databricks.com/aws/en/sql/language-manual/functions/to_json
"""

from __future__ import annotations

import json
import re

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites.evident_types import evident_type
from local_warehouse.rewrites.operand_types import ByName, OperandTypes
from local_warehouse.rewrites.structs import check_fields, field_of, type_of
from local_warehouse.rewrites.templates import PREFIX, fill
from local_warehouse.rewrites.texts import as_text
from local_warehouse.sql.dialect import render

_KIND = exp.DataType.Type
_FRACTIONS = (_KIND.FLOAT, _KIND.DOUBLE)
_ARRAYS = (_KIND.ARRAY, _KIND.LIST)
_WHOLE = (_KIND.TINYINT, _KIND.SMALLINT, _KIND.INT, _KIND.BIGINT, _KIND.BOOLEAN)
_MOMENTS = {_KIND.TIMESTAMPNTZ: "", _KIND.TIMESTAMP: "''Z''", _KIND.TIMESTAMPTZ: "''Z''"}
_PLAIN_DIGITS = 6  # behind the point, with which Java writes no exponent
_WRITTEN = re.compile(r"decimal|float|double|timestamp|variant|map<(struct|array|map|date|binary)")
_CSV_WRITTEN = re.compile(r"decimal|float|double|void")
_FORMATS = ("timestampformat", "dateformat", "timestampntzformat")
# What the engine ignores.
_NOT_DONE = {("to_json", "ignorenullfields"): "false", ("to_json", "pretty"): "true"}
_FORMAT = re.compile(r"([yMdHhmsSaEXxZ'\-/:., T])+")
# Which argument of a function has its options.
_OPTIONS = {
    **dict.fromkeys(("to_json", "to_csv", "to_xml", "schema_of_json", "schema_of_csv"), 1),
    **dict.fromkeys(("from_json", "from_csv", "from_xml"), 2),
}


def checked_options(call: exp.Expr) -> dict[str, str]:
    """The options of a call by their names as they are given. Raises SqlError for options that are
    no texts, for those that only a run can tell, and for what the engine ignores."""
    function = str(call.this).lower()
    at = _OPTIONS[function]
    if len(call.expressions) <= at:
        return {}
    options = call.expressions[at]
    is_map = isinstance(options, exp.Anonymous) and str(options.this).lower() == "map"
    for part in options.expressions if is_map else [options]:
        if is_map and evident_type(part) not in ("", "string", "void"):
            raise SqlError(
                "INVALID_OPTIONS.NON_STRING_TYPE",
                f"Invalid options in {render(call)}: their type must be MAP<STRING, STRING>.",
            )
        if not (is_map and isinstance(part, exp.Literal)):
            raise unsupported(f"options that are no literals, in {render(call)}")
    texts = [part.name for part in options.expressions]
    given = dict(zip(texts[::2], texts[1::2], strict=False))
    for name, text in ((name.lower(), text) for name, text in given.items()):
        is_known = function in ("from_json", "from_csv") or _FORMAT.fullmatch(text) is not None
        if name in _FORMATS and not is_known:
            raise unsupported(f"the format {text!r} in {render(call)}")
        if text.lower() == _NOT_DONE.get((function, name)):
            raise unsupported(f"{name} => {text} in {render(call)}")
    return given


def _checked(call: exp.Expr) -> list[exp.Expr]:
    """Nothing whose type is to be asked for."""
    checked_options(call)
    return []


def _written(call: exp.Expr) -> list[exp.Expr]:
    checked_options(call)
    return call.expressions[:1]


def _to_json(call: exp.Expr, types: OperandTypes) -> None:
    value, options = call.expressions[0], {name.lower() for name in checked_options(call)}
    given = types.of(value)
    if isinstance(value, exp.Null):
        call.replace(exp.cast(exp.Null(), "string"))
        return
    if given.startswith(("array<", "map<", "struct<")):
        _check_types(type_of(given))
    if _WRITTEN.search(given) is None or given == "variant":
        return
    if options:
        if re.search(r"decimal|float|double|map<", given) is None and "timestampformat" in options:
            return
        raise unsupported(f"to_json() of {given.upper()} with options")
    call.replace(_json(value, type_of(given), 0))


def _check_types(whole: exp.DataType) -> None:
    """Raise SqlError for types of which the engine writes no JSON, or another."""
    for kind in whole.find_all(exp.DataType):
        if isinstance(kind.this, exp.Interval) or kind.this == exp.DataType.Type.INTERVAL:
            raise unsupported("to_json() of an INTERVAL (cast it to STRING)")
        if kind.this == exp.DataType.Type.STRUCT:
            check_fields([field.name for field in kind.expressions])


def _json(value: exp.Expr, kind: exp.Expr, depth: int) -> exp.Expr:
    """A value of a type as JSON, or NULL."""
    if _WRITTEN.search(kind.sql(dialect="databricks").lower()) is None and kind.this not in _WHOLE:
        one = "to_json(named_struct('v', x))"  # what the engine writes between {"v": and }
        return fill(f"if(x is null, null, substring({one}, 6, length({one}) - 6))", {"x": value})
    element = f"e{depth}"
    if kind.this in _FRACTIONS:
        places = {"x": value, "t": _fraction(value, kind)}
        return fill("if(isnan(x - x), concat('\"', t, '\"'), t)", places)
    if kind.this == _KIND.DECIMAL:
        return _exact(value, kind)
    if kind.this == _KIND.VARIANT:
        return fill("to_json(x)", {"x": value})
    if kind.this in _MOMENTS:
        pattern = f"yyyy-MM-dd''T''HH:mm:ss.SSS{_MOMENTS[kind.this]}".replace("''", "\\'")
        return fill(f"concat('\"', date_format(x, '{pattern}'), '\"')", {"x": value})
    if kind.this == _KIND.STRUCT:
        return _json_object(value, kind, depth)
    if kind.this in _ARRAYS:
        item = fill(
            "coalesce(y, 'null')", {"y": _json(exp.column(element), kind.expressions[0], depth + 1)}
        )
        over = f"concat('[', array_join(transform(x, {element} -> y), ','), ']')"
        return fill(over, {"x": value, "y": item})
    if kind.this == _KIND.MAP:
        of_keys, of_values = kind.expressions
        key = _json(exp.column("key", table=element), of_keys, depth + 1)
        if of_keys.this in (*_WHOLE, _KIND.DECIMAL, *_FRACTIONS):
            key = fill("concat('\"', trim(both '\"' from k), '\"')", {"k": key})
        elif of_keys.this not in (_KIND.TEXT, _KIND.VARCHAR, _KIND.CHAR):
            raise unsupported(f"to_json() of a MAP with keys of {render(of_keys)}")
        item = fill(
            "concat(k, ':', coalesce(v, 'null'))",
            {"k": key, "v": _json(exp.column("value", table=element), of_values, depth + 1)},
        )
        over = f"concat('{{', array_join(transform(map_entries(x), {element} -> y), ','), '}}')"
        return fill(over, {"x": value, "y": item})
    return fill("cast(x as string)", {"x": value})


def _fraction(value: exp.Expr, kind: exp.Expr) -> exp.Expr:
    text = as_text(value, kind.sql(dialect="databricks").lower())
    assert text is not None  # as the engine's own cast does for no fraction
    return text


def _exact(value: exp.Expr, kind: exp.Expr) -> exp.Expr:
    """A DECIMAL with all its digits, and with an exponent where Java writes one."""
    digits = kind.sql(dialect="databricks")
    has_exponent = int(digits.rpartition(",")[2].strip(" )")) > _PLAIN_DIGITS
    text = f"{PREFIX}java_decimal(cast(x as string))" if has_exponent else "cast(x as string)"
    return fill(text, {"x": value})


def _json_object(value: exp.Expr, kind: exp.Expr, depth: int) -> exp.Expr:
    fields = []
    for field, inner in _fields(value, kind):
        name = exp.Literal.string(f"{json.dumps(field.name, ensure_ascii=False)}:")
        # NULL, and what is NULL with it, is left out
        fields.append(
            fill("concat(n, y)", {"n": name, "y": _json(inner, field.args["kind"], depth)})
        )
    joined = exp.Anonymous(this="concat_ws", expressions=[exp.Literal.string(","), *fields])
    return fill("if(x is null, null, concat('{', y, '}'))", {"x": value, "y": joined})


def _fields(value: exp.Expr, kind: exp.Expr) -> list[tuple[exp.Expr, exp.Expr]]:
    """The fields of a STRUCT, each with its value; of one that is made here, what it is made of."""
    made = value.expressions if isinstance(value, exp.Anonymous) else []
    name = str(value.this).lower() if made else ""
    if name == "named_struct":
        made = made[1::2]
    if name in ("struct", "named_struct") and len(made) == len(kind.expressions):
        return [(field, one.unalias()) for field, one in zip(kind.expressions, made, strict=True)]
    return [(field, field_of(value, field)) for field in kind.expressions]


def _to_csv(call: exp.Expr, types: OperandTypes) -> None:
    """Write the fractions of a STRUCT as texts. A line without a value is NULL."""
    value = call.expressions[0]
    given = types.of(value)
    if "interval" in given:
        raise unsupported(f"{str(call.this).lower()}() of {given.upper()}")
    if not given.startswith("struct<"):
        return
    kind = type_of(given)
    if _CSV_WRITTEN.search(given) is not None:
        parts = []
        for field, inner in _fields(value, kind):
            parts += [exp.Literal.string(field.name), _csv(call, inner, field.args["kind"])]
        value.replace(exp.Anonymous(this="named_struct", expressions=parts))
    if len(kind.expressions) == 1:
        call.replace(fill("nullif(x, '')", {"x": call}))


def _csv(call: exp.Expr, value: exp.Expr, kind: exp.Expr) -> exp.Expr:
    written = kind.sql(dialect="databricks").lower()
    if kind.this in _FRACTIONS:
        return _fraction(value, kind)
    if kind.this == _KIND.DECIMAL:
        return _exact(value, kind)
    if _CSV_WRITTEN.search(written) is not None and kind.this != _KIND.NULL:
        raise unsupported(f"{str(call.this).lower()}() of {written.upper()}")
    return exp.cast(value.copy(), "string") if kind.this == _KIND.NULL else value.copy()


CALLS: ByName = {
    **dict.fromkeys(_OPTIONS, (_checked, lambda call, types: None)),
    "to_json": (_written, _to_json),
    "to_csv": (_written, _to_csv),
}
