"""Actions and readings of tests on a page that `preview-dashboard` wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from browser import Browser

DASH = "\u2013"  # what stands for NULL
# A product that must be shown as it is, in the page, in tables and in filters.
HOSTILE = "</SCRIPT><B>'\"&\\"


def show(browser: Browser, folder: Path, page: str = "sales", **window: Any) -> None:
    browser.open(f"{(folder / 'sales.html').as_uri()}#{page}", **window)
    settle(browser)


def settle(browser: Browser) -> None:
    """Wait until all is drawn, and the browser has painted it."""
    browser.run("preview.ready.then(preview.drawn).then(() => 1)")
    browser.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def value(browser: Browser, widget: str) -> str:
    return str(browser.run(f"document.querySelector('[data-widget={widget}] .value').textContent"))


def charted(browser: Browser, widget: str) -> dict[str, int]:
    """The label and the number of each row of a chart."""
    rows = json.loads(browser.run(f"JSON.stringify(preview.rows('{widget}'))"))
    pairs = [sorted(row.values(), key=lambda each: isinstance(each, int)) for row in rows]
    return dict(pairs)


def table(browser: Browser, widget: str) -> list[list[str]]:
    rows = f"document.querySelectorAll('[data-widget={widget}] tbody tr')"
    cells = "[...row.cells].map(cell => cell.textContent)"
    return json.loads(browser.run(f"JSON.stringify([...{rows}].map(row => {cells}))"))


def pick(browser: Browser, widget: str, *values: str) -> None:
    """Tick the values of a filter, and no others."""
    browser.run(
        f"document.querySelectorAll('[data-widget={widget}] input').forEach(box => "
        f"{{ if (box.checked !== {json.dumps(values)}.includes(box.value)) box.click() }})"
    )


def pick_days(browser: Browser, widget: str, first: str, last: str) -> None:
    browser.run(
        f"[...document.querySelectorAll('[data-widget={widget}] input')].forEach((box, place) => "
        f"{{ box.value = {json.dumps([first, last])}[place]; "
        "box.dispatchEvent(new Event('change')) })"
    )
