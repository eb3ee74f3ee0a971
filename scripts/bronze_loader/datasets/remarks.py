"""What a declaration of datasets may say by mistake, though the loader can take it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

from bronze_loader.datasets.declaration import Dataset, tables_without_files
from bronze_loader.datasets.overlaps import common_key


def remarks(declared: Sequence[Dataset], path: Path) -> Iterator[str]:
    """Each thing to look at in the declaration at `path`, with what to do about it: datasets that
    take the same file, and tables that no file is loaded into."""
    for first, second in combinations(declared, 2):
        key = common_key(first.location, second.location)
        if key is not None:
            yield (
                f"datasets {first.name} and {second.name} take the same files, such as {key}: "
                f"their locations {first.location!r} and {second.location!r} overlap, so that its "
                "rows would be in both; narrow one of them"
            )
    for name in tables_without_files(path):
        yield (
            f"table {name} has no `external` block, so no file is loaded into it; give it one with "
            "a `location`, or take the table out"
        )
