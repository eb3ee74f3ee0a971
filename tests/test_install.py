"""What `make` installs with: uv, by pip's settings, and pip where uv is not to be had or fails."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from lakehouse import ROOT, outer_environment

# Both write down how they are called; files tell them what to answer.
STAND_IN = """\
import json, os, sys
from pathlib import Path
here = Path(sys.prefix)
name = Path(sys.argv[0]).name.replace("__main__.py", "pip")
arguments = [each for each in sys.argv[1:] if each != "--disable-pip-version-check"]
if arguments == ["config", "list"]:
    print((here / "settings").read_text())
    sys.exit()
with (here / "calls").open("a") as calls:
    said = {k: v for k, v in os.environ.items() if k.startswith("UV_") or k == "SSL_CERT_FILE"}
    calls.write(json.dumps([name, arguments, said]) + "\\n")
failing = "uv-fails" if name == "uv" else "no-uv" if "uv" in arguments else "pip-fails"
sys.exit(7 if (here / failing).exists() else 0)
"""
SETTINGS = """\
global.constraint='/one.txt'
global.find-links='/wheels /more'
global.cert='/etc/authorities.pem'
install.constraint='/two.txt /three.txt'
list.format='columns'
:env:.no-index='true'
:env:.trusted-host='one.example'
"""
WANTED = ["-c", "constraints.txt", "-e", "./local_warehouse", "-e", ".[dev]"]
GET_UV = ["pip", ["install", "--no-compile", "-c", "constraints.txt", "uv"]]
BY_PIP = ["pip", ["install", "--no-compile", *WANTED]]


@dataclass
class Environment:
    """A virtual environment with stand-ins for pip and uv."""

    folder: Path

    def install(self, *files: str) -> tuple[int, list[tuple[str, list[str]]]]:
        """The exit code, and what was called with which arguments, where these files are there."""
        for name in files:
            (self.folder / name).touch()
        (self.folder / "calls").unlink(missing_ok=True)
        env = outer_environment() | {"SSL_CERT_FILE": ""}
        done = subprocess.run(
            [self.folder / "bin" / "python", ROOT / "scripts" / "install.py", "dev"],
            env={name: text for name, text in env.items() if text}, check=False,
        )  # fmt: skip
        calls = [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]
        self.variables = [call.pop() for call in calls]
        return done.returncode, calls


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path], check=True)
    [packages] = tmp_path.glob("lib/python*/site-packages")
    (packages / "pip").mkdir()
    (packages / "pip" / "__main__.py").write_text(STAND_IN)
    uv = tmp_path / "bin" / "uv"
    uv.write_text(f"#!{tmp_path}/bin/python\n{STAND_IN}")
    uv.chmod(0o755)
    (tmp_path / "settings").write_text(SETTINGS)
    return Environment(tmp_path)


def test_uv_installs_by_the_settings_of_pip(environment: Environment) -> None:
    code, [got, (program, arguments)] = environment.install()
    assert (code, got, program) == (0, GET_UV, "uv")
    python = str(environment.folder / "bin" / "python")
    assert arguments == [
        "pip", "install", "--python", python, "--index-strategy", "unsafe-best-match", *WANTED,
    ]  # fmt: skip
    assert environment.variables == [
        {},
        {
            "UV_CONSTRAINT": "/two.txt /three.txt",
            "UV_FIND_LINKS": "/wheels,/more",
            "UV_NO_INDEX": "true",
            "UV_INSECURE_HOST": "one.example",
            "SSL_CERT_FILE": "/etc/authorities.pem",
        },
    ]


def test_pip_installs_where_uv_does_not(environment: Environment) -> None:
    code, calls = environment.install("uv-fails")
    assert (code, [name for name, _ in calls]) == (0, ["pip", "uv", "pip"])
    assert (calls[0], calls[2]) == (GET_UV, BY_PIP)
    assert environment.install("no-uv") == (0, [GET_UV, BY_PIP])
    assert environment.install("pip-fails") == (7, [GET_UV, BY_PIP])
