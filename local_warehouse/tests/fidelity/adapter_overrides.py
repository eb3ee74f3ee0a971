"""What dbt-databricks needs of a class of the adapter suite, as mixins put before the class.

The suite speaks Postgres: its types, its quotes, several statements in one string, its messages.
Each mixin changes that; what a class checks stays as it is, but here:

- Three tests do not run: `test_simple_seed_full_refresh_flag` of BaseBasicSeedTests (dropping a
  table drops no view that reads it), `test_missing_column_warning` of BasePersistDocsColumnMissing
  (the adapter gives none), `test_simple_copy_with_materialized_views` of SimpleCopyBase (there are
  no materialized views).
- MetadataWithEmptyFlag runs without its model `alter_column_type`: the adapter's ALTER COLUMN names
  a relation by its query, which no database takes.
- The catalogs of BaseDocsGenerate and BaseDocsGenReferences may have any statistics, as the adapter
  has or has not taken them, and those of the second columns of any index (0 is Databricks' first).
- A broken constraint may be reported by any of four conditions, and of SQL that dbt has written
  the two classes of ephemeral models compare parts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import sqlglot
from dbt.tests.adapter.basic.expected_catalog import (
    base_expected_catalog,
    expected_references_catalog,
)
from dbt.tests.adapter.constraints import fixtures as constraints
from dbt.tests.adapter.simple_snapshot import test_various_configs as snapshots
from dbt.tests.adapter.utils import fixture_get_intervals_between, fixture_listagg
from dbt.tests.util import AnyInteger, AnyString, check_relations_equal, run_dbt

OVERRIDES: dict[str, type[Any]] = {}
_Class = type[Any]


def _of(*names: str) -> Callable[[_Class], _Class]:
    """Put the mixin before these classes."""

    def register(mixin: _Class) -> _Class:
        OVERRIDES.update(dict.fromkeys(names, mixin))
        return mixin

    return register


_WORDS = {
    "::text": "::string",
    "data_type: text": "data_type: string",
    '"my_column", "varchar"': '"my_column", "string"',
    'as "GROUP"': "as `GROUP`",
    # The columns of a key that is added to a table must not be nullable.
    "unique\n          - type: primary_key": "not_null\n          - type: primary_key",
}


def speak_databricks(module: ModuleType) -> None:
    """Exchange in the texts of a module what Databricks does not take: TEXT, a type of Postgres,
    names in double quotes, and a primary key of what may be NULL. The adapter's own tests do so
    too."""
    for name, text in list(vars(module).items()):
        if isinstance(text, str) and not name.startswith("__"):
            for word, exchanged in _WORDS.items():
                text = text.replace(word, exchanged)
            setattr(module, name, text)


# set-up SQL


@_of(
    "BaseSeedConfigFullRefreshOff", "BaseSeedCustomSchema", "BaseSeedParsing",
    "BaseSeedWithEmptyDelimiter",
    "BaseSeedWithUniqueDelimiter", "BaseSeedWithWrongDelimiter", "BaseSimpleSeedWithBOM",
    "BaseSnapshotColumnNames", "BaseSnapshotColumnNamesFromDbtProject",
    "BaseSnapshotInvalidColumnNames", "BaseSnapshotMultiUniqueKey",
    "BaseSnapshotNewRecordDbtValidToCurrent",
)  # fmt: skip
class PostgresSetUp:
    """Statements that the class runs itself are translated, and sent one by one."""

    @pytest.fixture(scope="class")
    def project(self, project: Any, suite_folder: Path) -> Any:
        project.test_dir = suite_folder
        send = project.run_sql

        def run_sql(sql: str, fetch: str | None = None) -> Any:
            names = {"schema": project.test_schema, "database": f'"{project.database}"'}
            answer = None
            for statement in sqlglot.transpile(
                sql.format(**names), read="postgres", write="databricks", comments=False
            ):
                if statement:
                    statement = statement.replace("TIMESTAMP_NTZ", "TIMESTAMP")
                    answer = send(statement.replace("{", "{{").replace("}", "}}"), fetch)
            return self._shown(answer)

        project.run_sql = run_sql
        return project

    def _shown(self, answer: Any) -> Any:
        return answer


@_of("BaseSnapshotNewRecordCheckMode", "BaseSnapshotNewRecordTimestampMode")
class BooleansAsText(PostgresSetUp):
    """dbt_is_deleted is BOOLEAN, and the class compares with a text."""

    def _shown(self, answer: Any) -> Any:
        if not isinstance(answer, list):
            return answer
        return [[str(v) if isinstance(v, bool) else v for v in row] for row in answer]


@_of("BaseBasicSeedTests")
class NoCascade(PostgresSetUp):
    test_simple_seed_full_refresh_flag = None  # dropping a table drops no view that reads it


@_of(
    "BaseSnapshotEphemeralHardDeletes", "BaseSnapshotNewColumnSpecificCheckCols",
    "BaseSnapshotNewColumnTimestampStrategy", "BaseSnapshotNewColumnWithDeletes",
)  # fmt: skip
class ColumnWithoutDefault(PostgresSetUp):
    """Databricks takes no default for a column that is added to a table with rows."""

    @pytest.fixture(scope="class")
    def source_alter_sql(self) -> str:
        return "alter table {schema}.src_customers add column dummy_column text"


@_of("BaseSnapshotDbtValidToCurrent")
class NaiveTimestamps(PostgresSetUp):
    """A timestamp of Databricks has a time zone, and the class compares with one that has none;
    it also takes rows by their place, and a SELECT has no order."""

    @pytest.fixture(scope="class", autouse=True)
    def naive(self) -> Iterator[None]:
        asked = snapshots.run_sql_with_adapter

        def ask(adapter: Any, sql: str, fetch: str) -> list[list[Any]]:
            return [
                [v.astimezone(UTC).replace(tzinfo=None) if hasattr(v, "tzinfo") else v for v in row]
                for row in sorted(asked(adapter, sql, fetch), key=lambda row: (row[0], row[2]))
            ]

        snapshots.run_sql_with_adapter = ask
        yield
        snapshots.run_sql_with_adapter = asked


@_of("BaseSimpleSnapshot", "BaseSnapshotCheck")
class SnapshotColumns:
    """A column is added without a default: Databricks takes none for a table that has rows."""

    def add_fact_column(self, column: str, definition: str) -> None:
        super().add_fact_column(column, "string")  # type: ignore[misc]


@_of("BaseSimpleSeedColumnOverride")
class SeedColumnTypes:
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        from dbt.tests.adapter.simple_seed.fixtures import properties__schema_yml

        types = {"type: text": "type: string", "type: integer": "type: bigint"}
        yaml = properties__schema_yml.replace("timestamp without time zone", "timestamp")
        for postgres, databricks in types.items():
            yaml = yaml.replace(postgres, databricks)
        return {"schema.yml": yaml}

    @staticmethod
    def seed_enabled_types() -> dict[str, str]:
        return {"seed_id": "string", "birthday": "date"}

    @staticmethod
    def seed_tricky_types() -> dict[str, str]:
        names = ("seed_id_str", "looks_like_a_bool", "looks_like_a_date")
        return dict.fromkeys(names, "string")


@_of("BaseSeedSpecificFormats")
class NoDotsInNames:
    """Unity Catalog refuses a table with a dot in its name."""

    @pytest.fixture(scope="class")
    def seeds(self, test_data_dir: Any) -> dict[str, str]:
        from dbt.tests.adapter.simple_seed.seeds import seed__unicode_csv

        big = self._make_big_seed(test_data_dir).read_text()  # type: ignore[attr-defined]
        return {
            "big_seed.csv": big,
            "seed_dots.csv": "seed_id\n1\n",
            "unicode.csv": seed__unicode_csv,
        }


@_of("BaseIncrementalPredicates")
class PredicatesOfMerge:
    """The adapter's delete+insert has its predicates on the new rows; its merge, on the old."""

    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        settings = {"incremental_predicates": ["old.id != 2"], "target_alias": "old"}
        return {"models": {f"+{name}": value for name, value in settings.items()}}


# hooks


class _HookContext(PostgresSetUp):
    def _check(self, context: dict[str, Any], state: str, schema: str, host: str) -> None:
        expected = {
            "test_state": state, "target_host": host, "target_name": "default",
            "target_schema": schema, "target_type": "databricks", "target_dbname": "",
            "target_user": "", "target_pass": "",
        }  # fmt: skip
        assert {name: context[name] for name in expected} == expected
        assert int(context["target_threads"]) == 4
        assert context["run_started_at"]
        assert context["invocation_id"]
        assert context["thread_id"].startswith(("Thread-", "MainThread"))


@_of(
    "BaseHookRefs", "BaseHooksRefsOnSeeds", "BasePrePostModelHooks",
    "BasePrePostModelHooksInConfig", "BasePrePostModelHooksInConfigKwargs",
    "BasePrePostModelHooksInConfigWithCount", "BasePrePostModelHooksOnSeeds",
    "BasePrePostModelHooksOnSeedsPlusPrefixed", "BasePrePostModelHooksOnSnapshots",
    "BasePrePostModelHooksOnSeedsPlusPrefixedWhitespace", "BasePrePostSnapshotHooksInConfigKwargs",
)  # fmt: skip
class ModelHooks(_HookContext):
    def check_hooks(self, state: str, project: Any, host: str, count: int = 1) -> None:
        for context in self.get_ctx_vars(state, count=count, project=project):  # type: ignore[attr-defined]
            self._check(context, state, project.test_schema, host)


@_of("BasePrePostRunHooks")
class RunHooks(_HookContext):
    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        def order(name: str) -> list[str]:
            table = f"{{{{ target.schema }}}}.{name}_hook_order_test"
            return [
                f"{{{{ custom_run_hook('{name}', target, run_started_at, invocation_id) }}}}",
                f"create table {table} (id int)",
                f"drop table {table}",
            ]

        return {
            "on-run-start": order("start"),
            "on-run-end": [
                *order("end"),
                "create table {{ target.schema }}.schemas as select explode(array("
                "{% for s in schemas %}'{{ s }}'{{ ',' if not loop.last }}{% endfor %})) as s",
                "create table {{ target.schema }}.db_schemas (db string, schema string)",
                "insert into {{ target.schema }}.db_schemas values {% for db, schema in"
                " database_schemas %}('{{ db }}', '{{ schema }}')"
                "{{ ',' if not loop.last }}{% endfor %}",
            ],
            "seeds": {"quote_columns": False},
        }

    def check_hooks(self, state: str, project: Any, host: str) -> None:
        context = self.get_ctx_vars(state, project)  # type: ignore[attr-defined]
        self._check(context, state, project.test_schema, host)


# documentation and comments


class _Catalog:
    @pytest.fixture(scope="class")
    def catalog_types(self) -> dict[str, Any]:
        return {
            "role": AnyString(), "id_type": "bigint", "text_type": "string",
            "time_type": "timestamp", "view_type": "view", "table_type": "table",
            "model_stats": _AnyStats(),
        }  # fmt: skip


class _AnyStats:
    """Statistics that the adapter has or has not taken."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, dict) and "has_stats" in other

    __hash__ = None  # type: ignore[assignment]


@_of("BaseDocsGenerate")
class Docs(_Catalog):
    @pytest.fixture(scope="class")
    def expected_catalog(self, project: Any, catalog_types: dict[str, Any]) -> Any:
        return base_expected_catalog(project, **catalog_types)


@_of("BaseDocsGenReferences")
class DocsOfReferences(_Catalog):
    @pytest.fixture(scope="class")
    def expected_catalog(self, project: Any, catalog_types: dict[str, Any]) -> Any:
        catalog = expected_references_catalog(project, bigint_type="bigint", **catalog_types)
        for node in (*catalog["nodes"].values(), *catalog["sources"].values()):
            for column in node["columns"].values():
                column["index"] = AnyInteger()  # counted from 0 on Databricks
        return catalog


class _DescribedComments:
    """The adapter's catalog has no comments of columns: they are read from DESCRIBE."""

    def _node(self, project: Any, name: str) -> dict[str, Any]:
        statement = f"describe extended {project.test_schema}.{name} as json"
        document = json.loads(project.run_sql(statement, fetch="one")[0])
        columns = {c["name"]: {"comment": c.get("comment")} for c in document["columns"]}
        return {"metadata": {"comment": document.get("comment")}, "columns": columns}


@_of("BasePersistDocs")
class DescribedComments(_DescribedComments):
    def test_has_comments_pglike(self, project: Any) -> None:
        self._assert_has_table_comments(self._node(project, "table_model"))  # type: ignore[attr-defined]
        self._assert_has_view_comments(self._node(project, "view_model"))  # type: ignore[attr-defined]
        no_docs = self._node(project, "no_docs_model")
        self._assert_has_view_comments(no_docs, False, False)  # type: ignore[attr-defined]


@_of("BasePersistDocsColumnMissing")
class DescribedCommentOfOneColumn(_DescribedComments):
    test_missing_column_warning = None  # the adapter gives none

    def test_missing_column(self, project: Any) -> None:
        columns = self._node(project, "missing_column")["columns"]
        assert columns["id"]["comment"].startswith("test id column description")


@_of("BasePersistDocsCommentOnQuotedColumn")
class DescribedCommentOfQuotedColumn(_DescribedComments):
    def test_quoted_column_comments(self, project: Any) -> None:
        run_dbt(["run"])
        assert self._node(project, "quote_model")["columns"]["2id"]["comment"].startswith("XXX")


@_of("BaseInvalidGrants")
class InvalidGrants:
    def grantee_does_not_exist_error(self) -> str:
        return "PRINCIPAL_DOES_NOT_EXIST"

    def privilege_does_not_exist_error(self) -> str:
        return "INVALID_PARAMETER_VALUE"


@_of("BaseModelGrants")
class ModelGrants:
    """What Postgres calls INSERT is MODIFY on Unity Catalog."""

    def privilege_grantee_name_overrides(self) -> dict[str, str]:
        names = ("select", "fake_privilege", "invalid_user")
        return dict(zip(names, names, strict=True)) | {"insert": "modify"}


# constraints and contracts


@_of(
    "BaseIncrementalConstraintsColumnsEqual", "BaseTableConstraintsColumnsEqual",
    "BaseViewConstraintsColumnsEqual",
)  # fmt: skip
class ColumnTypes:
    @pytest.fixture
    def string_type(self) -> str:
        return "string"

    @pytest.fixture
    def int_type(self) -> str:
        return "int"

    @pytest.fixture
    def data_types(self) -> list[tuple[str, str, str]]:
        """SQL of a value, its type in a contract, its type in a message."""
        return [
            ("1", "int", "int"),
            ("'1'", "string", "string"),
            ("true", "boolean", "boolean"),
            ("1.5D", "double", "double"),
            ("date'2019-01-01'", "date", "date"),
            ("timestamp'2019-01-01'", "timestamp", "timestamp"),
            ("array('a', 'b')", "array<string>", "array"),
            ("map('a', 1)", "map<string,int>", "map"),
            ("named_struct('a', 1)", "struct<a:int>", "struct"),
            ("cast(1 as decimal(4, 2))", "decimal(4,2)", "decimal"),
        ]


@_of("BaseConstraintsRollback", "BaseIncrementalConstraintsRollback")
class ConstraintMessages:
    """A table has its new rows before a constraint is added to it; an incremental model, and a
    table that is built beside the old one, keep the old ones."""

    @pytest.fixture(scope="class")
    def expected_color(self) -> str:
        name = type(self).__name__
        return "blue" if "Incremental" in name or "v2" in name else "red"

    @pytest.fixture(scope="class")
    def expected_error_messages(self) -> list[str]:
        return ["constraint"]

    def assert_expected_error_messages(self, message: str, expected: list[str]) -> None:
        violations = ("DELTA_NEW_NOT_NULL_VIOLATION", "DELTA_NOT_NULL_CONSTRAINT_VIOLATED",
                      "DELTA_NEW_CHECK_CONSTRAINT_VIOLATION",
                      "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES")  # fmt: skip
        assert any(violation in message for violation in violations)


_CREATED = """
create or replace table <model_identifier> using delta as
select {columns} from ({comment} select 'blue' as {color}, 1 as id, '2019-01-01' as date_day
) as model_subq
"""


@_of("BaseConstraintsRuntimeDdlEnforcement", "BaseIncrementalConstraintsRuntimeDdlEnforcement")
class ConstraintsAfterCreation:
    """dbt-databricks adds constraints by statements that follow CREATE TABLE."""

    @pytest.fixture(scope="class")
    def expected_sql(self) -> str:
        comment = "-- depends_on: <foreign_key_model_identifier>\n"
        return _CREATED.format(columns="id, color, date_day", comment=comment, color="color")


@_of("BaseModelConstraintsRuntimeEnforcement")
class ModelConstraintsAfterCreation(ConstraintsAfterCreation):
    """As before, and a foreign key's expression is all that follows FOREIGN KEY."""

    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        yaml = constraints.constrained_model_schema_yml
        clause = "(id) references {schema}.foreign_key_model (id)"
        return {
            "my_model.sql": constraints.my_model_wrong_order_depends_on_fk_sql,
            "foreign_key_model.sql": constraints.foreign_key_model_sql,
            "constraints_schema.yml": yaml.replace("{schema}.foreign_key_model (id)", clause),
        }


@_of("BaseConstraintQuotedColumn")
class QuotedColumn:
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        yaml = constraints.model_quoted_column_schema_yml
        return {
            "my_model.sql": constraints.my_model_with_quoted_column_name_sql,
            "constraints_schema.yml": yaml.replace('"from"', "`from`"),
        }

    @pytest.fixture(scope="class")
    def expected_sql(self) -> str:
        return _CREATED.format(columns="id, `from`, date_day", comment="", color="`from`")


@_of("BaseIncrementalForeignKeyConstraint")
class ForeignKeyClause:
    """A foreign key's expression is all that follows FOREIGN KEY."""

    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        yaml = constraints.incremental_foreign_key_schema_yml
        clause = "(n) references {schema}.raw_numbers (n)"
        return {
            "schema.yml": yaml.replace("{schema}.raw_numbers (n)", clause),
            "raw_numbers.sql": constraints.incremental_foreign_key_model_raw_numbers_sql,
            "stg_numbers.sql": constraints.incremental_foreign_key_model_stg_numbers_sql,
        }


# cross-database macros


@_of("BaseTypeFloat", "BaseTypeInt")
class SeedOfOneType:
    """A seed's numbers are DOUBLE and BIGINT unless it says otherwise."""

    @pytest.fixture(scope="class")
    def project_config_update(self) -> dict[str, Any]:
        return {"seeds": {"+column_types": {"float_col": "float", "int_col": "int"}}}


@_of("BaseListagg")
class ListaggInOrder:
    """The adapter's listagg takes no order: the rows are in order already."""

    @pytest.fixture(scope="class")
    def seeds(self) -> dict[str, str]:
        header, *lines = fixture_listagg.seeds__data_listagg_csv.splitlines()
        ordered = sorted(lines, key=lambda line: (line.split(",")[0], line.split(",")[2]))
        return {
            "data_listagg.csv": "\n".join([header, *ordered]) + "\n",
            "data_listagg_output.csv": fixture_listagg.seeds__data_listagg_output_csv,
        }


@_of("BaseGetIntervalsBetween")
class IsoDates:
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        sql = fixture_get_intervals_between.models__test_get_intervals_between_sql
        for day in ("01", "12"):
            sql = sql.replace(f"09/{day}/2023", f"2023-09-{day}")
        yaml = fixture_get_intervals_between.models__test_get_intervals_between_yml
        return {"intervals.sql": sql, "intervals.yml": yaml.replace(
            "name: test_get_intervals_between", "name: intervals")}  # fmt: skip


@_of("BaseCurrentTimestamps")
class OneCurrentTimestamp:
    @pytest.fixture(scope="class")
    def models(self) -> dict[str, str]:
        return {"get_current_timestamp.sql": "select {{ current_timestamp() }} as now"}

    @pytest.fixture(scope="class")
    def expected_schema(self) -> dict[str, str]:
        return {"now": "timestamp"}

    @pytest.fixture(scope="class")
    def expected_sql(self) -> str:
        return "select current_timestamp() as now"


@_of("BaseUnitTestingTypes")
class UnitTestValues:
    @pytest.fixture
    def data_types(self) -> list[tuple[str, str]]:
        """SQL of a value, and the same in a unit test's YAML."""
        return [
            ("1", "1"),
            ("'1'", "1"),
            ("true", "true"),
            ("2.5", "2.5"),
            ("date'2020-01-02'", "2020-01-02"),
            ("timestamp'2013-11-03 00:00:00'", "2013-11-03 00:00:00"),
            ("cast(1 as decimal(10, 2))", "1"),
            ("array(1, 2)", "'array(1, 2)'"),
            ("map('10', 't')", '\'map("10", "t")\''),
            ("named_struct('a', 1)", "'named_struct(\"a\", 1)'"),
        ]


# what remains


class _WrittenSql:
    def _assert_written(self, model: str, *parts: str) -> None:
        """The statement that made a model has these parts in this order, white space aside."""
        written = "".join(Path(f"target/run/test/models/{model}.sql").read_text().split())
        places = [written.index("".join(part.split())) for part in parts]
        assert places == sorted(places)


@_of("BaseEphemeralMulti")
class EphemeralMulti(_WrittenSql):
    def test_ephemeral_multi(self, project: Any) -> None:
        assert len(run_dbt(["seed"])) == 1
        assert len(run_dbt(["run"])) == 3
        for model in ("dependent", "double_dependent", "super_dependent"):
            check_relations_equal(project.adapter, ["seed", model])
        self._assert_written(
            "double_dependent",
            "create or replace view",
            "with __dbt__cte__base as (",
            "), __dbt__cte__base_copy as (select * from __dbt__cte__base)",
            "select * from __dbt__cte__base where gender = 'Male'",
            "union all select * from __dbt__cte__base_copy where gender = 'Female'",
        )


@_of("BaseEphemeralNested")
class EphemeralNested(_WrittenSql):
    def test_ephemeral_nested(self, project: Any) -> None:
        assert len(run_dbt(["run"])) == 2
        self._assert_written(
            "root_view",
            "create or replace view",
            "with __dbt__cte__ephemeral_level_two as (",
            "), __dbt__cte__ephemeral as (select * from __dbt__cte__ephemeral_level_two)",
            "select * from __dbt__cte__ephemeral",
        )


@_of("MetadataWithEmptyFlag")
class NoChangeOfType:
    """The adapter's ALTER COLUMN names a relation by its query, which no database takes."""

    @pytest.mark.parametrize(
        "model",
        [
            "control", "get_columns_in_relation", "alter_relation_comment",
            "alter_column_comment", "alter_relation_add_remove_columns", "truncate_relation",
        ],
    )  # fmt: skip
    def test_run(self, project: Any, model: str) -> None:
        run_dbt(["run", "--empty", "--select", model])


@_of("BaseSimpleCopyUppercase")
class ProfileOfTheWarehouse:
    @pytest.fixture(scope="class")
    def dbt_profile_target(self, dbt_profile_target: dict[str, Any]) -> dict[str, Any]:
        return dbt_profile_target


@_of("SimpleCopyBase")
class NoMaterializedViews:
    test_simple_copy_with_materialized_views = None


@_of("BaseShowDoesNotHandleDoubleLimit")
class SyntaxError:
    DATABASE_ERROR_MESSAGE = "PARSE_SYNTAX_ERROR"
