"""The questions that warehouses are asked, as SQL, of six kinds."""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Callable
from importlib import resources

from local_warehouse.comparison.clauses import clauses
from local_warehouse.comparison.columned_values import with_values_in_columns
from local_warehouse.comparison.exchanged_arguments import with_argument_exchanged
from local_warehouse.comparison.exchanged_values import all_exchanged
from local_warehouse.comparison.queries import query

# Two billion digits behind the point, of which Apache Spark makes a text until its memory ends.
_ENDLESS = re.compile(r"format_number\([^,]*, 2147483647\)")


def documented() -> list[str]:
    """The examples of Apache Spark's documentation of its functions."""
    text = resources.files(__package__).joinpath("data", "examples.json").read_text("utf-8")
    found: list[str] = json.loads(text)
    return found


def of_functions(seed: int, count: int) -> list[str]:
    """So many of the examples with a value exchanged, chosen by a seed."""
    found = all_exchanged(documented())
    random.Random(seed).shuffle(found)  # noqa: S311
    return [sql for sql in found if not _ENDLESS.search(sql)][:count]


def of_columns(seed: int, count: int) -> list[str]:
    """So many of the examples, as they are or with a value exchanged, with their values in
    columns; chosen by a seed."""
    chosen = random.Random(seed)  # noqa: S311
    found = [*documented(), *all_exchanged(documented())]
    chosen.shuffle(found)
    asked = (sql for sql in found if not _ENDLESS.search(sql))
    return list(itertools.islice(with_values_in_columns(asked, chosen), count))


def of_types(seed: int, count: int) -> list[str]:
    """So many of the examples with an argument of another type, chosen by a seed."""
    return list(with_argument_exchanged(documented(), random.Random(seed), count))  # noqa: S311


def generated(seed: int, count: int) -> list[str]:
    """So many queries of the grammar, which are others for each seed."""
    return [query(seed * 1_000_000 + number) for number in range(count)]


def of_clauses(seed: int, count: int) -> list[str]:
    """So many queries that put forms of clauses beside each other, others for each seed."""
    return [clauses(random.Random(seed * 1_000_000 + number)) for number in range(count)]  # noqa: S311


# What makes so many questions of a kind by a seed, beside the documented examples.
KINDS: dict[str, Callable[[int, int], list[str]]] = {
    "functions": of_functions,
    "columns": of_columns,
    "types": of_types,
    "generated": generated,
    "clauses": of_clauses,
}
