"""`--verify`: the records in the files themselves, counted without the warehouse.

Each file is streamed once, a record at a time in memory, through Python's csv module with the
options that the warehouse was given. No code is shared with `read_files`.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from typing import IO, Any

import zstandard

from bronze_loader.datasets.charsets import codec_of
from bronze_loader.datasets.csv_options import CsvOptions
from bronze_loader.errors import ChangedWhileLoading, LoaderError, Refused, RequestRefused
from bronze_loader.landing.bucket import Landing
from bronze_loader.planning.outcome import Outcome, Result, RunReport
from bronze_loader.planning.plan import PlannedFile
from bronze_loader.run.progress import Progress
from bronze_loader.sniffing.header import Header
from bronze_loader.warehouse.tables import Tables

CHUNK = 1024 * 1024
SHOWN = 20

LookAt = Callable[[PlannedFile], Header | Refused | RequestRefused | ChangedWhileLoading]


def verify(
    report: RunReport, tables: Tables, landing: Landing, look_at: LookAt, progress: Progress
) -> None:
    """Compare the number of records in file, table and log, for every file that bronze holds as it
    lies in the landing place: loaded in this run or unchanged since an earlier one.

    `look_at` gives a file's header, or why there is none. `report.verified` becomes the number of
    files compared. Raises LoaderError that names the files where the three differ.
    """
    held = [o for o in report.outcomes if o.result in (Result.LOADED, Result.UNCHANGED)]
    progress.step("verifying", len(held), sum(o.planned.file.size for o in held))
    by_dataset: dict[str, list[Outcome]] = {}
    for outcome in held:
        by_dataset.setdefault(outcome.planned.dataset.name, []).append(outcome)
    wrong: list[str] = []
    report.verified = 0
    for name, outcomes in by_dataset.items():
        dataset = outcomes[0].planned.dataset
        counted = tables.count(dataset, [o.planned.url for o in outcomes])
        for outcome in outcomes:
            planned = outcome.planned
            in_file = _in_file(planned, landing, look_at)
            in_table = counted[planned.url][0]
            in_log = outcome.row_count
            if outcome.result is Result.UNCHANGED and planned.held:
                in_log = planned.held.row_count
            if not in_file == in_table == in_log:
                wrong.append(
                    f"dataset {name}: {planned.url}: records in the file {in_file}, rows in "
                    f"{tables.name(dataset)} {in_table}, rows in the log {in_log}"
                )
            report.verified += 1
            progress.advance(1, planned.file.size)
    if wrong:
        more = f"\n… and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise LoaderError(
            "verify: file, table and log do not agree; --force loads a file again\n"
            + "\n".join(wrong[:SHOWN])
            + more
        )


def _in_file(planned: PlannedFile, landing: Landing, look_at: LookAt) -> int | str:
    """The number of records in a file, or why they cannot be counted."""
    found = look_at(planned)
    if not isinstance(found, Header):
        return f"not known: {found}"
    options = planned.dataset.options_of(planned.file.relative_key)
    try:
        with landing.stream(planned.file) as body:
            return count_records(body, planned.file.key, found, options)
    except (ChangedWhileLoading, RequestRefused) as reason:
        return f"not known: {reason}"
    except (OSError, EOFError, csv.Error, zlib.error, zstandard.ZstdError) as error:
        return f"not known: {error}"


def count_records(body: IO[bytes], key: str, header: Header, options: CsvOptions) -> int:
    """The number of records behind the header in an object's stream.

    Blank lines are no records. A line ends as the file's first line does; a lone CR in a file of
    LF or CRLF lines is part of a value.
    """
    plain = io.BufferedReader(_decompressed(body, key), CHUNK)
    codec = codec_of(header.encoding)
    encoding = "utf-8-sig" if codec == "utf-8" else codec
    only_cr = header.line_end == "\r"
    text = io.TextIOWrapper(plain, encoding, "replace", newline="" if only_cr else "\n")
    lines = _lines(text)
    for _ in range(header.skip_rows):
        next(lines, None)
    if options.multi_line:
        doubled = header.escape == header.quote
        records: Iterator[Any] = csv.reader(
            lines,
            delimiter=header.delimiter,
            quotechar=header.quote,
            doublequote=doubled,
            escapechar=None if doubled else header.escape,
            skipinitialspace=header.trims,
        )
    else:
        records = (line.strip() for line in lines)
    return max(0, sum(1 for record in records if record) - 1)


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    for line in text:
        yield line.rstrip("\r\n").replace("\r", " ") + "\n"


def _decompressed(body: IO[bytes], key: str) -> Any:
    suffix = key.lower().rpartition(".")[2]
    if suffix == "gz":
        return gzip.GzipFile(fileobj=body)
    if suffix == "bz2":
        return bz2.BZ2File(body)
    if suffix == "zst":
        return zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True)
    return body
