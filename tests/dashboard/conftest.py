"""A lakehouse filled once, its dashboard written once, and a browser, for all tests here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser import Browser, executable
from dashboard_page import HOSTILE

from lakehouse import Lakehouse

HEADER = "createtime,id,product,quan,shop,platform\n"
_QUOTED = HOSTILE.replace('"', '""')
FILES = {
    "extra/data_sales_hostile.csv": f'2026-07-01,000001,"{_QUOTED}",300,Main,shopee\n',
    "extra/data_sales_bad.csv": "not a date,000001,APPLE,1,Main,shopee\n",
}
# Loaded after dbt's run, so that no model has checked its three rows.
UNCHECKED = {"extra/data_sales_unchecked.csv": "2026-07-02,000001,APPLE,1,Main,shopee\n" * 3}
REFUSED = "extra/data_sales_without_columns.csv"


@pytest.fixture(scope="session")
def filled(new_lakehouse: Callable[[str], Lakehouse]) -> Lakehouse:
    """Sample files, one with a hostile value and one that is refused, all the way to gold.

    Another file is in bronze only.
    """
    lakehouse = new_lakehouse("dashboard")
    lakehouse.up()
    lakehouse.run("landing-sample", "--sales", "2000", "--customers", "200")
    contents = {key: HEADER + line for key, line in FILES.items()} | {REFUSED: "id,shop\n1,Main\n"}
    for key, content in contents.items():
        lakehouse.s3.put_object(Bucket="landing", Key=key, Body=content.encode())
    lakehouse.run("load-bronze", "--refused-ok")
    lakehouse.run("dbt", "build", "--resource-type", "seed", "--resource-type", "model")
    for key, lines in UNCHECKED.items():
        lakehouse.s3.put_object(Bucket="landing", Key=key, Body=(HEADER + lines).encode())
    lakehouse.run("load-bronze", "--refused-ok")
    return lakehouse


@pytest.fixture(scope="session")
def written(filled: Lakehouse) -> Path:
    """The folder that `preview-dashboard` wrote."""
    filled.run("preview-dashboard")
    return filled.state / "dashboard"


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if not executable():
        pytest.skip("no Chromium in PATH (Debian: apt-get install chromium)")
    opened = Browser(tmp_path_factory.mktemp("browser"))
    yield opened
    opened.close()


@pytest.fixture
def browser(chromium: Browser) -> Iterator[Browser]:
    """The browser, which leaves a test's page with the test: dbt's docs draw without end."""
    yield chromium
    chromium.open("about:blank")
