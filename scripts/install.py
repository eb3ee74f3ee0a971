"""Installs the project and the local warehouse into the virtual environment of the Python that runs
this, with the requirements of an extra: python scripts/install.py dev

uv does it, in a tenth of pip's time; pip does where uv cannot be had, or fails. Both take the
versions of constraints.txt. uv reads none of pip's settings, so it is given them.
https://docs.astral.sh/uv/pip/compatibility/
"""

import ast
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")
UV = Path(sys.executable).with_name("uv")
# pip's settings by uv's options; each may have many values.
OPTIONS = {
    "index-url": "--index-url",
    "extra-index-url": "--extra-index-url",
    "find-links": "--find-links",
    "constraint": "--constraint",
    "trusted-host": "--allow-insecure-host",
}
VARIABLES = {
    "cert": "SSL_CERT_FILE", "proxy": "ALL_PROXY", "timeout": "UV_HTTP_TIMEOUT",
    "default-timeout": "UV_HTTP_TIMEOUT",
}  # fmt: skip


def main(extra: str) -> int:
    """Install; returns pip's exit code, or 0 where uv was enough."""
    wanted = ["-c", "constraints.txt", "-e", "./local_warehouse", "-e", f".[{extra}]"]
    if _run([*PIP, "install", "--no-compile", "-c", "constraints.txt", "uv"]) == 0:
        settings = pip_settings()
        # As pip does, the indexes are taken together, and a file that is not HTTPS is no matter.
        command = [
            str(UV), "pip", "install", "--python", sys.executable,
            "--index-strategy", "unsafe-best-match", *uv_options(settings), *wanted,
        ]  # fmt: skip
        variables = {VARIABLES[name]: text for name, text in settings.items() if name in VARIABLES}
        if _run(command, variables | os.environ) == 0:
            return 0
        print("uv failed: pip installs, which takes a minute", flush=True)
    return _run([*PIP, "install", "--no-compile", *wanted])


def pip_settings() -> dict[str, str]:
    """pip's settings by their names: those of its files, and over them those of PIP_ variables."""
    listed = subprocess.run(
        [*PIP, "config", "list"], capture_output=True, text=True, check=False
    ).stdout
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, ":env:": {}}
    for line in listed.splitlines():
        key, _, value = line.partition("=")
        section, _, name = key.partition(".")
        if section in found:
            found[section][name] = str(ast.literal_eval(value))
    return found["global"] | found["install"] | found[":env:"]


def uv_options(settings: Mapping[str, str]) -> list[str]:
    """The options of uv that say the same."""
    options = [
        word
        for name, option in OPTIONS.items()
        for value in settings.get(name, "").split()
        for word in (option, value)
    ]
    if settings.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        options.append("--no-index")
    return options


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> int:
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
