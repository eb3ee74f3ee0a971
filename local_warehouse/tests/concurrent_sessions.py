"""One table and several sessions at once, for the tests of concurrent writers."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from databricks.sql.exc import Error

TABLE = "concurrent.t"
Write = Callable[[int, int], str]  # writer and step → statement


def condition(error: Error) -> str:
    """The condition that an error of the warehouse names."""
    return str(error).split("]")[0].lstrip("[")


def outcomes_at_once(warehouse: Any, *statements: str) -> list[str]:
    """The outcomes of statements that as many sessions run: `done`, or a condition."""

    def outcome(statement: str) -> str:
        try:
            warehouse.sql(statement)
        except Error as error:
            return condition(error)
        return "done"

    with ThreadPoolExecutor(len(statements)) as pool:
        return list(pool.map(outcome, statements))
