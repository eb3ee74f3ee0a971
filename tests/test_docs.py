"""The documentation: its links lead somewhere, and the commands and options in it exist."""

import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HOUSES = [ROOT, ROOT / "local_warehouse"]
PAGES = [
    page
    for house in HOUSES
    for folder in (house, house / "docs")
    for page in sorted(folder.glob("*.md"))
]
COMMANDS = [
    command
    for house in HOUSES
    for command in tomllib.loads((house / "pyproject.toml").read_text())["project"]["scripts"]
]
pages = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def prose(page: Path) -> str:
    """The page without its code blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)


def anchors(page: Path) -> set[str]:
    """What the page's headings are called in links, as GitHub makes it."""
    headings = re.findall(r"^#+ (.+)$", prose(page), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pages
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if target.startswith(("https://", "http://")):
            continue
        name, _, anchor = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked), target


@cache
def help_of(command: str, *subcommand: str) -> str:
    program = str(Path(sys.executable).parent / command)
    done = subprocess.run([program, *subcommand, "--help"], capture_output=True, text=True)
    return done.stdout


def known_options(command: str, words: list[str]) -> str:
    """The help of the command, of the subcommand that is named, and of one that may be left out."""
    whole = help_of(command)
    named = [words[0]] if words and re.fullmatch(r"[a-z]+", words[0]) else []
    optional = re.findall(r"\{([a-z,]+)\} \.\.\.", whole)
    subcommands = [*named, *(",".join(optional).split(",") if optional else [])]
    return whole + "".join(help_of(command, subcommand) for subcommand in subcommands)


@pages
def test_options_of_our_commands_exist(page: Path) -> None:
    """In code, the words after a command of the project up to the end of the command."""
    text = page.read_text().replace("\\\n", " ")
    for command in COMMANDS:
        for words in re.findall(rf"(?<![\w/-]){command}((?: +[^\s|`;&#]+)*)", text):
            options = words.split(" -- ")[0].split()
            for option in options:
                if re.fullmatch(r"--[a-z-]+", option):
                    assert option in known_options(command, options), f"{command} {words}"


@pages
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    for target in re.findall(r"`make ([a-z]+)", page.read_text()):
        assert target in targets


@pages
def test_page_names_no_machine_of_ours(page: Path) -> None:
    assert not re.search(r"/(work|root|home|tmp)/", page.read_text())


@pages
def test_named_tests_exist(page: Path) -> None:
    house = page.parents[1] if page.parent.name == "docs" else page.parent
    for path in re.findall(r"`((?:local_warehouse/)?tests/[\w./]*)", page.read_text()):
        assert (house / path).exists(), path
