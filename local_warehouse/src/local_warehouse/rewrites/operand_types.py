"""The types of operands: plain from their text, derived from their parts, or asked of the engine.

All operands of one SELECT are asked about in one question. What the engine does not know, such as
the variables of a lambda function, has the type UNKNOWN.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator

from sqlglot import exp

from local_warehouse.errors import SqlError
from local_warehouse.rewrites.evident_types import UNKNOWN, evident_type
from local_warehouse.rewrites.intervals import is_in_days
from local_warehouse.rewrites.lambda_variables import without_variables
from local_warehouse.rewrites.scopes import (
    ColumnsOf,
    aggregates,
    is_in_partial_join,
    place_of,
    places_around,
    relations_of,
    with_visible,
)
from local_warehouse.sql.dialect import render
from local_warehouse.sql.node_map import NodeMap
from local_warehouse.types.decimals import Decimal, decimal_of

DIGITS = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}  # the most that a value has
_MOMENTS = {"date", "timestamp", "timestamp_ntz"}
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul)


class OperandTypes:
    """The types of operands in one tree, as Spark spells them: decimal(10,2), for instance."""

    def __init__(self, columns_of: ColumnsOf) -> None:
        self._columns_of = columns_of
        self._known = NodeMap[str]()
        self._unknown = NodeMap[str]()  # the text of what the engine did not know

    def ask(self, nodes: Iterable[exp.Expr]) -> None:
        """Ask the engine for the types of these nodes: once for each place, and node by node where
        it does not know all of a place."""
        groups: dict[tuple[int, bool, bool], list[exp.Expr]] = {}
        for node in nodes:
            kind = (id(place_of(node)), aggregates(node), is_in_partial_join(node))
            groups.setdefault(kind, []).append(node)
        for together in groups.values():
            self._ask_or_halve(together)

    def _ask_or_halve(self, nodes: list[exp.Expr]) -> None:
        """Ask for nodes of one place at once, or, where the engine does not know one of them, for
        each half: a question for each node costs minutes in a wide table's statement."""
        if self._ask(nodes):
            return
        if len(nodes) == 1:
            self._unknown[nodes[0]] = render(nodes[0])
            return
        middle = len(nodes) // 2
        self._ask_or_halve(nodes[:middle])
        self._ask_or_halve(nodes[middle:])

    def ask_again(self, nodes: Iterable[exp.Expr]) -> None:
        """Ask for the types of those of the nodes that the engine did not know, and that have been
        changed since."""
        for node in nodes if self._unknown else ():
            for part in unclear_parts(node):
                text = self._unknown.get(part)
                if text is not None and text != render(part):
                    del self._unknown[part]
                    self._ask_or_halve([part])

    def _ask(self, nodes: list[exp.Expr]) -> bool:
        """Whether the engine knows nodes of one place. They may use the relations of that place, or
        of the places around it."""
        for place in places_around(nodes[0]):
            for query in _queries(place, nodes[0]):
                shown = [
                    node.copy()
                    if _is_projection(node)
                    else exp.alias_(without_variables(node), f"c{i}")
                    for i, node in enumerate(nodes)
                ]
                query.set("expressions", shown)
                try:
                    columns = self._columns_of(with_visible(query, place))
                except SqlError:
                    continue
                if len(columns) != len(nodes):  # a generator of several columns
                    return False
                self._known.update((n, c.type) for n, c in zip(nodes, columns, strict=True))
                return True
        return False

    def keep(self, node: exp.Expr, corrected: object) -> None:
        """Give what stands in place of a node the type that is known of it."""
        known = self.of(node) if corrected is not node else UNKNOWN
        if known != UNKNOWN and isinstance(corrected, exp.Expr):
            self._known.setdefault(corrected, known)

    def note(self, node: exp.Expr, data_type: str) -> None:
        """Give a node the type that it is known to have."""
        self._known[node] = data_type

    def of(self, node: exp.Expr) -> str:
        """The type of an operand, or UNKNOWN."""
        if isinstance(node, exp.Div) and self.of(node.this).startswith("interval"):
            return "interval day to second"  # the engine's difference of two DATEs is a number
        data_type = evident_type(node) or self._known.get(node, UNKNOWN)
        if data_type == UNKNOWN and isinstance(node, _ARITHMETIC):
            return _result(node, self.of(node.this), self.of(node.expression), self.of)
        if data_type == UNKNOWN and isinstance(node, exp.Mod):
            given = [self.of(side) for side in (node.this, node.expression)]
            one, other = map(decimal_of, given)
            if one is not None and other is not None and not set(given) <= DIGITS.keys():
                return str(one.remainder(other))
        if data_type:
            return data_type
        types = {self.of(part) for part in _parts(node)}
        return "void" if types == {"void"} else widest(types - {"void"})


def _is_projection(node: exp.Expr) -> bool:
    return isinstance(node.parent, exp.Select) and node.arg_key == "expressions"


def _queries(place: exp.Expr, node: exp.Expr) -> Iterator[exp.Select]:
    """Queries to which expressions like a node can be added: over the rows of a place that it sees,
    and over its groups."""
    query = relations_of(place, seen_by=node)
    if place.args.get("windows"):
        query.set("windows", [window.copy() for window in place.args["windows"]])
    yield query
    if isinstance(place, exp.Select) and place.args.get("group"):
        query.set("group", place.args["group"].copy())
        yield query


def unclear_parts(node: exp.Expr) -> Iterator[exp.Expr]:
    """The parts of an operand whose types the engine has to be asked for."""
    if evident_type(node) != UNKNOWN:
        return
    parts = _parts(node)
    if not parts:
        yield node
    for part in parts:
        yield from unclear_parts(part)


def _parts(node: exp.Expr) -> list[exp.Expr]:
    """The parts of an expression that has the widest of their types."""
    if isinstance(node, (exp.Paren, exp.Neg)):
        return [node.this]
    if isinstance(node, (*_ARITHMETIC, exp.Mod)):
        return [node.this, node.expression]
    if isinstance(node, exp.Case):
        branches = [branch.args["true"] for branch in node.args["ifs"]]
        return [part for part in (*branches, node.args.get("default")) if part is not None]
    if isinstance(node, exp.If):
        return [part for part in (node.args["true"], node.args.get("false")) if part is not None]
    if isinstance(node, exp.Coalesce):
        return [node.this, *node.expressions]
    if isinstance(node, exp.Anonymous) and str(node.this).lower() == "nullif":
        return node.expressions[:1]
    return []


def _result(node: exp.Binary, left: str, right: str, type_of: Callable[[exp.Expr], str]) -> str:
    """The type of a sum, a difference or a product."""
    intervals = [right.startswith("interval"), left.startswith("interval")]
    if isinstance(node, exp.Mul) and any(intervals):
        return "interval"
    if any(intervals) and not all(intervals):
        moment = left if intervals[0] else right
        moved = node.expression if intervals[0] else node.this
        return "timestamp" if moment == "date" and not is_in_days(moved, type_of) else moment
    if isinstance(node, exp.Sub) and "timestamp" in (left, right) and {left, right} <= _MOMENTS:
        return "interval day to second"
    if "date" in (left, right) and ({left, right} - {"date"}) <= DIGITS.keys():
        return "interval day" if left == right else "date"
    one, other = decimal_of(left), decimal_of(right)
    if one is None or other is None or {left, right} <= DIGITS.keys():
        return widest({left, right} - {"void"})
    return str(one.times(other) if isinstance(node, exp.Mul) else one.plus(other))


def widest(types: set[str]) -> str:
    """The type that can hold values of all these types of numbers; UNKNOWN where there is none."""
    if len(types) == 1:
        return next(iter(types))
    if types and types <= DIGITS.keys():
        return max(types, key=lambda name: DIGITS[name])
    decimals = [decimal_of(name) for name in types]
    known = [decimal for decimal in decimals if decimal is not None]
    if known and len(known) == len(decimals):
        return str(functools.reduce(Decimal.union, known))
    numbers = DIGITS.keys() | {"float", "double"}
    return "double" if types and all(t in numbers or decimal_of(t) for t in types) else UNKNOWN


# The operands whose types decide about a node, none where it needs no correction; and what corrects
# it in place, once they are known.
Correction = tuple[Callable[[exp.Expr], list[exp.Expr]], Callable[[exp.Expr, OperandTypes], None]]
ByClass = dict[type[exp.Expr], Correction]
ByName = dict[str, Correction]
