"""The `schema` option: a DDL string such as ``'`a` STRING, b STRING, _corrupt_record STRING'``."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from local_warehouse.read_files.errors import InvalidOption, UnsupportedOption


@dataclass(frozen=True)
class CsvColumn:
    """One column of a schema; only STRING columns are read."""

    name: str

    @property
    def field(self) -> pa.Field:
        """The column as a field of Arrow."""
        return pa.field(self.name, pa.string())


def parse_schema(ddl: str) -> tuple[CsvColumn, ...]:
    """The columns of a DDL string, in order.

    Names may be bare or in backticks (a doubled backtick is one backtick). Raises
    `InvalidOption` where the text is no column list, `UnsupportedOption` for other types.
    """
    columns = [_column(*_split_name(part), ddl) for part in _split_columns(ddl)]
    seen: set[str] = set()
    for column in columns:
        key = column.name.lower()
        if key in seen:
            raise InvalidOption(f"read_files: schema names the column `{column.name}` twice")
        seen.add(key)
    return tuple(columns)


def _split_columns(ddl: str) -> list[str]:
    """Split at the commas outside backticks, quotes and brackets."""
    parts: list[str] = []
    start = depth = 0
    closing = ""
    for position, char in enumerate(ddl):
        if closing:
            if char == closing:
                closing = ""
        elif char in "`'\"":
            closing = char
        elif char in "(<":
            depth += 1
        elif char in ")>":
            depth -= 1
        elif char == "," and depth == 0:
            parts.append(ddl[start:position])
            start = position + 1
    if closing or depth:
        raise InvalidOption(f"read_files: schema is not a column list: {ddl!r}")
    parts.append(ddl[start:])
    return parts


def _split_name(part: str) -> tuple[str, str]:
    """Split one column's text into its name and what follows."""
    text = part.strip()
    if not text.startswith("`"):
        name, _, rest = text.partition(" ")
        return name.rstrip(":"), rest.strip().removeprefix(":").strip()
    position = 1
    name = ""
    while True:
        end = text.find("`", position)
        name += text[position:end]
        if text[end + 1 : end + 2] != "`":
            return name, text[end + 1 :].strip().removeprefix(":").strip()
        name += "`"
        position = end + 2


def _column(name: str, rest: str, ddl: str) -> CsvColumn:
    type_name, _, qualifiers = rest.partition(" ")
    if not name or not type_name:
        raise InvalidOption(f"read_files: schema is not a column list: {ddl!r}")
    if type_name.upper() != "STRING":
        raise UnsupportedOption(
            "schema", f"column `{name}` is {type_name}; read it as STRING and cast it in the query"
        )
    if qualifiers and not qualifiers.upper().startswith("COMMENT"):
        raise UnsupportedOption("schema", f"column `{name}` has {qualifiers!r}")
    return CsvColumn(name)
