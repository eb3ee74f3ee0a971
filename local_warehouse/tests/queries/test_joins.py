"""Joins by names of columns: USING and NATURAL."""

from __future__ import annotations

from typing import Any

import pytest

LEFT, RIGHT = "(values (1, 'x'), (2, 'y')) as l(k, a)", "(values (1, 'p'), (3, 'q')) as r(k, b)"


@pytest.mark.parametrize(
    ("projections", "join", "expected"),
    [
        pytest.param(
            "l.k, r.k as rk, k as key",
            "full join",
            [(1, 1, 1), (2, None, 2), (None, 3, 3)],
            id="key of a full join",
        ),
        pytest.param(
            "l.*, b", "left join", [(1, "x", "p"), (2, "y", None)], id="star of a left join"
        ),
        pytest.param(
            "*, r.k as rk",
            "right join",
            [(1, "x", "p", 1), (3, None, "q", 3)],
            id="star of a right join",
        ),
        pytest.param(
            "* except (a), l.a as la",
            "full join",
            [(1, "p", "x"), (2, None, "y"), (3, "q", None)],
            id="star EXCEPT of a full join",
        ),
        pytest.param("l.k, count(*) as n", "join", [(1, 1)], id="grouped by the key"),
        pytest.param("l.a", "left anti join", [("y",)], id="left anti join"),
    ],
)
def test_a_join_by_names_keeps_its_keys_in_both_relations(
    warehouse: Any, projections: str, join: str, expected: list[tuple[object, ...]]
) -> None:
    group = " group by l.k" if "count" in projections else ""
    for merged in (f"{join} {RIGHT} using (k)", f"natural {join} {RIGHT}"):
        if join != "left anti join" or "using" in merged:
            found = warehouse.sql(f"select {projections} from {LEFT} {merged}{group}")
            assert sorted(map(str, (tuple(row.values()) for row in found))) == sorted(
                map(str, expected)
            )


def test_lateral_over_a_table_answers_or_is_refused_by_name(warehouse: Any, schema: str) -> None:
    warehouse.sql(f"create table {schema}.t as select 1 as k, 2 as v")
    beside = f"select l.v from {schema}.t, lateral (select t.k + t.v as v) l"
    assert warehouse.sql(beside) == [{"v": 3}]
    inner = f"select o.k, l.v from {schema}.t o, lateral (select v from {schema}.t i {{}}) l"
    warehouse.fails(inner.format("where i.k = o.k"), "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE")
    warehouse.fails(f"select k + count(*) from {schema}.t", "MISSING_AGGREGATION")


@pytest.mark.parametrize(
    ("left", "right", "condition", "error"),
    [
        ("date'2024-01-01'", "interval 2 hours", "l.v + r.v > timestamp'2024-01-01 01:00'", None),
        ("0.1D", "cast('0.10000000000000000555' as decimal(38, 34))", "l.v = r.v", None),
        ("7", "map('k', 7)", "r.v[concat(r.k, '')] = l.v", None),
        ("7D", "2", "l.v div r.v = 3", "DATATYPE_MISMATCH"),
        ("2147483647", "2147483647", "l.v * r.v > 0", "ARITHMETIC_OVERFLOW"),
    ],
    ids=["moment", "double and decimal", "key of a map", "unfit operand", "overflow"],
)
def test_the_condition_of_a_partial_join_is_that_of_a_join(
    warehouse: Any, left: str, right: str, condition: str, error: str | None
) -> None:
    """Its operands are of both relations, though the rest of the query sees one."""
    pair = f"(select {left} as v) l {{}} join (select {right} as v, 'k' as k) r on {condition}"
    for kind, rows in (("", 1), ("left semi", 1), ("left anti", 0)):
        query = f"select l.v is null as n from {pair.format(kind)}"
        if error:
            warehouse.fails(query, error)
        else:
            assert len(warehouse.sql(query)) == rows, kind
