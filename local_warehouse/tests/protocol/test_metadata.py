"""databricks-sql-connector against the local warehouse: its lists of tables and columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from databricks.sql.thrift_api.TCLIService import ttypes


@pytest.fixture(scope="module")
def listed(warehouse: Any) -> Iterator[Any]:
    """A cursor, in a catalog with two schemas whose names are alike."""
    for statement in (
        "create schema if not exists listed_a",
        "create schema if not exists listedxa",
        "create or replace table listed_a.t (id int not null comment 'its key', n decimal(20,2))",
        "create or replace table listed_a.t_2 (v array<string>)",
        "create or replace table listedxa.tx2 (v string)",
        "create or replace view listed_a.v as select id from listed_a.t",
        "comment on table listed_a.t is 'a table'",
    ):
        warehouse.sql(statement)
    with warehouse.connect() as connection, connection.cursor() as cursor:
        yield cursor
    warehouse.sql("drop schema listed_a cascade")
    warehouse.sql("drop schema listedxa cascade")


def _column(cursor: Any, position: int) -> list[str]:
    return [row[position] for row in cursor.fetchall()]


def test_catalogs(listed: Any) -> None:
    assert "main" in _column(listed.catalogs(), 0)
    assert [c[0] for c in listed.description] == ["TABLE_CAT"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param("listed%", ["listed_a", "listedxa"], id="percent sign"),
        pytest.param("listed_a", ["listed_a", "listedxa"], id="underscore"),
        pytest.param("listed\\_a", ["listed_a"], id="escaped underscore"),
        pytest.param("LISTEDX%", ["listedxa"], id="capitals"),
        pytest.param("listed", [], id="no wildcard"),
    ],
)
def test_schemas_by_pattern(listed: Any, pattern: str, expected: list[str]) -> None:
    assert _column(listed.schemas("main", pattern), 0) == expected
    assert _column(listed.schemas("ma%", pattern), 0) == expected
    assert _column(listed.schemas(schema_name=pattern), 0) == expected
    assert _column(listed.schemas("other", pattern), 0) == []


def test_tables_by_pattern_and_type(listed: Any) -> None:
    rows = [tuple(row)[:5] for row in listed.tables("main", "listed\\_a").fetchall()]
    assert rows == [
        ("main", "listed_a", "t", "TABLE", "a table"),
        ("main", "listed_a", "t_2", "TABLE", ""),
        ("main", "listed_a", "v", "VIEW", ""),
    ]
    assert _column(listed.tables("main", "listed%", "t_2"), 2) == ["t_2", "tx2"]
    assert _column(listed.tables("main", "listed%", "t\\_2"), 2) == ["t_2"]
    assert _column(listed.tables("main", "listed%", None, ["VIEW"]), 2) == ["v"]
    assert _column(listed.tables("main", "listed%", None, ["TABLE"]), 2) == ["t", "t_2", "tx2"]
    assert _column(listed.tables("main", "gone"), 2) == []


def test_columns_with_their_types(listed: Any) -> None:
    listed.columns("main", "listed\\_a", "t", "%")
    names = [column[0] for column in listed.description]
    assert len(names) == 23
    types = {column[0]: column[1] for column in listed.description}
    assert types["BUFFER_LENGTH"] == "tinyint"
    assert types["SOURCE_DATA_TYPE"] == "smallint"
    found = [dict(zip(names, row, strict=True)) for row in listed.fetchall()]
    wanted = ("COLUMN_NAME", "TYPE_NAME", "DATA_TYPE", "COLUMN_SIZE", "DECIMAL_DIGITS",
              "NULLABLE", "REMARKS", "ORDINAL_POSITION", "IS_NULLABLE")  # fmt: skip
    assert [tuple(row[name] for name in wanted) for row in found] == [
        ("id", "INT", 4, 4, 0, 0, "its key", 0, "NO"),
        ("n", "DECIMAL(20,2)", 3, 16, 2, 1, "", 1, "YES"),
    ]
    assert _column(listed.columns("main", "listed%", "t%", "v"), 5) == ["ARRAY<STRING>", "STRING"]
    assert _column(listed.columns("main", "listed%", None, "i%"), 2) == ["t", "v"]


def test_types_in_listings_keep_the_case_of_fields(listed: Any, warehouse: Any) -> None:
    warehouse.sql("create or replace table listed_a.nested (s struct<a_b:int,c:map<string,date>>)")
    listed.columns("main", "listed\\_a", "nested")
    names = [column[0] for column in listed.description]
    (row,) = [dict(zip(names, row, strict=True)) for row in listed.fetchall()]
    assert row["TYPE_NAME"] == "STRUCT<a_b: INT, c: MAP<STRING, DATE>>"
    warehouse.sql("drop table listed_a.nested")


def test_information_schema_is_listed_with_all_its_columns(listed: Any, warehouse: Any) -> None:
    assert "information_schema" in _column(listed.schemas("main"), 0)
    named = _column(listed.tables("main", "information_schema"), 2)
    assert {"tables", "columns", "routines", "views"} <= set(named)
    shown = warehouse.sql("show tables in information_schema")
    assert [table["tableName"] for table in shown] == named
    assert {"databaseName": "information_schema"} in warehouse.sql("show schemas in main")
    for table in named:
        columns = _column(listed.columns("main", "information_schema", table), 3)
        described = warehouse.sql(f"describe information_schema.{table}")
        assert [column["col_name"] for column in described] == columns
        listed.execute(f"select * from main.information_schema.{table} where 1 = 0")
        assert [column[0] for column in listed.description] == columns
    found = warehouse.sql(
        "select numeric_precision, numeric_precision_radix, numeric_scale, is_identity"
        " from main.information_schema.columns where table_schema = 'listed_a' and"
        " table_name = 't' order by ordinal_position"
    )
    assert [tuple(row.values()) for row in found] == [(32, 2, 0, "NO"), (20, 10, 2, "NO")]
    warehouse.fails("drop view information_schema.tables", "TABLE_OR_VIEW_NOT_FOUND")


def _answer(cursor: Any, call: str, **names: str) -> list[dict[str, Any]]:
    """The rows that a call of the protocol answers, which the connector has no method for."""
    session = cursor.connection.session
    request = getattr(ttypes, f"TGet{call}Req")(
        sessionHandle=session._session_id.to_thrift_handle(),
        **names,
    )
    client = session.backend._client
    response = getattr(client, f"Get{call}")(request)
    assert response.status.statusCode == ttypes.TStatusCode.SUCCESS_STATUS, response.status
    fetched = client.FetchResults(
        ttypes.TFetchResultsReq(
            operationHandle=response.operationHandle,
            maxRows=1000,
            maxBytes=1_000_000,
            includeResultSetMetadata=True,
        )
    )
    columns = [
        next(values for values in vars(column).values() if values is not None).values
        for column in fetched.results.columns
    ]
    names_ = [column.columnName for column in fetched.resultSetMetadata.schema.columns]
    return [dict(zip(names_, row, strict=True)) for row in zip(*columns, strict=True)]


def test_keys_functions_and_types_are_listed(listed: Any, warehouse: Any) -> None:
    for statement in (
        "create or replace table listed_a.p (a int not null, b int not null,"
        " constraint pk primary key (a, b))",
        "create or replace table listed_a.f (x int, y int,"
        " constraint fk foreign key (x, y) references listed_a.p)",
        "create or replace function listed_a.twice(x int) returns int return 2 * x",
    ):
        warehouse.sql(statement)
    parent = {"catalogName": "main", "schemaName": "listed_a", "tableName": "p"}
    keys = _answer(listed, "PrimaryKeys", **parent)
    assert [(k["COLUMN_NAME"], k["KEY_SEQ"], k["PK_NAME"]) for k in keys] == [
        ("a", 1, "pk"), ("b", 2, "pk"),
    ]  # fmt: skip
    for side, table in (("parent", "p"), ("foreign", "f")):
        named = {f"{side}CatalogName": "main", f"{side}SchemaName": "listed_a"}
        keys = _answer(listed, "CrossReference", **named, **{f"{side}TableName": table})
        assert [tuple(k[name] for name in ("PKTABLE_NAME", "PKCOLUMN_NAME", "FKTABLE_NAME",
                "FKCOLUMN_NAME", "KEY_SEQ", "FK_NAME", "PK_NAME")) for k in keys] == [
            ("p", "a", "f", "x", 1, "fk", "pk"), ("p", "b", "f", "y", 2, "fk", "pk"),
        ]  # fmt: skip
    functions = _answer(listed, "Functions", functionName="tw%")
    assert [f["SPECIFIC_NAME"] for f in functions] == ["main.listed_a.twice"]
    types = {t["TYPE_NAME"]: t["DATA_TYPE"] for t in _answer(listed, "TypeInfo")}
    assert (types["INT"], types["STRING"], types["DECIMAL"]) == (4, 12, 3)
    assert [t["TABLE_TYPE"] for t in _answer(listed, "TableTypes")] == ["TABLE", "VIEW"]


def test_the_server_says_what_it_is(listed: Any) -> None:
    session = listed.connection.session
    for kind, value in (
        ("CLI_DBMS_NAME", "stringValue='Spark SQL'"),
        ("CLI_MAX_COLUMN_NAME_LEN", "lenValue=255"),
        ("CLI_TXN_CAPABLE", "UNSUPPORTED_FEATURE"),
    ):
        request = ttypes.TGetInfoReq(
            sessionHandle=session._session_id.to_thrift_handle(),
            infoType=getattr(ttypes.TGetInfoType, kind),
        )
        assert value in str(session.backend._client.GetInfo(request))
