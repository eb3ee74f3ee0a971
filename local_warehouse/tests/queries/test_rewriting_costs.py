"""What rewriting a statement costs, in questions to the engine and in nodes that are copied for
them: in proportion to the statement, however many branches, CTEs and calls it has."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from sqlglot import exp

from local_warehouse.catalog.model import Column
from local_warehouse.resolver.rewritten import rewritten
from local_warehouse.rewrites.mixed_numbers import KnownColumns
from local_warehouse.rewrites.pipeline import rewrite
from local_warehouse.sql.dialect import parse, render
from local_warehouse.sql.walk import nodes

ROW = "select cast('{i}' as string) as k, cast({i} as bigint) as n, cast(null as double) as d"


def _fixture(rows: int) -> str:
    return " union all ".join(ROW.format(i=i) for i in range(rows))


def _unit_test(rows: int) -> str:
    """As dbt writes one: rows in CTEs, the model over them, and what comes out beside rows."""
    return (
        f"with a as ({_fixture(rows)}), b as ({_fixture(rows)}), actual as (select a.k, sum(a.n) as"
        f" n, cast(max(a.d) as string) as d from a join b on a.k = b.k group by a.k), wanted as"
        f" ({_fixture(rows)}) select k, n, d from actual union all select k, n, d from wanted"
    )


def _branches(count: int) -> str:
    return " union all ".join(f"select k, n from t{i}" for i in range(count))


def _calls(count: int) -> str:
    ctes = ", ".join(f"c{i} as (select lower(k) as k, n from t{i})" for i in range(count))
    calls = ", ".join(f"concat(upper(c{i}.k), c{i}.n) as x{i}" for i in range(count))
    joins = " cross join ".join(f"c{i}" for i in range(count))
    return f"with {ctes} select {calls} from {joins}"


def _cost(sql: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """The number of questions, and of nodes that were copied or asked about."""
    counts: Counter[str] = Counter()
    deepcopy = exp.Expression.__deepcopy__

    def counted(node: Any, memo: Any) -> Any:
        counts["nodes"] += len(nodes(node))
        return deepcopy(node, memo)

    def columns_of(question: exp.Expr) -> list[Column]:
        counts["questions"] += 1
        counts["nodes"] += len(nodes(question))
        return [Column(p.alias_or_name, "bigint") for p in question.expressions]

    tree = parse(sql)
    for table in tree.find_all(exp.Table):
        if table.name[1:].isdecimal():  # t0 and its like, whose columns the catalog knows
            table.meta["columns"] = KnownColumns([Column("k", "string"), Column("n", "bigint")])
    with monkeypatch.context() as patch:
        patch.setattr(exp.Expression, "__deepcopy__", counted)
        rewrite(tree, columns_of)
    return counts["questions"], counts["nodes"]


@pytest.mark.parametrize("statement", [_unit_test, _branches, _calls])
def test_a_statement_of_twice_the_length_costs_twice(
    statement: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (few, one), (more, other) = (_cost(statement(n), monkeypatch) for n in (20, 40))
    assert 0 < more <= few
    assert 0 < other < 2.2 * one


def test_rows_that_stand_in_the_text_cost_no_question(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _cost(_fixture(3), monkeypatch)[0] == 0
    assert _cost("select 1 as x union all select cast(2.5 as double)", monkeypatch)[0] == 0


def test_comparisons_cost_no_question_where_no_decimal_meets_a_double(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual = (
        "with a as (select cast(1 as int) as id, 'x' as name, cast(2.5 as decimal(9, 2)) as price),"
        " b as (select 1 as id, lower('x') as name, 1e0 as rate) select a.* from a join b"
        " on a.id = b.id and a.name = b.name where price > 1.5 and rate < 2e0 and price in (1, 2.5)"
        " and b.name <> 'y' and a.id >= (select id from b) and rate is not null"
    )
    assert _cost(usual, monkeypatch)[0] == 0
    assert _cost(usual.replace("rate < 2e0", "rate < price"), monkeypatch)[0] == 1


def test_calls_cost_no_question_where_columns_fit_by_their_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    usual = (
        "with a as (select trim(k) as word, sqrt(n) as root, n from t0), b as (select lower(k) as"
        " word from t1) select upper(left(a.word, 2)) as c, length(b.word) as d, hex(a.n) as e,"
        " replace(b.word, '-') as f from a join b on a.word = b.word"
        " where substring(a.word, 1, 3) in ('a', 'b') and a.root < 3"
    )
    assert _cost(usual, monkeypatch)[0] == 0
    assert _cost(usual.replace("trim(k)", "if(n > 1, n, current_date())"), monkeypatch)[0] > 0


_LEAST = "(select min(y) from limits where z = (select max(z) from other))"


@pytest.mark.parametrize(
    "columns",
    [
        f"coalesce(b.x, {_LEAST}) + b.x as c, coalesce(b.x, {_LEAST}) - b.x as d",
        f"explode(map({_LEAST}, b.x))",
    ],
    ids=["arithmetic", "explode"],
)
def test_a_question_holds_every_cte_that_it_names(columns: str) -> None:
    """Those of its expressions too: otherwise the engine would be asked for each of them alone."""
    asked: list[exp.Expr] = []

    def columns_of(question: exp.Expr) -> list[Column]:
        asked.append(question)
        return [Column(p.alias_or_name, "bigint") for p in question.expressions]

    rewrite(
        parse(
            "with other as (select z from o), limits as (select y, z from l),"
            f" b as (select x from a) select {columns} from b"
        ),
        columns_of,
    )
    assert asked
    for question in asked:
        named = {table.name for table in question.find_all(exp.Table)} & {"other", "limits", "b"}
        assert named <= {cte.alias for cte in question.find_all(exp.CTE)}


def test_a_union_of_thousands_of_branches_is_rewritten(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _cost(_branches(1100), monkeypatch)[0] == 1


def test_a_statement_that_comes_again_costs_no_question() -> None:
    asked: list[str] = []

    def columns_of(text: str) -> list[Column]:
        asked.append(text)
        return [Column("k", "bigint"), Column("n", "bigint"), Column("local_warehouse_end", "int")]

    def questions(sql: str) -> int:
        before = len(asked)
        made = rewritten(parse(sql), columns_of)
        assert made.sql == render(made.tree)
        return len(asked) - before

    one = "select k, n from `snapshot_1` union all select cast(1 as bigint), cast(2 as bigint)"
    other = one.replace("(2 as", "(3 as")
    assert [questions(sql) for sql in (one, one, other, one)] == [1, 0, 1, 0]
    assert questions(f"{one} -- of another run") == 0
    table = one.replace("snapshot_1", f"t_{'0' * 32}_1")
    assert [questions(table), questions(table)] == [1, 1]
    assert [questions(one.replace("`snap", "parquet.`/snap")) for _ in range(2)] == [1, 1]
