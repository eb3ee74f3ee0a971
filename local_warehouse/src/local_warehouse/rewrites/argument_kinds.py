"""Arguments of kinds that a function does not take, or takes as what they are cast to implicitly.

What each function takes is in `data/signatures.json`. The engine makes something of most arguments
that Databricks does not take, and casts some that it takes in another way, or not at all. The names
of columns say for nearly all arguments that they fit; the types of the others are asked for.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatype-rules
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from local_warehouse.errors import SqlError, unsupported
from local_warehouse.rewrites import intervals, signatures, texts
from local_warehouse.rewrites.evident_types import UNKNOWN, evident_type
from local_warehouse.rewrites.kinds import Kinds
from local_warehouse.rewrites.mixed_numbers import compared_values
from local_warehouse.rewrites.operand_types import OperandTypes
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.rewrites.unfit_arguments import check_compared
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind
from local_warehouse.types.kinds import (
    BOOLEAN,
    STRING,
    kind_of_type,
    kinds_of_type,
    names,
    top_kinds,
)

_MARK, _COMPARED = "parameter", "compared"


def mark_doubtful_arguments(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Mark the arguments that may not fit, or may have to be cast, with what the call takes. Raises
    SqlError for one that cannot fit, and for values that cannot be compared."""
    found = nodes(tree)
    kinds = Kinds(found)
    for node in of_kind(found, exp.Predicate, exp.Case):
        for values in compared_values(node):
            if any(evident_type(value) == "interval" for value in values):
                intervals.check_kind(node, values)
            if check_compared(node, [kinds.of(value) for value in values]):
                node.meta[_COMPARED] = True
    for moved in of_kind(found, exp.Add, exp.Sub):
        sides = [moved.this, moved.expression]
        is_by_interval = any(evident_type(side) == "interval" for side in sides)
        if is_by_interval and any(kinds.of(side) & STRING for side in sides):
            moved.meta[intervals.MAY_MOVE_TEXT] = True
    for one in of_kind(found, exp.Case, exp.If, exp.Connector, exp.Not, exp.Where, exp.Having):
        for condition in _conditions(one):
            _check_condition(condition, top_kinds(kinds.of(condition)))
    for call in of_kind(found, exp.Func, *signatures.OPERATORS):
        made = signatures.of(call)
        check_compared(call, [kinds.of(value) for value in _compared_by_call(call)])
        for argument, taken in made.parameters_of(call) if made is not None else ():
            given = top_kinds(kinds.of(argument))
            if given and not given & (taken.kinds | taken.refused):
                raise _mismatch(render(call), names(given))
            if given and not given & taken.kinds:
                raise unsupported(f"{render(call)} of {' or '.join(names(given))}")
            if given & ~taken.plain:
                argument.meta[_MARK] = Fitting(taken, render(call))
    return tree


def _conditions(node: exp.Expr) -> list[exp.Expr]:
    """The parts of a node that are true or false."""
    if isinstance(node, exp.Connector):
        return [node.this, node.expression]
    if isinstance(node, exp.Case):
        return [] if node.this is not None else [branch.this for branch in node.args["ifs"]]
    return [] if isinstance(node.parent, exp.Case) else [node.this]


def _check_condition(condition: exp.Expr, given: int) -> None:
    if given and not given & (BOOLEAN | STRING):
        is_filter = isinstance(condition.parent, (exp.Where, exp.Having))
        raise SqlError(
            "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN"
            if is_filter
            else "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
            f"Cannot resolve {render(condition)} due to data type mismatch: a condition is a"
            f" BOOLEAN, and not {' or '.join(names(given))}.",
        )


def _compared_by_call(call: exp.Expr) -> list[exp.Expr]:
    """The values that a function compares, the first one with each of the others."""
    if isinstance(call, exp.DecodeCase):
        value, *pairs = call.expressions
        return [value, *pairs[: len(pairs) // 2 * 2 : 2]]
    return []


def is_doubtful(node: exp.Expr) -> bool:
    """Whether it is a comparison of values that may have nothing in common."""
    return node._meta is not None and _COMPARED in node._meta


def check_types(node: exp.Expr, types: OperandTypes) -> None:
    """Raise SqlError for a doubtful comparison whose values have nothing in common."""
    for values in compared_values(node):
        check_compared(node, [kinds_of_type(types.of(value) or "any") for value in values])


def fitting(node: exp.Expr) -> Fitting | None:
    """What is to be done with a marked argument, None for one that fits."""
    return None if node._meta is None else node._meta.get(_MARK)


@dataclass(frozen=True)
class Fitting:
    """What a marked argument has to fit."""

    taken: signatures.Parameter
    shown: str  # the call as it was written

    def __deepcopy__(self, memo: object) -> Fitting:
        return self

    @staticmethod
    def remember(argument: exp.Expr, types: OperandTypes) -> None:
        """Keep the type that an argument has, whatever is put in its place."""
        types.note(argument, types.of(argument))

    def apply(self, argument: exp.Expr, types: OperandTypes) -> None:
        """Cast an argument as its call takes it, in place. Raises SqlError where it does not."""
        given = types.of(argument)
        if given in (UNKNOWN, "void") or argument.parent is None:  # replaced as a part of its call
            return
        if kind_of_type(given) & self.taken.refused:
            raise unsupported(f"{self.shown} of {given.upper()}")
        if not self.taken.takes(given):
            raise _mismatch(self.shown, [given.upper()])
        wanted = self.taken.cast_of(given)
        if wanted is not None:
            cast = exp.cast(argument.copy(), wanted)
            types.keep(argument, cast.this)
            argument.replace(cast)
            types.note(texts.cast_known(cast, types), wanted)


def _mismatch(shown: str, given: list[str]) -> SqlError:
    return SqlError(
        "DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE",
        f"Cannot resolve {shown} due to data type mismatch: it does not take {' or '.join(given)}.",
    )
