"""What dbt-databricks has and dbt's own suite does not test: its incremental strategies, and the
settings of a relation on Unity Catalog.

One project is run twice, the second time with other rows and other settings; each test looks at
what one model has become.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from dbt.tests.util import run_dbt

INCREMENTAL = """
{{{{ config(materialized='incremental', {config}) }}}}
{{% if is_incremental() %}}
select * from values {later} as t (id, name, part)
{{% else %}}
select * from values (1, 'a', 'x'), (2, 'b', 'x'), (3, 'c', 'y') as t (id, name, part)
{{% endif %}}
"""
LATER = "(2, 'B', 'x'), (4, 'd', 'z')"

# By strategy: the model's settings, and its rows in the end.
STRATEGIES: dict[str, tuple[str, list[tuple[int, str]]]] = {
    "append": ("incremental_strategy='append'", [(1, "a"), (2, "B"), (2, "b"), (3, "c"), (4, "d")]),
    "merge": ("unique_key='id'", [(1, "a"), (2, "B"), (3, "c"), (4, "d")]),
    "merge_of_columns": (
        "unique_key='id', merge_update_columns=['part']",
        [(1, "a"), (2, "b"), (3, "c"), (4, "d")],
    ),
    "merge_with_conditions": (
        "unique_key='id', target_alias='t', source_alias='s', matched_condition=\"t.part = 'q'\", "
        'not_matched_condition="s.id < 4", not_matched_by_source_action="delete", '
        "not_matched_by_source_condition=\"t.part = 'y'\"",
        [(1, "a"), (2, "b")],
    ),
    "merge_without_steps": (
        "unique_key='id', skip_matched_step=true",
        [(1, "a"), (2, "b"), (3, "c"), (4, "d")],
    ),
    "merge_with_schema_evolution": (
        "unique_key='id', merge_with_schema_evolution=true",
        [(1, "a"), (2, "B"), (3, "c"), (4, "d")],
    ),
    "delete_insert": (
        "incremental_strategy='delete+insert', unique_key='id'",
        [(1, "a"), (2, "B"), (3, "c"), (4, "d")],
    ),
    "insert_overwrite": (
        "incremental_strategy='insert_overwrite', partition_by='part'",
        [(2, "B"), (3, "c"), (4, "d")],
    ),
    "insert_overwrite_of_clusters": (
        "incremental_strategy='insert_overwrite', liquid_clustered_by='part'",
        [(2, "B"), (3, "c"), (4, "d")],
    ),
    "insert_overwrite_of_all": (
        "incremental_strategy='insert_overwrite'",
        [(2, "B"), (4, "d")],
    ),
    "replace_where": (
        "incremental_strategy='replace_where', incremental_predicates=[\"part in ('x', 'z')\"]",
        [(2, "B"), (3, "c"), (4, "d")],
    ),
}

# By model: the clustering of the first and of the second round, its properties in the end, and the
# statement that the second round sends for it, if any.
CLUSTERINGS = {
    "keys_kept": ("liquid_clustered_by=['id', 'name']", "liquid_clustered_by=['id', 'name']",
                  {"clusteringColumns": '[["id"],["name"]]'}, None),
    "auto_kept": ("auto_liquid_cluster=true", "auto_liquid_cluster=true",
                  {"clusteringColumns": "[]", "clusterByAuto": "true"}, None),
    "keys_changed": ("liquid_clustered_by='id'", "liquid_clustered_by='name'",
                     {"clusteringColumns": '[["name"]]'}, "CLUSTER BY (name)"),
    "keys_to_auto": ("liquid_clustered_by='id'", "auto_liquid_cluster=true",
                     {"clusteringColumns": "[]", "clusterByAuto": "true"}, "CLUSTER BY AUTO"),
    "auto_to_keys": ("auto_liquid_cluster=true", "liquid_clustered_by='id'",
                     {"clusteringColumns": '[["id"]]'}, "CLUSTER BY (id)"),
    "keys_removed": ("liquid_clustered_by='id'", "skip_optimize=true", {}, "CLUSTER BY NONE"),
    "auto_removed": ("auto_liquid_cluster=true", "skip_optimize=true", {}, "CLUSTER BY NONE"),
}  # fmt: skip
CLUSTERED = """
{{{{ config(materialized='incremental', incremental_strategy='append', skip_optimize=true) }}}}
{{% if var('round') == 1 %}} {{{{ config({first}) }}}}
{{% else %}} {{{{ config({second}) }}}}
{{% endif %}}
select {{{{ var('round') }}}} as id, 'a' as name
"""

SETTINGS = """
models:
  - name: settings
    description: "settings of round {{ var('round') }}"
    config:
      materialized: incremental
      on_schema_change: append_new_columns
      unique_key: id
      contract: {enforced: true}
      persist_docs: {relation: true, columns: true}
      databricks_tags: {round: "{{ var('round') }}", always: "yes"}
      tblproperties: {"my.round": "{{ var('round') }}"}
      liquid_clustered_by: [id]
    constraints:
      - {type: check, name: positive, expression: "id > 0"}
      - {type: primary_key, name: settings_key, columns: [id]}
    columns:
      - name: id
        data_type: int
        description: "number of round {{ var('round') }}"
        constraints: [{type: not_null}]
      - name: name
        data_type: string
        databricks_tags: {class: "{{ var('round') }}"}
  - name: refers
    config: {materialized: table, contract: {enforced: true}}
    columns:
      - name: settings_id
        data_type: int
        constraints:
          - type: foreign_key
            name: refers_to_settings
            to: ref('settings')
            to_columns: [id]
  - name: shown
    description: "view of round {{ var('round') }}"
    config:
      materialized: view
      view_update_via_alter: true
      persist_docs: {relation: true, columns: true}
      databricks_tags: {round: "{{ var('round') }}"}
    columns:
      - {name: id, description: "number of round {{ var('round') }}"}
snapshots:
  - name: kept
    relation: ref('settings')
    config:
      strategy: check
      unique_key: id
      check_cols: [name]
      hard_deletes: new_record
      databricks_tags: {always: "yes"}
"""

# By what a snapshot makes of a row that is gone: whether each row that it keeps is a current one.
HARD_DELETES = {
    "ignore": [(1, True), (2, True)],
    "invalidate": [(1, True), (2, False)],
    "new_record": [(1, True), (2, False), (2, True)],
}
GONE = "select 1 as id{% if var('round') == 1 %} union all select 2{% endif %}"
SNAPSHOT = """
  - name: snapshot_{mode}
    relation: ref('gone')
    config: {{strategy: check, unique_key: [id], check_cols: all, hard_deletes: {mode}}}
"""


class _TwoRounds:
    """The project, and what its relations are after two rounds."""

    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        strategies = {
            f"{name}.sql": INCREMENTAL.format(config=config, later=LATER)
            for name, (config, _) in STRATEGIES.items()
        }
        strategies |= {
            f"{name}.sql": CLUSTERED.format(first=first, second=second)
            for name, (first, second, *_) in CLUSTERINGS.items()
        }
        row = "select cast(1 as int) as id, 'round {{ var(\"round\") }}' as name"
        return strategies | {
            "settings.sql": row,
            "refers.sql": "select id as settings_id from {{ ref('settings') }}",
            "shown.sql": row.replace("1 as int", "{{ var('round') }} as int"),
            "gone.sql": "{{ config(materialized='table') }}" + GONE,
            "settings.yml": SETTINGS + "".join(SNAPSHOT.format(mode=m) for m in HARD_DELETES),
        }

    @pytest.fixture(scope="class", autouse=True)
    def rounds(self, project: Any) -> None:
        for number in (1, 2):
            arguments = ["--vars", json.dumps({"round": number})]
            assert all(r.status == "success" for r in run_dbt(["build", *arguments]))

    def _document(self, project: Any, name: str) -> dict[str, Any]:
        statement = f"describe extended {project.test_schema}.{name} as json"
        document: dict[str, Any] = json.loads(project.run_sql(statement, fetch="one")[0])
        return document

    def _listed(self, project: Any, table: str, columns: str, name: str) -> set[tuple[Any, ...]]:
        rows = project.run_sql(
            f"select {columns} from {{database}}.information_schema.{table}"
            f" where schema_name = '{project.test_schema}' and table_name = '{name}'",
            fetch="all",
        )
        return {tuple(row) for row in rows}

    @pytest.mark.parametrize("name", STRATEGIES)
    def test_a_strategy_leaves_its_rows(self, project: Any, name: str) -> None:
        rows = project.run_sql(f"select id, name from {project.test_schema}.{name}", fetch="all")
        assert sorted(map(tuple, rows)) == STRATEGIES[name][1]

    def test_comments_are_those_of_the_last_round(self, project: Any) -> None:
        for name, what in (("settings", "settings"), ("shown", "view")):
            document = self._document(project, name)
            assert document["comment"] == f"{what} of round 2"
            assert document["columns"][0]["comment"] == "number of round 2"

    def test_tags_are_those_of_the_last_round(self, project: Any) -> None:
        tags = self._listed(project, "table_tags", "tag_name, tag_value", "settings")
        assert tags == {("round", "2"), ("always", "yes")}
        of_columns = "column_name, tag_name, tag_value"
        found = self._listed(project, "column_tags", of_columns, "settings")
        assert found == {("name", "class", "2")}
        assert self._listed(project, "table_tags", "tag_name, tag_value", "kept")

    def test_properties_and_clustering_are_described(self, project: Any) -> None:
        document = self._document(project, "settings")
        assert document["table_properties"]["my.round"] == "2"
        detail = f"describe detail {project.test_schema}.settings"
        assert "id" in str(project.run_sql(detail, fetch="one"))

    def test_clustering_is_altered_where_its_config_has_changed(
        self, project: Any, logs_dir: str
    ) -> None:
        log = (Path(logs_dir) / "dbt.log").read_text()
        altered = re.findall(r"ALTER .*`(\w+)`\s+(CLUSTER BY .*\S)", log, re.IGNORECASE)
        wanted = {(name, sent) for name, (*_, sent) in CLUSTERINGS.items() if sent}
        assert {(name, sent) for name, sent in altered if name in CLUSTERINGS} == wanted
        for name, (_, _, properties, _) in CLUSTERINGS.items():
            listed = f"show tblproperties {project.test_schema}.{name}"
            shown = dict(map(tuple, project.run_sql(listed, fetch="all")))
            assert {k: v for k, v in shown.items() if k.startswith("cluster")} == properties, name

    def test_constraints_are_enforced_and_keys_recorded(self, project: Any) -> None:
        table = f"{project.test_schema}.settings"
        for row in ("(-1, 'a')", "(null, 'a')"):
            with pytest.raises(UnboundLocalError):  # what the adapter makes of a failed statement
                project.run_sql(f"insert into {table} values {row}")
        assert len(project.run_sql(f"select * from {table}", fetch="all")) == 1
        rows = project.run_sql(
            "select constraint_name from {database}.information_schema.table_constraints"
            f" where table_schema = '{project.test_schema}'",
            fetch="all",
        )
        assert {"settings_key", "refers_to_settings"} <= {row[0] for row in rows}

    def test_a_view_has_its_last_query(self, project: Any) -> None:
        rows = project.run_sql(f"select * from {project.test_schema}.shown", fetch="all")
        assert [tuple(row) for row in rows] == [(2, "round 2")]

    @pytest.mark.parametrize("mode", HARD_DELETES)
    def test_a_snapshot_sees_that_a_row_is_gone(self, project: Any, mode: str) -> None:
        rows = project.run_sql(
            f"select id, dbt_valid_to is null from {project.test_schema}.snapshot_{mode}",
            fetch="all",
        )
        assert sorted(map(tuple, rows)) == HARD_DELETES[mode]

    def test_a_snapshot_keeps_both_rounds(self, project: Any) -> None:
        rows = project.run_sql(
            f"select name, dbt_valid_to is null from {project.test_schema}.kept", fetch="all"
        )
        assert sorted(map(tuple, rows)) == [("round 1", False), ("round 2", True)]


class TestFeatures(_TwoRounds):
    """With the materializations that are the default."""


class TestFeaturesV2(_TwoRounds):
    """With the adapter's other materializations."""

    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return {"flags": {"use_materialization_v2": True}}


GUARDED = """
models:
  - name: guarded
    config:
      materialized: incremental
      row_filter: {function: "{{ var('filter') }}", columns: [id]}
    columns:
      - {name: id, data_type: int}
      - {name: name, data_type: string, column_mask: {function: hide_name}}
      - name: city
        data_type: string
        column_mask: {function: "{{ var('mask') }}", using_columns: "id, '?'"}
"""


class TestMasksAndFilters:
    """They decide what is seen; a second run changes and removes them."""

    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return {"flags": {"use_materialization_v2": True}}

    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        row = "select {{ var('id') }} as id, 'a' as name, 'b' as city"
        return {"guarded.sql": row, "guarded.yml": GUARDED}

    def test_they_are_applied_and_changed(self, project: Any) -> None:
        schema = project.test_schema
        for function in (
            "hide_name(x string) returns string return '***'",
            "hide_city(x string, id int, sign string) returns string return concat(id, sign)",
            "show_city(x string, id int, sign string) returns string return x",
            "only_first(id int) returns boolean return id = 1",
            "all_rows(id int) returns boolean return true",
        ):
            project.run_sql(f"create function {schema}.{function}")
        for round_, seen in (
            ({"id": 1, "filter": "only_first", "mask": "hide_city"}, [(1, "***", "1?")]),
            ({"id": 2, "filter": "only_first", "mask": "hide_city"}, [(1, "***", "1?")]),
            (
                {"id": 3, "filter": "all_rows", "mask": "show_city"},
                [(1, "***", "b"), (2, "***", "b"), (3, "***", "b")],
            ),
        ):
            run_dbt(["run", "--vars", json.dumps(round_)])
            rows = project.run_sql(f"select * from {schema}.guarded", fetch="all")
            assert sorted(map(tuple, rows)) == seen


class TestCopyInto:
    """The adapter's macro `databricks_copy_into`, twice over the same files."""

    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        return {
            "landed.sql": "{{ config(materialized='table') }} select 0 as id, '' as name where 1=0"
        }

    def test_a_file_is_loaded_once(self, project: Any, warehouse: Any) -> None:
        run_dbt(["run"])
        bucket = warehouse.env["LANDING_URL"].removeprefix("s3://")
        key = f"{project.test_schema}/a.csv"
        warehouse.s3.put_object(Bucket=bucket, Key=key, Body=b"id,name\n1,x\n2,y\n")
        arguments = {
            "target_table": "landed",
            "source": f"s3://{bucket}/{project.test_schema}",
            "file_format": "csv",
            "expression_list": "id::int, name",
            "files": ["a.csv"],
            "format_options": {"header": "true"},
            "copy_options": {"mergeSchema": "false"},
        }
        for _ in range(2):
            operation = ["run-operation", "databricks_copy_into", "--args", json.dumps(arguments)]
            run_dbt(operation)
            rows = project.run_sql(f"select * from {project.test_schema}.landed", fetch="all")
            assert sorted(tuple(row) for row in rows) == [(1, "x"), (2, "y")]
