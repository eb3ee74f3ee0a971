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
# Variables for what pip sets, where they are not UV_ and pip's name.
OTHER_NAMES = {
    "cert": "SSL_CERT_FILE", "default-timeout": "UV_HTTP_TIMEOUT", "proxy": "ALL_PROXY",
    "timeout": "UV_HTTP_TIMEOUT", "trusted-host": "UV_INSECURE_HOST",
}  # fmt: skip


def main(extra: str) -> int:
    """Install; returns pip's exit code, or 0 where uv was enough."""
    wanted = ["-c", "constraints.txt", "-e", "./local_warehouse", "-e", f".[{extra}]"]
    if _run([*PIP, "install", "--no-compile", "-c", "constraints.txt", "uv"]) == 0:
        # As pip does, all indexes are taken together.
        indexes = ("--index-strategy", "unsafe-best-match")
        command = [str(UV), "pip", "install", "--python", sys.executable, *indexes, *wanted]
        if _run(command, uv_variables(pip_settings()) | os.environ) == 0:
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


def uv_variables(settings: Mapping[str, str]) -> dict[str, str]:
    """The variables that say the same to uv; it passes over those that it does not know.

    https://docs.astral.sh/uv/reference/environment/
    """
    variables = {}
    for name, text in settings.items():
        variable = OTHER_NAMES.get(name) or "UV_" + name.replace("-", "_").upper()
        variables[variable] = ",".join(text.split()) if name == "find-links" else text
    return variables


def _run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> int:
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
