"""The rows of a checked model's unit test: one for each rule, with what becomes of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from new_dataset.dataset import DATE, DECIMAL, TEXT, TIMESTAMP, WHOLE, Column, NewDataset


@dataclass(frozen=True)
class Example:
    """One line that differs from the good one: its name, the texts of the file and the values of
    the model that differ, each as YAML has them, and the reasons against it."""

    name: str
    texts: dict[str, str]
    values: dict[str, str] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Form:
    """One way to write a value: what it is called, the text, and the value it is read as; none
    when it cannot be read. An implausible one is read, and the line rejected."""

    name: str
    text: str
    value: str | None = None
    is_implausible: bool = False


_GOOD = {
    DATE: ('"2026-02-28"', '"2026-02-28"'),
    TIMESTAMP: ('"2026-02-28 10:30:00"', '"2026-02-28 10:30:00"'),
    WHOLE: ('"7"', "7"),
    DECIMAL: ('"12.50"', "12.50"),
}
_FORMS = {
    DATE: [
        _Form("day that is not", '"2026-02-29"'),
        _Form("other form of date", '"28/02/2026"'),
        _Form("date with a time", '"2026-02-28 10:30:00"'),
        _Form("year 0", '"0000-01-01"'),
        _Form("Buddhist year", '"2569-02-28"', '"2569-02-28"', is_implausible=True),
    ],
    TIMESTAMP: [
        _Form("time in UTC", '"2026-02-28T10:30:00Z"', '"2026-02-28 10:30:00"'),
        _Form("time with an offset", '"2026-02-28T12:30+02:00"', '"2026-02-28 10:30:00"'),
        _Form("parts of a second", '"2026-02-28 10:30:00.125"', '"2026-02-28 10:30:00.125"'),
        _Form("day that is not, with a time", '"2026-02-29 10:30:00"'),
        _Form("hour that is not", '"2026-02-28 25:30:00"'),
        _Form("other form of time", '"28/02/2026 10:30"'),
        _Form("date without a time", '"2026-02-28"'),
        _Form("Buddhist year, with a time", '"2569-02-28 10:30:00"', '"2569-02-28 10:30:00"', True),
    ],
    WHOLE: [
        _Form("fraction", '"1.5"'),
        _Form("beyond any number", '"99999999999999999999"'),
        _Form("half of all numbers", '"5000000000000000000"', "5000000000000000000", True),
    ],
    DECIMAL: [
        _Form("fewer digits behind the point", '"12.5"', "12.50"),
        _Form("decimal comma", '"12,50"'),
        _Form("beyond any decimal", f'"{"9" * 39}"'),
    ],
}


# One backslash of a value: SQL writes it as two, which dbt leaves to the row, and YAML each of them
# as two again.
_BACKSLASH = r"\\\\"


def good_text(column: Column) -> str:
    """A text of the file that is accepted, as YAML has it."""
    return _GOOD[column.type.kind][0] if column.type.kind != TEXT else f"{column.name[0]}1"


def good_value(column: Column) -> str:
    """The value that the good text is read as."""
    return _GOOD[column.type.kind][1] if column.type.kind != TEXT else f"{column.name[0]}1"


def examples(dataset: NewDataset) -> Iterator[Example]:
    """The lines, the accepted ones first; the forms of a type once, at the first column of it."""
    columns = dataset.columns
    texts = {column.name: good_text(column).strip('"') for column in columns}
    yield Example("trimmed", {name: f'" {text}\\t"' for name, text in texts.items()})
    for column in columns:
        if not column.type.is_required:
            yield Example(f"blank {column.name}", {column.name: '" "'}, {column.name: "null"})
        else:
            yield Example(
                f"no {column.name}",
                {column.name: "null"},
                {column.name: "null"},
                (f"missing_{column.name}",),
            )
    if dataset.required:
        name = dataset.required[0]
        yield Example("marker of nothing", {name: '"NULL"'}, {name: "null"}, (f"missing_{name}",))
    yield from _of_types(dataset)
    for name in dataset.ids[:1]:
        text = '"8.80123E+11"'
        yield Example("id that was rounded", {name: text}, {name: text}, ("damaged_id",))
    first = min(columns, key=lambda c: (c.type.kind != TEXT, c.is_id))
    yield Example("corrupt", {"_corrupt_record": "x"}, {}, ("corrupt_line",))
    quote = '\\"' if dataset.options.quote in (None, '"') else str(dataset.options.quote)
    escaped = f'"{quote}s {_BACKSLASH}{quote}x{_BACKSLASH}{quote}{quote}"'
    yield _of_quotes(first, "unclosed", f'"{quote}a\\nnext line"', "unclosed_quote")
    yield _of_quotes(first, "escaped", escaped, "undeclared_escape")
    yield from _several(dataset)


def _of_types(dataset: NewDataset) -> Iterator[Example]:
    seen: set[str] = set()
    for column in dataset.typed:
        name, kind = column.name, column.type.kind
        invalid = (f"invalid_{name}",)
        yield Example(f"{name} in words", {name: "words"}, {name: "null"}, invalid)
        if kind in seen:
            continue
        seen.add(kind)
        for form in _forms(column):
            reasons = invalid if form.value is None else ()
            reasons = (f"implausible_{name}",) if form.is_implausible else reasons
            yield Example(form.name, {name: form.text}, {name: form.value or "null"}, reasons)


def _forms(column: Column) -> Iterator[_Form]:
    kind = column.type.kind
    yield from _FORMS[kind]
    if kind == DECIMAL:
        digits = "0" * column.type.scale + "1"
        yield _Form("more digits than the type has", f'"0.{digits}"')
    if kind in (WHOLE, DECIMAL):
        yield _Form(f"negative {kind}", '"-1"', "-1" if column.type.is_signed else None)


def _of_quotes(column: Column, name: str, text: str, reason: str) -> Example:
    if column.type.kind == TEXT:
        reasons = ("damaged_id", reason) if column.is_id else (reason,)
        return Example(name, {column.name: text}, {column.name: text}, reasons)
    reasons = (f"invalid_{column.name}", reason)
    return Example(name, {column.name: text}, {column.name: "null"}, reasons)


def _several(dataset: NewDataset) -> Iterator[Example]:
    missing = dataset.required[:1]
    invalid = [column.name for column in dataset.typed if column.name not in missing][:1]
    if missing:
        wrong = dict.fromkeys(missing, "null") | dict.fromkeys(invalid, "words")
        reasons = (f"missing_{missing[0]}", "corrupt_line", *(f"invalid_{n}" for n in invalid))
        yield Example(
            "several", wrong | {"_corrupt_record": "x"}, dict.fromkeys(wrong, "null"), reasons
        )
