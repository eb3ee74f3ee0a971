"""Arithmetic with the types and the overflow of Databricks, which the engine does not have.

Integers are computed as decimals and cast back, which fails where they overflow; the engine's
integers wrap around. A string beside a number becomes a number, and an integer literal beside a
DECIMAL counts as a DECIMAL of its digits. An operation on operands of unknown types stays as it is.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-ansi-compliance
"""

from __future__ import annotations

import decimal
from collections.abc import Callable

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites import exact_doubles, intervals, moments, window_aggregates
from local_warehouse.rewrites.evident_types import UNKNOWN, evident_type
from local_warehouse.rewrites.operand_types import (
    DIGITS,
    ByClass,
    ByName,
    OperandTypes,
    widest,
)
from local_warehouse.rewrites.quotients import quotient
from local_warehouse.rewrites.scopes import place_of
from local_warehouse.rewrites.templates import PREFIX, fill, held, refusal
from local_warehouse.sql.dialect import is_suffixed, mark_suffixed, render
from local_warehouse.sql.walk import nodes, of_kind
from local_warehouse.types.decimals import Decimal, decimal_of
from local_warehouse.types.kinds import kind_of_type, kinds

_OPERATORS = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.IntDiv)
_CHECKED = (exp.Add, exp.Sub, exp.Mul)
_QUOTIENTS = (exp.Div, exp.Mod, exp.IntDiv)
# The types that hold the negative of a literal.
_LEAST = {str(2**7): "tinyint", str(2**15): "smallint", str(2**31): "int", str(2**63): "bigint"}
_PLAIN = ("int", "bigint")  # those of literals without a suffix
_NO_NUMBERS = kinds("bxDTNaMSv")
_MOST_DIGITS = 38  # of a DECIMAL
_SUMMED_DIGITS = 10  # by which the sum of a DECIMAL is wider
_ROUNDED = Decimal(38, 18)  # as which doubles are rounded, between 1e-18 and 1e15


def cast_least_integers(found: list[exp.Expr]) -> None:
    """Cast the least integer of each type, whose literals (-128Y, -2147483648) are a size too large
    before their sign is looked at."""
    for least in of_kind(found, exp.Neg):
        literal = least.this.this if isinstance(least.this, exp.Cast) else least.this
        if not isinstance(literal, exp.Literal) or literal.name not in _LEAST:
            continue
        wanted = _LEAST[literal.name]
        if wanted == evident_type(least.this) or (literal is least.this and wanted in _PLAIN):
            whole = exp.cast(exp.Neg(this=literal.copy()), wanted)
            least.replace(mark_suffixed(whole))


def _sides(node: exp.Expr) -> list[exp.Expr]:
    """The operands whose types decide; none for literals that are too small for an overflow, and
    for what intervals of days move."""
    sides = [node.this, node.expression]
    is_small = isinstance(node, _CHECKED) and all(
        isinstance(side, exp.Literal) and side.is_int and len(side.name) < 5 for side in sides
    )
    if is_small or all(evident_type(side) == "interval" for side in sides):
        intervals.check_kind(node, sides)
        return []
    is_moved = not isinstance(node, (exp.Mul, exp.Div)) and any(map(intervals.is_in_days, sides))
    return [] if is_moved and not node.meta.get(intervals.MAY_MOVE_TEXT) else sides


def _first(*counts: int) -> Callable[[exp.Expr], list[exp.Expr]]:
    """The operand of a call with so many arguments: the first one, without DISTINCT."""
    return lambda call: [_argument(call)] if len(call.expressions) in counts else []


def _both(call: exp.Expr) -> list[exp.Expr]:
    return list(call.expressions) if len(call.expressions) == 2 else []


def _argument(call: exp.Expr) -> exp.Expr:
    """The first argument of a call, without DISTINCT."""
    argument: exp.Expr = call.expressions[0]
    if isinstance(argument, exp.Distinct) and len(argument.expressions) == 1:
        argument = argument.expressions[0]
    return argument


# corrections


def _operator(node: exp.Expr, types: OperandTypes) -> None:
    assert isinstance(node, exp.Binary)
    operands = [types.of(node.this), types.of(node.expression)]
    if isinstance(node, (exp.Add, exp.Sub)):
        if all(one.startswith("interval") for one in operands):
            intervals.check_kind(node, [node.this, node.expression], types.of)
        if moments.read_operands(node, operands, types.of):
            return
        operands = [types.of(node.this), types.of(node.expression)]
    if moments.shift_date(node, operands, types.of):
        return
    is_scaled = isinstance(node, (exp.Mul, exp.Div))
    if is_scaled and moments.scale_interval(node, operands, types.of):
        return
    if operands == ["void", "void"] and not isinstance(node, exp.IntDiv):
        for side in ("this", "expression"):
            node.set(side, exp.cast(node.args[side].copy(), "double"))
        return
    if operands == ["string", "string"] and not isinstance(node, exp.IntDiv):
        message = f"Cannot resolve {render(node)}: it needs numbers or intervals, not two STRINGs."
        raise SqlError("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", message)
    if isinstance(node, exp.IntDiv) and {"float", "double"} & set(operands):
        raise _mismatch(node, operands)
    if isinstance(node, exp.Div) and any(map(_is_no_number, operands)):
        raise _mismatch(node, operands, "numbers")
    if isinstance(node, (exp.Add, exp.Sub)) and "date" in operands:
        _check_days(node, operands)
    pairs = zip(("this", "expression"), operands, reversed(operands), strict=True)
    for side, own, beside in pairs:
        wanted = _wanted(node.args[side], own, beside)
        if isinstance(node, exp.Sub) and (own, beside) == ("date", "timestamp"):
            wanted = "timestamp"  # the engine's difference is an interval of another kind
        if wanted is not None:
            node.set(side, exact_doubles.converted(node.args[side], own, wanted))
        elif beside == "double" and (exact := exact_doubles.as_double(node.args[side], own)):
            node.set(side, exact)
    left, right = types.of(node.this), types.of(node.expression)
    if isinstance(node, _QUOTIENTS):
        divisor = node.expression
        if isinstance(node.this, exp.Literal) and _is_zero(
            divisor.this if isinstance(divisor, exp.Cast) else divisor
        ):
            _fail(node, left, right)
            return
        _divide_null(node)
    if isinstance(node, _CHECKED) and left in DIGITS and right in DIGITS:
        wide = node.copy()
        wide.set("this", exp.cast(wide.this.copy(), f"decimal({DIGITS[left]}, 0)"))
        node.replace(held(exp.cast(wide, widest({left, right})), widest({left, right})))
    elif isinstance(node, exp.Sub) and left == right == "date":
        if not _is_counted(node):
            node.replace(intervals.difference_of_dates(node.this, node.expression))
    elif isinstance(node, exp.Mul):
        _multiply(node, decimal_of(left), decimal_of(right))
    elif isinstance(node, (exp.Add, exp.Sub)):
        _add(node, decimal_of(left), decimal_of(right))
    elif isinstance(node, exp.Div) and not {left, right} <= DIGITS.keys():
        _divide(node, decimal_of(left), decimal_of(right))
    elif isinstance(node, exp.IntDiv) and not {left, right} <= DIGITS.keys():
        _divide_whole(node, decimal_of(left), decimal_of(right))
    if {left, right} & {"float", "double"} and _may_be_nan(node, left, right):
        wanted = "float" if left == right == "float" else "double"
        number = fill(f"nanvl(x, cast('NaN' as {wanted}))", {"x": node})
        types.note(number, wanted)
        node.replace(number)


def _may_be_nan(node: exp.Binary, left: str, right: str) -> bool:
    """Whether an operation on doubles may make NaN of infinities: it has a sign then, and the
    engine takes it for the least number."""
    infinite = [
        one in ("float", "double") and not isinstance(side.unnest(), exp.Literal)
        for one, side in ((left, node.this), (right, node.expression))
    ]
    if isinstance(node, exp.Mod):
        return infinite[0]
    if isinstance(node, exp.Mul) and any(infinite):
        other = (node.expression if infinite[0] else node.this).unnest()
        other = other.this if isinstance(other, exp.Cast) else other
        return not isinstance(other, exp.Literal) or _is_zero(other)
    return all(infinite)


def _is_no_number(data_type: str) -> bool:
    """Whether values of a type neither are numbers nor become some, as texts do."""
    return bool(kind_of_type(data_type) & _NO_NUMBERS)


def _check_days(node: exp.Binary, operands: list[str]) -> None:
    """Raise SqlError where what moves a DATE is a number that is no INT."""
    beside = operands[0] if operands[1] == "date" else operands[1]
    if beside in ("bigint", "float", "double") or beside.startswith("decimal"):
        raise SqlError(
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            f"Cannot resolve {render(node)} due to data type mismatch: days are an INT, and not"
            f" {beside.upper()} (cast it).",
        )


def _mismatch(
    node: exp.Expr, operands: list[str], taken: str = "whole numbers of one type"
) -> SqlError:
    """The error of an operator on numbers that has other values."""
    differ = len(set(operands)) > 1
    return SqlError(
        "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES"
        if differ
        else "DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE",
        f"Cannot resolve {render(node)} due to data type mismatch: it takes {taken}, and has"
        f" {' and '.join(operands).upper()}.",
    )


def _is_counted(days: exp.Expr) -> bool:
    """Whether a difference of dates is cast to a number, which the engine's own is: days."""
    parent = _around(days)
    return isinstance(parent, exp.Cast) and parent.to.this in exp.DataType.INTEGER_TYPES


def _add(node: exp.Binary, left: Decimal | None, right: Decimal | None) -> None:
    """Round a sum of decimals to the digits that Spark keeps, where it may have more than 38. The
    engine's keeps all digits behind the point, and goes as far as its integers do, which is looked
    at for the last sum of several: this repeats the sum."""
    if left is None or right is None:
        return
    result, scale = left.plus(right), max(left.scale, right.scale)
    if max(left.precision - left.scale, right.precision - right.scale) + scale < _MOST_DIGITS:
        return
    if result.scale < scale:
        node.replace(held(exp.cast(node.copy(), str(result)), str(result)))
    elif not isinstance(_around(node), (exp.Add, exp.Sub)):
        most = _shifted(10**_MOST_DIGITS - 1, -scale)
        failure = "raise_error('[NUMERIC_VALUE_OUT_OF_RANGE.WITH_SUGGESTION] A sum of decimals has"
        checked = f"if(abs(x) > cast('{most}' as {result}), cast({failure} more digits.')"
        node.replace(fill(f"{checked} as {result}), x)", {"x": exp.paren(node)}))


def _around(node: exp.Expr) -> exp.Expr | None:
    """What a node is a part of, without parentheses."""
    parent = node.parent
    while isinstance(parent, exp.Paren):
        parent = parent.parent
    return parent


def _multiply(node: exp.Mul, left: Decimal | None, right: Decimal | None) -> None:
    """Round a product of decimals to the digits that Spark keeps, where it has more than 38. The
    engine computes with 38 digits; a product that has more is left to a function."""
    if left is None or right is None or left.precision + right.precision < _MOST_DIGITS:
        return
    result, scale = left.times(right), left.scale + right.scale
    digits = f"{PREFIX}multiplied(cast(a as string), cast(b as string), {result.scale})"
    exact = f"cast({digits} as {result})"
    if scale < _MOST_DIGITS:
        is_small = f"abs(cast(a as double) * cast(b as double)) < 1e{_MOST_DIGITS - scale}"
        exact = f"case when {is_small} then cast(a * b as {result}) else {exact} end"
    product = fill(exact, {"a": exp.paren(node.this), "b": exp.paren(node.expression)})
    node.replace(held(product, str(result)))


def _divide_null(node: exp.Binary) -> None:
    """Make a divisor NULL where the dividend is: NULL divided by zero is NULL, and the engine fails
    on it. This repeats the dividend. One with a quotient of its own, whose dividend is repeated
    already, is not repeated: the text would double with each division."""
    dividend, divisor = node.this, node.expression
    is_given = isinstance(divisor, exp.Literal) and not _is_zero(divisor)
    if is_given or isinstance(dividend, exp.Literal) or dividend.find(*_QUOTIENTS):
        return
    is_null = exp.paren(dividend.copy()).is_(exp.null())
    node.set("expression", exp.If(this=is_null, true=exp.null(), false=divisor))


def _is_zero(number: exp.Expr) -> bool:
    is_number = isinstance(number, exp.Literal) and not number.is_string
    return is_number and not number.name.strip("0.")


def _fail(node: exp.Binary, left: str, right: str) -> None:
    """Divide a literal by zero where its value is asked for; the engine does it beforehand, in a
    branch that is not taken too."""
    one, other = decimal_of(left), decimal_of(right)
    given = "bigint" if isinstance(node, exp.IntDiv) else "double"
    if not {left, right} <= DIGITS.keys() and one is not None and other is not None:
        if isinstance(node, exp.Mod):
            given = str(one.remainder(other))
        elif isinstance(node, exp.Div):
            given = str(one.divided_by(other))
    elif isinstance(node, exp.Mod) and {left, right} <= DIGITS.keys():
        given = widest({left, right})
    failure = "cast(raise_error('[DIVIDE_BY_ZERO] Division by zero.') as {})"
    node.replace(fill(failure.format(given), {}))


def _divide(node: exp.Div, left: Decimal | None, right: Decimal | None) -> None:
    """Round a quotient of decimals as Spark does."""
    if left is not None and right is not None:
        result = left.divided_by(right)
        places = {"a": exp.paren(node.this), "b": exp.paren(node.expression)}
        node.replace(held(fill(quotient(left, right, result), places), str(result)))


def _divide_whole(node: exp.IntDiv, left: Decimal | None, right: Decimal | None) -> None:
    """Divide what is left without the remainder, where the engine gives the dividend more digits
    than it has: those behind the divisor's point, and four."""
    if left is None or right is None or left.precision + right.scale + 4 <= _MOST_DIGITS:
        return
    places = {"a": exp.paren(node.this), "b": exp.paren(node.expression)}
    exact = Decimal(min(left.precision + 1, _MOST_DIGITS), left.scale)
    whole = quotient(exact, right, exact.divided_by(right))
    places["a"] = exp.paren(fill("a - a % b", places))
    node.replace(fill(f"cast({whole} as bigint)", places))


def _wanted(side: exp.Expr, own: str, beside: str) -> str | None:
    """The type to which an operand is cast because of the type beside it; None for no cast."""
    if own == "string" and beside in DIGITS:
        return "bigint"
    if "float" in (own, beside) and own != beside and "string" not in (own, beside):
        is_number = {own, beside} - {"float"} <= DIGITS.keys() or "decimal" in own + beside
        return "double" if is_number else None
    is_fraction = beside in ("float", "double") or beside.startswith("decimal")
    if own == "string" and is_fraction:
        return "double"
    literal = _whole_literal(side)
    if beside.startswith("decimal") and own in DIGITS and literal is not None:
        return str(Decimal(len(literal.name), 0))
    return None


def _whole_literal(side: exp.Expr) -> exp.Literal | None:
    """The literal that an operand is, with or without a sign and a suffix: 5, -5L."""
    while isinstance(side, (exp.Neg, exp.Paren)) or is_suffixed(side):
        side = side.this
    return side if isinstance(side, exp.Literal) else None


def _sum(call: exp.Expr, types: OperandTypes) -> None:
    summed = _argument(call)
    data_type = types.of(summed)
    exact = decimal_of(data_type)
    if window_aggregates.sum_of_moving_window(call, types):
        return
    if data_type in ("string", "void"):
        summed.replace(exp.cast(summed.copy(), "double"))
    elif data_type == "bigint":
        summed.replace(exp.cast(summed.copy(), f"decimal({DIGITS[data_type]}, 0)"))
        whole = _with_window(call)
        whole.replace(held(exp.cast(whole.copy(), data_type), data_type))
    elif data_type not in DIGITS and exact and exact.precision + _SUMMED_DIGITS > _MOST_DIGITS:
        _check_sum(call, summed, exact.scale)
    elif data_type not in DIGITS and exact and _is_beside_distinct(call):
        whole = _with_window(call)
        if not isinstance(whole, exp.Window):
            total = Decimal(exact.precision + _SUMMED_DIGITS, exact.scale)
            # The optimizer, which makes them of it, sees through any other cast.
            whole.replace(exp.cast(exp.cast(whole.copy(), "string"), str(total)))


def _is_beside_distinct(call: exp.Expr) -> bool:
    """Whether an aggregate of a SELECT is of different values: the engine makes sums of sums beside
    it, which have more digits."""
    place = place_of(call)
    found = of_kind(nodes(place), exp.Distinct) if place is not None else []
    return any(one.arg_key != "distinct" for one in found)


def _with_window(call: exp.Expr) -> exp.Expr:
    """An aggregate with its FILTER and OVER."""
    whole = call
    while isinstance(whole.parent, (exp.Filter, exp.Window)) and whole.arg_key == "this":
        whole = whole.parent
    return whole


def _check_sum(call: exp.Expr, summed: exp.Expr, scale: int) -> None:
    """Fail where a sum has more than 38 digits. The engine's wraps around at about 1.7 times 10 to
    the 38, which a sum of doubles tells."""
    whole, digits = _with_window(call), _MOST_DIGITS - scale
    exact = whole.copy()
    summed.replace(
        fill("cast(x as double) + 0D", {"x": summed})
    )  # the engine confuses sums of casts
    most, name = _shifted(10**_MOST_DIGITS - 1, -scale), Decimal(_MOST_DIGITS, scale)
    checked = (
        f"case when abs(about) > 1.2e{digits} or abs(exact) > cast('{most}' as {name}) then"
        f" cast(raise_error('[ARITHMETIC_OVERFLOW] Overflow in sum of decimals.') as {name})"
        " else exact end"
    )
    whole.replace(fill(checked, {"about": whole.copy(), "exact": exact}))


def _round(call: exp.Expr, types: OperandTypes) -> None:
    """Round as Spark does: a double by the digits of its text, and bround halves to even digits."""
    value, data_type = _argument(call), types.of(_argument(call))
    places = _number(call.expressions[1]) if len(call.expressions) > 1 else 0
    to_even = str(call.this).lower() == "bround"
    exact = decimal_of(data_type) if data_type.startswith("decimal") else None
    if places is not None and places < -_MOST_DIGITS:
        raise unsupported(f"{render(call)}, which rounds to more than {_MOST_DIGITS} digits")
    if data_type in DIGITS and places is not None and -_MOST_DIGITS < places < 0:
        wide = Decimal(DIGITS[data_type] + 1, 0)
        rounded = fill(f"round(cast(x as {wide}), {places})", {"x": value})
        if to_even:
            rounded = _half_even(fill(f"cast(x as {wide})", {"x": value}), places)
        call.replace(held(exp.cast(rounded, data_type), data_type))
        return
    if places is None or (abs(places) > _ROUNDED.scale and exact is None):
        return
    if data_type in ("float", "double"):
        text = f"try_cast(cast(x as string) as {_ROUNDED})"  # read without exponent by the engine
        digits = f"if(abs(x) < 1e-4, try_cast(x as {_ROUNDED}), {text})"
        if data_type == "float":
            digits = f"try_cast(cast(x as double) as {_ROUNDED})"
        plain = fill(digits, {"x": value})
        rounded = (
            _half_even(plain, places) if to_even else fill(f"round(x, {places})", {"x": plain})
        )
        near = f"if(abs(x) < 1e15, cast(y as {data_type}), x)"
        call.replace(fill(near, {"x": value, "y": rounded}))
    elif exact is not None and 0 <= places < exact.scale:
        kept = min(exact.precision - exact.scale + 1 + places, _MOST_DIGITS)
        rounded = _half_even(value, places) if to_even else call.copy()
        call.replace(exp.cast(rounded, str(Decimal(kept, places))))
    elif exact is not None and places < 0:
        kept = max(exact.precision - exact.scale + 1, 1 - places)
        rounded = _half_even(value, places) if to_even else call.copy()
        call.replace(exp.cast(rounded, str(Decimal(min(kept, _MOST_DIGITS), 0))))
    elif exact is not None and places >= exact.scale:
        wider = Decimal(min(exact.precision + 1, _MOST_DIGITS), exact.scale)
        call.replace(exp.cast(value.copy(), str(wider)))


def _rounded(node: exp.Expr) -> list[exp.Expr]:
    return [node.this]


def _round_whole(node: exp.Expr, types: OperandTypes) -> None:
    """Keep the type of a DECIMAL without digits behind the point; the engine's has one more. A
    FLOAT has the places of a DECIMAL(14, 7), as in Spark. NaN becomes 0, which the engine forgets
    where the whole number is compared or cast."""
    data_type = types.of(node.this)
    if node.args.get("decimals") is not None:
        _hold_float(node.this, data_type)
    elif data_type in ("float", "double") and isinstance(node.parent, (exp.Predicate, exp.Cast)):
        node.replace(held(node.copy(), "bigint"))
    elif data_type.startswith("decimal") and data_type.endswith(",0)"):
        node.replace(exp.cast(node.this.copy(), data_type))


def _ceiling(call: exp.Expr, types: OperandTypes) -> None:
    _hold_float(_argument(call), types.of(_argument(call)))


def _hold_float(value: exp.Expr, data_type: str) -> None:
    if data_type == "float":
        value.replace(exp.cast(value.copy(), "decimal(14, 7)"))


def _half_even(value: exp.Expr, places: int) -> exp.Expr:
    """A decimal rounded to so many places, from halves to even digits."""
    unit, half, pair = (
        f"cast('{_shifted(digit, -places - behind)}' as {_ROUNDED})"
        for digit, behind in ((1, 0), (5, 1), (2, 0))
    )
    rounded = f"round(x, {places})"
    return fill(
        f"if(abs({rounded} - x) = {half} and {rounded} % {pair} <> 0,"
        f" {rounded} - if(x < 0, -{unit}, {unit}), {rounded})",
        {"x": value},
    )


def _shifted(number: int, places: int) -> str:
    """A number times a power of ten, with all its digits."""
    return f"{decimal.Decimal((0, tuple(map(int, str(number))), places)):f}"


def _number(node: exp.Expr) -> int | None:
    """The value of an integer literal, with its sign and whatever integer it is cast to."""
    while isinstance(node, (exp.Cast, exp.Paren)):
        node = node.this
    sign, digits = (-1, node.this) if isinstance(node, exp.Neg) else (1, node)
    is_number = isinstance(digits, exp.Literal) and digits.name.isdecimal()
    return sign * int(digits.name) if is_number else None


def _try_operation(call: exp.Expr, types: OperandTypes) -> None:
    """Give the arguments of try_add and the like one type, where one is INT and one BIGINT, and
    a moment the type that it had."""
    given = [types.of(argument) for argument in call.expressions]
    is_quotient = str(call.this).lower() == "try_divide"
    if is_quotient and {"float", "double"} & set(given):  # of which the engine takes no two
        x, y = (exp.cast(argument.copy(), "double") for argument in call.expressions)
        call.replace(fill("cast(x / if(abs(y) = 0D, null, y) as double)", {"x": x, "y": y}))
        return
    if set(given) <= DIGITS.keys() and {"tinyint", "smallint"} & set(given):
        _try_small(call, widest(set(given)), is_quotient)
        return
    are_numbers = all(one in _FRACTIONS or decimal_of(one) for one in given)
    if are_numbers and not set(given) <= DIGITS.keys():
        _try_exact(call, types)
        return
    if is_quotient:
        return
    days = call.expressions[1]
    if given[0] == "date" and given[1] in DIGITS and not isinstance(days, exp.Literal):
        days.replace(fill(_FEW_DAYS, {"x": days}))
    elif given[0] == "date" and given[1] in DIGITS and len(days.name) > 6:
        raise unsupported(f"{render(call)}, which is no date")
    if set(given) == {"int", "bigint"}:
        narrow = call.expressions[given.index("int")]
        narrow.replace(exp.cast(narrow.copy(), "bigint"))
    elif "timestamp" in given and any(name.startswith("interval") for name in given):
        call.replace(exp.cast(call.copy(), "timestamp"))


def _try_small(call: exp.Expr, wanted: str, is_quotient: bool) -> None:
    """Compute on TINYINTs and SMALLINTs, which the engine's functions do not take, as INTs."""
    wide = "int" if wanted in ("tinyint", "smallint") else wanted
    for argument in call.expressions:
        argument.replace(exp.cast(argument.copy(), wide))
    if wide != wanted and not is_quotient:
        call.replace(exp.TryCast(this=call.copy(), to=exp.DataType.build(wanted)))


def _try_exact(call: exp.Expr, types: OperandTypes) -> None:
    """Compute on DECIMALs and DOUBLEs, which the engine's functions do not take, by the operator.
    Raises SqlError where it may overflow."""
    kind = _TRIED[str(call.this).lower()]
    left, right = call.expressions
    one, other = decimal_of(types.of(left)), decimal_of(types.of(right))
    literal = _whole_literal(right)
    if kind is exp.Div and literal is not None and _is_zero(literal):
        ones = exp.Literal.number(literal.name.replace("0", "1"))  # of the type that 0 makes
        quotient = exp.Div(this=left, expression=ones)
        call.replace(
            exp.If(this=exp.false(), true=exp.paren(quotient, copy=False), false=exp.null())
        )
        _operator(quotient, types)
        return
    if kind is exp.Div and literal is None:
        is_zero = exp.EQ(this=right.copy(), expression=exp.Literal.number(0))
        right = exp.If(this=is_zero, true=exp.null(), false=right)
    elif kind is not exp.Div and one is not None and other is not None:
        digits = [one.precision - one.scale, other.precision - other.scale]
        behind = [one.scale, other.scale]
        needed = sum(digits + behind) if kind is exp.Mul else max(digits) + max(behind)
        if needed >= _MOST_DIGITS:
            raise unsupported(f"{render(call)}, whose DECIMALs may have more than 38 digits")
    node = kind(this=left, expression=right)
    call.replace(exp.paren(node, copy=False))
    _operator(node, types)


_TRIED = {
    "try_add": exp.Add, "try_subtract": exp.Sub, "try_multiply": exp.Mul, "try_divide": exp.Div,
}  # fmt: skip
_FRACTIONS = ("float", "double")
_FEW_DAYS = f"if(abs(cast(x as bigint)) > 9999999, {refusal('so many days')}, x)"


def _try_average(call: exp.Expr, types: OperandTypes) -> None:
    """Average DECIMALs as avg does, with four digits more: the engine's try_avg has none of them.
    Raises SqlError where the sum may have more than 38 digits."""
    exact = decimal_of(types.of(_argument(call)))
    if exact is not None and types.of(_argument(call)) not in DIGITS:
        if exact.precision + _SUMMED_DIGITS > _MOST_DIGITS:
            raise unsupported(
                "try_avg of a DECIMAL of more than 28 digits (cast it to one of them)"
            )
        call.set("this", "avg")
        window_aggregates.average(call, types)


def _remainder(call: exp.Expr, types: OperandTypes) -> None:
    """Give a remainder of DECIMALs the digits that Spark gives it."""
    operands = [types.of(argument) for argument in call.expressions]
    if any(map(_is_no_number, operands)) or operands == ["string", "string"]:
        raise _mismatch(call, operands, "numbers")
    for argument, own, beside in zip(call.expressions, operands, operands[::-1], strict=True):
        wanted = _of_remainder(own, beside)
        if wanted is not None:
            argument.replace(exp.cast(argument.copy(), wanted))
    left, right = (_exact(argument, types.of(argument)) for argument in call.expressions)
    given = {types.of(argument) for argument in call.expressions}
    if left is not None and right is not None and not given <= DIGITS.keys():
        found = call.copy()
        if str(call.this).lower() == "try_mod":  # the engine's casts its arguments to the result
            places = dict(zip("xy", call.expressions, strict=True))
            found = fill("mod(x, if(y = 0, null, y))", places)
        call.replace(exp.cast(found, str(left.remainder(right))))


def _of_remainder(own: str, beside: str) -> str | None:
    """The type to which an argument is cast because of the other one's type; None for no cast."""
    both = {own, beside}
    if UNKNOWN in both or len(both) < 2:
        return "double" if both == {"void"} else None
    if "void" in both:
        return beside if own == "void" and beside != "string" else None
    if "string" in both and both & DIGITS.keys():
        return "bigint" if own == "string" else None
    return "double" if both & {"string", "float", "double"} else None


def _exact(argument: exp.Expr, data_type: str) -> Decimal | None:
    """The DECIMAL as which an argument counts: an integer literal as one of its digits."""
    digits = _whole_literal(argument)
    if digits is not None and data_type in DIGITS:
        return Decimal(len(digits.name), 0)
    return decimal_of(data_type)


def _combine_same(node: exp.Expr, types: OperandTypes) -> None:
    """Keep the NULL of x ^ x, of which the engine makes 0."""
    node.replace(fill("if(x is null, null, y)", {"x": node.this, "y": node}))


def _shifts(node: exp.Expr) -> list[exp.Expr]:
    return [node.this, node.expression]


def _shift(node: exp.Expr, types: OperandTypes) -> None:
    """Shift an INT or a BIGINT by an INT, of which the engine has others too: a BIGINT fails where
    it is none, and a text is a number."""
    value, by = node.expressions or (node.this, node.expression)
    for operand, taken in ((value, ("int", "bigint")), (by, ("int",))):
        given = types.of(operand)
        if given in ("boolean", "date", "timestamp", "binary"):
            raise _mismatch(node, [given], "whole numbers")
        if given in ("string", *DIGITS) and given not in taken:
            operand.replace(exp.cast(operand.copy(), "int"))


def _negated(node: exp.Expr) -> list[exp.Expr]:
    return [node.this]


def _negate_bits(node: exp.Expr, types: OperandTypes) -> None:
    given = types.of(node.this)
    if given not in (*DIGITS, "void", UNKNOWN):
        raise SqlError(
            "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            f"Cannot resolve {render(node)}: ~ takes whole numbers, and has {given.upper()}.",
        )
    if given in DIGITS:  # the engine makes an INT of the small ones, and negates the least number
        found = fill(f"cast(-1 - cast(x as bigint) as {given})", {"x": node.this})
        types.note(found, given)
        node.replace(found)


def _signed(node: exp.Expr) -> list[exp.Expr]:
    """What has a sign before it, unless its text says that it is no text and no fraction."""
    if isinstance(node.parent, exp.Interval):
        return []
    is_known = isinstance(node.this, exp.Literal) and not node.this.is_string
    given = "" if is_known else evident_type(node.this)
    return [] if is_known or given not in (UNKNOWN, "string", "float", "double") else [node.this]


def _negate(node: exp.Expr, types: OperandTypes) -> None:
    """Make a DOUBLE of a text with a sign before it, of which the engine makes a BIGINT; and leave
    NaN as it is, which the engine takes for the least number when it has a sign."""
    data_type = types.of(node.this)
    if data_type == "string":
        node.set("this", exp.cast(node.this.copy(), "double"))
    elif data_type in ("float", "double"):
        number = fill("if(isnan(x), x, y)", {"x": node.this, "y": node})
        types.note(number, data_type)
        node.replace(number)


def _bits(node: exp.Expr) -> list[exp.Expr]:
    return [node.this, node.expression]


def _combine(node: exp.Expr, types: OperandTypes) -> None:
    """Combine the bits of whole numbers only; the engine cuts off fractions."""
    assert isinstance(node, exp.Binary)
    operands = [types.of(side) for side in _bits(node)]
    if any(one.startswith(("float", "double", "decimal")) for one in operands):
        raise _mismatch(node, operands)
    for side, own, beside in zip(_bits(node), operands, reversed(operands), strict=True):
        if own == "string" and beside in DIGITS:
            side.replace(exp.cast(side.copy(), "bigint"))
    if isinstance(node, exp.BitwiseXor) and node.this == node.expression:
        _combine_same(node, types)


def _text_of_call(call: exp.Expr) -> list[exp.Expr]:
    return [one for one in call.expressions if evident_type(one) in ("string", "void")]


def _sign_text(call: exp.Expr, types: OperandTypes) -> None:
    call.expressions[0].replace(exp.cast(call.expressions[0].copy(), "double"))


CORRECTIONS: ByClass = {
    **dict.fromkeys((exp.Ceil, exp.Floor), (_rounded, _round_whole)),
    **dict.fromkeys(_OPERATORS, (_sides, _operator)),
    **dict.fromkeys((exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor), (_bits, _combine)),
    **dict.fromkeys((exp.BitwiseLeftShift, exp.BitwiseRightShift), (_shifts, _shift)),
    exp.BitwiseNot: (_negated, _negate_bits),
    exp.Neg: (_signed, _negate),
}
CALLS: ByName = {
    **dict.fromkeys(("negative", "positive"), (_text_of_call, _sign_text)),
    "ceiling": (_first(2), _ceiling),
    "sum": (_first(1), _sum),
    "round": (_first(1, 2), _round),
    "bround": (_first(1, 2), _round),
    "try_add": (_both, _try_operation),
    "try_subtract": (_both, _try_operation),
    "try_multiply": (_both, _try_operation),
    "try_divide": (_both, _try_operation),
    "try_avg": (_first(1), _try_average),
    **dict.fromkeys(("mod", "pmod", "try_mod"), (_both, _remainder)),
    **dict.fromkeys(("shiftleft", "shiftright", "shiftrightunsigned"), (_both, _shift)),
}
