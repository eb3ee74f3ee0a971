"""Sales files that are written in all the ways that people write them, good and bad, with what a
careful person would make of each. What is wrong with a row, but not with how it is written, is for
silver; here every value is one that silver accepts."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

import zstandard

COLUMNS = ("createtime", "id", "product", "quan", "shop", "platform")
Row = tuple[str, ...]

_PRODUCTS = (
    "TV", "Phone, black", 'Kiosk 5" wide', "Ghế; gỗ", "ตู้เย็น", "line\nbreak", "it's", "a|b",
    "tab\tbed", "C:\\dir", "'90s radio", "“Best” lamp", "50 %", "日本 camera", "[new] box",
    '"quoted"',
)  # fmt: skip
_SHOPS = ("Hanoi", "Đà Nẵng", "เชียงใหม่", "Sài Gòn, Q1", "Müller & Co")
_PREAMBLES: tuple[Sequence[str], ...] = (
    (),
    ("Sales report",),
    ("Sales report", "", "From{d}2024-01-01", ""),
    ('"Sales of ""all"" shops', "2024"),
    ("sep={d}",),
    ("Report{d}{d}{d}{d}{d}", "{d}{d}{d}{d}{d}"),
)


@dataclass(frozen=True)
class OddFile:
    """A file, the rows that are to be accepted of it, the number of its malformed records, and
    whether it is to be refused instead."""

    name: str
    content: bytes
    rows: tuple[Row, ...]
    malformed: int
    refused: bool
    about: str


def odd_file(number: int, random: Random) -> OddFile:
    """The file of a number; two files have no row in common."""
    delimiter = random.choice(",;\t|")
    quote = random.choice('"""\'`')
    line_end = random.choice(("\n", "\r\n", "\r"))
    header_end = "\r\n" if line_end == "\n" and random.random() < 0.2 else line_end
    blank = " " if random.random() < 0.2 else ""
    order = random.sample(range(6), 6)
    names = [random.choice((name, name.upper(), f" {name}")) for name in COLUMNS]
    rows = [_row(number, n, random) for n in range(random.randint(2, 9))]

    def line(values: Sequence[str], end: str = line_end, always: bool = quote != '"') -> str:
        special = (delimiter, quote, "\n", "\r", '"', "'", "`")
        written = [
            quote + value.replace(quote, 2 * quote) + quote
            if always or any(char in value for char in special)
            else value
            for value in values
        ]
        return (delimiter + blank).join(written) + end

    preamble = random.choice(_PREAMBLES)
    top = "".join(text.format(d=delimiter) + header_end for text in preamble)
    head = line([names[at] for at in order], header_end)
    body = [line([row[at] for at in order]) for row in rows]
    malformed = 0
    if random.random() < 0.3:
        kind = random.choice(("short", "long", "zero", "bell", "replacement"))
        bad = list(_row(number, 99, random))
        bad[2] = {"zero": "T\0V", "bell": "T\aV", "replacement": "T\ufffdV"}.get(kind, bad[2])
        bad = {"short": bad[:3], "long": [*bad, "more"]}.get(kind, bad)
        body.insert(random.randint(0, len(body)), line(bad))
        malformed = 1
    if random.random() < 0.1:
        head += line(["(date)", "[no.]", "text", "pcs", "text", "text"], header_end)
    content = (top + head + "".join(body)).encode()
    if random.random() < 0.2:
        content = b"\xef\xbb\xbf" + content
    spoil = random.choice((*_SPOILED, *(None,) * 40))
    name = f"data_sales_{number}.csv"
    about = f"{delimiter=} {quote=} {line_end=} {header_end=} {preamble=} {blank=} {spoil=}"
    if spoil is not None:
        content, rows, malformed = _SPOILED[spoil](content, line), [], 0
    suffix, compress = random.choice((*_COMPRESSED, ("", bytes), ("", bytes)))
    content = compress(content)
    if suffix == ".gz" and random.random() < 0.2:
        content, rows, malformed = content + bytes(random.choice((1, 512))), [], 0
        about += " padded"
    return OddFile(name + suffix, content, tuple(rows), malformed, not rows, about + suffix)


def _row(number: int, n: int, random: Random) -> Row:
    day = f"2024-{random.randint(1, 12):02}-{random.randint(1, 28):02}"
    product, shop = random.choice(_PRODUCTS), random.choice(_SHOPS)
    return (day, f"K{number:03}{n:02}", product, str(random.randint(1, 9)), shop, "web")


Line = Callable[..., str]


def _other_encoding(content: bytes, line: Line) -> bytes:
    return content.removeprefix(b"\xef\xbb\xbf") + line(["x"] * 5 + ["é"]).encode("cp1252")


# What makes a file one that cannot be read right; each is done to the bytes of a good one.
_SPOILED: dict[str, Callable[[bytes, Line], bytes]] = {
    "another encoding": _other_encoding,
    "utf-16": lambda content, line: content.decode("utf-8-sig").encode("utf-16"),
    "a required column is missing": lambda content, line: line(COLUMNS[:5]).encode(),
    "a required column is there twice": lambda content, line: (
        line([*COLUMNS, "ID"]) + line(["2024-01-01", "1", "TV", "1", "x", "web", "2"])
    ).encode(),
    "rows before the header": lambda content, line: (
        line(["2024-01-01", "1", "TV", "1", "x", "web"]) + line(COLUMNS)
    ).encode(),
    "typographic quotes": lambda content, line: (
        ",".join(COLUMNS) + "\n" + 2 * "“2024-01-01”,“1”,“TV, black”,“1”,“x”,“web”\n"
    ).encode(),
    "a second table": lambda content, line: (
        line(COLUMNS) + line(["2024-01-01", "1", "TV", "1", "x", "web"]) + "\n"
        + line(["code", "label", "valid", "unit", "town", "note"]) + line(["1"] * 6)
    ).encode() if line("").endswith("\n") and not line("").endswith("\r\n") else b"",
    "binary": lambda content, line: b"\x7fELF" + bytes(99),
    "nothing": lambda content, line: b"",
}  # fmt: skip
_COMPRESSED: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    (".gz", gzip.compress),
    (".bz2", bz2.compress),
    (".zst", lambda content: zstandard.ZstdCompressor().compress(content)),
)
