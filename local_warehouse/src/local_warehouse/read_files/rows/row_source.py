"""The base of the formats that are read row by row."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa

from local_warehouse.read_files.decoding import decompress, utf8_blocks
from local_warehouse.read_files.file_storage import FileStorage, FoundFile
from local_warehouse.read_files.rows.row_options import RowOptions

BATCH_ROWS = 16 * 1024
_RESCUED = "_rescued_data"


class RowSource(ABC):
    """The files of one call as tables of one schema.

    What is read of a file at a time fits in memory, except for a binary file and a text that is one
    value. `folder` is for scratch files.
    """

    def __init__(self, options: RowOptions, storage: FileStorage, folder: Path) -> None:
        self._options = options
        self._storage = storage
        self._folder = folder

    @abstractmethod
    def schema(self, files: list[FoundFile]) -> pa.Schema:
        """The columns of all files together. Raises ReadFilesError where none are common."""

    @abstractmethod
    def tables(self, file: FoundFile, schema: pa.Schema) -> Iterator[pa.Table]:
        """The rows of a file, in that schema."""

    def _with_rescued(self, fields: Iterable[pa.Field]) -> pa.Schema:
        """An inferred schema, with the column of rescued data, always NULL, as every value fits."""
        rescued = [pa.field(_RESCUED, pa.string())] if self._options.has_rescued_data else []
        return pa.schema([*fields, *rescued])

    def _blocks(self, file: FoundFile) -> Iterator[bytes]:
        return decompress(file.path, self._storage.read(file))

    def _texts(self, file: FoundFile, is_whole: bool) -> Iterator[str]:
        """The lines of a file, or its whole text."""
        blocks = utf8_blocks(self._blocks(file), self._options.encoding)
        if is_whole:
            yield b"".join(blocks).decode()
        else:
            yield from _lines(blocks, self._options.line_separator)


def batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    """Rows in lists of BATCH_ROWS; the last one may be shorter."""
    source = iter(rows)
    while batch := list(islice(source, BATCH_ROWS)):
        yield batch


def _lines(blocks: Iterable[bytes], separator: str | None) -> Iterator[str]:
    ends = re.compile(re.escape(separator) if separator else r"\r\n|\n|\r")
    rest = ""
    for block in blocks:
        text = rest + block.decode()
        # a carriage return at the end may be half of a line end
        held = text[-1:] if text.endswith("\r") and not separator else ""
        *lines, rest = ends.split(text[: len(text) - len(held)])
        rest += held
        yield from lines
    lines = ends.split(rest)
    yield from lines if lines[-1] else lines[:-1]
