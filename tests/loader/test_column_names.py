"""Header names become column names that are unique and that any Delta table takes."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bronze_loader.datasets.column_names import METADATA_NAMES, normalise


@pytest.mark.parametrize(
    ("header", "names"),
    [
        (["id", "Customer Name", "GENDER"], ["id", "customer_name", "gender"]),
        (["  id ", "a.b-c", "`x`"], ["id", "a_b_c", "x"]),
        (["", "  ", "!?"], ["column_1", "column_2", "column_3"]),
        (["id", "ID", "id "], ["id", "id_2", "id_3"]),
        (["a", "a_2", "a"], ["a", "a_2", "a_3"]),
        (["Größe", "年齢", "cafe\u0301", "caf\u00e9"], ["größe", "年齢", "café", "café_2"]),
        (["_source_file", "_Corrupt_Record"], ["source_file", "corrupt_record"]),
        (["it's; drop table x --"], ["it_s_drop_table_x"]),
    ],
    ids=[
        "case-and-blanks",
        "dots-dashes-backticks",
        "nothing-left",
        "same-name-in-any-case",
        "number-taken",
        "letters-of-any-script",
        "metadata-names",
        "sql",
    ],
)
def test_a_header_is_normalised(header: list[str], names: list[str]) -> None:
    assert normalise(header) == names


@given(st.lists(st.text(max_size=12), max_size=40))
def test_names_are_unique_and_safe_whatever_the_header(header: list[str]) -> None:
    names = normalise(header)
    assert len(names) == len(header)
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"\w+", name) and name == name.lower() for name in names)
    assert not set(names) & set(METADATA_NAMES)


@given(st.lists(st.text(alphabet="abA_ 2é", max_size=4), max_size=12))
def test_names_that_are_normalised_stay_as_they_are(header: list[str]) -> None:
    names = normalise(header)
    assert normalise(names) == names
