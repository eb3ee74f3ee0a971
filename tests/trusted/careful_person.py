"""Files of sales and customers with good and bad rows mixed at random, and what a careful person
would make of each row, decided here from its text alone."""

from __future__ import annotations

import csv
import gzip
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from lakehouse import ROOT

SALES = ("createtime", "id", "product", "quan", "shop", "platform")
CUSTOMERS = ("id", "customername", "gender", "age")
Row = tuple[str, ...]
Accepted = tuple[object, ...]

# What people write into a column: what is right, and what is not. Any may meet any.
_RIGHT = {
    "createtime": ("2024-02-29", "2000-01-01", "2099-12-31", "2026-11-03"),
    "product": ("apple", "Sumsung", "APPEL", "Nokia", "ＶＩＶＯ"),
    "quan": ("1", "007", "100000", "12", "３"),
    "shop": ("Main", "Sài Gòn, Q1", 'Kiosk 5" wide', 'A, "2nd" floor\nleft', "Nantes", "Null & Co"),
    "platform": ("shopee", "TikTok Shop", "LAZADA", "ｗｅｂ"),
    "customername": ("Ann Lee", "Nguyễn Văn A", 'Al "Big" O\'Neil', "สมชาย", "Lee, Bo"),
    "gender": ("F", "m", "Nữ", "female", "ＭＡＬＥ", "Other"),
    "age": ("0", "130", "41", "7"),
}
_WRONG = {
    "createtime": (
        "2567-03-01", "0000-01-01", "2023-02-29", "31/12/2024", "2024-13-01", "20240101",
        "2024-1-5", "1999-12-31", "2100-01-01", "2024-01-01 10:00", "2024-01-01x", "45678",
    ),
    "id": ("8.80123E+11", "8801234.0", "Total", "#REF!", "F 1", "F1,", "F;1"),
    "product": (),
    "quan": ("0", "100001", "-1", "1.5", "2.0", "1,000", "1e3", "8850999320014", "9" * 30, "one"),
    "shop": ("Ma\ain", "M\ufffdin", "M\0n"),
    "platform": ("bazaar", "shopee;web", "shop"),
    "customername": ("A\x1bnn",),
    "gender": (),
    "age": ("131", "-1", "30.0", "1985", "abc", "4 1"),
}  # fmt: skip
_AROUND = ("", "", "", " ", "\u3000", "\u200b", "\u00a0", "\ufeff\u2003")


@dataclass(frozen=True)
class File:
    """A file, the values of all its records in the columns' order above, none for one of another
    length, and whether no row of it can be trusted, or none can be read."""

    name: str
    content: bytes
    records: tuple[Row, ...]
    untrusted: bool = False
    refused: bool = False


def _seed(name: str) -> list[Row]:
    """The rows of a seed, the marker NULL as a text."""
    with (ROOT / "seeds" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return [tuple(row) for row in csv.reader(file)][1:]


_NOTHING = {marker.upper() for marker, _ in _seed("missing_markers")} | {""}
_PLATFORMS = {platform for platform, _ in _seed("platforms")}
_PRODUCTS = {spelling: product for spelling, product, _ in _seed("product_aliases")}
_GENDERS = {unicodedata.normalize("NFC", row[0]): row[1] for row in _seed("genders")}


def files(random: Random) -> list[File]:
    """Customers first; of two files the later one's name is the greater, too."""
    kinds = ["mixed"] * 5 + ["order again"]
    made = [
        _file("customer_infomation", CUSTOMERS, n, kind, random) for n, kind in enumerate(kinds)
    ]
    kinds = ["mixed"] * 16 + ["header again"] * 2 + ["order again", "twice", "lacking", "utf-16"]
    return made + [_file("data_sales", SALES, n, kind, random) for n, kind in enumerate(kinds)]


def _file(stem: str, columns: Sequence[str], number: int, kind: str, random: Random) -> File:
    rows = [_row(columns, n % 3 == 0, random) for n in range(random.randint(9, 20))]
    if columns is CUSTOMERS:  # a file says one thing of a customer
        rows = list({_text(row[0]): row for row in rows}.values())
    order = random.sample(range(len(columns)), len(columns))
    head = [columns[n] for n in order]
    body = [[row[n] for n in order] for row in rows]
    if kind == "header again":
        body.insert(5, head)
    elif kind == "order again":
        body.insert(5, head[::-1])
    elif kind == "twice":
        head, body = [*head, "ID"], [[*row, "F1"] for row in body]
    elif kind == "lacking":
        head, body = head[1:], [row[1:] for row in body]
    elif kind == "mixed" and random.random() < 0.3:
        body.append(random.choice(([*body[0], "more"], body[0][:2])))
    records = tuple(
        tuple(row[order.index(n)] for n in range(len(columns))) if len(row) == len(columns) else ()
        for row in body
    )
    text = io.StringIO()
    csv.writer(
        text, delimiter=random.choice(",;\t|"), lineterminator=random.choice(("\n", "\r\n")),
        quoting=random.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL)),
    ).writerows([head, *body])  # fmt: skip
    preamble = random.choice(("", "", "Report of all\n\n"))
    if "\r\n" in text.getvalue():
        preamble = preamble.replace("\n", "\r\n")
    content = (preamble + text.getvalue()).encode("utf-16" if kind == "utf-16" else "utf-8")
    packed = random.random() < 0.3
    return File(
        f"{stem}_mixed_{number:02}.csv{'.gz' if packed else ''}",
        gzip.compress(content) if packed else content,
        records,
        untrusted=kind == "order again",
        refused=kind in ("twice", "lacking", "utf-16"),
    )


def _row(columns: Sequence[str], good: bool, random: Random) -> Row:
    known = random.randint(1, 15 if columns is CUSTOMERS else 20)  # some buyers are in no file
    right = _RIGHT | {"id": (f"F{known:02}", f"Ｆ{known:02}")}
    row = [random.choice(right[column]) for column in columns]
    for _ in range(0 if good else random.choice((0, 0, 1, 2))):
        at = random.randrange(len(row))
        nothing = random.choice(sorted(_NOTHING))
        wrong = (*_WRONG[columns[at]], nothing, random.choice((nothing.lower(), nothing.title())))
        row[at] = random.choice(wrong)
    return tuple(f"{random.choice(_AROUND)}{value}{random.choice(_AROUND)}" for value in row)


def _text(value: str) -> str | None:
    """What a person sees of a value; None for nothing."""
    value = "".join(
        unicodedata.normalize("NFKC", char) if "\uff01" <= char <= "\uff5e" else char
        for char in value
        if unicodedata.category(char) != "Cf"
    ).strip()
    return None if value.upper() in _NOTHING else value


def _is_damaged(value: str) -> bool:
    return "\ufffd" in value or any(
        unicodedata.category(char) == "Cc" and char not in "\t\n\r" for char in value
    )


def _number(text: str, lowest: int, highest: int) -> int | None:
    if not re.fullmatch("[0-9]+", text) or not lowest <= int(text) <= highest:
        return None
    return int(text)


def _texts(record: Row) -> list[str] | None:
    """The record's texts when it has all its values and an id that is one."""
    texts = [_text(value) for value in record if not _is_damaged(value)]
    found = [text for text in texts if text is not None]
    return found if found and len(found) == len(record) else None


def _is_id(text: str) -> bool:
    return bool(re.fullmatch(r"F[0-9]+", text))


def sale(record: Row) -> Accepted | None:
    """The sale that a careful person reads in a record; None when they would ask back."""
    texts = _texts(record)
    if texts is None:
        return None
    day, customer, product, quantity, shop, platform = texts
    try:
        sold_on = date.fromisoformat(day) if re.fullmatch(r"\d{4}-\d\d-\d\d", day) else None
    except ValueError:
        return None
    units = _number(quantity, 1, 100_000)
    if sold_on is None or not 2000 <= sold_on.year <= 2099 or units is None:
        return None
    if not _is_id(customer) or platform.lower() not in _PLATFORMS:
        return None
    product = _PRODUCTS.get(product.upper(), product.upper())
    return (str(sold_on), customer, product, units, shop, platform.lower())


def customer(record: Row) -> Accepted | None:
    """The customer that a careful person reads in a record: id, name, gender, age."""
    texts = _texts(record)
    if texts is None or not _is_id(texts[0]) or (age := _number(texts[3], 0, 130)) is None:
        return None
    return (texts[0], texts[1], _GENDERS[texts[2].lower()], age)
