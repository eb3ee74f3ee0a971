"""The turns of statements that define relations."""

from __future__ import annotations

import threading
from contextlib import ExitStack
from itertools import permutations

import pytest

from local_warehouse.catalog.locks import definition, schema_definition
from local_warehouse.catalog.names import Name

_A, _B = Name("main", "shop", "a"), Name("main", "shop", "b")
_SECONDS = 30  # in which a thread that can go on has done so


def test_a_rename_waits_for_who_defines_its_new_name() -> None:
    entered = threading.Event()

    def rename() -> None:
        with definition(_A, _B):
            entered.set()

    with definition(_B):
        thread = threading.Thread(target=rename, daemon=True)
        thread.start()
        assert not entered.wait(0.2)
    assert entered.wait(_SECONDS)
    thread.join(_SECONDS)


def test_renames_to_each_others_names_do_not_wait_in_a_circle() -> None:
    def rename(old: Name, new: Name) -> None:
        for _ in range(2000):
            with definition(old, new):
                pass

    threads = [
        threading.Thread(target=rename, args=names, daemon=True) for names in permutations((_A, _B))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(_SECONDS)
    assert not any(thread.is_alive() for thread in threads)


@pytest.mark.parametrize(
    "turns",
    [
        (definition(_A, _A),),
        (definition(_A), definition(_B)),
        (definition(_A), schema_definition("main", "shop")),
    ],
    ids=["a name twice", "two names", "a table and its schema"],
)
def test_turns_that_one_thread_can_have(turns: tuple[object, ...]) -> None:
    done = threading.Event()

    def take() -> None:
        with ExitStack() as stack:
            for turn in turns:
                stack.enter_context(turn)  # type: ignore[arg-type]
            done.set()

    threading.Thread(target=take, daemon=True).start()
    assert done.wait(_SECONDS)
