"""The sample files: their columns and the values of their first rows, as the loader reads them."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from bronze_loader.datasets.csv_options import CsvOptions
from bronze_loader.datasets.declaration import Dataset
from bronze_loader.datasets.globs import CSV_SUFFIX
from bronze_loader.errors import Refused
from bronze_loader.sniffing.compression import decompress
from bronze_loader.sniffing.csv_dialect import skip_lines
from bronze_loader.sniffing.encoding import decode
from bronze_loader.sniffing.header import Header, sniff
from new_dataset.errors import NewDatasetError

SAMPLE_BYTES = 4 * 1024 * 1024  # of each file, as it is stored
SAMPLE_ROWS = 10_000  # of each file


@dataclass
class SampleColumn:
    """A column of the samples by its normalised name, with its trimmed values that are not blank.

    `blanks` counts the others, `files` the files that have the column.
    """

    name: str
    values: list[str] = field(default_factory=list)
    blanks: int = 0
    files: int = 0


@dataclass(frozen=True)
class Sample:
    """The columns of all sample files, in the order of their first appearance; `rows` were read,
    and quotes are written as `options` say."""

    columns: tuple[SampleColumn, ...]
    rows: int
    files: int
    options: CsvOptions


def read_samples(paths: Sequence[Path], options: CsvOptions) -> Sample:
    """The sample of the files, read with what is declared in `options` and detected otherwise.

    Raises NewDatasetError for a file that the loader would refuse, with the loader's reason, and
    for files whose quotes or escapes differ, as one dataset cannot declare both.
    """
    dataset = Dataset(name="sample", location="*", columns=(), options=options)
    columns: dict[str, SampleColumn] = {}
    rows = 0
    headers: dict[Path, Header] = {}
    for path in paths:
        headers[path], records = _read(path, dataset)
        for name in headers[path].columns:
            columns.setdefault(name, SampleColumn(name)).files += 1
        for record in records:
            rows += 1
            _add(record, [columns[name] for name in headers[path].columns])
    return Sample(tuple(columns.values()), rows, len(paths), _common(options, headers))


def _read(path: Path, dataset: Dataset) -> tuple[Header, list[list[str]]]:
    """The file's header, and its first records that have as many fields as it."""
    if not path.is_file():
        raise NewDatasetError(f"{path}: there is no such file")
    if not CSV_SUFFIX.search(path.name):
        raise NewDatasetError(
            f"{path}: the loader takes names that end in .csv, .csv.gz, .csv.bz2 or .csv.zst; "
            "rename the file, as its like must be named in the landing too"
        )
    try:
        with path.open("rb") as content:

            def read(start: int, length: int) -> bytes:
                content.seek(start)
                return content.read(length)

            size = path.stat().st_size
            header = sniff(path.name, size, dataset, read)
            whole = size <= SAMPLE_BYTES
            data, whole = decompress(read(0, SAMPLE_BYTES), whole, path.name)
        text, _, _ = decode(data, whole, header.encoding)
    except Refused as reason:
        raise NewDatasetError(
            f"{path}: the loader would refuse it: {reason}. What the source YAML declares can be "
            "given here: --encoding, --delimiter, --quote, --escape, --skip-rows"
        ) from reason
    except OSError as error:
        raise NewDatasetError(f"{path}: {error.strerror or error}") from error
    return header, _records(skip_lines(text, header.skip_rows), whole, header)


def _records(text: str, whole: bool, header: Header) -> list[list[str]]:
    doubled = header.escape == header.quote
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=header.delimiter,
        quotechar=header.quote,
        doublequote=doubled,
        escapechar=None if doubled else header.escape,
        skipinitialspace=header.trims,
    )
    try:
        records = list(islice((record for record in reader if record), SAMPLE_ROWS + 1))
    except csv.Error:
        return []  # the loader reads it; here it only gives no values
    if not whole and len(records) <= SAMPLE_ROWS:
        records.pop()  # cut off
    return [record for record in records[1:] if len(record) == len(header.columns)]


def _add(record: Sequence[str], columns: Sequence[SampleColumn]) -> None:
    for text, column in zip(record, columns, strict=True):
        value = text.strip(" \t\r\n\u00a0\ufeff")
        if value:
            column.values.append(value)
        else:
            column.blanks += 1


def _common(options: CsvOptions, headers: dict[Path, Header]) -> CsvOptions:
    """The options with the quote and escape that all files have."""
    seen = {(header.quote, header.escape): path for path, header in headers.items()}
    if len(seen) > 1:
        first, second = list(seen.values())[:2]
        raise NewDatasetError(
            f"{first} and {second} quote or escape values differently, which one dataset cannot "
            "declare; make two datasets of them, or give --quote and --escape"
        )
    quote, escape = next(iter(seen))
    return CsvOptions(
        delimiter=options.delimiter,
        encoding=options.encoding,
        quote=quote,
        escape=escape,
        multi_line=options.multi_line,
        null_value=options.null_value,
        skip_rows=options.skip_rows,
    )
