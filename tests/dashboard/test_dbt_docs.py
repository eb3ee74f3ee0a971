"""dbt's docs in a real browser, as a file and served: what a reader finds there."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from browser import Browser

from lakehouse import BIN, ROOT, Lakehouse

MODEL = "model.sales_lakehouse.sales_of_customer"
EXPOSURE = "exposure.sales_lakehouse.sales_dashboard"
SOURCES = {"source.sales_lakehouse.bronze.sales", "source.sales_lakehouse.bronze.customers"}
# The page's own graph: what the lineage that is on the screen is drawn from.
ELEMENTS = "angular.element(document.body).injector().get('graph').graph.elements"


@pytest.fixture(scope="module")
def docs(filled: Lakehouse) -> Path:
    filled.run("dbt", "docs", "generate", "--static")
    return Path(filled.env["DBT_TARGET_PATH"]) / "static_index.html"


def reach(edges: set[tuple[str, str]], start: str) -> set[str]:
    """All that can be reached from a node along the edges."""
    reached, new = {start}, {start}
    while new:
        new = {end for begin, end in edges if begin in new} - reached
        reached |= new
    return reached


def test_a_columns_description_is_readable(browser: Browser, docs: Path) -> None:
    browser.open(f"{docs.as_uri()}#!/model/{MODEL}")
    browser.wait("document.body.innerText.includes('customer_name')")
    shown = browser.run("document.body.innerText")
    assert "Accepted sales, each with its customer's newest attributes" in shown
    assert "The customer's full name." in shown
    # Files beside the page do not count: dbt's template requests icons there before it names them.
    assert [url for url in browser.requests() if not url.startswith("file:")] == []


def test_overview_says_where_to_begin_and_leads_to_a_lineage_without_tests(
    browser: Browser, docs: Path
) -> None:
    browser.open(docs.as_uri())
    browser.wait("document.body.innerText.includes('Phone sales on three marketplaces')")
    links = browser.run(
        "JSON.stringify([...document.querySelectorAll('.panel-body a')].map(a => a.hash))"
    )
    known = json.loads(docs.with_name("manifest.json").read_text())
    named = {link.rpartition("/")[2] for link in json.loads(links) if link.count("/") == 2}
    assert len(named) >= 9
    assert named <= known["nodes"].keys() | known["sources"].keys()
    lineage = next(link for link in json.loads(links) if "g_v=1" in link)
    browser.open("about:blank")
    browser.open(f"{docs.as_uri()}{lineage}")
    browser.wait(f"window.angular && {ELEMENTS}.length > 0")
    shown = browser.run(f"JSON.stringify({ELEMENTS}.map(each => each.data.unique_id || ''))")
    kinds = {unique_id.partition(".")[0] for unique_id in json.loads(shown)}
    assert {"source", "seed", "model", "exposure"} <= kinds
    assert not kinds & {"test", "unit_test"}


def test_lineage_leads_from_both_sources_to_the_model_and_to_the_dashboard(
    browser: Browser, docs: Path
) -> None:
    browser.open(f"{docs.as_uri()}#!/model/{MODEL}?g_v=1&g_i=%2Bsales_of_customer%2B")
    browser.wait(f"window.angular && {ELEMENTS}.length > 0")
    pairs = f"{ELEMENTS}.filter(each => each.data.source)"
    found = browser.run(
        f"JSON.stringify({pairs}.map(each => [each.data.source, each.data.target]))"
    )
    edges = {(begin, end) for begin, end in json.loads(found)}
    for source in SOURCES:
        assert {MODEL, EXPOSURE} <= reach(edges, source), source
    assert browser.run("document.querySelectorAll('canvas').length") > 0


def test_docs_know_every_relation_and_its_columns(docs: Path) -> None:
    catalog = json.loads(docs.with_name("catalog.json").read_text())
    manifest = json.loads(docs.with_name("manifest.json").read_text())
    assert catalog["errors"] is None
    described = catalog["nodes"] | catalog["sources"]
    expected = [
        name
        for name, node in (manifest["nodes"] | manifest["sources"]).items()
        if node["resource_type"] in ("model", "seed", "source")
    ]
    assert sorted(described) == sorted(expected)
    for name, relation in described.items():
        assert all(column["type"] for column in relation["columns"].values()), name
        documented = (manifest["nodes"] | manifest["sources"])[name]["columns"]
        assert set(documented) <= set(relation["columns"]), name
        if name.startswith(("model.", "seed.")):  # a source's files may bring more columns
            assert set(documented) == set(relation["columns"]), name
            assert relation["metadata"]["comment"], name


def test_docs_are_served(filled: Lakehouse, docs: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [str(BIN / "dbt"), "docs", "serve", "--no-browser", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=ROOT, env=filled.env, text=True, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as served:  # fmt: skip
        assert served.stdout
        while True:
            try:
                with urlopen(f"http://127.0.0.1:{port}/manifest.json", timeout=60) as answer:
                    shown = json.load(answer)
                break
            except (URLError, ConnectionError):
                assert served.poll() is None, served.stdout.read()
                time.sleep(0.1)
        served.terminate()
    assert MODEL in shown["nodes"]
