"""OPTIMIZE, VACUUM, ANALYZE and TRUNCATE."""

from __future__ import annotations

from typing import Any


def test_optimize_says_what_it_did(warehouse: Any, schema: str) -> None:
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} (id int, x string)")
    for number in (3, 1, 2):
        warehouse.sql(f"insert into {table} values ({number}, 'x')")
    metrics = warehouse.sql(f"optimize {table}")[0]["metrics"]
    assert (metrics["numFilesAdded"], metrics["numFilesRemoved"]) == (1, 3)
    assert metrics["filesAdded"]["totalFiles"] == 1
    warehouse.sql(f"optimize {table} where id > 0 zorder by (id)")
    assert warehouse.sql(f"describe history {table} limit 1")[0]["operation"] == "OPTIMIZE"
    assert [row["id"] for row in warehouse.sql(f"select id from {table}")] == [1, 2, 3]
    warehouse.fails(f"optimize {table} zorder by (nope)", "UNRESOLVED_COLUMN")


def test_optimize_orders_rows_by_the_keys_of_clustering(warehouse: Any, schema: str) -> None:
    """Also those of one file, once; https://docs.databricks.com/aws/en/delta/clustering"""
    table = f"{schema}.t"
    values = "values (3, 'a'), (1, 'c'), (2, 'b')"
    warehouse.sql(f"create table {table} cluster by (id) as select * from {values} as v (id, x)")

    def optimized(*options: str) -> tuple[int, list[int]]:
        done = warehouse.sql(f"optimize {table} {' '.join(options)}")[0]["metrics"]
        stored = warehouse.sql(f"select id from {table}")
        return done["numFilesAdded"], [row["id"] for row in stored]

    assert optimized() == (1, [1, 2, 3])
    operations = [row["operation"] for row in warehouse.sql(f"describe history {table}")]
    assert operations.count("OPTIMIZE") == 1
    warehouse.sql(f"comment on table {table} is 'no row is written'")
    warehouse.sql(f"alter table {table} add column y int")
    assert optimized() == (0, [1, 2, 3])
    assert optimized("full") == (1, [1, 2, 3])
    warehouse.sql(f"insert into {table} (id, x) values (0, 'd')")
    assert optimized() == (1, [0, 1, 2, 3])
    warehouse.sql(f"alter table {table} cluster by (x)")
    assert optimized() == (1, [3, 2, 1, 0])
    warehouse.sql(f"alter table {table} cluster by auto")
    assert optimized() == (0, [3, 2, 1, 0])


def test_vacuum_keeps_a_week_unless_told_otherwise(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t as select 1 as id")
    warehouse.sql(f"insert overwrite {schema}.t values (2)")
    warehouse.fails(f"vacuum {schema}.t retain few hours", "PARSE_SYNTAX_ERROR")
    warehouse.fails(f"vacuum {schema}.t retain 0 hours", "DELTA_VACUUM_RETENTION_PERIOD_TOO_SHORT")
    assert warehouse.sql(f"vacuum {schema}.t dry run") == []
    with warehouse.connect() as connection:
        cursor = connection.cursor()
        cursor.execute("set spark.databricks.delta.retentionDurationCheck.enabled = false")
        listed = cursor.execute(f"vacuum {schema}.t retain 0 hours dry run").fetchall()
        assert len(listed) == 1 and listed[0][0].endswith(".parquet")
        cursor.execute(f"vacuum {schema}.t retain 0 hours")
    assert warehouse.sql(f"select * from {schema}.t") == [{"id": 2}]


def test_a_partition_is_not_taken_for_the_whole_table(warehouse: Any, schema: str) -> None:
    table = f"{schema}.t"
    rows = "(values (1, 10), (2, 20)) as v(p, x)"
    warehouse.sql(f"create table {table} partitioned by (p) as select * from {rows}")
    for statement, tail in (("truncate", ""), ("analyze", " compute statistics")):
        refused = warehouse.fails(
            f"{statement} table {table} partition (p = 1){tail}", "UNSUPPORTED_FEATURE"
        )
        assert f"{statement.upper()} TABLE … PARTITION" in refused
    assert len(warehouse.sql(f"select * from {table}")) == 2
    assert warehouse.sql(f"truncate table {table}") == [{"num_affected_rows": 2}]


def test_analyze_takes_the_clauses_of_databricks(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t (id int, x string)")
    for clause in ("", " noscan", " for columns id, `X`", " for all columns"):
        warehouse.sql(f"analyze table {schema}.t compute statistics{clause}")
    warehouse.sql(f"analyze table {schema}.t compute delta statistics")
    warehouse.sql(f"analyze tables in {schema} compute statistics noscan")
    analyze = f"analyze table {schema}.t compute"
    warehouse.fails(f"{analyze} statistics for columns nope", "UNRESOLVED_COLUMN")
    warehouse.fails(f"{analyze} storage metrics", "UNSUPPORTED_FEATURE")
    warehouse.fails("analyze tables in nope compute statistics", "SCHEMA_NOT_FOUND")
