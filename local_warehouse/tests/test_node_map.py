"""What is noted of a node stays that node's, when it is gone and others are made."""

from __future__ import annotations

from sqlglot import exp

from local_warehouse.sql.node_map import NodeMap


def test_nodes_of_one_text_are_told_apart_and_a_new_one_is_never_taken_for_an_earlier_one() -> None:
    types = NodeMap[str]()
    for number in range(1000):
        node = exp.column("a")
        assert node not in types, "which has the id of one that is gone"
        types[node] = f"decimal({number})"
    assert len(types) == 1000
    assert types[node] == "decimal(999)"
    del types[node]
    assert types.get(node) is None
