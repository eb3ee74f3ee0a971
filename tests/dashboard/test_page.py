"""The page in a real browser: nothing is asked of the network, and its numbers are gold's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from browser import Browser
from dashboard_page import DASH, charted, pick, pick_days, settle, show, table, value

from lakehouse import Lakehouse

CHARTS = {
    "sales": ["units-by-month", "orders-by-gender", "units-by-product", "units-by-platform"],
    "quality": ["rejected-rows-by-reason", "unmatched-by-month"],
}
SHOWN = {
    "orders": "select count(*) from gold.sales_of_customer where {sales}",
    "units": "select sum(quantity) from gold.sales_of_customer where {sales}",
    "customers": "select count(distinct customer_id) from gold.sales_of_customer where {sales}",
    "unmatched-orders": "select count(*) from gold.unmatched_sales where {sales}",
    "rejected-rows": """
        select (select count(*) from silver.rejected_sales)
             + (select count(*) from silver.rejected_customers)""",
}
NEEDS_WAREHOUSE = "needs the warehouse"
GROUPED = {
    "units-by-month": ("date_format(sold_on, 'yyyy-MM-01')", "sum(quantity)"),
    "orders-by-gender": ("gender", "count(*)"),
    "units-by-product": ("product", "sum(quantity)"),
    "units-by-platform": ("platform", "sum(quantity)"),
}


@pytest.fixture
def opened(browser: Browser, written: Path) -> Browser:
    show(browser, written)
    return browser


def scalar(lakehouse: Lakehouse, statement: str) -> Any:
    [row] = lakehouse.sql(statement)
    [only] = row.values()
    return only


def assert_shows_gold(
    browser: Browser, lakehouse: Lakehouse, sales: str = "true", asked: bool = False
) -> None:
    """Counters and charts of the first page show what SQL says of sales under the condition.

    Different customers cannot be counted by the page: unless the warehouse was `asked` under the
    condition, their tile says so.
    """
    for widget, statement in SHOWN.items():
        expected = scalar(lakehouse, statement.format(sales=sales))
        shown = f"{expected or 0:,}"
        if widget == "customers" and sales != "true" and not asked:
            shown = NEEDS_WAREHOUSE
        assert value(browser, widget) == shown, widget
    for widget, (label, number) in GROUPED.items():
        statement = (
            f"select {label} as label, {number} as number from gold.sales_of_customer "
            f"where {sales} group by {label}"
        )
        expected = {row["label"]: row["number"] for row in lakehouse.sql(statement)}
        assert charted(browser, widget) == expected, widget


@pytest.mark.parametrize("page", CHARTS)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 900), (390, 844)], ids=["desktop", "phone"])
def test_all_is_drawn_without_an_error_and_without_the_network(
    browser: Browser, written: Path, page: str, dark: bool, size: tuple[int, int]
) -> None:
    show(browser, written, page, width=size[0], height=size[1], dark=dark)
    assert browser.problems() == []
    assert browser.requests() == [(written / "sales.html").as_uri()]
    for widget in CHARTS[page]:
        marks = browser.run(
            f"[...document.querySelectorAll('[data-widget={widget}] svg .mark-rect path, "
            f"[data-widget={widget}] svg .mark-arc path')]"
            ".filter(mark => mark.getBoundingClientRect().height > 1).length"
        )
        assert marks == browser.run(f"preview.rows('{widget}').length") > 0, widget
    undrawn = f"[...document.querySelectorAll('#{page} [data-widget]:not(.text)')]"
    assert browser.run(f"{undrawn}.filter(tile => !tile.dataset.drawn).length") == 0


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
@pytest.mark.parametrize("page", CHARTS)
def test_nothing_is_wider_than_the_window(
    browser: Browser, written: Path, page: str, width: int
) -> None:
    show(browser, written, page, width=width, height=800)
    assert browser.run("document.documentElement.scrollWidth") <= width
    # The content of a tile stays inside it; a table scrolls within.
    outside = browser.run(
        f"""[...document.querySelectorAll('#{page} .card')].filter(card => {{
            const inside = card.getBoundingClientRect();
            return [...card.querySelectorAll('svg, .value, h2, summary, input[type=date]')].some(
                part => part.getBoundingClientRect().right > inside.right + 1
                     || part.getBoundingClientRect().bottom > inside.bottom + 1);
        }}).map(card => card.dataset.widget)"""
    )
    assert outside == []


def test_a_table_that_is_wider_than_a_phone_shows_that_it_scrolls(
    browser: Browser, written: Path
) -> None:
    tile = "document.querySelector('[data-widget=freshness-by-file]')"
    more = f"getComputedStyle({tile}, '::after').content"
    show(browser, written, "quality", width=390, height=844)
    assert browser.run(more) not in ("none", "normal")
    browser.run(f"{tile}.querySelector('.body').scrollLeft = 100000")
    browser.wait(f"['none', 'normal'].includes({more})")
    show(browser, written, "quality", width=2000, height=844)
    narrow = "document.querySelector('[data-widget=rows-by-dataset]')"
    assert browser.run(f"getComputedStyle({narrow}, '::after').content") in ("none", "normal")


def test_scheme_follows_the_system_and_the_button(browser: Browser, written: Path) -> None:
    background = "getComputedStyle(document.body).backgroundColor"
    label = "document.querySelector('[data-widget=units-by-month] text').getAttribute('fill')"
    show(browser, written)
    light = browser.run(background), browser.run(label)
    show(browser, written, dark=True)
    dark = browser.run(background), browser.run(label)
    assert light[0] != dark[0]
    assert light[1] != dark[1]
    browser.run("document.querySelector('.scheme').click()")
    settle(browser)
    assert (browser.run(background), browser.run(label)) == light


def test_numbers_are_golds(opened: Browser, filled: Lakehouse) -> None:
    assert_shows_gold(opened, filled)
    rows = [row.split(",") for row in table_of_reasons(filled)]
    assert table(opened, "rejected-by-reason") == rows


def table_of_reasons(lakehouse: Lakehouse) -> list[str]:
    counted = lakehouse.sql(
        """
        select dataset, reason, count(*) as row_count, count(distinct source_file) as files
        from (
            select 'sales' as dataset, _source_file as source_file,
                explode(reject_reasons) as reason
            from silver.rejected_sales
            union all
            select 'customers', _source_file, explode(reject_reasons) from silver.rejected_customers
        )
        group by dataset, reason
        """
    )
    ordered = sorted(counted, key=lambda row: (-row["row_count"], row["dataset"], row["reason"]))
    return [",".join(map(str, row.values())) for row in ordered]


def test_quality_page_knows_every_file(browser: Browser, written: Path, filled: Lakehouse) -> None:
    show(browser, written, "quality")
    files = filled.sql("select distinct dataset, source_file from bronze.load_log")
    shown = table(browser, "freshness-by-file")
    prefix = filled.env["LANDING_URL"] + "/"
    assert sorted((row[0], row[1]) for row in shown) == sorted(
        (row["dataset"], row["source_file"].removeprefix(prefix)) for row in files
    )
    assert value(browser, "files") == f"{len(files):,}"
    assert value(browser, "refused-files") == "1"
    [refused] = [row for row in shown if row[2] == "refused"]
    assert refused[1] == "extra/data_sales_without_columns.csv"
    assert "createtime" in refused[-1]
    assert refused[4] == DASH  # never loaded
    in_bronze = scalar(
        filled,
        "select (select count(*) from bronze.sales) + (select count(*) from bronze.customers)",
    )
    assert value(browser, "rows") == f"{in_bronze:,}"
    rejected = int(value(browser, "quality-rejected-rows").replace(",", ""))
    assert value(browser, "quality-rejected-share") == f"{rejected / in_bronze:.1%}"
    [unchecked] = [row for row in shown if row[1] == "extra/data_sales_unchecked.csv"]
    assert unchecked[6:10] == ["3", "0", "0.0%", "3"]
    [bad] = [row for row in shown if row[1] == "extra/data_sales_bad.csv"]
    assert bad[6:] == ["1", "1", "100.0%", "0", "rejected: invalid_date"]


def test_quality_page_has_the_rows_of_every_dataset(
    browser: Browser, written: Path, filled: Lakehouse
) -> None:
    show(browser, written, "quality")
    shown = {row[0]: [int(cell.replace(",", "")) for cell in row[4:7] + row[8:]]
             for row in table(browser, "rows-by-dataset")}  # fmt: skip
    expected = {}
    for dataset, unchecked in (("customers", 0), ("sales", 3)):
        counts = [scalar(filled, f"select count(*) from bronze.{dataset}")]
        for reasons in ("= 0", "> 0"):
            counts.append(
                scalar(
                    filled,
                    f"select count(*) from silver.checked_{dataset} "
                    f"where size(reject_reasons) {reasons}",
                )
            )
        expected[dataset] = [*counts, unchecked]
    assert shown == expected


def test_filters_count_again_as_sql_does(opened: Browser, filled: Lakehouse) -> None:
    pick(opened, "filter-platform", "shopee")
    assert_shows_gold(opened, filled, "platform = 'shopee'")
    pick(opened, "filter-product", "APPLE", "NOKIA")
    both = "platform = 'shopee' and product in ('APPLE', 'NOKIA')"
    assert_shows_gold(opened, filled, both)
    pick_days(opened, "filter-date", "2025-11-10", "2026-02-15")
    days = "sold_on between date'2025-11-10' and date'2026-02-15'"
    assert_shows_gold(opened, filled, f"{both} and {days}")
    opened.run("document.querySelector('.reset').click()")
    assert_shows_gold(opened, filled)
    assert opened.run("document.querySelector('.reset').hidden") is True
    assert opened.problems() == []


def test_a_hostile_value_is_shown_as_it_is(opened: Browser, filled: Lakehouse) -> None:
    product = scalar(
        filled, "select max(product) from gold.sales_of_customer where product like '<%'"
    )
    pick(opened, "filter-product", product)
    assert charted(opened, "units-by-product") == {product: 300}
    texts = "document.querySelectorAll('[data-widget=units-by-product] text')"
    drawn = opened.run(f"[...{texts}].map(text => text.textContent)")
    assert product in drawn
    assert opened.problems() == []


def test_what_the_page_cannot_count_says_so_until_the_filter_is_as_it_was(opened: Browser) -> None:
    customers = value(opened, "customers")
    for name, choice in (("filter-platform", "lazada"), ("filter-product", "OPPO")):
        pick(opened, name, choice)
        assert value(opened, "customers") == NEEDS_WAREHOUSE
        pick(opened, name)
        assert value(opened, "customers") == customers
    pick_days(opened, "filter-date", "2026-01-01", "2026-01-02")
    assert value(opened, "customers") == NEEDS_WAREHOUSE
    title = opened.run("document.querySelector('[data-widget=customers] .value').title")
    assert "preview-dashboard --filter" in title
    opened.run("document.querySelector('.reset').click()")
    assert value(opened, "customers") == customers


def test_the_warehouse_counts_what_is_chosen_for_it(
    browser: Browser, filled: Lakehouse, tmp_path: Path
) -> None:
    chosen = ("platform=shopee", "product=APPLE", "product=NOKIA", "sold_on=2025-11-10..2026-02-15")
    options = [option for each in chosen for option in ("--filter", each)]
    filled.run("preview-dashboard", *options, "--no-pictures", "--out", str(tmp_path))
    show(browser, tmp_path)
    both = "platform = 'shopee' and product in ('APPLE', 'NOKIA')"
    sales = f"{both} and sold_on between date'2025-11-10' and date'2026-02-15'"
    assert_shows_gold(browser, filled, sales, asked=True)
    days = browser.run("[...document.querySelectorAll('.range input')].map(box => box.value)")
    assert days[:2] == ["2025-11-10", "2026-02-15"]
    # From here the page counts by itself, and back again.
    pick(browser, "filter-product", "APPLE")
    assert_shows_gold(browser, filled, sales.replace(", 'NOKIA'", ""))
    pick(browser, "filter-product", "NOKIA", "APPLE")
    assert_shows_gold(browser, filled, sales, asked=True)
    browser.run("document.querySelector('.reset').click()")
    settle(browser)
    legend = "document.querySelectorAll('[data-widget=units-by-platform] .role-legend-label text')"
    assert browser.run(f"[...{legend}].map(text => text.textContent)") == sorted(
        row["platform"] for row in filled.sql("select distinct platform from gold.daily_sales")
    )
    assert value(browser, "customers") == NEEDS_WAREHOUSE
    orders = scalar(filled, "select count(*) from gold.sales_of_customer")
    assert value(browser, "orders") == f"{orders:,}"
    assert browser.problems() == []


def test_days_from_late_to_early_say_so(opened: Browser) -> None:
    said = "document.querySelector('[data-widget=filter-date] .note').checkVisibility()"
    assert opened.run(said) is False
    pick_days(opened, "filter-date", "2026-02-15", "2026-02-01")
    assert opened.run(said) is True
    assert value(opened, "orders") == "0"
    pick_days(opened, "filter-date", "2026-02-01", "2026-02-15")
    assert opened.run(said) is False
    assert value(opened, "orders") != "0"


def test_a_choice_without_rows_says_so(opened: Browser) -> None:
    pick_days(opened, "filter-date", "2031-01-01", "2031-01-02")
    for widget in ("orders", "units", "unmatched-orders"):
        assert value(opened, widget) == "0", widget
    assert (
        opened.run("document.querySelector('[data-widget=units-by-month] .empty').hidden") is False
    )
    assert opened.problems() == []


def test_filters_of_one_page_leave_the_other_alone(opened: Browser) -> None:
    files = charted(opened, "unmatched-by-month")
    pick(opened, "filter-platform", "shopee")
    assert charted(opened, "unmatched-by-month") == files


def test_quality_page_filters_by_dataset(
    browser: Browser, written: Path, filled: Lakehouse
) -> None:
    show(browser, written, "quality")
    pick(browser, "filter-dataset", "customers")
    assert {row[0] for row in table(browser, "freshness-by-file")} == {"customers"}
    rows = scalar(filled, "select count(*) from bronze.customers")
    assert value(browser, "rows") == f"{rows:,}"


def test_a_click_on_a_heading_sorts_the_table(opened: Browser) -> None:
    heading = "document.querySelectorAll('[data-widget=rejected-by-reason] th button')[2]"
    opened.run(f"{heading}.click()")
    numbers = [int(row[2]) for row in table(opened, "rejected-by-reason")]
    assert numbers == sorted(numbers)
    opened.run(f"{heading}.click()")
    assert [int(row[2]) for row in table(opened, "rejected-by-reason")] == numbers[::-1]
