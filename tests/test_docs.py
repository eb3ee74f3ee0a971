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


# Which test runs what a page shows, by how the command begins. What needs an account of somebody
# else, or is the shell's, or takes as long as a benchmark, is run by none.
RUN_BY = {
    "dbt build": "tests/test_pipeline.py",
    "dbt build --select": "tests/incremental/test_equal_to_rebuild.py",
    "dbt debug": "local_warehouse/tests/services/test_plain_dbt.py",
    "dbt run-operation": "tests/new_dataset/test_third_dataset.py",
    "dbt source freshness": "tests/test_pipeline.py",
    "dbt docs": "tests/dashboard/test_dbt_docs.py",
    "dbt test": "tests/test_pipeline.py",
    "erase-person": "tests/databricks/test_erase_person.py",
    "landing-sample": "tests/sample/test_landing.py",
    "load-bronze": "tests/test_pipeline.py",
    "load-bronze --force": "tests/loader/test_run_options.py",
    "load-bronze --verify": "tests/loader/test_verify.py",
    "load-bronze datasets": "tests/loader/test_listings.py",
    "load-bronze mark-green": "tests/loader/test_green_build.py",
    "load-bronze log": "tests/loader/test_listings.py",
    "local-warehouse": "local_warehouse/tests/services/test_up_and_down.py",
    "local-warehouse compare": "local_warehouse/tests/client/test_compare.py",
    "local-warehouse doctor": "local_warehouse/tests/services/test_doctor.py",
    "local-warehouse env": "local_warehouse/tests/services/test_exec_and_env.py",
    "local-warehouse exec": "local_warehouse/tests/services/test_exec_and_env.py",
    "local-warehouse sql": "tests/test_pipeline.py",
    "make demo": "tests/job/test_whole_run.py",
    "new-dataset": "tests/new_dataset/test_third_dataset.py",
    "preview-dashboard": "tests/dashboard/test_page.py",
    "prove-workspace": "tests/databricks/test_prove_workspace.py",
    "run-job": "tests/job/test_whole_run.py",
    "run-job --from": "tests/job/test_run_job.py",
    "run-job --param": "tests/job/test_run_job.py",
    "setup-databricks": "tests/databricks/test_setup_databricks.py",
}
NOT_RUN = (
    "aws", "databricks", "eval", "export", "make test", "new/bin/pip", "pip", "printf", "pytest",
    "python benchmarks/", "python3.11 -m venv", "source", "unset",
)  # fmt: skip


def shown_commands(page: Path) -> list[str]:
    """The commands of the page's shell blocks, and ours and dbt's in its prose where they have an
    option or a subcommand; without comments and what they are piped into."""
    blocks = re.findall(r"^```sh\n(.*?)^```", page.read_text(), flags=re.M | re.S)
    inline = [" ".join(code.split()) for code in re.findall(r"`([^`]+)`", prose(page))]
    blocks += [code for code in inline if code.partition(" ")[0] in (*COMMANDS, "dbt")]
    values = re.compile(r"'[^']*'|\"[^\"]*\"|\\\n")
    lines = [line for block in blocks for line in values.sub("…", block).splitlines()]
    bare = [re.sub(r"\|.*|#.*", "", line) for line in lines]
    found = [one.strip() for line in bare for one in line.split("&&") if one.strip()]
    return [command for command in found if command not in (*COMMANDS, "dbt")]


@pages
def test_every_command_shown_is_run_by_a_test(page: Path) -> None:
    """With its subcommand and each of its options, in a test of the file that is named for it."""
    for command in shown_commands(page):
        if command.startswith(NOT_RUN):
            continue
        known = [start for start in RUN_BY if f"{command} ".startswith(f"{start} ")]
        assert known, f"no test is named for: {command}"
        test = (ROOT / RUN_BY[max(known, key=len)]).read_text()
        program, *words = command.split()
        loaded = program == "load-bronze" and ".load(" in test  # the loader's tests' own way
        assert program in test or program == "make" or loaded, command
        for word in words:
            subcommand = word == words[0] and program not in ("make", "new-dataset")
            if word.startswith("--") or (subcommand and re.fullmatch(r"[a-z]+", word)):
                assert re.search(rf'["\s]{word}["\s)]', test), f"{command}: {word}"
