"""Hostile keys, headers and values: nothing executes, and everything is loaded byte for byte."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from landing_place import CUSTOMERS, Place

from bronze_loader.datasets.column_names import METADATA_NAMES, normalise
from bronze_loader.datasets.declaration import read_datasets
from bronze_loader.sniffing.header import sniff

SOURCES = """
sources:
  - name: bronze
    tables:
      - name: hostile
        external: {location: "**/*", duplicate_content: load}
        columns: [{name: id, meta: {required: true}}]
"""
FILES_A_RUN = 40
_runs = count(1)

PIECES = st.sampled_from([
    "'", '"', "`", "\\", "\\'", "''", "``", ";", "--", "/*", "*/", "{{ 1 }}", "${x}", ":id", "?",
    "%s", "$$", "\\n", "\\u0027", "') ; DROP TABLE canary; --", "' OR '1'='1",
    "`); DELETE FROM canary; --", "', schema => 'x",
    "{%raw%}", "${env:PATH}", "NULL", "\\N", "é", "年", "😀", "\u202e", "\u2028",
    " ", "_", "_source_file", "id", ",", "|", "\t",
])  # fmt: skip
# A record with control characters or U+FFFD is malformed.
CHARACTERS = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffd"), max_size=4
)
HOSTILE = st.lists(st.one_of(PIECES, CHARACTERS), max_size=5).map("".join)
# A required name twice is refused.
NAMES = HOSTILE.filter(lambda name: normalise([name]) != ["id"])
VALUES = st.one_of(
    HOSTILE, st.tuples(HOSTILE, st.sampled_from(["\n", "\r\n"]), HOSTILE).map("".join)
)
# What a key may not hold in the local object store, and where one of its folders would end; a key
# with a colon and a wildcard is refused.
KEYS = HOSTILE.map(lambda key: "".join(c for c in key if c.isprintable() and c not in "/\\:"))


@dataclass(frozen=True)
class HostileFile:
    key: str
    names: list[str]
    rows: list[list[str]]

    @property
    def content(self) -> bytes:
        out = io.StringIO()
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(["id", *self.names, "last"])
        writer.writerows(["1", *row, "end"] for row in self.rows)
        return out.getvalue().encode()


@st.composite
def hostile_files(draw: st.DrawFn) -> HostileFile:
    names = draw(st.lists(NAMES, min_size=1, max_size=3))
    row = st.lists(VALUES, min_size=len(names), max_size=len(names))
    return HostileFile(draw(KEYS), names, draw(st.lists(row, min_size=1, max_size=3)))


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "sources.yml"
    path.write_text(SOURCES, encoding="utf-8")
    return path


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(file=hostile_files())
def test_the_header_is_found_whatever_its_names_and_values_hold(
    sources: Path, file: HostileFile
) -> None:
    content = file.content
    header = sniff(
        "k.csv", len(content), read_datasets(sources)[0], lambda at, size: content[at : at + size]
    )
    assert header.columns == tuple(normalise(["id", *file.names, "last"]))
    assert (header.delimiter, header.quote, header.escape) == (",", '"', '"')


@settings(
    max_examples=3,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],  # a run takes seconds: shrinking would take minutes
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)
@given(files=st.lists(hostile_files(), min_size=FILES_A_RUN, max_size=FILES_A_RUN))
def test_whatever_a_file_holds_is_loaded_as_text_and_does_nothing(
    lakehouse: Any, sources: Path, files: Sequence[HostileFile]
) -> None:
    name = f"hostile_{next(_runs)}"
    place = Place(lakehouse, name, name)
    place.sql(f"create schema {name}")
    place.sql("create table bronze.canary as select 1 as alive")
    s3 = lakehouse.s3
    put = {}
    for number, file in enumerate(files):
        key = f"{name}/{number}/k{file.key}.csv"
        s3.put_object(Bucket="landing", Key=key, Body=file.content)
        put[f"s3://landing/{key}"] = file

    reported, _ = place.load_json("--sources", str(sources))

    assert {file["result"] for file in reported.values()} == {"loaded"}
    assert {f"s3://landing/{name}/{key}" for key in reported} == set(put)
    loaded: dict[str, list[dict[str, Any]]] = {}
    for row in place.sql("select * from bronze.hostile"):
        loaded.setdefault(row["_source_file"], []).append(row)
    assert set(loaded) == set(put)
    for url, file in put.items():
        columns = normalise(["id", *file.names, "last"])
        expected = [["1", *(value or None for value in row), "end"] for row in file.rows]
        found = [[row[column] for column in columns] for row in loaded[url]]
        assert sorted(found, key=repr) == sorted(expected, key=repr), file
        others = set(loaded[url][0]) - set(columns) - set(METADATA_NAMES)
        assert all(row[column] is None for row in loaded[url] for column in others)
        assert all(row["_corrupt_record"] is None for row in loaded[url])
    assert set(loaded) == {entry["source_file"] for entry in place.log()}

    assert place.sql("select alive from bronze.canary") == [{"alive": 1}]
    tables = {row["tableName"] for row in place.sql(f"show tables in {name}")}
    assert tables == {"canary", "hostile", "load_log"}


def test_hostile_keys_are_loaded_under_their_own_name(place: Place) -> None:
    names = ["a b", "it's", 'q"q', "{x,y}", "[1]", "*", "x?", "100%25", "#1", "é年", "a,b",
             "'); drop table x --", "$(id)", "a+b&c=d"]  # fmt: skip
    urls = {
        place.put(f"in {n}/customer_infomation_{name}.csv", CUSTOMERS.replace(b"Ann", b"%d" % n))
        for n, name in enumerate(names)
    }
    place.load()
    found = place.rows("customers", "_source_file, customername", "id = '1'")
    assert {url for url, _ in found} == urls
    assert all(f"/in {number}/" in url for url, number in found)


def test_hostile_headers_and_values_are_loaded_as_text(place: Place) -> None:
    hostile = [
        "'; drop table x; --",
        "`a`",
        "a.b",
        "${x}",
        "{{ y }}",
        "\\'",
        "select",
        "😀",
        "a\tb",
    ]
    header = ",".join(["id", "customername", "gender", "age", *hostile])
    values = ",".join(f'"{value}"' for value in ["1", "a", "b", "c", *hostile])
    place.put("customer_infomation_1.csv", f"{header}\n{values}\n".encode())
    place.load()
    (row,) = place.sql("select * from bronze.customers")
    assert list(row.values())[-len(hostile) :] == hostile
