"""What was measured of Spark's CSV reader, and is recorded in tests/spark_csv, still holds."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from reference import WITHOUT, ask, spark_is_there, write

MEASURED = Path(__file__).parents[1] / "spark_csv"


@pytest.mark.skipif(not spark_is_there(), reason=WITHOUT)
def test_what_was_measured_of_spark_is_what_spark_answers(tmp_path: Path) -> None:
    """The expectations of read_files/test_csv_of_spark.py."""
    expected: dict[str, Any] = {}
    asked = []
    for name, file, content, options, rows in _measured():
        write(tmp_path / name / file, content)
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
