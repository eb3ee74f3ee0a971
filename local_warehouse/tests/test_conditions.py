"""Every condition that the package raises, or writes into a text, is in the table of SQLSTATEs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import local_warehouse
from local_warehouse.conditions import SQLSTATES
from local_warehouse.errors import ForeignError, SqlError, from_text

_PACKAGE = Path(local_warehouse.__file__).parent
_SHAPE = r"[A-Z][A-Z0-9_]{4,}(?:\.[A-Z0-9_]+)?"


def _conditions_of_source() -> Iterator[tuple[str, str]]:
    """Where a condition stands in the source, and which: the arguments of errors, the pairs of a
    phrase and a condition, and the texts that begin with a condition in brackets."""
    for path in sorted(_PACKAGE.rglob("*.py")):
        place = str(path.relative_to(_PACKAGE))
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                for found in re.findall(rf"^\[({_SHAPE})\] ", node.value):
                    yield f"{place}:{node.lineno}", found
            if isinstance(node, ast.Call) and (name := _called(node)) in ("SqlError", "from_text"):
                for constant in ast.walk(node.args[name == "from_text"]):
                    if isinstance(constant, ast.Constant):
                        yield f"{place}:{node.lineno}", constant.value
            if isinstance(node, ast.Tuple) and place == "engine/errors.py":
                for constant in node.elts:
                    if isinstance(constant, ast.Constant) and re.fullmatch(_SHAPE, constant.value):
                        yield f"{place}:{constant.lineno}", constant.value


def _called(node: ast.Call) -> str:
    return getattr(node.func, "attr", None) or getattr(node.func, "id", "")


def test_every_condition_of_the_source_is_in_the_table() -> None:
    found = dict(_conditions_of_source())
    assert len(found) > 100
    assert {place: name for place, name in found.items() if name not in SQLSTATES} == {}


def test_the_source_holds_no_sqlstate_but_in_the_table() -> None:
    states = set(SQLSTATES.values())
    found = [
        f"{path.relative_to(_PACKAGE)}:{node.lineno} {node.value}"
        for path in _PACKAGE.rglob("*.py")
        if path.name != "conditions.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and node.value in states
    ]
    assert found == []


def test_every_sqlstate_has_five_characters_and_every_condition_a_name() -> None:
    odd = {
        condition: state
        for condition, state in SQLSTATES.items()
        if not (re.fullmatch(r"[0-9A-Z]{5}", state) and re.fullmatch(_SHAPE, condition))
    }
    assert odd == {}


def test_an_error_carries_its_condition_and_the_sqlstate_of_the_table() -> None:
    error = SqlError("TABLE_OR_VIEW_NOT_FOUND", "There is none.")
    assert (error.condition, error.sqlstate) == ("TABLE_OR_VIEW_NOT_FOUND", "42P01")
    assert str(error) == "[TABLE_OR_VIEW_NOT_FOUND] There is none. SQLSTATE: 42P01"


def test_an_unknown_condition_is_refused() -> None:
    with pytest.raises(KeyError, match="TABLE_OR_VEIW_NOT_FOUND"):
        SqlError("TABLE_OR_VEIW_NOT_FOUND", "There is none.")


@pytest.mark.parametrize(
    ("condition", "sqlstate"), [("DIVIDE_BY_ZERO", "22012"), ("OF_A_USER", "XX000")]
)
def test_an_engine_may_name_a_condition_that_the_table_does_not_hold(
    condition: str, sqlstate: str
) -> None:
    assert ForeignError(condition, "It failed.").sqlstate == sqlstate


@pytest.mark.parametrize(
    ("text", "condition", "message"),
    [
        ("[PATH_NOT_FOUND] There is no a.csv", "PATH_NOT_FOUND", "There is no a.csv"),
        ("Cannot read a.csv", "FAILED_READ_FILE", "Cannot read a.csv"),
        ("[Errno 5] a.csv", "FAILED_READ_FILE", "[Errno 5] a.csv"),
    ],
    ids=["a condition of the table", "none", "brackets of another meaning"],
)
def test_a_text_may_name_its_condition(text: str, condition: str, message: str) -> None:
    error = from_text(text, "FAILED_READ_FILE")
    assert error.condition == condition
    assert str(error) == f"[{condition}] {message} SQLSTATE: {SQLSTATES[condition]}"
