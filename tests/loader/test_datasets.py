"""The source YAML becomes datasets, and its mistakes become messages that say where."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any

import pytest
import yaml

from bronze_loader.datasets.csv_options import CsvOptions
from bronze_loader.datasets.declaration import (
    choose,
    common_prefix,
    find_sources,
    read_datasets,
)
from bronze_loader.errors import ConfigurationError

DECLARED = """
sources:
  - name: other
    tables: [{name: x, external: {location: "*"}}]
  - name: bronze
    tables:
      - name: sales
        external:
          location: "**/data_sales_*"
          file_format: csv
          options: {delimiter: ";", quote: "'", null_value: "NULL"}
        columns:
          - {name: id, data_type: string, config: {meta: {required: true}}}
          - {name: shop, data_type: string, meta: {required: true}}
          - {name: note, data_type: string}
          - {name: _source_file, data_type: string}
      - name: load_log
        columns: [{name: batch_id, data_type: string}]
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "sources.yml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_with_external_is_a_dataset(tmp_path: Path) -> None:
    (sales,) = read_datasets(write(tmp_path, DECLARED))
    assert sales.name == "sales"
    assert sales.column_names == ("id", "shop", "note")
    assert sales.required_names == ("id", "shop")
    assert sales.options == CsvOptions(delimiter=";", quote="'", escape="'", null_value="NULL")


@pytest.mark.parametrize(
    ("declared", "taken"),
    [
        ("latin-1", "ISO-8859-1"),
        ("cp1252", "windows-1252"),
        ("utf8", "UTF-8"),
        ("cp437", "IBM437"),
    ],
)
def test_an_encoding_is_known_by_its_usual_name(tmp_path: Path, declared: str, taken: str) -> None:
    text = DECLARED.replace('delimiter: ";"', f"encoding: {declared}")
    (sales,) = read_datasets(write(tmp_path, text))
    assert sales.options.encoding == taken


@pytest.mark.parametrize("suffix", [".csv", ".CSV", ".csv.gz", ".csv.bz2", ".csv.zst"])
def test_a_file_belongs_to_a_dataset_by_glob_and_suffix(tmp_path: Path, suffix: str) -> None:
    (sales,) = read_datasets(write(tmp_path, DECLARED))
    assert sales.matches(f"2024/data_sales_1{suffix}")
    assert not sales.matches(f"2024/sales_1{suffix}")
    assert not sales.matches(f"2024/data_sales_1{suffix}.txt")


def test_the_projects_own_declaration_is_found_and_understood() -> None:
    datasets = {d.name: d for d in read_datasets(find_sources(None))}
    assert set(datasets) == {"customers", "sales"}
    assert datasets["sales"].matches("any/depth/data_sales_1.csv")
    assert datasets["customers"].matches("customer_infomation_1.csv.gz")
    assert "platform" in datasets["sales"].required_names
    assert common_prefix(list(datasets.values())) == ""


@pytest.mark.parametrize(
    ("replaced", "by", "message"),
    [
        ("name: bronze", "name: brass", "no source named 'bronze'"),
        ('location: "**/data_sales_*"', "location: [x]", "plain glob"),
        ('location: "**/data_sales_*"', "location: \"{{ var('x') }}/*\"", "plain glob"),
        ('location: "**/data_sales_*"', 'location: "data_[sales"', "not closed"),
        ("file_format: csv", "file_format: json", "only csv"),
        ('delimiter: ";"', 'separator: ";"', "unknown option separator"),
        ('delimiter: ";"', 'delimiter: ";;"', "one character"),
        ('delimiter: ";"', "encoding: klingon", "klingon"),
        ('delimiter: ";"', "encoding: utf-16", "utf-16"),
        ('delimiter: ";"', "encoding: rot13", "rot13"),
        (
            'delimiter: ";"',
            r'encoding: windows-1252, delimiter: "\u5e74"',
            "delimiter: windows-1252",
        ),
        ('quote: "\'", null_value: "NULL"', r'encoding: cp1252, quote: "\u5e74"', "has no '年'"),
        ('null_value: "NULL"', r'encoding: cp1252, null_value: "\u5e74"', "null_value: windows"),
        ('null_value: "NULL"', r'null_value: "\ud800"', "null_value: UTF-8 has no"),
        ('delimiter: ";"', 'delimiter: "\'"', "delimiter and quote are both"),
        ('delimiter: ";"', 'delimiter: "\\\\", escape: "\\\\"', "delimiter and escape are both"),
        ('delimiter: ";"', r'delimiter: "\n"', "delimiter cannot be a line break"),
        ('quote: "\'"', r'quote: "\r"', "quote cannot be a line break"),
        ('null_value: "NULL"', "null_value: 0000-00-00", "put a text.* in quotes(.|\n)*line 11"),
        (
            "name: load_log",
            "name: load_log\n        external: {location: x}",
            "load_log for itself",
        ),
        ("name: sales", "name: _load_bronze", "_load_bronze for itself"),
        ('delimiter: ";"', "multi_line: often", "true or false"),
        ('delimiter: ";"', "skip_rows: -1", "whole number"),
        ('delimiter: ";"', "skip_rows: two", "whole number"),
        ("name: note", "name: The Note", "'the_note'"),
        ("name: note", "name: id", "declared twice"),
        ("name: note, data_type: string", "name: note, data_type: int", "data_type int"),
        ("name: sales", "name: Sales-2", "lower-case"),
        (
            "name: shop, data_type: string, meta: {required: true}",
            "name: shop, meta: {required: 'yes'}",
            "true or false",
        ),
        ("name: load_log", "name: sales\n        external: {location: x}", "declared twice"),
        ("sources:", "sources: [", "cannot read"),
    ],
    ids=[
        "no-source-bronze",
        "location-no-text",
        "location-with-jinja",
        "location-bracket-not-closed",
        "file-format",
        "unknown-option",
        "delimiter-of-two-characters",
        "unknown-encoding",
        "utf-16",
        "codec-of-no-characters",
        "delimiter-not-in-the-encoding",
        "null-value-not-in-cp1252",
        "null-value-not-in-windows-1252",
        "null-value-no-character",
        "delimiter-is-the-quote",
        "delimiter-is-the-escape",
        "delimiter-a-line-break",
        "quote-a-line-break",
        "null-value-like-a-date",
        "load-log-with-files",
        "lease-folder-as-table",
        "multi-line-no-bool",
        "skip-rows-negative",
        "skip-rows-no-number",
        "column-not-normalised",
        "column-twice",
        "data-type",
        "table-name",
        "required-no-bool",
        "table-twice",
        "broken-yaml",
    ],
)
def test_a_mistake_is_told_with_its_place(
    tmp_path: Path, replaced: str, by: str, message: str
) -> None:
    path = write(tmp_path, DECLARED.replace(replaced, by, 1))
    with pytest.raises(ConfigurationError, match=message) as caught:
        read_datasets(path)
    assert str(path) in str(caught.value)


def test_asking_for_an_unknown_dataset_names_the_declared_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="it declares sales"):
        path = write(tmp_path, DECLARED)
        choose(read_datasets(path), ["sale"], path)


@pytest.mark.parametrize(
    "value",
    [None, 1, 1.5, True, "", "x", "\0", [], [1], [[]], {}, {"a": 1}, date(2024, 1, 1)],
    ids=[
        "null",
        "int",
        "float",
        "bool",
        "empty-text",
        "text",
        "zero-byte",
        "empty-list",
        "list",
        "nested-list",
        "empty-block",
        "block",
        "date",
    ],
)
def test_nonsense_at_any_place_is_understood_or_told_with_its_file(
    tmp_path: Path, value: object
) -> None:
    for place in places(yaml.safe_load(DECLARED)):
        document = yaml.safe_load(DECLARED)
        *way, last = place
        reduce(getitem, way, document)[last] = value
        path = write(tmp_path, yaml.safe_dump(document))
        try:
            read_datasets(path)
        except ConfigurationError as mistake:
            assert str(path) in str(mistake)


def places(node: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every node of a document below its top."""
    if isinstance(node, dict | list):
        for key, child in node.items() if isinstance(node, dict) else enumerate(node):
            yield (*above, key)
            yield from places(child, (*above, key))
