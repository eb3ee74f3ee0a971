"""`column:path` on JSON texts and on VARIANT, and conditions with lambda functions over tables."""

from __future__ import annotations

from typing import Any

_TEXT = '{"Owner": {"b": 1, "n": null}, "a b": {"c": "7"}, "l": [{"x": 1}, {"x": "é"}]}'


def test_a_path_of_a_json_text_gives_a_string(warehouse: Any) -> None:
    rows = f"values ('{_TEXT}'), ('no json'), (null) as v(c)"
    paths = {
        "c:Owner.b": "1", "c:owner.B": "1", "c:['Owner'].b": "1", "c:['owner'].b": None,
        "c:`a b`.c": "7", "c:['a b']:c": "7", "c:l[1].x": "é", "c:l[1].X": "é", "c:l[5]": None,
        "c:owner.n": None, "c:owner.b.deeper": None, "v.c:owner:b": "1", "c:owner::string:b": "1",
        "c:owner.b::int + 1": 2, "c:l[*].x": '[1,"é"]', "try_cast(c:l[1].x as int)": None,
    }  # fmt: skip
    columns = ", ".join(f"{path} as p{number}" for number, path in enumerate(paths))
    first, *others = warehouse.sql(f"select {columns} from {rows}")
    assert dict(zip(paths, first.values(), strict=True)) == paths
    assert all(value is None for row in others for value in row.values())
    [row] = warehouse.sql(
        f"select c:owner, c:owner as o, o:b as x from {rows} where c:owner.b = '1' order by x"
    )
    assert row == {"owner": '{"b":1,"n":null}', "o": '{"b":1,"n":null}', "x": "1"}


def test_a_path_of_a_variant_gives_a_variant(warehouse: Any) -> None:
    paths = {
        "v:Owner": '{"b":1,"n":null}', "v:owner": None, "v:['a b'].c": '"7"', "v:l[1]": '{"x":"é"}',
        "v:['a b'].c::string": "7", "v:['a b'].c::int": 7, "v:Owner::string": '{"b":1,"n":null}',
        "v:Owner.n": "null", "v:Owner.n::string": None, "v:Owner.n::int": None,
        "v:Owner.b::double / 2": 0.5, "try_cast(v:l[1].x as int)": None, "v:Owner:b": "1",
    }  # fmt: skip
    columns = ", ".join(f"{path} as p{number}" for number, path in enumerate(paths))
    values = f"(select parse_json('{_TEXT}') as v)"
    [row] = warehouse.sql(f"select {columns} from {values}")
    assert dict(zip(paths, row.values(), strict=True)) == paths
    for path in ("v:l[1].x::int", "v:l::int", "v:Owner::int"):
        warehouse.fails(f"select {path} from {values}", "INVALID_VARIANT_CAST")
    [row] = warehouse.sql(f"select transform(array(v), e -> e:l[1]) as a from {values}")
    assert list(row["a"]) == ['{"x":"é"}']
    for path in ("v:l[*].x", "v:l::array<string>"):
        warehouse.fails(f"select {path} from {values}", "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE")


def test_conditions_of_statements_have_paths_and_lambda_functions(
    warehouse: Any, schema: str
) -> None:
    table = f"{schema}.t"
    warehouse.sql(f"create table {table} (id int, v variant, s string)")
    warehouse.sql(
        f"insert into {table} select id, parse_json(s), s from"
        """ values (1, '{"k":[1,"x"]}'), (2, '{"k":[2,"y"]}'), (3, '{"k":[3,"z"]}') as v(id, s)"""
    )
    assert warehouse.sql(f"select v from {table} where s:K[0] = '2'") == [{"v": '{"k":[2,"y"]}'}]
    found = warehouse.sql(
        f"select a.id from {table} a join {table} b on a.v:k[0]::int = b.id - 1"
        f" where exists(array(a.s), t -> t like '%x%')"
    )
    assert found == [{"id": 1}]
    grouped = warehouse.sql(
        f"select s from {table} group by s having exists(array(s), t -> t like '%z%')"
    )
    assert grouped == [{"s": '{"k":[3,"z"]}'}]
    updated = warehouse.sql(f"update {table} set s = v:k[1]::string where v:k[0]::int = 1")
    assert updated == [{"num_affected_rows": 1}]
    assert warehouse.sql(f"update {table} set s = 'u' where s:K[1] = 'none'") == [
        {"num_affected_rows": 0}
    ]
    warehouse.fails(
        f"update {table} set s = 'u' where exists(array(s), t -> t = 'x')",
        "UNSUPPORTED_FEATURE.LOCAL_WAREHOUSE",
    )
    assert warehouse.sql(f"delete from {table} where s:k[1] = 'y'") == [{"num_affected_rows": 1}]
    assert warehouse.sql(f"delete from {table} where exists(array(s), t -> t like '%z%')") == [
        {"num_affected_rows": 1}
    ]
    assert warehouse.sql(f"select id, s from {table}") == [{"id": 1, "s": "x"}]
