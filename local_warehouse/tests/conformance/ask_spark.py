"""Answers questions with Apache Spark: `python ask_spark.py FOLDER`, in the environment of
requirements.txt.

`FOLDER/questions.json` has a list of questions, each with a `name`, and either `sql`, or `file`,
`options` and `schema` of a CSV file to read. `FOLDER/tables/SCHEMA/TABLE.parquet` are tables that
queries find; `use` in a question is the schema of unqualified names, `keep` makes its answer a
table for those after it. In place of a question `{"documented": true}` stands for all examples of
Spark's own documentation of its functions. `declared` is a statement with `{}` for an argument, and
asks for what `declarations.py` says of it; `of` is the table. `FOLDER/answers.json` gets the
answers by name.
"""

from __future__ import annotations

import functools
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from answers import answer
from declarations import Declarations
from py4j.protocol import Py4JError
from pyarrow import ArrowException
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import (
    CalendarIntervalType,
    StructField,
    VariantType,
    YearMonthIntervalType,
)

# As a SQL warehouse of Databricks is configured.
SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "1",
    "spark.driver.memory": "2g",
    "spark.ui.enabled": "false",
    "spark.log.level": "OFF",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
    # A query of some rows is interpreted sooner than it is compiled.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.adaptive.enabled": "false",
    # Parquet takes -0.0 for another number than 0.0.
    "spark.sql.parquet.filterPushdown": "false",
}
# An example: a statement behind a prompt, up to the semicolon at the end of a line.
_EXAMPLE = re.compile(r"^ *> *(.+?);[^\S\n]*$", re.MULTILINE | re.DOTALL)


def main(folder: Path) -> None:
    """Answer the questions of the folder that the command line names."""
    builder = SparkSession.builder.master("local[1]")
    settings = SETTINGS | {"spark.sql.warehouse.dir": str(folder / "warehouse")}
    for name, text in settings.items():
        builder = builder.config(name, text)
    spark = builder.getOrCreate()
    for file in sorted((folder / "tables").glob("*/*.parquet")):
        _keep(spark, spark.read.parquet(str(file)), f"{file.parent.name}.{file.stem}")
    asked = json.loads((folder / "questions.json").read_text("utf-8"))
    questions = [one for question in asked for one in _questions(spark, question)]
    answers = {question["name"]: _ask(spark, question, folder) for question in questions}
    for question in questions:  # an answer that is another one the second time is told by its types
        if question.get("twice") and answers[question["name"]] != _ask(spark, question, folder):
            answers[question["name"]] = {"columns": answers[question["name"]]["columns"]}
    (folder / "answers.json").write_text(json.dumps(answers), "utf-8")


def _questions(spark: SparkSession, question: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The question itself, or the examples in the documentation of each function, once each."""
    if "documented" not in question:
        yield question
        return
    names = [row[0] for row in spark.sql("show functions").collect()]
    told = [
        row[0]
        for name in names
        for row in spark.sql(f"describe function extended `{name}`").collect()
    ]
    found = (sql.strip() for text in told for sql in _EXAMPLE.findall(text))
    for sql in dict.fromkeys(found):
        yield {"name": sql, "sql": sql, "ordered": True, "twice": True}


def _ask(spark: SparkSession, question: dict[str, Any], folder: Path) -> dict[str, Any]:
    if "declared" in question:
        return _declarations(spark, question["of"]).of(question["declared"])
    try:
        rows = _rows(spark, question, folder)
        if "keep" in question:
            _keep(spark, rows, question["keep"])
        rows = _with_texts(rows)
        how = {key: question.get(key, False) for key in ("ordered", "whole")}
        return answer(rows.toArrow(), **how)
    except PySparkException as error:
        return {"error": error.getCondition() or type(error).__name__}
    except Py4JError as error:
        return {"error": type(error).__name__}
    except (ArrowException, ValueError):  # for values that Arrow, or its type of them, cannot hold
        return {"error": "ArrowInvalid"}


@functools.cache
def _declarations(spark: SparkSession, table: str) -> Declarations:
    return Declarations(spark, table)


def _with_texts(rows: DataFrame) -> DataFrame:
    """The rows with texts in place of intervals that Arrow does not have, 1-2 and the like, and of
    VARIANTs, which a warehouse gives as JSON."""
    kinds = (YearMonthIntervalType, CalendarIntervalType, VariantType)
    if not any(isinstance(field.dataType, kinds) for field in rows.schema):
        return rows
    names = [f"c{i}" for i in range(len(rows.columns))]
    frame = "\"^INTERVAL '|' YEAR.*\""
    texts = [
        f"to_json({name}) as {name}"
        if isinstance(field.dataType, VariantType)
        else f"regexp_replace(cast({_wide(name, field)} as string), {frame}, '') as {name}"
        if isinstance(field.dataType, kinds)
        else name
        for name, field in zip(names, rows.schema, strict=True)
    ]
    return rows.toDF(*names).selectExpr(*texts).toDF(*rows.columns)


def _wide(name: str, field: StructField) -> str:
    is_wide = isinstance(field.dataType, CalendarIntervalType)
    return name if is_wide else f"cast({name} as interval year to month)"


def _rows(spark: SparkSession, question: dict[str, Any], folder: Path) -> DataFrame:
    if "use" in question:
        spark.sql(f"use {question['use']}")
    if "sql" in question:
        return spark.sql(question["sql"])
    reader = spark.read.options(**question["options"])
    reader = reader.schema(question["schema"]) if question["schema"] else reader
    return reader.csv(str(folder / question["file"]))


def _keep(spark: SparkSession, rows: DataFrame, table: str) -> None:
    spark.sql(f"create schema if not exists {table.partition('.')[0]}")
    rows.write.mode("overwrite").saveAsTable(table)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
