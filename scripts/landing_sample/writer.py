"""Writes one sample file, line by line."""

import gzip
import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import IO, cast

from landing_sample.customers import customer_lines
from landing_sample.layout import Sample, SampleFile
from landing_sample.lines import Line, encode
from landing_sample.sales import sales_lines

_BLANK_LINE_EVERY = 397


def lines_of(sample: Sample, file: SampleFile) -> Iterator[Line]:
    """The data lines of the file, without its header and its empty lines."""
    return sales_lines(sample, file) if file.dataset == "sales" else customer_lines(sample, file)


def write_file(
    sample: Sample, file: SampleFile, target: IO[bytes] | None, on_line: Callable[[Line], None]
) -> None:
    """Write the file's bytes to `target` (None: nowhere) and call `on_line` with every line.

    The same sample and file give the same bytes. Memory does not grow with the file.
    """
    if target is None:
        for line in lines_of(sample, file):
            on_line(line)
        return
    with ExitStack() as stack:
        if file.gzipped:  # without a name and a time, so that the bytes are always the same
            zipped = gzip.GzipFile("", "wb", 6, target, mtime=0)
            target = cast(IO[bytes], stack.enter_context(zipped))
        text = io.TextIOWrapper(target, "utf-8-sig" if file.bom else "utf-8", newline="")
        stack.callback(text.detach)
        text.write(encode(file.header()))
        for index, line in enumerate(lines_of(sample, file)):
            if index % _BLANK_LINE_EVERY == _BLANK_LINE_EVERY // 2:
                text.write(file.newline)
            text.write(file.newline)
            text.write(line.text)
            on_line(line)
        if file.last_newline:
            text.write(file.newline)
        text.flush()
