"""Types that read_files infers of CSV: those of Spark's reader, value by value."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from reference import ANSWERS, Answers, recorded

from local_warehouse.comparison.answers import answer

# A column for each line; its values, which stand between bars, are below one another in the file.
COLUMNS = """
1|2
1|2147483648
1|99999999999999999999
1|999999999999999999999999999999999999999
99999999999999999999|1.5
1|1.5
1.50|
.5|5.
1e3|2
-1|+1
007|
 1|2
1 |2
NaN|1
Infinity|-Infinity
inf|1
1L|1
0x1F|1
1_5|1
٣|1
-|1
true|FALSE
true|1
yes|no
2024-01-02|2024-12-31
2024-01-02|2024-01-02 03:04:05
2024-01-02T03:04:05|2024-01-02 03:04:05.123456
2024-01-02T03:04:05Z|2024-01-02 03:04:05+07:00
2024-01-02 03:04|
2024-1-2|
2024-01|
20240102|
2023-02-29|
2024-13-01|
02/01/2024|
2024-01-02 24:00:00|
2024-01-02|x
2024-01-02|1
null|1
|
a|
""".strip("\n").split("\n")
# Columns in which the two differ, with the reason.
DIFFERENCES = {
    "٣|1": "digits of other scripts are no number here",
}
QUESTION = {
    "name": "inferred.csv",
    "file": "inferred.csv",
    "options": {"header": "true", "inferSchema": "true"},
    "schema": None,
}


def _content() -> str:
    cells = [column.split("|") for column in COLUMNS]
    lines = [[f"c{i}" for i in range(len(cells))], *map(list, zip(*cells, strict=True))]
    return "".join(",".join(line) + "\n" for line in lines)


@pytest.fixture(scope="module")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """Spark's answer about the file."""
    folder: Path = tmp_path_factory.mktemp("inference")
    (folder / "inferred.csv").write_text(_content(), "utf-8")
    return recorded(ANSWERS / "inference.json", [QUESTION], folder)


@pytest.fixture(scope="module")
def found(warehouse: Any) -> Iterator[dict[str, Any]]:
    """The warehouse's answer about the file."""
    url = warehouse.land(("inferred.csv", _content().encode()))
    with warehouse.connect() as connection, connection.cursor() as cursor:
        cursor.execute(
            f"select * from read_files('{url}', format => 'csv', header => true,"
            " schemaEvolutionMode => 'none')"
        )
        yield answer(cursor.fetchall_arrow(), ordered=True)


@pytest.mark.parametrize("number", range(len(COLUMNS)), ids=COLUMNS)
def test_a_column_has_the_type_and_the_values_of_spark(
    number: int, found: dict[str, Any], spark: Answers
) -> None:
    expected = spark["inferred.csv"]
    ours = found["columns"][number], [row[number] for row in found["rows"]]
    theirs = expected["columns"][number], [row[number] for row in expected["rows"]]
    if COLUMNS[number] in DIFFERENCES:
        assert ours != theirs, "no difference any more"
    else:
        assert ours == theirs
