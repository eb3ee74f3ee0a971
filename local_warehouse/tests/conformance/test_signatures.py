"""What the warehouse knows of the types that functions take and give is what Spark declares."""

from __future__ import annotations

import json

import pytest
from packaged_signatures import PACKAGED, RECORD, text
from reference import Answers, ask, spark_is_there, write_answers
from signature_questions import questions
from sqlglot import exp

from local_warehouse.comparison.exchanged_arguments import name_of, parsed
from local_warehouse.comparison.questions import documented
from local_warehouse.sql.walk import nodes, of_kind


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """What Spark declares, by questions; it is asked, if it is there, and its answers recorded."""
    table, *asked = questions()
    if spark_is_there():
        answers = ask([table, *asked], tmp_path_factory.mktemp("signatures"))
        write_answers(RECORD, {question["name"]: answers[question["name"]] for question in asked})
    found: Answers = json.loads(RECORD.read_text("utf-8"))
    assert list(found) == [question["name"] for question in asked]
    return found


def test_what_is_packaged_is_made_of_what_spark_declares(declared: Answers) -> None:
    """If not, packaged_signatures.py writes it anew."""
    assert PACKAGED.read_text("utf-8") == text(declared)


def test_each_function_is_one_that_an_example_calls() -> None:
    trees = [tree for sql in documented() if (tree := parsed(sql)) is not None]
    called = {name_of(call) for tree in trees for call in of_kind(nodes(tree), exp.Func)}
    assert {*json.loads(PACKAGED.read_text("utf-8"))["functions"]} <= called
