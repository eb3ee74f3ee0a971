"""VERSION AS OF and TIMESTAMP AS OF, and the version of a table that they mean.

https://docs.databricks.com/aws/en/delta/history
"""

from __future__ import annotations

import datetime as dt

from sqlglot import exp

from local_warehouse import errors
from local_warehouse.catalog.model import Relation
from local_warehouse.delta import log as delta_log
from local_warehouse.delta import tables as delta_tables
from local_warehouse.engine.engine import Engine
from local_warehouse.errors import SqlError
from local_warehouse.sql.dialect import parse, render


def read_version_after_at(table: exp.Table) -> None:
    """Replace the alias as which sqlglot reads the end of name@v12 and name@20260102030405678 by
    a VERSION or TIMESTAMP clause, in place. Raises SqlError where it is neither."""
    alias = table.args.get("alias")
    if alias is None or not isinstance(alias.this, exp.Parameter):
        return
    text = alias.this.this.name
    if text[:1] in ("v", "V") and text[1:].isdecimal():
        kind, value = "VERSION", exp.Literal.number(text[1:])
    elif text.isdecimal() and len(text) == 17:
        kind = "TIMESTAMP"
        try:
            moment = dt.datetime.strptime(text, "%Y%m%d%H%M%S%f")
        except ValueError:
            raise errors.syntax_error(f"@{text} is no moment: @yyyyMMddHHmmssSSS.") from None
        value = exp.Literal.string(moment.isoformat(" ", "milliseconds"))
    else:
        raise errors.syntax_error(f"Expected @v and a version, or @yyyyMMddHHmmssSSS: @{text}.")
    table.set("version", exp.Version(this=kind, expression=value, kind="AS OF"))
    table.set("alias", None)


def version_of(
    engine: Engine, relation: Relation, travel: exp.Version, restores: bool = False
) -> int:
    """The number of the version that a clause means, from 0.

    A query cannot ask for a moment after the last commit, as a later commit may still come before
    that moment; a RESTORE (`restores`) can. Raises SqlError where the table has no such version.
    """
    value = travel.expression
    if str(travel.this).upper() == "VERSION":
        return _number(relation, value)
    asked = engine.run(f"select cast({render(value)} as timestamp)").column(0)[0].as_py()
    moment = asked if asked.tzinfo else asked.replace(tzinfo=dt.UTC)
    commits = [
        (commit["version"], dt.datetime.fromtimestamp(commit["timestamp"] / 1000, dt.UTC))
        for commit in delta_tables.history(relation.path)
    ]
    newest = commits[0][1]
    if moment > newest and not restores:
        raise SqlError(
            "DELTA_TIMESTAMP_GREATER_THAN_COMMIT",
            f"The provided timestamp ({moment}) is after the latest version available to this "
            f"table ({newest}). Please use a timestamp before or at {newest}.",
        )
    for version, committed in commits:
        if committed <= moment:
            return int(version)
    raise SqlError(
        "DELTA_TIMESTAMP_EARLIER_THAN_COMMIT_RETENTION",
        f"The provided timestamp ({moment}) is before the earliest version available to this "
        f"table ({commits[-1][1]}). Please use a timestamp after {commits[-1][1]}.",
    )


def _number(relation: Relation, value: exp.Expr) -> int:
    latest = delta_log.latest_version(relation.path)
    if not isinstance(value, exp.Literal) or not str(value.this).isdecimal():
        raise SqlError("INVALID_TIME_TRAVEL_SPEC", f"{render(value)} is no version.")
    if int(value.this) > latest:
        raise SqlError(
            "DELTA_VERSION_NOT_FOUND",
            f"Cannot time travel Delta table to version {value.this}. Available versions: "
            f"[0, {latest}].",
        )
    return int(value.this)


def parse_clause(text: str) -> exp.Version:
    """The clause {VERSION | TIMESTAMP} AS OF value of a statement that is not a query. Raises
    SqlError for anything else."""
    table = parse(f"select * from t {text}").find(exp.Table)
    travel = table.args.get("version") if table is not None else None
    if not isinstance(travel, exp.Version):
        raise SqlError("PARSE_SYNTAX_ERROR", f"Expected VERSION or TIMESTAMP AS OF: {text}")
    return travel
