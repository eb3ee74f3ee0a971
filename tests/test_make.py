"""make's targets as they are typed in a terminal, in a folder whose commands are stand-ins."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lakehouse import ROOT, outer_environment

# What a target asks for is written down; `status` says by its exit code whether services are up.
# What is to be interrupted is no shell: one loses a Ctrl-C that comes while it starts a command.
# It sleeps in short pieces: a signal that comes just before one is heard only after it.
ENDLESS = "import time; print('at work', flush=True); [time.sleep(0.1) for _ in range(3000)]"
STAND_IN = f"""\
#!/bin/sh
echo "$(basename "$0") $*" >> calls
case "$(basename "$0") $1" in
    "local-warehouse status") exit "$(cat status)" ;;
    "mypy ") if [ -e endless ]; then exec {sys.executable} -c "{ENDLESS}"; fi ;;
esac
"""
COMMANDS = (
    "actionlint", "cfn-lint", "dbt-bouncer", "lint-imports", "load-bronze", "local-warehouse",
    "mypy", "ruff",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The Makefile in a folder where all that it installs is there already."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    makefile = (ROOT / "Makefile").read_text()
    for name in re.findall(r"[\w/-]+\.(?:toml|txt|yml)\b", makefile):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    commands = tmp_path / ".venv" / "bin"
    commands.mkdir(parents=True)
    for name in COMMANDS:
        (commands / name).write_text(STAND_IN)
        (commands / name).chmod(0o755)
    number = "$(pwd | cksum | cut -d ' ' -f 1)"
    installed = f'touch ".venv/.runs-{number}" ".venv/.installed-{number}"'
    subprocess.run(["sh", "-c", installed], cwd=tmp_path, check=True)
    (tmp_path / "status").write_text("3")
    (tmp_path / ".lakehouse" / "storage").mkdir(parents=True)
    return tmp_path


def typed(folder: Path, target: str, keys: bytes, after: str) -> tuple[int, str]:
    """What make ends with in a terminal and what that shows, when the keys are pressed after a
    text was shown."""
    process, terminal = pty.fork()
    if process == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.chdir(folder)
        names = {k: v for k, v in outer_environment().items() if not k.startswith("MAKE")}
        os.execvpe("make", ["make", target], names)  # noqa: S606 - the child becomes it
    shown = ""
    while True:
        try:
            read = os.read(terminal, 65536)
        except OSError:  # Linux's answer once nobody holds the other end
            read = b""
        if not read:
            break
        shown += read.decode()
        if keys and after in shown:
            os.write(terminal, keys)
            keys = b""
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), shown


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines()


@pytest.mark.parametrize(
    ("answer", "is_deleted"), [(b"y\n", True), (b"\n", False), (b"n\n", False)]
)
def test_clean_asks_before_it_deletes_the_data(
    folder: Path, answer: bytes, is_deleted: bool
) -> None:
    code, shown = typed(folder, "clean", answer, "[y/N]")
    assert (code == 0) is is_deleted
    assert (folder / ".lakehouse").exists() is not is_deleted
    assert ("Nothing was deleted." in shown) is not is_deleted


@pytest.mark.parametrize("were_up", [False, True])
def test_lint_leaves_the_services_as_they_were(folder: Path, were_up: bool) -> None:
    (folder / "status").write_text("0" if were_up else "3")
    code, shown = typed(folder, "lint", b"", "")
    assert code == 0, shown
    assert ("local-warehouse down" in calls(folder)) is not were_up


def test_an_interrupted_lint_leaves_nothing_running(folder: Path) -> None:
    (folder / "endless").touch()
    code, shown = typed(folder, "lint", b"\x03", "at work")
    assert code != 0, shown
    assert calls(folder)[-1] == "local-warehouse down"


@pytest.mark.parametrize("sign", ['"', "\\", "$", "`", ":"])
def test_a_folder_whose_commands_could_not_start_is_refused(folder: Path, sign: str) -> None:
    odd = folder / f"my{sign}folder"
    odd.mkdir()
    shutil.copy(ROOT / "Makefile", odd)
    for name in re.findall(r"[\w/-]+\.(?:toml|txt|yml)\b", (ROOT / "Makefile").read_text()):
        (odd / name).parent.mkdir(parents=True, exist_ok=True)
        (odd / name).touch()
    code, shown = typed(odd, "up", b"", "")
    assert code != 0
    assert "Rename or move it: " in shown
    assert odd.name in shown
    assert not (odd / ".venv").exists()


def test_every_target_is_in_the_help(folder: Path) -> None:
    _, shown = typed(folder, "help", b"", "")
    [phony] = re.findall(r"^\.PHONY: ((?:.*\\\n)*.*)$", (ROOT / "Makefile").read_text(), flags=re.M)
    assert max(map(len, shown.splitlines())) <= 80
    targets = {name for name in re.findall(r"[a-z-]+", phony) if "-" not in name}
    assert targets - set(re.findall(r"make (\w+)", shown)) == set()
