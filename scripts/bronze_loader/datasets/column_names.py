"""From a CSV header to column names that any Delta table takes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

METADATA_COLUMNS: tuple[tuple[str, str], ...] = (
    ("_source_file", "STRING"),
    ("_source_etag", "STRING"),
    ("_source_size", "BIGINT"),
    ("_source_modified_at", "TIMESTAMP"),
    ("_batch_id", "STRING"),
    ("_loaded_at", "TIMESTAMP"),
    ("_corrupt_record", "STRING"),
)
METADATA_NAMES: tuple[str, ...] = tuple(name for name, _ in METADATA_COLUMNS)


def normalise(header: Sequence[str]) -> list[str]:
    """One unique name for each header field, in its order.

    Lower case; every run of characters other than letters with their marks, digits and `_` becomes
    one `_`, and none is left at the ends, so that no header can take the name of a metadata column
    (each begins with `_`). A blank name becomes `column_N`, N its place from 1. A name seen before
    gets `_2`, `_3`. Letters are composed first (NFC), so that both ways to write `é` are one name;
    characters that nobody sees, such as joiners and soft hyphens, are no part of one.
    """
    names: list[str] = []
    taken: set[str] = set()
    numbers: dict[str, int] = {}
    for place, field in enumerate(header, start=1):
        base = plain_name(field) or f"column_{place}"
        name = base
        while name in taken:
            numbers[base] = numbers.get(base, 1) + 1
            name = f"{base}_{numbers[base]}"
        taken.add(name)
        names.append(name)
    return names


def plain_name(field: str) -> str:
    """A header field by the rules of `normalise`, with nothing about others; may be empty."""
    if field.isascii():
        return re.sub(r"[^a-z0-9_]+", "_", field.lower()).strip("_")
    lower = unicodedata.normalize("NFC", unicodedata.normalize("NFC", field).lower())
    kept: list[str] = []
    for char in lower:
        kind = unicodedata.category(char)
        has_letter = bool(kept) and kept[-1] not in ("_", " ")
        if char.isalnum() or char == "_" or (kind[0] == "M" and has_letter):
            kept.append(char)
        elif kind != "Cf" and kept[-1:] != [" "]:
            kept.append(" ")
    return "".join(kept).replace(" ", "_").strip("_")
