"""Each model, test and query of the dashboard on the same bronze tables: Spark's rows and types."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import sqlglot
from questions import questions
from reference import WITHOUT, Answers, ask, spark_is_there
from sqlglot import exp

from lakehouse import ROOT, Lakehouse
from local_warehouse.comparison.answers import answer

pytestmark = pytest.mark.skipif(not spark_is_there(), reason=WITHOUT)

LOG = "append_only"
SAMPLE = ("landing-sample", "--sales", "3000", "--customers", "300")


class Project:
    """The dbt project, built on the sample by the warehouse, and Spark's answers to its SQL."""

    def __init__(self, lakehouse: Lakehouse, folder: Path) -> None:
        for wave in ("1", "2"):
            lakehouse.run(*SAMPLE, "--wave", wave)
            lakehouse.run("load-bronze")
        lakehouse.run("dbt", "build", "--quiet")
        self._lakehouse = lakehouse
        manifest = Path(lakehouse.env["DBT_TARGET_PATH"]) / "manifest.json"
        document = json.loads(manifest.read_text("utf-8"))
        self.nodes = document["nodes"]
        for node in (*document["sources"].values(), *self._of("seed"), *self._logs()):
            self._export(node["schema"], node["name"], folder)
        self.asked = list(self._questions())
        self.spark: Answers = ask(self.asked, folder)

    def _of(self, kind: str) -> list[dict[str, Any]]:
        return [node for node in self.nodes.values() if node["resource_type"] == kind]

    def _logs(self) -> list[dict[str, Any]]:
        """The models whose rows the runs write; their own SQL gives columns and no row."""
        return [n for n in self._of("model") if n["config"].get("incremental_strategy") == LOG]

    def _export(self, schema: str, table: str, folder: Path) -> None:
        path = folder / "tables" / schema / f"{table}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(self._fetch(f"select * from {schema}.{table}"), path)

    def _fetch(self, sql: str, schema: str = "default") -> Any:
        with closing(self._lakehouse.connect(schema=schema)) as connection:
            cursor = connection.cursor()
            cursor.execute(sql)
            return cursor.fetchall_arrow()

    def _questions(self) -> Iterator[dict[str, Any]]:
        """The models, each after those it reads; then what reads models."""
        order = TopologicalSorter(
            {id: n["depends_on"].get("nodes", []) for id, n in self.nodes.items()}
        )
        ordered = [self.nodes[id] for id in order.static_order() if id in self.nodes]
        for node in ordered:
            if node["resource_type"] == "model" and node not in self._logs():
                table = f"{node['schema']}.{node['name']}"
                yield self._question(table, node["compiled_code"], keep=table)
        for node in self._of("test"):
            yield self._question(node["name"], node["compiled_code"])
        dashboard = json.loads((ROOT / "dashboards" / "sales.lvdash.json").read_text("utf-8"))
        for dataset in dashboard["datasets"]:
            sql = _with_defaults("".join(dataset["queryLines"]), dataset.get("parameters", []))
            yield self._question(f"dashboard {dataset['name']}", sql, use="gold")

    def _question(self, name: str, sql: str, **more: str) -> dict[str, Any]:
        catalog = f"`{self._lakehouse.env['DATABRICKS_CATALOG']}`."
        return {"name": name, "sql": sql.replace(catalog, ""), "whole": True, **more}

    def found(self, question: dict[str, Any]) -> dict[str, Any]:
        """The warehouse's answer: the rows of the table or view, or of the query."""
        sql = f"select * from {question['keep']}" if "keep" in question else question["sql"]
        return answer(self._fetch(sql, question.get("use", "default")), whole=True)


def _with_defaults(sql: str, parameters: list[dict[str, Any]]) -> str:
    """A query of the dashboard with its parameters' defaults in the place of their markers."""
    for parameter in parameters:
        name, default = parameter["keyword"], parameter["defaultSelection"]
        if parameter["complexType"] == "RANGE":
            for end in ("min", "max"):
                value = default["range"][end]["value"]
                sql = sql.replace(f":{name}.{end}", f"{parameter['dataType'].lower()}'{value}'")
        else:
            values = ", ".join(f"'{each['value']}'" for each in default["values"]["values"])
            sql = sql.replace(f":{name}", f"cast(array({values}) as array<string>)")
    return sql


@pytest.fixture(scope="module")
def project(
    new_lakehouse: Callable[[str], Lakehouse], tmp_path_factory: pytest.TempPathFactory
) -> Project:
    lakehouse = new_lakehouse("conformance")
    lakehouse.up()
    return Project(lakehouse, tmp_path_factory.mktemp("models"))


def test_every_query_of_the_project_gives_the_rows_of_spark(project: Project) -> None:
    assert len(project.asked) > 40
    wrong = {}
    for question in project.asked:
        found, expected = project.found(question), project.spark[question["name"]]
        if _plain(found) != _plain(expected):
            wrong[question["name"]] = _difference(found, expected)
    assert not wrong


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    """The answer with names in lower case: only those of unnamed columns have others."""
    return found | {"columns": [[name.lower(), kind] for name, kind in found.get("columns", [])]}


def _difference(found: dict[str, Any], expected: dict[str, Any]) -> Any:
    if "error" in expected or found["columns"] != expected["columns"]:
        return found["columns"], expected
    pairs = zip(found["rows"], expected["rows"], strict=False)
    counts = len(found["rows"]), len(expected["rows"])
    return counts, next((pair for pair in pairs if pair[0] != pair[1]), None)


def test_every_function_of_the_project_is_asked_about(project: Project) -> None:
    used = {name for question in project.asked for name in _functions(question["sql"])}
    asked = {name for question in questions() for name in _functions(question["sql"])}
    assert used - asked == set()


def _functions(sql: str) -> set[str]:
    calls = sqlglot.parse_one(sql, dialect="databricks").find_all(exp.Func)
    return {call.name if isinstance(call, exp.Anonymous) else call.sql_name() for call in calls}
