"""CSV files of every shape: read_files reads what Spark's reader reads with the same options."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from canonical import answer
from files import questions
from reference import WITHOUT, Answers, ask, recorded, spark_is_there

LANDING = "s3://landing/conformance"
QUESTIONS = {question.name: question for question in questions(LANDING)}
# Files on which the two differ, with the reason.
DIFFERENCES = {
    "zstandard/data.csv.zst": "Apache Spark as it is packaged for Python lacks the native codec",
}
MEASURED = Path(__file__).parents[1] / "local_warehouse" / "spark_csv"


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    folder = tmp_path_factory.mktemp("files")
    asked = []
    for question in QUESTIONS.values():
        _write(folder / question.name, question.content)
        asked.append({"name": question.name, "file": question.name, **_reading(question)})
    return recorded("files", asked, folder)


def _reading(question: Any) -> dict[str, Any]:
    return {key: asdict(question)[key] for key in ("options", "schema")}


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


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


@pytest.mark.skipif(not spark_is_there(), reason=WITHOUT)
def test_what_was_measured_of_spark_is_what_spark_answers(tmp_path: Path) -> None:
    """The expectations of tests/local_warehouse/test_read_files_csv.py."""
    expected: dict[str, Any] = {}
    asked = []
    for name, file, content, options, rows in _measured():
        _write(tmp_path / name / file, content)
        schema = options.pop("schema", "c string, d string, e string, _cr string")
        options["columnNameOfCorruptRecord"] = "_cr"
        reading = {"file": f"{name}/{file}", "options": options, "schema": schema}
        asked.append({"name": name, **reading, "whole": True})
        expected[name] = rows
    answers = ask(asked, tmp_path)
    found = {name: answers[name].get("rows") for name in expected}
    assert found == {
        name: rows and sorted(rows, key=lambda row: json.dumps(row, sort_keys=True))
        for name, rows in expected.items()
    }


def _measured() -> Iterator[tuple[str, str, bytes, dict[str, Any], list[Any] | None]]:
    """Name, file, content, options, and the rows; None for a file that cannot be read."""
    for number, case in enumerate(json.loads((MEASURED / "files.json").read_text("utf-8"))):
        content = base64.b64decode(case["data"])
        yield f"file-{number}", case["file"], content, case["options"], case.get("rows")
    for number, group in enumerate(json.loads((MEASURED / "random.json").read_text("utf-8"))):
        for part, (text, rows) in enumerate(group["cases"]):
            options = dict(group["options"])
            if "schema" in options:
                options["schema"] += ", _cr string"
            yield f"random-{number}-{part}", "f.csv", text.encode(), options, rows
