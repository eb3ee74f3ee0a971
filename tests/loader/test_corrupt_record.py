"""The SQL that marks records which the reader misread, to the letter."""

from __future__ import annotations

from bronze_loader.sniffing.header import Header
from bronze_loader.sniffing.unclosed_quote import Tail
from bronze_loader.warehouse.corrupt_record import corrupt_record


def test_a_record_misread_in_silence_is_kept_as_malformed() -> None:
    values = "concat_ws(';', coalesce(`id`, ''), coalesce(`note`, ''))"
    seen = "CASE WHEN `_corrupt_record` IS NOT NULL THEN `_corrupt_record` WHEN "
    undecoded = (
        "concat(coalesce(`id`, ''), coalesce(`note`, '')) RLIKE "
        r"'[\\x00-\\x08\\x0B\\x0C\\x0E-\\x1F\\x7F-\\x9F\\uFFFD]'"
    )
    for tail, cut_off in (
        (None, ""),
        (Tail("it's\n2;b\n"), " OR `note` = 'it\\'s\n2;b\n'"),
        (Tail(end="x\n"), " OR endswith(`note`, 'x\n')"),
        (Tail(), " OR (endswith(`note`, '\n') AND "
         "length(`note`) - length(replace(`note`, ';', '')) >= 1)"),
    ):  # fmt: skip
        header = Header(("id", "note"), ";", tail=tail, line_end="\r\n")
        assert corrupt_record(header) == f"{seen}{undecoded}{cut_off} THEN {values} END"
    other_line_end = " OR endswith(`note`, '\r')"
    assert corrupt_record(Header(("id", "note"), ";")) == (
        f"{seen}{undecoded}{other_line_end} THEN {values} END"
    )
