"""A location says which keys belong to a dataset; a key becomes a path that means only itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bronze_loader.datasets.globs import compile_glob, escape_glob, literal_prefix, unreadable_key
from bronze_loader.datasets.overlaps import common_key


@pytest.mark.parametrize(
    ("pattern", "key", "matches"),
    [
        ("**/data_sales_*", "data_sales_1.csv", True),
        ("**/data_sales_*", "a/b/data_sales_1.csv", True),
        ("**/data_sales_*", "xdata_sales_1.csv", False),
        ("**/data_sales_*", "data_sales_1/other.csv", False),
        ("data_*", "a/data_1.csv", False),
        ("in/**/d?.csv", "in/x/d1.csv", True),
        ("in/**/d?.csv", "in/d10.csv", False),
        ("d[0-9].csv", "d5.csv", True),
        ("d[!0-9].csv", "d5.csv", False),
        ("{a,b}/*.csv", "b/1.csv", True),
        ("{a,b}/*.csv", "c/1.csv", False),
        ("a.csv", "aXcsv", False),
        ("**/data_sales_*", "In/DATA_Sales_1.CSV", True),
        ("in/**/d[a-c].csv", "in/x/DB.csv", True),
        ("in/*", "IN/1.csv", False),
    ],
)
def test_a_glob_matches_within_segments(pattern: str, key: str, matches: bool) -> None:
    assert bool(compile_glob(pattern).match(key)) is matches


@pytest.mark.parametrize(
    ("first", "second", "shared"),
    [
        ("**/customer_infomation_*", "**/data_sales_*", None),
        ("**/data_*", "**/DATA_sales_*", "data_sales_.csv"),
        ("in/*", "in/**/*", "in/.csv"),
        ("{x,y}/*", "y/z*", "y/z.csv"),
        ("*.csv", "*.csv.gz", None),
        ("**/*sales*", "**/*customer*", "customersales.csv"),
        ("2024/*", "20[0-1]4/*", None),
    ],
)
def test_two_globs_have_a_key_in_common_or_none(
    first: str, second: str, shared: str | None
) -> None:
    assert common_key(first, second) == shared


GLOBS = st.lists(
    st.sampled_from(["a", "b", "/", "*", "**/", "**", "?", "[ab]", "[!a]", "{a,b/}", ".csv"]),
    max_size=6,
).map("".join)


@settings(deadline=None)
@given(GLOBS, GLOBS, st.text("ab/", max_size=6))
def test_a_common_key_is_matched_by_both_and_there_is_one_where_any_is(
    first: str, second: str, key: str
) -> None:
    key += ".csv"
    both = [compile_glob(glob) for glob in (first, second)]
    found = common_key(first, second)
    if found is not None:
        assert all(glob.match(found) for glob in both)
    elif all(glob.match(key) for glob in both):
        raise AssertionError(key)


@pytest.mark.parametrize("pattern", ["a[b", "{a,b"])
def test_an_open_bracket_or_brace_is_an_error(pattern: str) -> None:
    with pytest.raises(ValueError, match="not closed"):
        compile_glob(pattern)


def test_the_prefix_to_list_is_the_folders_before_the_first_wildcard() -> None:
    assert literal_prefix("in/2024/data_*.csv") == "in/2024/"
    assert literal_prefix("**/data_*") == ""


def test_glob_characters_of_a_key_are_escaped() -> None:
    assert escape_glob(r"s3://b/a[1]{x,y}*?\z %20#.csv") == (
        r"s3://b/a\[1\]\{x,y\}\*\?\\z %20#.csv"
    )


@given(st.text(st.characters(exclude_characters="\0")))
def test_nothing_but_glob_characters_is_changed(key: str) -> None:
    escaped = escape_glob(key)
    assert escaped.replace("\\\\", "\0").replace("\\", "").replace("\0", "\\") == key


@pytest.mark.parametrize(
    ("key", "part_of_reason"),
    [
        ("in/_data.csv", "hidden"),
        ("in/.data.csv", "hidden"),
        ("in//data.csv", "'//'"),
        ("in/../data.csv", "'..'"),
        ("in/data.csv.GZ", "lower case"),
    ],
)
def test_a_key_that_spark_cannot_read_has_a_reason(key: str, part_of_reason: str) -> None:
    assert part_of_reason in (unreadable_key(key) or "")


@pytest.mark.parametrize("key", ["data.csv", "_in/data.CSV", "a b/d%20,[1]{2}#'é.csv.gz"])
def test_other_keys_are_readable(key: str) -> None:
    assert unreadable_key(key) is None
