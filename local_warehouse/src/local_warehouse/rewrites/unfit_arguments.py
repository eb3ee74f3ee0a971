"""Values that Databricks does not take together, and of which the engine makes something: a number
that is compared with a DATE, or stands beside one.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatype-rules
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Sequence

from sqlglot import exp

from local_warehouse.errors import SqlError
from local_warehouse.rewrites.operand_types import DIGITS
from local_warehouse.sql.dialect import render
from local_warehouse.types.kinds import FAMILIES, MAP, READ_FROM_TEXT, STRING, TOP, names, top_kinds

_MOMENTS = ("date", "timestamp")
_ALONE = ("array", "map", "struct", "interval")  # kinds with which no other has a common type


def check_compared(node: exp.Expr, kinds: Sequence[int]) -> bool:
    """Raise SqlError where values that are compared are of kinds that nothing is common to: a
    moment and a number, for instance. `kinds` are what each of them may be; returns whether some
    of these do not fit, and all are known."""
    every = [top_kinds(of) for of in kinds]
    # Two of a kind stand for a thousand: a list may be long.
    given = [of for of, count in Counter(every).items() for _ in range(min(count, 2))]
    if isinstance(node, (exp.Case, exp.DecodeCase, exp.Between)):
        pairs = [(every[0], other) for other in dict.fromkeys(every[1:])]
    else:  # a list has one type
        pairs = list(itertools.combinations(given, 2))
    if any(one and other and not _may_fit(one, other) for one, other in pairs):
        is_list = not isinstance(node, (exp.Binary, exp.Case, exp.DecodeCase))
        condition = (
            "DATATYPE_MISMATCH.DATA_DIFF_TYPES"
            if is_list
            else "DATATYPE_MISMATCH.BINARY_OP_DIFF_TYPES"
        )
    elif MAP in given:
        condition = "DATATYPE_MISMATCH.INVALID_ORDERING_TYPE"
    else:
        return TOP not in given and any(_may_differ(one, other) for one, other in pairs)
    raise SqlError(
        condition,
        f"Cannot resolve {render(node)} due to data type mismatch: it compares"
        f" {' with '.join(' or '.join(names(of)) for of in given if of)}.",
    )


def _may_fit(one: int, other: int) -> bool:
    """Whether a value of some of these kinds can be compared with one of some of those."""
    if (one & STRING and other & READ_FROM_TEXT) or (other & STRING and one & READ_FROM_TEXT):
        return True
    return any(one & family and other & family for family in FAMILIES)


def _may_differ(one: int, other: int) -> bool:
    """Whether a value of some of these kinds may not be comparable with one of some of those."""
    singles = [[1 << at for at in range(of.bit_length()) if of >> at & 1] for of in (one, other)]
    return not all(_may_fit(left, right) for left in singles[0] for right in singles[1])


def check_common(types: Iterable[str], node: exp.Expr) -> None:
    """Raise SqlError for values of which an expression gives one and that have no common type."""
    if not have_common(types):
        raise SqlError(
            "DATATYPE_MISMATCH.DATA_DIFF_TYPES",
            f"Cannot resolve {render(node)} due to data type mismatch: its values should have one"
            f" type, and are {' and '.join(sorted(set(types))).upper()}.",
        )


def have_common(types: Iterable[str]) -> bool:
    """Whether values of these types may have a common one."""
    kinds = {_kind_of_type(data_type) for data_type in types} - {"", "void"}
    has_one = kinds & {*_ALONE}
    has_several = len(kinds & {"boolean", "number", "interval", "moment"}) > 1
    return not has_several and not (has_one and len(kinds) > 1)


def _kind_of_type(data_type: str) -> str:
    if data_type.startswith(_MOMENTS):
        return "moment"
    if data_type in DIGITS or data_type.startswith(("decimal", "float", "double")):
        return "number"
    return next((kind for kind in _ALONE if data_type.startswith(kind)), data_type)
