"""How many files go into one statement."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Limits:
    """The most that goes into one statement: files, bytes of files, bytes of SQL text."""

    files: int = 500
    file_bytes: int = 512 * 1024**2
    statement_bytes: int = 900_000


def batches(
    items: Iterable[T], limits: Limits, size: Callable[[T], int], text_size: Callable[[T], int]
) -> Iterator[list[T]]:
    """Cut the items, in their order, before a limit is passed.

    `size` gives the bytes of an item's file, `text_size` the bytes of its SQL. An item that passes
    a limit alone is a batch of its own. Items are taken as they are needed: one batch and one item
    of the next are held at a time.
    """
    batch: list[T] = []
    file_bytes = statement_bytes = 0
    for item in items:
        size_here, text_here = size(item), text_size(item)
        if batch and (
            len(batch) >= limits.files
            or file_bytes + size_here > limits.file_bytes
            or statement_bytes + text_here > limits.statement_bytes
        ):
            yield batch
            batch, file_bytes, statement_bytes = [], 0, 0
        batch.append(item)
        file_bytes += size_here
        statement_bytes += text_here
    if batch:
        yield batch
