"""Statistics of DOUBLEs so large that their squares are infinite, which are refused.

The engine adds them up otherwise than Spark, and has infinity or 0 where Spark has NaN.
"""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.errors import unsupported
from local_warehouse.rewrites import window_aggregates
from local_warehouse.rewrites.operand_types import ByClass, ByName, Correction, OperandTypes
from local_warehouse.rewrites.signatures import arguments
from local_warehouse.rewrites.templates import fill, refusal
from local_warehouse.sql.dialect import render
from local_warehouse.types.decimals import decimal_of

_OF_ONE = (
    *("kurtosis", "skewness", "std", "stddev", "stddev_pop", "stddev_samp"),
    *("variance", "var_pop", "var_samp"),
)
_OF_TWO = ("corr", "covar_pop", "covar_samp", "regr_intercept", "regr_r2", "regr_slope")
_DIGITS = 18  # of DECIMALs; what Spark has of more is what its rounding leaves
_CHECKED = (
    "if(abs(x) <= 1e150D or isnan(x - x) or x is null, x,"
    f" cast({refusal('statistics of numbers above 1e150')} as {{type}}))"
)
_WITHOUT_NAN = f"if(isnan(x), cast({refusal('histogram_numeric() of NaN')} as {{type}}), x)"


def _of_histogram(call: exp.Expr) -> list[exp.Expr]:
    return call.expressions[:1]


def _arguments(call: exp.Expr) -> list[exp.Expr]:
    found = arguments(call) if isinstance(call, exp.Anonymous) else [call.this, call.expression]
    return [one for one in found if isinstance(one, exp.Expr)]


def _check(call: exp.Expr, types: OperandTypes) -> None:
    for argument in _arguments(call):
        data_type = types.of(argument)
        if data_type in ("float", "double"):
            argument.replace(fill(_CHECKED.format(type=data_type), {"x": argument}))
        exact = decimal_of(data_type) if data_type.startswith("decimal") else None
        if exact is not None and exact.precision > _DIGITS and len(_arguments(call)) == 2:
            raise unsupported(
                f"{render(call)} of DECIMALs of more than {_DIGITS} digits (cast them)"
            )
    window_aggregates.vary(call)


def _check_histogram(call: exp.Expr, types: OperandTypes) -> None:
    """Fail for NaN, which the engine has behind all numbers, and Spark before them."""
    value = call.expressions[0]
    if (data_type := types.of(value)) in ("float", "double"):
        value.replace(fill(_WITHOUT_NAN.format(type=data_type), {"x": value}))


_CORRECTION: Correction = (_arguments, _check)
CALLS: ByName = {
    **dict.fromkeys((*_OF_ONE, *_OF_TWO), _CORRECTION),
    "histogram_numeric": (_of_histogram, _check_histogram),
}
CORRECTIONS: ByClass = dict.fromkeys((exp.RegrSxx, exp.RegrSxy, exp.RegrSyy), _CORRECTION)
