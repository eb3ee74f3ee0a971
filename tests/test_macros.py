"""The macros that decide about a value, asked one by one over SQL: what they take, and what not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from jinja2 import Environment

from lakehouse import ROOT, Lakehouse

CHECKS = Environment(autoescape=False, extensions=["jinja2.ext.do"]).from_string(  # noqa: S701 - SQL and not HTML
    (ROOT / "macros" / "checks.sql").read_text()
)
CHECKS.globals["ref"] = str  # a seed is found by its name
MACROS: Any = CHECKS.make_module()


def answers(lakehouse: Lakehouse, expression: str, values: list[str | None]) -> dict[Any, Any]:
    """What the expression over the column `raw_x` gives for each value, bound as a parameter."""
    rows = " union all ".join(f"select {n} as n, :v{n} as raw_x" for n in range(len(values)))
    found = lakehouse.sql(
        f"with ranges as (select 1) select n, {expression} as y from ({rows}) order by n",
        {f"v{n}": value for n, value in enumerate(values)},
    )
    return {value: row["y"] for value, row in zip(values, found, strict=True)}


def test_trimmed_takes_blanks_of_all_kinds_away_and_blank_is_missing(lakehouse: Lakehouse) -> None:
    expected = {
        " a b\t": "a b", "\u00a0a\ufeff": "a", "\u200ba\u3000": "a",
        "a\u200bb": "ab", "\u200d\u0915\u094d\u200d\u0937": "\u0915\u094d\u200d\u0937",
        "\uff21\uff42\uff11\uff0d\uff07\uff3c": "Ab1-'\\", "\u3000\u200b": None,
        "\u00e9 \u2019": "\u00e9 \u2019",
        "\r\na": "a", "": None, " \t": None, None: None,
    }  # fmt: skip
    assert answers(lakehouse, MACROS.trimmed("raw_x"), list(expected)) == expected


def test_iso_date_takes_calendar_dates_in_iso_form_alone(lakehouse: Lakehouse) -> None:
    expected = {
        "2024-02-29": "2024-02-29", "2023-02-29": None, "2024-2-9": None, "29/02/2024": None,
        "2024-02-29 10:00:00": None, "20240229": None, "x": None, "0000-01-01": None,
        "0001-01-01": "0001-01-01", "9999-12-31": "9999-12-31", "10000-01-01": None, None: None,
    }  # fmt: skip
    date = f"cast({MACROS.iso_date('raw_x')} as string)"
    assert answers(lakehouse, date, list(expected)) == expected


def test_whole_number_takes_digits_alone(lakehouse: Lakehouse) -> None:
    expected = {
        "0": 0, "007": 7, "9223372036854775807": 9223372036854775807,
        "9223372036854775808": None, "-1": None, "+1": None, "1.0": None, "1e3": None, "": None,
        "\u0661": None, None: None,
    }  # fmt: skip
    assert answers(lakehouse, MACROS.whole_number("raw_x", "bigint"), list(expected)) == expected


def test_a_signed_whole_number_may_have_a_minus_sign(lakehouse: Lakehouse) -> None:
    expected = {"-7": -7, "7": 7, "--7": None, "-": None, None: None}
    signed = MACROS.whole_number("raw_x", "bigint", signed=True)
    assert answers(lakehouse, signed, list(expected)) == expected


def test_decimal_number_takes_what_its_type_holds_without_rounding(lakehouse: Lakehouse) -> None:
    expected = {
        "1": "1.00", "1.5": "1.50", "1.25": "1.25", "1.250": "1.25", "1.255": None, "1,5": None,
        ".5": None, "1.": None, "-1": None, "1e2": None, "12345678901": None, None: None,
    }  # fmt: skip
    number = f"cast({MACROS.decimal_number('raw_x', 'decimal(10, 2)')} as string)"
    assert answers(lakehouse, number, list(expected)) == expected


def test_iso_timestamp_takes_a_date_and_a_time_of_day(lakehouse: Lakehouse) -> None:
    expected = {
        "2024-02-29 10:05": "2024-02-29 10:05:00", "2024-02-29T10:05:07": "2024-02-29 10:05:07",
        "2024-02-29T10:05:07.5Z": "2024-02-29 10:05:07.5", "2023-02-29 10:05": None,
        "2024-02-29T10:05+02:00": "2024-02-29 08:05:00", "2024-02-29": None,
        "2024-02-29 25:00": None, "10:05": None, None: None,
    }  # fmt: skip
    moment = f"cast({MACROS.iso_timestamp('raw_x')} as string)"
    assert answers(lakehouse, moment, list(expected)) == expected


def test_unclosed_quote_is_a_quote_at_the_beginning_and_a_line_break(lakehouse: Lakehouse) -> None:
    expected = {
        '"a\nb': True,
        '"a\rb': True,
        '"a': False,
        'a"\nb': False,
        "a\nb": False,
        None: False,
    }
    assert answers(lakehouse, MACROS.unclosed_quote(["x"]), list(expected)) == expected


def test_undeclared_escape_is_a_quote_behind_a_backslash(lakehouse: Lakehouse) -> None:
    expected = {'"a \\"b\\""': True, '"a': False, 'a \\"b': False, '"a\\b"': False, None: False}
    assert answers(lakehouse, MACROS.undeclared_escape(["x"]), list(expected)) == expected


@pytest.mark.parametrize("quote", ['"', "'"])
def test_odd_text_holds_a_quote_or_what_is_not_printable_ascii(
    lakehouse: Lakehouse, quote: str
) -> None:
    odd = [f"a{quote}", quote, "a\nb", "a\x07", "é", "\uff02a\uff02", "\ufeff", "\t"]
    expected = dict.fromkeys(odd, True) | {"a, b; ~": False, "": False, None: False}
    assert answers(lakehouse, MACROS.odd_text(["x"], quote), list(expected)) == expected


@pytest.mark.parametrize(
    ("lowest", "highest", "expected"),
    [
        ("'0'", "'130'", {"-1": True, "0": False, "130": False, "131": True, None: False}),
        ("'1'", "null", {"0": True, "1": False, "999": False, "1000": True, None: False}),
        ("null", "null", {"-9": False, "-10": True, "999": False, "1000": True, None: False}),
    ],
    ids=["both limits", "highest of its kind", "limits of its kind"],
)
def test_outside_range_is_below_or_above_the_seeds_limits(
    lakehouse: Lakehouse, lowest: str, highest: str, expected: dict[str | None, bool]
) -> None:
    seed = (
        f"(select 'm' as measure, {lowest} as lowest, {highest} as highest "
        "union all select 'number', '-9', '999')"
    )
    limits = MACROS.limits_of({"m": "number"}).replace("from plausible_ranges", f"from {seed}")
    values = ", ".join(f"({'null' if text is None else text})" for text in expected)
    rows = lakehouse.sql(
        f"select m, {MACROS.outside_range('m')} as is_outside from ({limits}) "
        f"cross join (select * from values {values} as v(m))"
    )
    assert {None if r["m"] is None else str(r["m"]): r["is_outside"] for r in rows} == expected


def test_reject_reasons_names_what_is_missing_and_what_holds(lakehouse: Lakehouse) -> None:
    reasons = MACROS.reject_reasons(["x"], {"x": "raw_x"}, {"too_long": "length(raw_x) > 2"})
    reasons = reasons.replace("_corrupt_record", "cast(null as string)")
    reasons = reasons.replace("found_header", "cast(null as string)").replace("x_text", "raw_x")
    found = answers(lakehouse, f"to_json({reasons})", ["ab", "abc", None, '"a\nb'])
    assert found == {
        "ab": "[]",
        "abc": '["too_long"]',
        None: '["missing_x"]',
        '"a\nb': '["too_long","unclosed_quote"]',
    }


@pytest.mark.parametrize("group", ["account users", "o'brien\\s", ""])
def test_only_a_member_of_the_group_that_is_shown_personal_data_builds(
    lakehouse: Lakehouse, group: str
) -> None:
    class Stop(Exception):
        pass

    def stop(message: str) -> None:
        raise Stop(message)

    def run_query(statement: str) -> Any:
        return SimpleNamespace(rows=[tuple(row.values()) for row in lakehouse.sql(statement)])

    masks = Environment(autoescape=False, extensions=["jinja2.ext.do"]).from_string(  # noqa: S701
        (ROOT / "macros" / "personal_data.sql").read_text()
    )
    masks.globals |= {
        "execute": True, "run_query": run_query, "var": {"personal_data_group": group}.get,
        "exceptions": SimpleNamespace(raise_compiler_error=stop), "project_name": "p",
        "selected_resources": ["test.p.t", "model.p.m"],
    }  # fmt: skip
    if group in ("account users", ""):
        masks.make_module().check_personal_data_group()
        return
    with pytest.raises(Stop, match="no member of the account group"):
        masks.make_module().check_personal_data_group()
    masks.globals["selected_resources"] = ["test.p.t"]
    masks.make_module().check_personal_data_group()
