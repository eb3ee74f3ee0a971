"""CSV files of every shape: read_files reads what Spark's reader reads with the same options."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from files import questions
from reference import Answers, recorded, write

from local_warehouse.comparison.answers import answer

LANDING = "s3://landing/conformance"
QUESTIONS = {question.name: question for question in questions(LANDING)}
# Files on which the two differ, with the reason.
DIFFERENCES = {
    "zstandard/data.csv.zst": "Apache Spark as it is packaged for Python lacks the native codec",
}
ANSWERS = Path(__file__).parent / "answers" / "files.json"


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    folder = tmp_path_factory.mktemp("files")
    asked = []
    for question in QUESTIONS.values():
        write(folder / question.name, question.content)
        asked.append({"name": question.name, "file": question.name, **_reading(question)})
    return recorded(ANSWERS, asked, folder)


def _reading(question: Any) -> dict[str, Any]:
    return {key: asdict(question)[key] for key in ("options", "schema")}


@pytest.fixture(scope="module")
def connection(lakehouse: Any) -> Iterator[Any]:
    s3 = lakehouse.s3
    for question in QUESTIONS.values():
        key = f"{LANDING.partition('landing/')[2]}/{question.name}"
        s3.put_object(Bucket="landing", Key=key, Body=question.content)
    with lakehouse.connect() as opened:
        yield opened


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_file_is_read_as_spark_reads_it(name: str, connection: Any, spark: Answers) -> None:
    from databricks.sql.exc import ServerOperationError

    with connection.cursor() as cursor:
        try:
            cursor.execute(f"select * from {QUESTIONS[name].relation}")
            found = answer(cursor.fetchall_arrow())
        except ServerOperationError:
            found = {"error": True}
    expected = spark[name]
    expected = {"error": True} if "error" in expected else expected
    if name in DIFFERENCES:
        assert found != expected, f"no difference any more ({DIFFERENCES[name]})"
    else:
        assert found == expected
