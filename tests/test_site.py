"""`make docs`: the manual as one site. No link leads nowhere, nothing is fetched from elsewhere."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from lakehouse import BIN, ROOT, outer_environment


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [BIN / "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(built)],
        cwd=ROOT, env=outer_environment() | {"NO_MKDOCS_2_WARNING": "1"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return built


def pages(nav: list[dict[str, object]]) -> Iterator[str]:
    for entry in nav:
        for target in entry.values():
            if isinstance(target, list):
                yield from pages(target)
            else:
                yield str(target)


def test_every_page_of_the_manual_is_in_the_site_and_fetches_nothing(site: Path) -> None:
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    named = set(pages(settings["nav"]))
    assert {path.name for path in (ROOT / "docs").glob("*.md")} <= named
    for page in named:
        html = (site / page.removesuffix(".md").removesuffix("index") / "index.html").read_text()
        assert not re.findall(r"""<(?:script|img)[^>]* src=["']?https?://[^>]*""", html), page
        assert not re.findall(r"""<link[^>]* rel=["']?stylesheet[^>]* href=["']?https?://""", html)


def test_links_between_the_repositorys_files_lead_to_pages(site: Path) -> None:
    start = (site / "index.html").read_text()
    for page in ("loader/", "local_warehouse/", "contributing/", "changelog/"):
        assert f'href="{page}"' in start
    assert 'href="manual/#with-dbt"' in (site / "local_warehouse" / "index.html").read_text()
    deployed = (site / "databricks" / "index.html").read_text()
    assert "<code>profiles.yml.example</code>" in deployed
    assert "../profiles.yml.example" not in deployed


def test_reference_is_of_the_commands_and_of_the_yaml(site: Path) -> None:
    commands = (site / "reference" / "commands" / "index.html").read_text()
    for command in ("load-bronze", "local-warehouse", "new-dataset", "run-job"):
        assert f"usage: {command} " in commands
    tables = (site / "reference" / "tables" / "index.html").read_text()
    for model in (ROOT / "models").rglob("*.sql"):
        assert f"{model.stem}</h3>" in re.sub(r"<a class=.headerlink.*?</a>", "", tables), model
    assert "doc(" not in tables
