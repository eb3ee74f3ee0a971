"""Apache Spark as the reference: asked when it is there, otherwise its recorded answers."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from local_warehouse.comparison import answers

HERE = Path(__file__).parent
ANSWERS = HERE / "answers"
WITHOUT = "needs Apache Spark, which tests/conformance/run.py installs and asks"

Question = dict[str, Any]
Answers = dict[str, dict[str, Any]]


def spark_is_there() -> bool:
    """Whether run.py runs these tests, with Apache Spark."""
    return "SPARK_PYTHON" in os.environ


def recorded(record: Path, questions: Sequence[Question], folder: Path) -> Answers:
    """Answers by the questions' names from a file; those of Spark, if it is there, go into it."""
    if spark_is_there():
        write_answers(record, ask(questions, folder))
    found: Answers = json.loads(record.read_text("utf-8"))
    unknown = [question["name"] for question in questions if question["name"] not in found]
    assert not unknown, f"Spark's answers are not recorded, run tests/conformance/run.py: {unknown}"
    return found


def recorded_examples(record: Path, folder: Path) -> Answers:
    """Answers to the examples of Spark's documentation from a file; Spark, if it is there, is asked
    first, for the examples too."""
    if spark_is_there():
        write_answers(record, ask([{"documented": True}], folder))
    found: Answers = json.loads(record.read_text("utf-8"))
    return found


def write_answers(record: Path, found: Answers) -> None:
    """Write answers to a file, one a line."""
    lines = (f"{json.dumps(question)}: {json.dumps(answer)}" for question, answer in found.items())
    record.write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def write(path: Path, content: bytes) -> None:
    """Write a file for Spark to read, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def ask(questions: Sequence[Question], folder: Path) -> Answers:
    """Spark's answers; see ask_spark.py for what a question and the folder hold."""
    (folder / "questions.json").write_text(json.dumps(questions), "utf-8")
    log = folder / "spark.log"
    # Spark's environment has no local_warehouse, but spells answers by this one module of it.
    spelling = os.environ | {"PYTHONPATH": str(Path(answers.__file__).parent)}
    with log.open("wb") as output:
        command = [os.environ["SPARK_PYTHON"], str(HERE / "ask_spark.py"), str(folder)]
        done = subprocess.run(
            command, stdout=output, stderr=subprocess.STDOUT, env=spelling, check=False
        )
    if done.returncode != 0:
        pytest.fail(f"Spark failed, see {log}:\n{log.read_text(errors='replace')[-2000:]}")
    found: Answers = json.loads((folder / "answers.json").read_text("utf-8"))
    return found
