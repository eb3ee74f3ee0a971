"""Values as texts, as Databricks writes them: 1.0E10, Infinity, and null in arrays.

https://docs.databricks.com/aws/en/sql/language-manual/functions/cast
"""

from __future__ import annotations

import functools

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites import (
    argument_types,
    array_values,
    cast_checks,
    exact_doubles,
    intervals,
    moments,
    nested_casts,
    text_casts,
)
from local_warehouse.rewrites.evident_types import UNKNOWN, evident_type, name_of_type
from local_warehouse.rewrites.operand_types import DIGITS, ByClass, ByName, OperandTypes
from local_warehouse.rewrites.structs import type_of
from local_warehouse.rewrites.templates import PREFIX, fill, held
from local_warehouse.rewrites.variants import HAS_FRACTION, found_in
from local_warehouse.sql.dialect import WarehouseDialect, render
from local_warehouse.types.decimals import Decimal, decimal_of

STORED = f"{PREFIX}stored"  # the name of a call that gives a value as a column of a type stores it
_ROOT = exp.Literal.string("$")  # of a VARIANT
_FRACTIONS = ("float", "double")
_CAST = ("interval", "timestamp", "timestamp_ntz", *_FRACTIONS)  # before texts are joined
_NESTED = ("array<", "map<", "struct<")
_NESTED_KINDS = (exp.DataType.Type.ARRAY, exp.DataType.Type.LIST, exp.DataType.Type.MAP,
                 exp.DataType.Type.STRUCT)  # fmt: skip


def as_text(value: exp.Expr, data_type: str) -> exp.Expr | None:
    """What casts a value of a type to STRING; None where the engine's own cast does."""
    if data_type == "variant":
        return found_in(value, _ROOT, exp.DataType.build("string"), fails=True)
    if data_type not in _FRACTIONS and not data_type.startswith(_NESTED):
        return None
    kind = exp.DataType.build(data_type, dialect=WarehouseDialect)
    return _text(value, kind, 0)


def _text(value: exp.Expr, kind: exp.Expr, depth: int) -> exp.Expr:
    places = {"x": value}
    if kind.this in (exp.DataType.Type.FLOAT, exp.DataType.Type.DOUBLE):
        # within an array the engine writes numbers as Databricks does
        return fill("nullif(trim(both '[]' from cast(array(x) as string)), 'NULL')", places)
    if kind.this not in _NESTED_KINDS:
        return fill("cast(x as string)", places)
    if kind.this == exp.DataType.Type.STRUCT:
        fields = [
            _shown(exp.Dot(this=exp.paren(value.copy()), expression=field.this.copy()),
                   field.args["kind"], depth)
            for field in kind.expressions
        ]  # fmt: skip
        return _joined(value, "{", "}", [f"f{i}" for i in range(len(fields))], fields)
    element = f"e{depth}"
    if kind.this == exp.DataType.Type.MAP:
        key, item = kind.expressions
        entry = fill(
            "concat(k, ' -> ', v)",
            {
                "k": _shown(exp.column("key", table=element), key, depth + 1),
                "v": _shown(exp.column("value", table=element), item, depth + 1),
            },
        )
        over = f"concat('{{', array_join(transform(map_entries(x), {element} -> y), ', '), '}}')"
    else:
        entry = _shown(exp.column(element), kind.expressions[0], depth + 1)
        over = f"concat('[', array_join(transform(x, {element} -> y), ', '), ']')"
    return fill(over, {"x": value, "y": entry})


def _shown(value: exp.Expr, kind: exp.Expr, depth: int) -> exp.Expr:
    return fill("coalesce(x, 'null')", {"x": _text(value, kind, depth)})


def _joined(
    value: exp.Expr, opening: str, closing: str, names: list[str], parts: list[exp.Expr]
) -> exp.Expr:
    listed = ", ', ', ".join(names) or "''"
    template = f"if(whole is null, null, concat('{opening}', {listed}, '{closing}'))"
    return fill(template, {"whole": value, **dict(zip(names, parts, strict=True))})


def _cast_operands(cast: exp.Expr) -> list[exp.Expr]:
    """What is cast to STRING, unless its text says that it is a text, a date or a whole number;
    or an interval that is cast to a number, or what may be a TIMESTAMP to a whole one."""
    assert isinstance(cast, exp.Cast)
    if cast.to.this != exp.DataType.Type.TEXT:
        evident = evident_type(cast.this)
        may_be_moment = (
            cast.to.this in exp.DataType.INTEGER_TYPES and evident in (UNKNOWN, "timestamp")
        ) or (cast.to.this == exp.DataType.Type.DECIMAL and evident == "timestamp")
        is_double = cast.to.this == exp.DataType.Type.DOUBLE
        is_exact = is_double and exact_doubles.as_double(cast.this, evident) is not None
        is_exact |= cast.to.this == exp.DataType.Type.DECIMAL and evident in _FRACTIONS
        is_exact |= _may_lose(cast, evident) and not isinstance(cast.this, exp.Literal)
        is_exact |= text_casts.may_differ(cast, evident)
        is_exact |= _is_tried_as_whole(cast) and evident in _FRACTIONS
        decisive = [cast.this] if is_exact else cast_checks.checked(cast)
        is_counted = (
            cast.to.this in exp.DataType.NUMERIC_TYPES and intervals.fields(cast.this) is not None
        )
        return [cast.this] if is_counted or may_be_moment else decisive
    evident = evident_type(cast.this)
    may_differ = evident in (UNKNOWN, *_FRACTIONS) or evident.startswith(_NESTED)
    return [cast.this] if may_differ else []


def _is_tried_as_whole(cast: exp.Cast) -> bool:
    return isinstance(cast, exp.TryCast) and cast.to.this in exp.DataType.INTEGER_TYPES


def _may_lose(cast: exp.Cast, given: str) -> bool:
    """Whether a number becomes one with fewer digits behind the point, or a smaller whole one."""
    is_whole = cast.to.this in exp.DataType.INTEGER_TYPES
    wanted = name_of_type(cast.to)
    if given in DIGITS:
        return is_whole and DIGITS[given] > DIGITS[wanted]
    exact = decimal_of(given) if given.startswith("decimal") else None
    if exact is None:
        return False
    to = Decimal(1, 0) if is_whole else decimal_of(wanted) or Decimal(10, 0)
    return (is_whole or cast.to.this == exp.DataType.Type.DECIMAL) and to.scale < exact.scale


def _is_number(value: exp.Expr) -> bool:
    """Whether it is a literal, with or without a sign."""
    return isinstance(value.this if isinstance(value, exp.Neg) else value, exp.Literal)


def _cast(cast: exp.Expr, types: OperandTypes) -> None:
    assert isinstance(cast, exp.Cast)
    if cast.to.this != exp.DataType.Type.TEXT:
        given = types.of(cast.this)
        cast_checks.check(cast, given)
        if cast.to.this in _NESTED_KINDS and given.startswith(_NESTED):
            made = nested_casts.value_by_value(cast, given, functools.partial(_known, type(cast)))
            if made is not None:
                cast.replace(made)
            return
        if cast.to.this == exp.DataType.Type.VARIANT and HAS_FRACTION.search(given):
            raise unsupported(f"{given.upper()} as a VARIANT (use parse_json(to_json(…)))")
        if given == "variant" and cast.to.this != exp.DataType.Type.VARIANT:
            fails = not isinstance(cast, exp.TryCast)
            cast.replace(found_in(cast.this, _ROOT, cast.to, fails=fails))
            return
        if given == "string" and text_casts.may_differ(cast, given):
            cast.replace(text_casts.of_text(cast))
        elif given == "timestamp" and cast.to.this in exp.DataType.INTEGER_TYPES:
            cast.this.replace(exp.paren(moments.whole_seconds(cast.this)))
        elif given == "timestamp" and cast.to.this == exp.DataType.Type.DECIMAL:
            cast.this.replace(exp.paren(moments.exact_seconds(cast.this)))
        elif given.startswith("interval") and cast.to.this in exp.DataType.NUMERIC_TYPES:
            intervals.count(cast, types.of)
        elif given in _FRACTIONS and _is_tried_as_whole(cast):  # the engine fails for NaN
            cast.this.replace(fill("if(isnan(x), null, x)", {"x": cast.this}))
        elif (
            given in _FRACTIONS
            and isinstance(cast, exp.TryCast)
            and name_of_type(cast.to) == "timestamp"
        ):
            cast.this.replace(fill("if(abs(x) < 9223372036854D, x, null)", {"x": cast.this}))
        elif given == "bigint" and name_of_type(cast.to) == "timestamp":
            cast.replace(moments.bounded_moment(cast, cast.this))
        elif cast.to.this == exp.DataType.Type.DOUBLE:
            exact = exact_doubles.as_double(cast.this, given)
            if exact is not None:
                cast.replace(exact)
        elif cast.to.this == exp.DataType.Type.DECIMAL:
            exact = exact_doubles.as_decimal(cast, given)
            if exact is not None:
                cast.replace(exact)
        if _may_lose(cast, given) and not _is_number(cast.this):
            cast.replace(held(cast.copy(), name_of_type(cast.to)))
        return
    given = types.of(cast.this)
    is_interval = given.startswith("interval")
    text = intervals.as_text(cast.this, types.of) if is_interval else as_text(cast.this, given)
    if text is not None:
        cast.replace(exp.cast(text, "string"))


def cast_known(cast: exp.Cast, types: OperandTypes) -> exp.Expr:
    """Cast a value whose type is known, in place. Returns what stands in place of the cast."""
    parent, key, index = cast.parent, cast.arg_key, cast.index
    _cast(cast, types)
    assert parent is not None and key is not None
    stands = parent.args[key]
    found: exp.Expr = stands if index is None else stands[index]
    return found


def stored_as(value: exp.Expr, given: str, wanted: str) -> exp.Expr:
    """A value of one type as a column of another one stores it, which is as CAST makes it.

    Raises SqlError for types that are not cast to each other.
    """
    return _known(exp.Cast, value, given, type_of(wanted))


def _known(kind: type[exp.Cast], value: exp.Expr, given: str, wanted: exp.DataType) -> exp.Expr:
    """The cast of a value of a known type."""
    if given == name_of_type(wanted):
        return value
    if given.startswith("interval"):
        raise unsupported(f"an INTERVAL that becomes {name_of_type(wanted).upper()} (cast it)")
    cast = kind(this=value.copy(), to=wanted.copy())
    types = OperandTypes(lambda _: [])
    types.note(cast.this, given)
    return cast_known(exp.paren(cast, copy=False).this, types)


def _store(call: exp.Expr, types: OperandTypes) -> None:
    """Put the value in place of the call, cast where its type is another one. What has no text
    that is stored is left to the engine, which refuses it."""
    value, wanted = call.expressions[0], call.expressions[1].name
    given = types.of(value)
    is_kept = (
        given in (UNKNOWN, "void", wanted)
        or "struct<" in wanted
        or (wanted == "string" and given.startswith((*_NESTED, "variant")))
    )
    call.replace(value if is_kept else stored_as(value.copy(), given, wanted))


def _parts(node: exp.Expr) -> list[exp.Expr]:
    given = node.expressions if isinstance(node, exp.Anonymous) else [node.this, node.expression]
    if isinstance(node, exp.Anonymous) and str(node.this).lower() == "elt":
        argument_types.narrow(node)
        given = given[1:]  # behind the number of what is taken
        if all(evident_type(part) in (UNKNOWN, "binary") for part in given):
            return given
    return [part for part in given if _may_be_written(evident_type(part))]


def _may_be_written(evident: str) -> bool:
    return evident in (UNKNOWN, *_CAST) or evident.startswith("array<")


def _concatenate(node: exp.Expr, types: OperandTypes) -> None:
    of_elt = node.expressions[1:] if str(node.this).lower() == "elt" else []
    if of_elt and all(types.of(part) == "binary" for part in of_elt):
        raise unsupported("elt() of BINARY, of which the engine makes a STRING")
    for part in of_elt:
        if types.of(part).startswith(("array<", "map<", "struct<")):
            raise SqlError(
                "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
                f"Cannot resolve {render(node)}: {render(part)} has no text.",
            )
    if any(types.of(part).startswith("array<") for part in _parts(node)):
        array_values.concatenate(_parts(node), types)
        return
    for part in _parts(node):
        given = types.of(part)
        text = as_text(part, given) if given in _FRACTIONS else None
        if given.startswith("timestamp"):
            text = part.copy()
        if given.startswith("interval"):
            text = intervals.as_text(part, types.of) or part.copy()
        if text is not None:
            part.replace(exp.cast(text, "string"))


def _join(call: exp.Expr, types: OperandTypes) -> None:
    """Join the values of an array as they are written; the engine has 2024-01-01T00:00:00Z."""
    listed = call.expressions[0]
    of = array_values.elements(types.of(listed))
    if of.startswith("interval"):
        raise unsupported("array_join() of INTERVALs (cast them)")
    if of.startswith(_NESTED):
        raise SqlError(
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            f"Cannot resolve {render(call)} due to data type mismatch: it joins {of.upper()}.",
        )
    if of in _CAST:
        text = as_text(exp.column("e"), of) or exp.cast(exp.column("e"), "string")
        listed.replace(fill("transform(x, e -> y)", {"x": listed, "y": text}))


CORRECTIONS: ByClass = {
    exp.Cast: (_cast_operands, _cast),
    exp.TryCast: (_cast_operands, _cast),
    exp.DPipe: (_parts, _concatenate),
}
CALLS: ByName = {
    STORED: (lambda call: call.expressions[:1], _store),
    "elt": (_parts, _concatenate),
    "concat": (_parts, _concatenate),
    "concat_ws": (_parts, _concatenate),
    "array_join": (lambda call: call.expressions[:1], _join),
}
