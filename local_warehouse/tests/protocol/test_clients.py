"""SQLAlchemy, pandas and the connector's telemetry against the local warehouse, as they are."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
import sqlalchemy as sa
from databricks.sql.telemetry.telemetry_client import TelemetryClient

from warehouse_under_test import eventually


def test_sqlalchemy_and_pandas_make_read_and_describe_tables(warehouse: Any, schema: str) -> None:
    settings = warehouse.settings()
    url = sa.URL.create(
        "databricks",
        username="token",
        password=settings.pop("access_token"),
        host=settings.pop("server_hostname"),
        port=settings["_port"],
        query={name: settings.pop(name) for name in ("http_path", "catalog")} | {"schema": schema},
    )
    engine = sa.create_engine(url, connect_args=settings)
    metadata = sa.MetaData()
    people = sa.Table(
        "people",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("born", sa.Date),
        sa.Column("paid", sa.Numeric(10, 2)),
    )
    metadata.create_all(engine)
    with engine.begin() as connection:
        rows = [(1, dt.date(2024, 1, 1), Decimal("1.50")), (2, None, None)]
        names = people.columns.keys()
        connection.execute(people.insert(), [dict(zip(names, row, strict=True)) for row in rows])
        connection.execute(sa.text("create view grown as select id from people where id > 1"))
        found = connection.execute(sa.select(people).order_by(people.c.id)).fetchall()
        assert [tuple(row) for row in found] == rows
    inspector = sa.inspect(engine)
    assert "information_schema" in inspector.get_schema_names()
    assert set(inspector.get_table_names()) - {"grown"} == {"people"}
    assert inspector.get_view_names() == ["grown"]
    assert inspector.get_pk_constraint("people")["constrained_columns"] == ["id"]
    assert not inspector.has_table("nobody")
    reflected = sa.Table("people", sa.MetaData(), autoload_with=engine)
    assert str(reflected.c.paid.type) == "NUMERIC(10, 2)"
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [1.5, 2.5]})
    for _ in range(2):
        frame.to_sql("frame", engine, index=False, schema=schema, if_exists="replace")
    read = pd.read_sql_table("frame", engine, schema=schema).sort_values("a", ignore_index=True)
    assert read["a"].tolist() == [1, 2]
    assert read["b"].isna().tolist() == [False, True]
    assert pd.read_sql("select sum(c) as total from frame", engine)["total"].tolist() == [4.0]
    engine.dispose()


def test_what_a_connector_reports_of_itself_is_counted(
    warehouse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[dict[str, Any]] = []
    send = TelemetryClient._send_with_unified_client

    def note(*args: Any, **settings: Any) -> Any:
        answer = send(*args, **settings)
        answers.append(json.loads(answer.data))
        return answer

    monkeypatch.setattr(TelemetryClient, "_send_with_unified_client", note)
    host = warehouse.env["DATABRICKS_HOST"]
    settings = {
        "server_hostname": host.removeprefix("https://"),
        "_connection_uri": host + warehouse.env["DATABRICKS_HTTP_PATH"],
        "enable_telemetry": True,
        "telemetry_batch_size": 1,
    }
    with warehouse.connect(**settings) as connection, connection.cursor() as cursor:
        assert connection.telemetry_enabled
        assert cursor.execute("select 1 as a").fetchall() == [(1,)]
    eventually(lambda: len(answers) >= 2)
    assert all(not answer["errors"] and answer["numProtoSuccess"] == 1 for answer in answers)
