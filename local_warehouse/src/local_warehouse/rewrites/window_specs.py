"""Windows that Databricks refuses and the engine computes: functions of an order in one without an
order, frames that these do not take, and RANGE of what has no order or more than one.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-window-functions
"""

from __future__ import annotations

import re

from sqlglot import exp

from local_warehouse.errors import SqlError, syntax_error, unsupported
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.signatures import name_of
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind

_START, _HERE, _END = ("unbounded", "preceding"), ("current row", ""), ("unbounded", "following")
# Functions that need an order, each with the frames that may be written.
_RANKS = ("dense_rank", "ntile", "percent_rank", "rank", "row_number")
_FRAMES = {
    **dict.fromkeys(_RANKS, ("rows", _START, _HERE)),
    "cume_dist": ("range", _START, _HERE),
    "lag": None,
    "lead": None,
}
_WITH_ARGUMENTS = ("dense_rank", "percent_rank", "rank")  # which say nothing
_ORDERED = {*_FRAMES, "nth_value"}
_MOST_ROWS = 2**31 - 1
_SORTING = ("median", "percentile_cont", "percentile_disc")
_NUMBER = re.compile(r"\s*[+-]?\d+(\.\d*)?\s*")
_AROUND = (exp.Filter, exp.IgnoreNulls, exp.RespectNulls, exp.WithinGroup)


def check_windows(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Raise SqlError for such a window, and turn bounds below 0 round, which the engine refuses."""
    for spec in of_kind(nodes(tree), exp.WindowSpec):
        _turn_round(spec)
    for window in of_kind(nodes(tree), exp.Window):
        select = window.find_ancestor(exp.Select)
        named = select.args.get("windows") or [] if select is not None else []
        specification = _specification(window, named)
        if specification is None:
            raise SqlError(
                "MISSING_WINDOW_SPECIFICATION",
                f"No window of the name {window.args['alias'].name} is in the WINDOW clause.",
            )
        if window.arg_key != "windows":
            _check(window, specification)
    return tree


def _turn_round(spec: exp.Expr) -> None:
    """Write `2 PRECEDING` for `-2 FOLLOWING`, and the other way round."""
    for bound in ("start", "end"):
        value, side = spec.args.get(bound), spec.text(f"{bound}_side").upper()
        if isinstance(value, exp.Neg) and isinstance(value.this, exp.Literal):
            spec.set(bound, value.this)
            spec.set(f"{bound}_side", "FOLLOWING" if side == "PRECEDING" else "PRECEDING")


def _specification(window: exp.Window, named: list[exp.Window]) -> exp.Window | None:
    """The window itself or the one that it names, None for a name that there is not."""
    name = window.args.get("alias")
    if name is None:
        return window
    for place, one in enumerate(named):
        if one.name == name.name:
            return _specification(one, named[:place] + named[place + 1 :])
    return None


def _check(window: exp.Window, specification: exp.Window) -> None:
    call, is_sorted = window.this, False
    while isinstance(call, _AROUND):
        is_sorted = is_sorted or isinstance(call, exp.WithinGroup)
        call = call.this
    if is_sorted and name_of(call) == "mode":
        raise unsupported(f"{render(window)}, mode() of sorted values over a window")
    name = name_of(call)
    if name in _WITH_ARGUMENTS:
        call.set("expressions", None)
    order, frame = specification.args.get("order"), _frame(specification.args.get("spec"))
    is_sorted = is_sorted or name in _SORTING or isinstance(call.this, exp.Order)
    if is_sorted and (order is not None or frame not in (None, ("rows", _START, _END))):
        raise SqlError(
            "INVALID_WINDOW_SPEC_FOR_AGGREGATION_FUNC",
            f"Cannot specify ORDER BY or a window frame for {render(window.this)}.",
        )
    if name in _ORDERED and order is None:
        raise SqlError(
            "WINDOW_FUNCTION_FRAME_NOT_ORDERED",
            f"{render(window)}: {name} needs the order of the rows, add ORDER BY to its window.",
        )
    if frame is None or name in _FRAMES:
        if frame is not None and frame != _FRAMES[name]:
            raise unsupported(f"{render(window)}: {name} has a frame of its own, and no other")
        return
    if frame[0] == "rows":
        for bound, _ in frame[1:]:
            if re.fullmatch(r"[\d.]+", bound) and not (
                bound.isdigit() and int(bound) <= _MOST_ROWS
            ):
                condition = "DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE"
                raise SqlError(condition, f"{render(window)}: {bound} is no number of rows.")
    if frame[0] != "range" or frame[1:] == (_START, _END):
        return
    if order is None:
        raise SqlError(
            "DATATYPE_MISMATCH.RANGE_FRAME_WITHOUT_ORDER",
            f"{render(window)}: a RANGE is of the values of ORDER BY, which is missing.",
        )
    if len(order.expressions) > 1 and not {*frame[1:]} <= {_START, _HERE, _END}:
        raise SqlError(
            "DATATYPE_MISMATCH.RANGE_FRAME_MULTI_ORDER",
            f"{render(window)}: a RANGE with values is of one expression in ORDER BY.",
        )


_Frame = tuple[str, tuple[str, str], tuple[str, str]]


def _frame(spec: exp.WindowSpec | None) -> _Frame | None:
    """ROWS or RANGE with its bounds, None where there is no frame."""
    if spec is None:
        return None
    for bound in (spec.args.get("start"), spec.args.get("end")):
        if isinstance(bound, exp.Expr) and (calls := of_kind(nodes(bound), exp.Anonymous)):
            raise syntax_error(f"A frame's bound is a literal, and not {render(calls[0])}.")
        if not isinstance(bound, exp.Literal) or not bound.is_string:
            continue
        if not _NUMBER.fullmatch(bound.name):  # such as infinity, or '1 day'
            raise unsupported(f"the text {render(bound)} as a frame's bound")
    start, end = (
        (str(spec.args.get(side) or "current row").lower(), spec.text(f"{side}_side").lower())
        for side in ("start", "end")
    )
    return spec.text("kind").lower(), start, end
