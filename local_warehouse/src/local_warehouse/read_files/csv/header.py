"""The columns of a file without a schema, by Spark's rules."""

from __future__ import annotations

from collections import Counter

from local_warehouse.read_files.csv.csv_options import CsvOptions
from local_warehouse.read_files.csv.schema import CsvColumn


def columns_from(tokens: list[str], options: CsvOptions) -> tuple[CsvColumn, ...]:
    """The columns of a file, all STRING, from its first record.

    With a header, blank names become `_cN` and names equal but for case get their position
    appended; without one, all are `_cN`.
    """
    positions = range(len(tokens))
    if not options.header:
        return tuple(CsvColumn(f"_c{i}") for i in positions)
    counts = Counter(token.lower() for token in tokens)
    names = []
    for i in positions:
        token = tokens[i]
        if token in ("", options.null_value, options.empty_value):
            names.append(f"_c{i}")
        elif counts[token.lower()] > 1:
            names.append(f"{token}{i}")
        else:
            names.append(token)
    return tuple(CsvColumn(name) for name in names)
