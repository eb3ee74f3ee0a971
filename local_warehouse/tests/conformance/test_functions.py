"""Functions, operators and queries on edge values: the warehouse answers what Spark answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from questions import HERE, questions
from reference import ANSWERS, Answers, recorded

from local_warehouse.comparison.answers import answer

QUESTIONS = {question["name"]: question for question in questions()}
# Questions by the reason for which the answers differ; docs/manual.md has the reasons too.
DIFFERENCES = {
    name: reason
    for reason, names in yaml.safe_load((HERE / "differences.yml").read_text("utf-8")).items()
    for name in names
}


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Spark's answers by the questions' names."""
    folder: Path = tmp_path_factory.mktemp("functions")
    return recorded(ANSWERS / "functions.json", list(QUESTIONS.values()), folder)


@pytest.fixture(scope="module")
def connection(warehouse: Any) -> Iterator[Any]:
    """A connection for all questions."""
    with warehouse.connect() as opened:
        yield opened


@pytest.mark.parametrize("name", QUESTIONS)
def test_an_answer_is_that_of_spark(name: str, connection: Any, spark: Answers) -> None:
    question, expected = QUESTIONS[name], spark[name]
    found = _asked(connection, question)
    if name in DIFFERENCES:
        assert found != expected, f"no difference any more ({DIFFERENCES[name]})"
    else:
        assert found == expected, question["sql"]


def test_a_listed_difference_is_of_a_question() -> None:
    assert not set(DIFFERENCES) - set(QUESTIONS)


def _asked(connection: Any, question: dict[str, Any]) -> dict[str, Any]:
    from databricks.sql.exc import ServerOperationError

    with connection.cursor() as cursor:
        try:
            cursor.execute(question["sql"])
        except ServerOperationError as error:
            return {"error": str(error).removeprefix("[").partition("]")[0]}
        return answer(cursor.fetchall_arrow(), ordered=question["ordered"])
