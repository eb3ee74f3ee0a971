"""Every row of the table of files in docs/loader.md, proved on S3 through the connector."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from landing_place import Place
from shapes import LARGE, SHAPES, SOURCES, Shape

MANUAL = Path(__file__).parents[2] / "docs" / "loader.md"


class LoadedShapes:
    """What one run has made of the files of all shapes."""

    def __init__(self, place: Place, sources: Path, connection: Any) -> None:
        self._connection = connection
        sources.write_text(SOURCES, encoding="utf-8")
        s3 = place.lakehouse.s3
        for shape in SHAPES.values():
            for name in shape.names:
                key = f"{place.prefix}/{_key(shape, name)}"
                s3.put_object(Bucket="landing", Key=key, Body=shape.content)
        self._place = place
        options = ("--sources", str(sources), "--verify")  # which names the files that differ
        self.files, self.summary = place.load_json(*options, exit_code=3)

    def rows(self, shape: Shape, name: str) -> list[tuple[Any, ...]]:
        """The file's rows, any value of LARGE characters or more as its length and its hash."""
        url = f"s3://landing/{self._place.prefix}/{_key(shape, name)}"
        literal = url.replace("\\", "\\\\").replace("'", "\\'")
        columns = [f"`{column}`" for column in shape.columns]
        if shape.dataset == "large":
            columns = [
                f"case when length({c}) >= {LARGE} then length({c}) || ' ' || md5({c}) else {c} end"
                for c in columns
            ]
        selected = ", ".join(f"{column} as c{n}" for n, column in enumerate(columns))
        table = f"{self._place.schema}.{shape.dataset}"
        with closing(self._connection.cursor()) as cursor:
            cursor.execute(f"select {selected} from {table} where _source_file = '{literal}'")
            return [tuple(row) for row in cursor.fetchall()]


def _key(shape: Shape, name: str) -> str:
    return f"{shape.dataset}/{shape.id}/{name}"


def _told(value: str | None) -> str | None:
    import hashlib

    if value is None or len(value) < LARGE:
        return value
    return f"{len(value)} {hashlib.md5(value.encode()).hexdigest()}"  # noqa: S324


@pytest.fixture(scope="module")
def loaded_shapes(
    lakehouse: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LoadedShapes]:
    place = Place(lakehouse, "shapes", "shapes")
    with closing(lakehouse.connect()) as connection:
        yield LoadedShapes(place, tmp_path_factory.mktemp("shapes") / "sources.yml", connection)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_a_shape_of_file(loaded_shapes: LoadedShapes, shape: Shape) -> None:
    for name in shape.names:
        file = loaded_shapes.files[_key(shape, name)]
        result = {"quarantined": "loaded"}.get(shape.outcome, shape.outcome)
        assert file["result"] == result, file["reason"]
        assert shape.reason in (file["reason"] or "")
        if result != "loaded":
            assert file["reason"]
            assert file["row_count"] == 0
        expected = [tuple(_told(value) for value in row) for row in shape.rows]
        assert sorted(loaded_shapes.rows(shape, name), key=repr) == sorted(expected, key=repr)
        corrupt = sum(row[-1] is not None for row in shape.rows)
        assert (file["row_count"], file["corrupt_row_count"]) == (len(expected), corrupt)
        assert (corrupt > 0) == (shape.outcome == "quarantined")


def test_the_records_counted_in_each_file_are_its_rows(loaded_shapes: LoadedShapes) -> None:
    loaded = [file for file in loaded_shapes.files.values() if file["result"] == "loaded"]
    assert loaded_shapes.summary["verified"] == len(loaded) > 0


def test_the_manual_lists_exactly_these_shapes_with_what_comes_of_them() -> None:
    rows = re.findall(r"^\| `([a-z0-9-]+)` \|.*\| (\w+) \|", MANUAL.read_text("utf-8"), re.M)
    assert dict(rows) == {shape.id: shape.outcome for shape in SHAPES.values()}
    assert len(rows) == len(SHAPES)
