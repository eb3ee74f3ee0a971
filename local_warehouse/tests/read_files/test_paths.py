"""The files that a path means: globs, folders, metadata, and where files may be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from csv_reader import RFC, SCHEMA, CsvReader, Row
from hypothesis import given, settings
from hypothesis import strategies as st

from local_warehouse.read_files import (
    FileStorage,
    PathNotFound,
    ReadFilesError,
    read_files,
)
from local_warehouse.read_files.globs import compile_glob, unescape


def test_the_hidden_metadata_column_describes_the_file(
    reader: CsvReader, engine: Callable[[str], list[Row]]
) -> None:
    path = reader.write(b"c,d,e\n1,2,3\n", "it's `a`\\file.csv")
    pattern = path.replace("\\", "\\\\")
    scan = read_files(
        pattern,
        {"format": "csv", "schema": SCHEMA, "header": True},
        storage=reader.storage,
        scratch=reader.scratch,
        with_metadata=True,
    )
    found = engine(f"select c, _metadata.file_path, _metadata.file_size from {scan.sql}")
    scan.cleanup()
    assert found == [("1", path, 12)]


def test_globs_and_folders_take_every_file_in_order(reader: CsvReader) -> None:
    for name in ("a/1.csv", "a/2.csv", "b/1.csv", "b/_hidden.csv", "b/.hidden.csv", "c{1}.csv"):
        reader.write(f"c,d,e\n{name},,\n".encode(), f"in/{name}")
    root = f"{reader.folder}/in"
    for path, names in {
        f"{root}/*/1.csv": ["a/1.csv", "b/1.csv"],
        f"{root}/{{a,b}}/*": ["a/1.csv", "a/2.csv", "b/1.csv"],
        f"{root}/a/[13-9].csv": ["a/1.csv"],
        f"{root}/a/[^1].csv": ["a/2.csv"],
        f"{root}/a/?.csv": ["a/1.csv", "a/2.csv"],
        f"{root}/a": ["a/1.csv", "a/2.csv"],
        f"{root}/a/": ["a/1.csv", "a/2.csv"],
        f"{root}/c\\{{1\\}}.csv": ["c{1}.csv"],
    }.items():
        assert [row[0] for row in reader.rows(path, **RFC)[1]] == names, path
    assert [r[0] for r in reader.rows(f"{root}/a/", pathGlobFilter="2*", **RFC)[1]] == ["a/2.csv"]
    for path in (f"{root}/none.csv", f"{root}/*.txt"):
        with pytest.raises(PathNotFound):
            reader.rows(path, **RFC)


@settings(deadline=None)
@given(st.text(st.sampled_from("a*?[]{},\\b/ "), min_size=1))
def test_an_escaped_path_means_just_itself(path: str) -> None:
    escaped = "".join("\\" + char if char in "*?[]{}\\," else char for char in path)
    assert compile_glob(escaped).fullmatch(path)
    assert unescape(escaped) in (path, None)


def test_only_s3_is_read_unless_local_files_are_allowed(tmp_path: Path) -> None:
    with pytest.raises(ReadFilesError, match="only s3://"):
        read_files("/etc/passwd", {"format": "csv"}, storage=FileStorage(), scratch=tmp_path)
