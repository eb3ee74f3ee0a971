"""CSV files, each as the loader reads it: what both engines are asked."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import shapes
import sqlglot
from sqlglot import exp

from bronze_loader.datasets.csv_options import CsvOptions
from bronze_loader.datasets.declaration import Dataset, read_datasets
from bronze_loader.errors import Refused
from bronze_loader.landing.bucket import LandingFile
from bronze_loader.sniffing.header import Header, sniff
from bronze_loader.warehouse.statements import FileToLoad, read_files

# Every line of the table in section "CSV semantics" of the notes on which read_files is built.
FACTS = b"""id,name,age
1,"a, b",3
2,b
3,c,4,extra
4,"multi
line",5
5,"q""q",6

8, padded ,9
9,"",
10,NULL,\\N
11,abc"d"e,1
6,"unclosed,7
7,x"y,8
"""
_SETTINGS = ("format", "schema")  # parameters of read_files that are no options of Spark's reader


@dataclass(frozen=True)
class Question:
    """A file, named by its path, and the same reading of it for each engine."""

    name: str
    content: bytes
    relation: str
    schema: str
    options: dict[str, str]


def questions(landing: str) -> Iterator[Question]:
    """One for each shape of file that the loader reads; `landing` is the URL the files get."""
    for quote, multi_line in (('"', True), ('"', False), ("\\", True), ("\\", False)):
        key = f"facts/escape-{ord(quote)}-{'whole' if multi_line else 'lines'}.csv"
        header = Header(("id", "name", "age"), escape=quote)
        yield _question(key, FACTS, header, CsvOptions(multi_line=multi_line), landing)
    datasets = _datasets()
    groups = (shapes.COLUMNS, shapes.DIALECTS, shapes.LINES, shapes.ENCODINGS, shapes.CONTENTS)
    for shape in (shape for group in groups for shape in group):
        dataset, content = datasets[shape.dataset], shape.content
        if len(content) > shapes.LARGE:
            continue  # too large to ask about often
        key = f"{shape.id}/{shape.names[0]}"
        try:
            header = sniff(key, len(content), dataset, lambda at, n, c=content: c[at : at + n])
        except Refused:
            continue
        if header.skip_rows:
            continue  # no option of Spark 4.0
        yield _question(key, content, header, dataset.options, landing)


def _datasets() -> dict[str, Dataset]:
    with tempfile.NamedTemporaryFile("w", suffix=".yml", encoding="utf-8") as file:
        file.write(shapes.SOURCES)
        file.flush()
        return {dataset.name: dataset for dataset in read_datasets(Path(file.name))}


def _question(
    key: str, content: bytes, header: Header, options: CsvOptions, landing: str
) -> Question:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    file = LandingFile(f"{landing}/{key}", key, key, "", len(content), moment)
    relation = read_files(FileToLoad(file, header), options)
    call = sqlglot.parse_one(f"select * from {relation}", dialect="databricks")
    named = {
        argument.this.name: argument.expression.name or str(argument.expression).lower()
        for argument in call.find_all(exp.Kwarg, exp.PropertyEQ)
    }
    spark = {key: text for key, text in named.items() if key not in _SETTINGS}
    return Question(key, content, relation, named["schema"], spark)
