"""Answers questions with Apache Spark: `python ask_spark.py FOLDER`, in the environment of
requirements.txt.

`FOLDER/questions.json` has a list of questions, each with a `name`, and either `sql`, or `file`,
`options` and `schema` of a CSV file to read. `FOLDER/tables/SCHEMA/TABLE.parquet` are tables that
queries find; `use` in a question is the schema of unqualified names, and `keep` makes its answer a
table for those after it. `FOLDER/answers.json` gets the answers by name.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from canonical import answer
from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

# As a SQL warehouse of Databricks is configured.
SETTINGS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "1",
    "spark.driver.memory": "2g",
    "spark.ui.enabled": "false",
    "spark.log.level": "OFF",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1",
}


def main(folder: Path) -> None:
    """Answer the questions of the folder that the command line names."""
    builder = SparkSession.builder.master("local[1]")
    settings = SETTINGS | {"spark.sql.warehouse.dir": str(folder / "warehouse")}
    for name, text in settings.items():
        builder = builder.config(name, text)
    spark = builder.getOrCreate()
    for file in sorted((folder / "tables").glob("*/*.parquet")):
        _keep(spark, spark.read.parquet(str(file)), f"{file.parent.name}.{file.stem}")
    questions = json.loads((folder / "questions.json").read_text("utf-8"))
    answers = {question["name"]: _ask(spark, question, folder) for question in questions}
    (folder / "answers.json").write_text(json.dumps(answers), "utf-8")


def _ask(spark: SparkSession, question: dict[str, Any], folder: Path) -> dict[str, Any]:
    try:
        rows = _rows(spark, question, folder)
        if "keep" in question:
            _keep(spark, rows, question["keep"])
        how = {key: question.get(key, False) for key in ("ordered", "whole")}
        return answer(rows.toArrow(), **how)
    except PySparkException as error:
        return {"error": error.getCondition() or type(error).__name__}
    except Py4JError as error:
        return {"error": type(error).__name__}


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
