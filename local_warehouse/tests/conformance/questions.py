"""The questions of functions.yml, as SQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


def questions() -> Iterator[dict[str, Any]]:
    """What both engines are asked, by names that say it."""
    asked = yaml.safe_load((HERE / "functions.yml").read_text("utf-8"))
    for domain, content in asked["domains"].items():
        values = content.get("values", "").splitlines() or map(_literal, content["texts"])
        rows = ", ".join(f"({number}, {value})" for number, value in enumerate(values))
        for expression in content["expressions"].splitlines():
            sql = f"select {expression} as y from values {rows} as v(i, x) order by i"
            yield _question(f"{expression} of {domain}", sql)
    for content in asked["failing"]:
        for value in content["values"].splitlines():
            expression = content["expression"]
            sql = f"select {expression} as y from values ({value}) as v(x)"
            yield _question(f"{expression} of {value}", sql)
    rows = asked["rows"].strip()
    for aggregate in asked["aggregates"].splitlines():
        yield _question(aggregate, f"select {aggregate} as y from {rows}")
        no_rows = f"(select * from {rows} where i > 9)"
        yield _question(f"{aggregate} of no rows", f"select {aggregate} as y from {no_rows}")
    for window in asked["windows"].splitlines():
        yield _question(window, f"select i, {window} as y from {rows} order by i")
    for query in asked["queries"].splitlines():
        yield _question(query, query.replace("ROWS", rows))


def _question(name: str, sql: str) -> dict[str, Any]:
    return {"name": name, "sql": sql, "ordered": " order by " in sql}


def _literal(text: str | None) -> str:
    if text is None:
        return "cast(null as string)"
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
