"""DELETE: conditions with subqueries, and with casts of texts."""

from __future__ import annotations

from typing import Any

import pytest

_ROWS = "values (1, 'x'), (1, 'x'), (2, 'y'), (3, null), (null, 'z'), (5, 'r')"
_OTHERS = "values (1, 'x'), (5, 'q') as v(a, b)"
# Conditions with the rows that they leave.
_LEAVE: dict[str, list[tuple[int | None, str | None]]] = {
    "a in (select a from {u})": [(2, "y"), (3, None), (None, "z")],
    "{t}.b not in (select b from {u})": [(1, "x"), (1, "x"), (3, None)],
    "b not in (select b from {u} union all select null)": [
        (1, "x"), (1, "x"), (2, "y"), (3, None), (5, "r"), (None, "z"),
    ],
    "exists (select 1 from {u} where {t}.a <=> {u}.a and {t}.b <=> {u}.b) and a + 1 > 0": [
        (2, "y"), (3, None), (5, "r"), (None, "z"),
    ],
    "not exists (select 1 from {u} as u where u.a = a + 4 or u.b = {t}.b)": [(1, "x"), (1, "x")],
    "a = (select max(a) - 3 from {u}) or coalesce(a, 3) = 3": [(1, "x"), (1, "x"), (5, "r")],
    "b = (select max(u.b) from {u} as u where u.a = {t}.a)": [
        (2, "y"), (3, None), (5, "r"), (None, "z"),
    ],
    "exists (select 1 from {u} where a > 100)": [
        (1, "x"), (1, "x"), (2, "y"), (3, None), (5, "r"), (None, "z"),
    ],
    "exists (select 1 from {u})": [],
    "try_cast(concat(a, '.5') as double) > 2": [(1, "x"), (1, "x"), (None, "z")],
    "cast(concat(a, '.5') as decimal(9, 2)) = 1.5": [
        (2, "y"), (3, None), (5, "r"), (None, "z"),
    ],
    "cast(concat('2024-01-0', a) as date) > date'2024-01-02'": [
        (1, "x"), (1, "x"), (2, "y"), (None, "z"),
    ],
    "date_format(cast(concat('2024-01-0', a) as date), 'dd') = '05'": [
        (1, "x"), (1, "x"), (2, "y"), (3, None), (None, "z"),
    ],
}  # fmt: skip


@pytest.fixture
def tables(warehouse: Any, schema: str) -> dict[str, str]:
    """Names of a table `t` and of one whose rows its conditions look up."""
    names = {"t": f"{schema}.t", "u": f"{schema}.u"}
    warehouse.sql(f"create table {names['t']} as select * from {_ROWS} as v(a, b)")
    warehouse.sql(f"create table {names['u']} as select * from {_OTHERS}")
    return names


def test_a_condition_with_a_subquery_finds_the_rows_to_delete(
    warehouse: Any, tables: dict[str, str]
) -> None:
    table = tables["t"]
    for condition, expected in _LEAVE.items():
        warehouse.sql(f"insert overwrite {table} {_ROWS}")
        deleted = warehouse.sql(f"delete from {table} where {condition.format(**tables)}")
        found = warehouse.sql(f"select a, b from {table} order by a nulls last")
        assert [tuple(row.values()) for row in found] == expected, condition
        assert deleted == [{"num_affected_rows": 6 - len(expected)}], condition


def test_a_condition_that_delta_does_not_take_is_refused(
    warehouse: Any, tables: dict[str, str]
) -> None:
    t, u = tables["t"], tables["u"]
    warehouse.fails(
        f"delete from {t} where (a, b) in (select a, b from {u})",
        "DELTA_UNSUPPORTED_MULTI_COL_IN_PREDICATE",
    )
    warehouse.fails(
        f"delete from {t} where a in (select a from {u} where rand() < 0.5)",
        "DELTA_NON_DETERMINISTIC_FUNCTION_NOT_SUPPORTED",
    )
    warehouse.sql(f"alter table {t} add column m map<string, int>")
    warehouse.fails(
        f"delete from {t} where m['k'] in (select a from {u})",
        "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE",
    )
    assert len(warehouse.sql(f"select * from {t}")) == 6


def test_a_table_to_which_rows_are_only_added_loses_none(warehouse: Any, schema: str) -> None:
    t = f"{schema}.kept"
    warehouse.sql(f"create table {t} tblproperties ('delta.appendOnly' = 'true') as select 1 as a")
    merge = f"merge into {t} as t using (select 2 as a) as s on t.a = s.a"
    for change in (
        f"delete from {t} where a = 5",
        f"update {t} set a = 2",
        f"truncate table {t}",
        f"{merge} when matched then delete when not matched then insert *",
        f"{merge} when not matched by source then update set a = 3",
        f"insert overwrite {t} values (2)",
        f"insert into {t} replace where a = 1 values (1)",
        f"insert into {t} replace using (a) values (1)",
    ):
        assert "only allow appends" in warehouse.fails(change, "DELTA_CANNOT_MODIFY_APPEND_ONLY")
    warehouse.sql(f"{merge} when not matched then insert *")
    warehouse.sql(f"insert into {t} values (3)")
    warehouse.sql(f"optimize {t}")
    warehouse.sql(f"alter table {t} set tblproperties ('delta.appendOnly' = 'false')")
    warehouse.sql(f"delete from {t} where a = 1")
    assert sorted(row["a"] for row in warehouse.sql(f"select a from {t}")) == [2, 3]
