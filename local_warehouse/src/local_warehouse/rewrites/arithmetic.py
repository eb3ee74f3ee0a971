"""Arithmetic with the types and the overflow of Databricks, which the engine does not have.

Integers are computed as decimals and cast back, which fails where they overflow; the engine's own
wrap around. A string beside a number becomes one, and an integer literal beside a DECIMAL counts
as a DECIMAL of its digits.

Operands whose type their own text does not tell (columns, mostly) are asked about: all those of a
SELECT in one question. What the engine does not know, such as the variables of a lambda function,
stays as it is.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-ansi-compliance
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator

from sqlglot import exp

from local_warehouse.catalog.model import Column
from local_warehouse.errors import SqlError
from local_warehouse.rewrites.scopes import ColumnsOf, aggregates, place_of, relations_of
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind
from local_warehouse.types.decimals import Decimal, decimal_of

_DIGITS = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}
_OPERATORS = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.IntDiv)
_CHECKED = (exp.Add, exp.Sub, exp.Mul)
_QUOTIENTS = (exp.Div, exp.Mod, exp.IntDiv)
_LEAST = {str(2**31): "int", str(2**63): "bigint"}  # whose negatives these types have
_CALLS = {
    "count": "bigint", "count_if": "bigint", "row_number": "int", "rank": "int",
    "dense_rank": "int", "ntile": "int", "length": "int", "char_length": "int", "size": "int",
    "year": "int", "quarter": "int", "month": "int", "day": "int", "hour": "int", "minute": "int",
    "second": "int", "unix_micros": "bigint",
}  # fmt: skip
# Functions that are changed, and how many arguments they have.
_COUNTS = {
    "sum": (1,),
    "round": (1, 2),
    "try_add": (2,),
    "try_subtract": (2,),
    "try_multiply": (2,),
}
_UNKNOWN = ""


def check(tree: exp.Expr, columns_of: ColumnsOf) -> None:
    """Change the arithmetic of a statement, inner before outer."""
    outer_first = of_kind(nodes(tree), exp.Neg, exp.Anonymous, *_OPERATORS)
    for least in outer_first:
        if not isinstance(least, exp.Neg) or not isinstance(least.this, exp.Literal):
            continue
        if least.this.name in _LEAST:
            least.replace(exp.cast(least.copy(), _LEAST[least.this.name]))
    changing: list[exp.Expr] = [n for n in reversed(outer_first) if _is_arithmetic(n)]
    if not changing:
        return
    unnamed = list(_unnamed(tree, changing))
    types = _Types(columns_of)
    types.ask([*unnamed, *(leaf for node in changing for leaf in _leaves(node))])
    places = [(_select_of(projection), projection.index or 0) for projection in unnamed]
    names = [types.name(projection) for projection in unnamed]
    for node in changing:
        if isinstance(node, exp.Binary):
            _operator(node, types)
        elif str(node.this).lower() == "sum":
            _sum(node, types)
        elif str(node.this).lower() == "round":
            _round(node, types)
        else:
            _widen(node, types)
    for (select, position), name in zip(places, names, strict=True):
        projection = select.expressions[position]
        projection.replace(exp.alias_(projection.copy(), name, quoted=True))


def _select_of(projection: exp.Expr) -> exp.Select:
    assert isinstance(projection.parent, exp.Select)
    return projection.parent


def _is_arithmetic(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        name, count = str(node.this).lower(), len(node.expressions)
        return count in _COUNTS.get(name, ())
    return isinstance(node, _OPERATORS) and not _are_small(node)


def _are_small(node: exp.Binary) -> bool:
    """Whether both operands are literals, too small for an overflow."""
    sides = (node.this, node.expression)
    return isinstance(node, _CHECKED) and all(
        isinstance(side, exp.Literal) and side.name.isdecimal() and len(side.name) < 5
        for side in sides
    )


def _argument(call: exp.Expr) -> exp.Expr:
    """What a call of sum or round is given, without DISTINCT."""
    argument: exp.Expr = call.expressions[0]
    if isinstance(argument, exp.Distinct) and len(argument.expressions) == 1:
        argument = argument.expressions[0]
    return argument


def _leaves(node: exp.Expr) -> Iterator[exp.Expr]:
    """The operands of a node that are no arithmetic themselves, and whose types are not plain."""
    if isinstance(node, exp.Anonymous):
        sides = [_argument(node), *node.expressions[1:]]
    else:
        sides = [node.this, node.expression]
    if any(_evident(side) == "interval" for side in sides):
        return
    for side in sides:
        yield from _unclear(side)


def _unclear(node: exp.Expr) -> Iterator[exp.Expr]:
    if _evident(node) != _UNKNOWN:
        return
    parts = _parts(node)
    if not parts:
        yield node
    for part in parts:
        yield from _unclear(part)


def _parts(node: exp.Expr) -> list[exp.Expr]:
    """The parts of an expression of which its type is the widest."""
    if isinstance(node, (exp.Paren, exp.Neg)):
        return [node.this]
    if isinstance(node, (*_CHECKED, exp.Mod)):
        return [node.this, node.expression]
    if isinstance(node, exp.Case):
        branches = [branch.args["true"] for branch in node.args["ifs"]]
        return [part for part in (*branches, node.args.get("default")) if part is not None]
    if isinstance(node, exp.If):
        return [part for part in (node.args["true"], node.args.get("false")) if part is not None]
    if isinstance(node, exp.Coalesce):
        return [node.this, *node.expressions]
    return []


def _evident(node: exp.Expr) -> str:
    """The type that the text of an expression tells, as Spark spells it."""
    match node:
        case exp.Literal() if node.is_string:
            return "string"
        case exp.Literal():
            return _of_number(node.name)
        case exp.Cast():
            return str(node.to.sql(dialect="databricks")).lower().replace(" ", "")
        case exp.Interval():
            return "interval"
        case exp.Null():
            return "void"
        case exp.IntDiv():
            return "bigint"
        case exp.Window() | exp.Filter():
            return _evident(node.this)
        case exp.Anonymous():
            return _CALLS.get(str(node.this).lower(), _UNKNOWN)
    return _UNKNOWN


def _of_number(text: str) -> str:
    if not text.isdecimal():
        return "double" if "e" in text.lower() else str(Decimal.of_literal(text))
    if int(text) < 2**31:
        return "int"
    return "bigint" if int(text) < 2**63 else str(Decimal(len(text), 0))


class _Types:
    """The types of operands: evident, derived from those of their parts, or known by the engine."""

    def __init__(self, columns_of: ColumnsOf) -> None:
        self._columns_of = columns_of
        self._known: dict[int, Column] = {}

    def ask(self, nodes: Iterable[exp.Expr]) -> None:
        groups: dict[tuple[int, bool], list[exp.Expr]] = {}
        for node in nodes:
            groups.setdefault((id(place_of(node)), aggregates(node)), []).append(node)
        for together in groups.values():
            if not self._ask(together) and len(together) > 1:
                for node in together:
                    self._ask([node])

    def _ask(self, nodes: list[exp.Expr]) -> bool:
        """Ask about nodes of one place, which may also read what is around their place."""
        shown = [
            node.copy() if _is_projection(node) else exp.alias_(node.copy(), f"c{i}")
            for i, node in enumerate(nodes)
        ]
        place = place_of(nodes[0])
        while place is not None:
            for query in _queries(place):
                query.set("expressions", shown)
                try:
                    columns = self._columns_of(query)
                except SqlError:
                    continue
                self._known |= {id(n): c for n, c in zip(nodes, columns, strict=True)}
                return True
            place = place_of(place)
        return False

    def name(self, projection: exp.Expr) -> str:
        """What the engine calls a column that has no name."""
        known = self._known.get(id(projection))
        return known.name if known else f"({render(projection)})"

    def of(self, node: exp.Expr) -> str:
        known = self._known.get(id(node))
        found = _evident(node) or (known.type if known else _UNKNOWN)
        if found == _UNKNOWN and isinstance(node, _CHECKED):
            return _result(node, self.of(node.this), self.of(node.expression))
        return found or _widest({self.of(part) for part in _parts(node)} - {"void"})


def _result(node: exp.Binary, left: str, right: str) -> str:
    """The type of a sum, a difference or a product."""
    one, other = decimal_of(left), decimal_of(right)
    if one is None or other is None or {left, right} <= _DIGITS.keys():
        return _widest({left, right} - {"void"})
    return str(one.times(other) if isinstance(node, exp.Mul) else one.plus(other))


def _widest(types: set[str]) -> str:
    if len(types) == 1:
        return next(iter(types))
    if types and types <= _DIGITS.keys():
        return max(types, key=lambda found: _DIGITS[found])
    decimals = [decimal_of(found) for found in types]
    known = [found for found in decimals if found is not None]
    if known and len(known) == len(decimals):
        return str(functools.reduce(Decimal.union, known))
    numbers = _DIGITS.keys() | {"float", "double"}
    return "double" if types and all(f in numbers or decimal_of(f) for f in types) else _UNKNOWN


def _is_projection(node: exp.Expr) -> bool:
    return isinstance(node.parent, exp.Select) and node.arg_key == "expressions"


def _unnamed(tree: exp.Expr, changing: list[exp.Expr]) -> Iterator[exp.Expr]:
    """The projections without a name that hold some of these nodes."""
    wanted = {id(node) for node in changing}
    for select in of_kind(nodes(tree), exp.Select):
        for projection in select.expressions:
            if not isinstance(projection, exp.Alias) and any(
                id(node) in wanted for node in nodes(projection)
            ):
                yield projection


def _queries(place: exp.Expr) -> Iterator[exp.Select]:
    """Queries to which expressions of a place can be added: over its rows, and over its groups."""
    query = relations_of(place)
    if place.args.get("windows"):
        query.set("windows", [window.copy() for window in place.args["windows"]])
    yield query
    if isinstance(place, exp.Select) and place.args.get("group"):
        query.set("group", place.args["group"].copy())
        yield query


# the changes


def _operator(node: exp.Binary, types: _Types) -> None:
    kinds = [types.of(node.this), types.of(node.expression)]
    if kinds == ["string", "string"] and not isinstance(node, exp.IntDiv):
        message = f"Cannot resolve {render(node)}: it needs numbers or intervals, not two STRINGs."
        raise SqlError("DATATYPE_MISMATCH.BINARY_OP_WRONG_TYPE", message)
    for side, found, beside in zip(("this", "expression"), kinds, reversed(kinds), strict=True):
        wanted = _wanted(node.args[side], found, beside)
        if wanted is not None:
            node.set(side, exp.cast(node.args[side].copy(), wanted))
    left, right = types.of(node.this), types.of(node.expression)
    if isinstance(node, _QUOTIENTS):
        _divide_null(node)
    if isinstance(node, _CHECKED) and left in _DIGITS and right in _DIGITS:
        wide = node.copy()
        wide.set("this", exp.cast(wide.this.copy(), f"decimal({_DIGITS[left]}, 0)"))
        node.replace(exp.cast(wide, _widest({left, right})))
    elif isinstance(node, exp.Sub) and left == right == "date":
        node.replace(exp.Anonymous(this="make_dt_interval", expressions=[node.copy()]))
    elif isinstance(node, exp.Div) and not {left, right} <= _DIGITS.keys():
        _divide(node, decimal_of(left), decimal_of(right))


def _divide_null(node: exp.Binary) -> None:
    """NULL divided by zero is NULL, and an error in the engine. The dividend is repeated for it,
    and so only where no other is repeated in it."""
    dividend, divisor = node.this, node.expression
    is_given = isinstance(divisor, exp.Literal) and not _is_zero(divisor)
    if is_given or isinstance(dividend, exp.Literal) or dividend.find(*_QUOTIENTS):
        return
    is_null = exp.paren(dividend.copy()).is_(exp.null())
    node.set("expression", exp.If(this=is_null, true=exp.null(), false=divisor))


def _is_zero(number: exp.Literal) -> bool:
    return not number.name.strip("0.")


def _divide(node: exp.Div, left: Decimal | None, right: Decimal | None) -> None:
    """Round a quotient of decimals where Spark does: the engine's has four digits more than its
    dividend, cut off, so that the dividend gets digits first."""
    if left is None or right is None:
        return
    quotient, result = node.copy(), left.divided_by(right)
    whole = left.precision - left.scale
    scale = min(result.scale - 3, 34 - right.scale - whole)  # the engine computes with 38 digits
    if scale > left.scale:
        wide = str(Decimal(whole + scale, scale))
        quotient.set("this", exp.cast(quotient.this.copy(), wide))
    node.replace(exp.cast(quotient, str(result)))


def _wanted(side: exp.Expr, found: str, beside: str) -> str | None:
    """The type to which an operand is cast for the sake of that beside it."""
    if found == "string" and beside in _DIGITS:
        return "bigint"
    is_fraction = beside in ("float", "double") or beside.startswith("decimal")
    if found == "string" and is_fraction:
        return "double"
    literal = side.this if isinstance(side, exp.Cast) else side
    if beside.startswith("decimal") and found in _DIGITS and isinstance(literal, exp.Literal):
        return str(Decimal(len(literal.name), 0))
    return None


def _sum(call: exp.Expr, types: _Types) -> None:
    summed = _argument(call)
    found = types.of(summed)
    if found == "string":
        summed.replace(exp.cast(summed.copy(), "double"))
    elif found == "bigint":
        summed.replace(exp.cast(summed.copy(), f"decimal({_DIGITS[found]}, 0)"))
        whole: exp.Expr = call
        while isinstance(whole.parent, (exp.Filter, exp.Window)) and whole.arg_key == "this":
            whole = whole.parent
        whole.replace(exp.cast(whole.copy(), found))


def _round(call: exp.Expr, types: _Types) -> None:
    found = decimal_of(types.of(_argument(call)))
    places = call.expressions[1].name if len(call.expressions) > 1 else "0"
    if found is not None and places.isdecimal() and 0 <= int(places) < found.scale:
        digits = min(found.precision - found.scale + 1 + int(places), 38)
        call.replace(exp.cast(call.copy(), str(Decimal(digits, int(places)))))


def _widen(call: exp.Expr, types: _Types) -> None:
    """Give the arguments of try_add and the like one type, where one is INT and one BIGINT."""
    found = [types.of(argument) for argument in call.expressions]
    if set(found) == {"int", "bigint"}:
        narrow = call.expressions[found.index("int")]
        narrow.replace(exp.cast(narrow.copy(), "bigint"))
