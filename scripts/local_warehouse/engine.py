"""The engine that computes: Sail, a Spark SQL engine, reached through Spark Connect.

The engine holds no state of ours. Names, views, temporary views and sessions live in the catalog
and are resolved before a statement gets here; a Delta table is made known to the engine, under a
name of our own, when it is first used.
"""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pyarrow as pa
from sqlglot import exp

from local_warehouse import delta
from local_warehouse.catalog.model import Column, Relation
from local_warehouse.dialect import literal, render
from local_warehouse.errors import SqlError, from_text, syntax_error
from local_warehouse.results import Result
from local_warehouse.transactions import CONFLICT
from local_warehouse.types import client_schema, to_client

_T = TypeVar("_T")
_STALE_HINT = "Missing commit file"  # what the engine says of a version behind the last checkpoint
_ATTEMPTS = 5
_TABLE_AT = re.compile(r"`(t_[0-9a-f]{32}_\d+)`|\bdelta\.`([^`]+)`", re.IGNORECASE)
_IDLE_SECONDS = 365 * 86400  # until Sail ends our one session; its default is 15 minutes


class Engine:
    """One embedded Sail server and one Spark Connect session, shared by all threads."""

    def __init__(self) -> None:
        os.environ.setdefault("RUST_LOG", "warn")
        os.environ["SAIL_SPARK__SESSION_TIMEOUT_SECS"] = str(_IDLE_SECONDS)
        from pysail.spark import SparkConnectServer
        from pyspark.sql.connect.session import SparkSession

        self._server = SparkConnectServer(ip="127.0.0.1", port=0)
        self._server.start(background=True)
        _, port = self._server.listening_address
        self._spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
        self._known: dict[str, str] = {}  # names of tables, by the ids of their relations
        self._locations: dict[str, str] = {}  # of tables, by these names
        self._lock = threading.Lock()

    def stop(self) -> None:
        self._server.stop()

    # queries and commands

    def stream(self, sql: str) -> Result:
        """Run a query; its batches come as the client reads them."""
        with _errors_translated():
            first, tables = self._with_types_aligned(sql, self._start)
        schema = client_schema(first.schema)

        def batches() -> Iterator[pa.RecordBatch]:
            with _errors_translated():
                table: pa.Table | None = first
                while table is not None:
                    yield from to_client(table, schema).to_batches()
                    table = next(tables, None)

        return Result(schema, batches())

    def run(self, sql: str) -> pa.Table:
        """Run a statement and return its whole result, which must be small."""
        with _errors_translated():
            return self._with_types_aligned(sql, lambda s: pa.concat_tables(self._tables(s)))

    def count(self, sql: str) -> int:
        """Run a DML statement and return the rows that the engine reports."""
        return int(self.run(sql).column(0)[0].as_py())

    def _start(self, sql: str) -> tuple[pa.Table, Iterator[pa.Table]]:
        tables = self._tables(sql)
        return next(tables), tables

    def _with_types_aligned(self, sql: str, work: Callable[[str], _T]) -> _T:
        """Do it, and again with casts if the engine stumbles over types that meet."""
        from pyspark.errors import PySparkException

        from local_warehouse import coercions

        def columns_of(part: exp.Expr) -> list[Column]:
            with _errors_translated():
                return self._columns(render(part))

        try:
            return self._with_log_listed(sql, work)
        except PySparkException as error:
            if not coercions.is_cause(str(error)):
                raise
            try:
                changed = coercions.aligned(sql, columns_of)
            except SqlError:  # of a form that cannot be changed: the first error says what it is
                raise error from None
            return self._with_log_listed(changed, work)

    def _with_log_listed(self, sql: str, work: Callable[[str], _T]) -> _T:
        """Do it, and again without the hint that names a table's newest checkpoint: the engine
        does not find a version that is older than it, one of a moment ago in particular. It
        reads the version before it writes anything, so nothing is done twice."""
        from pyspark.errors import PySparkException

        for _ in range(_ATTEMPTS):
            try:
                return work(sql)
            except PySparkException as error:
                if _STALE_HINT not in str(error):
                    raise
                for name, path in _TABLE_AT.findall(sql):
                    delta.forget_last_checkpoint(path or self._locations[name])
        return work(sql)

    def _tables(self, sql: str) -> Iterator[pa.Table]:
        client: Any = self._spark.client
        frame: Any = self._spark.sql(sql)
        for part in client.to_table_as_iterator(frame._plan.to_proto(client), {}):
            if isinstance(part, pa.Table):
                yield part

    def columns(self, sql: str) -> list[Column]:
        """Names and types of a query's columns, without running it."""
        with _errors_translated():
            return self._with_types_aligned(sql, self._columns)

    def _columns(self, sql: str) -> list[Column]:
        fields = self._spark.sql(sql).schema.fields
        return [Column(f.name, f.dataType.simpleString(), f.nullable) for f in fields]

    def overwrite(self, query: str, location: str, partition_by: list[str]) -> None:
        """Write a query's rows to a Delta table in one commit that also replaces its schema."""

        def write(sql: str) -> None:
            writer = self._spark.sql(sql).write.format("delta").mode("overwrite")
            writer = writer.option("overwriteSchema", "true")
            if partition_by:
                writer = writer.partitionBy(*partition_by)
            writer.save(location)

        with _errors_translated():
            self._with_types_aligned(query, write)

    def register(self, name: str, table: pa.Table) -> None:
        """Make a small table known as a temporary view."""
        from pyspark.sql.pandas.types import from_arrow_schema

        with _errors_translated():  # the schema is given, as an empty table has none to infer
            frame = self._spark.createDataFrame(table, from_arrow_schema(table.schema))
            frame.createOrReplaceTempView(name)

    # tables

    def name_of(self, relation: Relation) -> str:
        """The engine's own name for a table; it is declared there on first use, and again when
        its schema has changed."""
        name = f"t_{relation.id}_{relation.generation}"
        with self._lock:
            if self._known.get(relation.id) != name:
                old = self._known.pop(relation.id, None)
                if old is not None:
                    self._drop(old)
                location = literal(relation.path)
                self.run(f"create table if not exists `{name}` using delta location {location}")
                self._known[relation.id] = name
                self._locations[name] = relation.path
        return name

    def forget(self, relation: Relation) -> None:
        with self._lock:
            name = self._known.pop(relation.id, None)
            if name is not None:
                self._drop(name)

    def _drop(self, name: str) -> None:
        self._locations.pop(name, None)
        self.run(f"drop table if exists `{name}`")


# Phrases of the engine's messages, and the condition and SQLSTATE that Databricks has for them.
_CONDITIONS = (
    (
        "merge_cardinality_violation",
        "DELTA_MULTIPLE_SOURCE_ROW_MATCHING_TARGET_ROW_IN_MERGE",
        "21506",
    ),
    ("table not found", "TABLE_OR_VIEW_NOT_FOUND", "42P01"),
    ("cannot resolve attribute", "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703"),
    ("cannot cast", "CAST_INVALID_INPUT", "22018"),
    ("failed to commit transaction", CONFLICT, "2D521"),
    ("metadata changed since last commit", "DELTA_METADATA_CHANGED", "2D521"),
    ("protocol changed", "DELTA_PROTOCOL_CHANGED", "2D521"),
    ("divide by zero", "DIVIDE_BY_ZERO", "22012"),
    ("arithmetic overflow", "ARITHMETIC_OVERFLOW", "22003"),
    ("unknown function", "UNRESOLVED_ROUTINE", "42883"),
)
_SQLSTATES = {
    "DELTA_NOT_NULL_CONSTRAINT_VIOLATED": "23502",
    "DELTA_REPLACE_WHERE_MISMATCH": "44000",
    "DELTA_VIOLATE_CONSTRAINT_WITH_VALUES": "23001",
}


class _errors_translated:
    """Turn the engine's exceptions into SqlError with Databricks' condition and SQLSTATE."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        from pyspark.errors import PySparkException

        if not isinstance(error, PySparkException):
            return
        message = str(error).strip()
        named = from_text(message, "", "XX000")
        if named.condition:
            sqlstate = _SQLSTATES.get(named.condition, "XX000")
            raise from_text(message, "", sqlstate) from error
        lowered = message.lower()
        for phrase, condition, sqlstate in _CONDITIONS:
            if phrase in lowered:
                raise SqlError(condition, message, sqlstate) from error
        if "expected" in lowered:
            raise syntax_error(message) from error
        raise SqlError("ENGINE_ERROR", message, "XX000") from error
