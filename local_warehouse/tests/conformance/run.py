"""Run the conformance tests with Apache Spark.

Spark gets an environment of its own, `.venv` beside this file, made by the first call. Its answers
about functions are recorded in `answers/`, for runs without Spark and for packaged_signatures.py.
Arguments are passed to pytest: further folders with tests, and options.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
PYTHON = HERE / ".venv" / "bin" / "python"
OLDEST_JAVA = 17


def main() -> int:
    """Run the tests, after an installation of Spark if need be; return pytest's exit code."""
    java = _java()
    if java is None or java < OLDEST_JAVA:
        found = "there is none" if java is None else f"this is Java {java}"
        print(f"Skipped: Apache Spark needs Java {OLDEST_JAVA} or newer, {found}.")
        return 0
    if not PYTHON.exists():
        where = PYTHON.parents[1]
        print(f"Installing Apache Spark into {where}, once; about 400 MB", flush=True)
        venv.create(where, with_pip=True)
        install = [str(PYTHON), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r"]
        subprocess.run([*install, str(HERE / "requirements.txt")], check=True)
    settings = os.environ | {"SPARK_PYTHON": str(PYTHON)}
    tests = [sys.executable, "-m", "pytest", "-q", str(HERE), *sys.argv[1:]]
    return subprocess.run(tests, env=settings, check=False).returncode


def _java() -> int | None:
    """The major version of the Java that Spark would start."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which(str(Path(home, "bin", "java")) if home else "java")
    if java is None:
        return None
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    version = re.search(r'version "(?:1\.)?(\d+)', said.stderr)
    return int(version[1]) if version else None


if __name__ == "__main__":
    sys.exit(main())
