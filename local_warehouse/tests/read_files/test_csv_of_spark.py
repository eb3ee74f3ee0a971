"""CSV is read as Apache Spark reads it: files and texts whose rows Spark has given."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from csv_reader import SCHEMA, CsvReader, ordered

from local_warehouse.read_files import (
    ReadFilesError,
)

MEASURED = Path(__file__).parents[1] / "spark_csv"


def measured_files() -> list[Any]:
    """The files whose rows were measured, a parameter each."""
    cases = json.loads((MEASURED / "files.json").read_text())
    return [pytest.param(case, id=case["name"]) for case in cases]


@pytest.mark.parametrize("case", measured_files())
def test_files_are_read_as_spark_reads_them(case: dict[str, Any], reader: CsvReader) -> None:
    path = reader.write(base64.b64decode(case["data"]), case["file"])
    if case.get("error"):
        with pytest.raises(ReadFilesError):
            reader.rows(path, **case["options"])
        return
    names, rows = reader.rows(path, **case["options"])
    assert names == case["columns"]
    assert ordered(rows) == ordered(case["rows"])


def measured_texts() -> list[Any]:
    """The random texts whose rows were measured, a parameter for each set of options."""
    groups = json.loads((MEASURED / "random.json").read_text())
    return [pytest.param(group, id=described(group["options"])) for group in groups]


def described(options: dict[str, str]) -> str:
    """Options by their names, those of true and false without their value."""
    shown = {"true": "{}", "false": "no {}"}
    return ", ".join(shown.get(v, f"{{}} {v}").format(name) for name, v in options.items())


@pytest.mark.parametrize("group", measured_texts())
def test_random_texts_are_read_as_spark_reads_them(
    group: dict[str, Any], reader: CsvReader
) -> None:
    for text, rows in group["cases"]:
        options = {"schema": SCHEMA, **group["options"]}
        if "," not in options["schema"]:
            options["schema"] += ", _cr string"
        path = reader.write(text.encode())
        assert ordered(reader.rows(path, **options)[1]) == ordered(rows), repr(text)
