"""What Spark declares of its functions: the types that they take, and what they give.

An argument of another type is cast to a declared one, by the rules of ANSI mode.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

_CATALYST = "org.apache.spark.sql.catalyst"


class Declarations:
    """What is declared of arguments, for the columns of a table, one of each kind."""

    def __init__(self, spark: SparkSession, table: str) -> None:
        self._spark, self._table = spark, table
        self._types = {f.name(): f.dataType() for f in _fields(spark.table(table))}
        self._casts = _class(spark, "analysis.AnsiTypeCoercion$").getField("MODULE$").get(None)
        self._declares = _class(spark, "expressions.ExpectsInputTypes").isInstance
        self._is_implicit = _class(spark, "expressions.ImplicitCastInputTypes").isInstance

    def of(self, sql: str) -> dict[str, Any]:
        """What is declared of the argument that is `{}` in a statement: the columns that the call
        takes, by the type that they become, and what the statement gives with the first of them.
        Nothing is taken where other rules than declared types hold, nothing is said where Spark
        takes none of the columns."""
        for column in self._types:
            try:
                rows = self._spark.sql(sql.replace("{}", f"{self._table}.`{column}`"))
            except (PySparkException, Py4JError):
                continue
            found = {"gives": _fields(rows)[0].dataType().simpleString()}
            taken = self._taken(rows._jdf.queryExecution().analyzed())
            return found if taken is None else found | {"takes": taken}
        return {}

    def _taken(self, plan: Any) -> dict[str, list[str]] | None:
        calls = (call for one in _plans(plan) for call in self._calls(one.expressions()))
        call, place = next(calls, (None, 0))
        if call is None or not self._declares(call) or place >= call.inputTypes().size():
            return None
        expected = call.inputTypes().apply(place)
        taken: dict[str, list[str]] = {}
        for column, given in self._types.items():
            if expected.acceptsType(given):
                taken.setdefault(given.simpleString(), []).append(column)
            elif self._is_implicit(call):
                cast = self._casts.implicitCast(given, expected)
                if cast.isDefined():
                    taken.setdefault(cast.get().simpleString(), []).append(column)
        return taken

    def _calls(self, expressions: Any) -> Iterator[tuple[Any, int]]:
        """The calls that have a column of the table as an argument, whatever cast is between, and
        the argument's place."""
        for call in _listed(expressions):
            for place, argument in enumerate(_listed(call.children())):
                while _name(argument) == "Cast":
                    argument = argument.child()
                is_column = _name(argument) == "AttributeReference"
                if is_column and self._table in _listed(argument.qualifier()):
                    yield call, place
            yield from self._calls(call.children())


def _class(spark: SparkSession, name: str) -> Any:
    return spark._jvm.java.lang.Class.forName(f"{_CATALYST}.{name}")


def _fields(rows: Any) -> list[Any]:
    return list(rows._jdf.schema().fields())


def _plans(plan: Any) -> Iterator[Any]:
    yield plan
    for child in _listed(plan.children()):
        yield from _plans(child)


def _name(expression: Any) -> str:
    return str(expression.getClass().getSimpleName())


def _listed(sequence: Any) -> list[Any]:
    return [sequence.apply(place) for place in range(sequence.size())]
