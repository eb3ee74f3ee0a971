"""What functions take and give, as Apache Spark declares it."""

from __future__ import annotations

import functools
import json
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources

from sqlglot import exp

from local_warehouse.types.kinds import (
    everywhere,
    held_kinds,
    inner_kinds,
    kind_of_type,
    kinds,
    kinds_of_type,
)

OPERATORS = (exp.Like, exp.ILike, exp.RegexpLike)  # which are functions of the same name too
_UNIT_FIRST = ("date_add", "date_diff", "dateadd", "datediff")  # where there are three arguments


@dataclass(frozen=True)
class Parameter:
    """What a function takes at a place."""

    casts: tuple[tuple[int, str], ...]  # kinds that are cast implicitly, and to which type
    plain: int  # kinds that the engine takes as Databricks does, with or without a cast
    refused: int  # kinds that Databricks takes and the engine does not

    @functools.cached_property
    def kinds(self) -> int:
        """All kinds that are taken."""
        return functools.reduce(operator.or_, (of for of, _ in self.casts), self.plain)

    def takes(self, data_type: str) -> bool:
        """Whether a value of a type is taken."""
        return bool(kind_of_type(data_type) & self.kinds)

    def cast_of(self, data_type: str) -> str | None:
        """The type to which a value of a type is cast, where the engine needs it."""
        kind = kind_of_type(data_type)
        return next((wanted for of, wanted in self.casts if of & kind), None)


@dataclass(frozen=True)
class Signature:
    """What a function takes and gives."""

    parameters: dict[str, Parameter]  # by place: a number, or the name that sqlglot has for it
    gives: int | None  # the kinds of its value; None where these may be any
    keeps: int  # the kinds of its arguments that its value may be of, too
    becomes: tuple[tuple[int, int], ...]  # kinds of arguments, each with what its value then may be
    holds: bool  # whether its value holds its arguments, or what they hold
    picks: bool  # whether its value is one that its arguments hold

    @functools.cached_property
    def is_by_arguments(self) -> bool:
        """Whether its value is of other kinds for other arguments."""
        return bool(self.keeps or self.becomes or self.holds or self.picks)

    def gives_for(self, given: int) -> int:
        """The kinds of its value for arguments of these kinds."""
        kinds = (self.gives or 0) | given & self.keeps
        for of, becoming in self.becomes:
            kinds |= becoming if given & of else 0
        if self.holds:
            kinds |= held_kinds(given)
        return kinds | inner_kinds(given) if self.picks else kinds

    def parameters_of(self, call: exp.Expr) -> Iterator[tuple[exp.Expr, Parameter]]:
        """The arguments of a call that not everything fits, each with what is taken."""
        if len(call.expressions) > 2 and str(call.this).lower() in _UNIT_FIRST:
            return
        for place, parameter in self.parameters.items():
            argument = argument_at(call, place)
            if argument is not None:
                yield argument, parameter


def of(call: exp.Expr) -> Signature | None:
    """The signature of a call's function, None where it is not known."""
    return _signatures().get(name_of(call))


def argument_at(call: exp.Expr, place: str) -> exp.Expr | None:
    """The argument of a call at a place, which is a number or the name that sqlglot has for it."""
    if place.isdecimal():
        is_operator = isinstance(call, OPERATORS)
        given = [call.this, call.expression] if is_operator else arguments(call)
        return next(iter(given[int(place) : int(place) + 1]), None)
    argument = call.args.get(place)
    if isinstance(argument, exp.Distinct) and len(argument.expressions) == 1:
        (argument,) = argument.expressions
    return argument if isinstance(argument, exp.Expr) else None


def arguments(call: exp.Expr) -> list[exp.Expr]:
    """The arguments of a call, whether they stand behind DISTINCT or not."""
    given = list(call.expressions)
    if given and isinstance(given[0], exp.Distinct):
        given[:1] = given[0].expressions
    return given


def name_of(call: exp.Expr) -> str:
    """The name that a call's function has here."""
    if isinstance(call, exp.RegexpLike):
        return "rlike"
    return str(call.this).lower() if isinstance(call, exp.Anonymous) else call.key


def _parameter(casts: dict[str, str]) -> Parameter:
    wanted = [(kinds(of), given) for given, of in casts.items() if given not in ("", "!")]
    return Parameter(tuple(wanted), kinds(casts.get("", "")), kinds(casts.get("!", "")))


def _union(types: list[str]) -> int:
    return functools.reduce(operator.or_, map(kinds_of_type, types), 0)


@functools.cache
def _signatures() -> dict[str, Signature]:
    text = resources.files(__package__).joinpath("data", "signatures.json").read_text("utf-8")
    read = json.loads(text)
    known = {name: _parameter(casts) for name, casts in read["parameters"].items()}
    return {
        name: Signature(
            {place: known[one] for place, one in found.get("takes", {}).items()},
            None if "gives" not in found else _union(found["gives"]),
            everywhere(kinds(found.get("keeps", ""))),
            tuple(
                (kinds(of), kinds_of_type(becoming))
                for becoming, of in found.get("becomes", {}).items()
            ),
            found.get("holds", False),
            found.get("picks", False),
        )
        for name, found in read["functions"].items()
    }
