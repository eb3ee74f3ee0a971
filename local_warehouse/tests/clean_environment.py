"""A virtual environment with named distributions and what they require, made without a download.

Its site-packages hold links to the files of the environment that runs the tests: of the named
distributions, of those that their metadata require, and of no other. So it has what pip would
have installed, nothing that is missing in the metadata, and none of the editable installs.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import Distribution, distributions
from pathlib import Path, PurePosixPath

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_SCRIPT = """#!{python}
import sys
from {module} import {attribute}
sys.exit({attribute}())
"""
Parts = tuple[str, ...]


@cache
def installed() -> Mapping[str, Distribution]:
    """The distributions of this environment by their canonical names."""
    return {canonicalize_name(found.name): found for found in distributions()}


@cache
def owners() -> Mapping[Parts, frozenset[str]]:
    """The distributions that have files at or below each path of site-packages, by its parts."""
    found: dict[Parts, set[str]] = {}
    for name in installed():
        for parts in _files(name):
            for length in range(1, len(parts) + 1):
                found.setdefault(parts[:length], set()).add(name)
    return {parts: frozenset(names) for parts, names in found.items()}


def owners_of_module(module: str) -> frozenset[str]:
    """The distributions that a dotted module, or a name in a module, is part of."""
    parts = tuple(module.split("."))
    while parts:
        for candidate in (parts, (*parts[:-1], f"{parts[-1]}.py")):
            if candidate in owners():
                return owners()[candidate]
        parts = parts[:-1]
    return frozenset()


def requirements_of_wheel(wheel: Path, extra: str = "") -> list[Requirement]:
    """What a wheel's metadata require here, without or with one of its extras."""
    with zipfile.ZipFile(wheel) as archive:
        (metadata,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        lines = archive.read(metadata).decode().partition("\n\n")[0].splitlines()
    prefix = "Requires-Dist: "
    texts = [line.removeprefix(prefix) for line in lines if line.startswith(prefix)]
    return _applicable(texts, extra)


def closure(requirements: Iterable[Requirement]) -> set[str]:
    """The canonical names of required distributions, and of all that these require in turn.

    Raises KeyError for one that this environment does not have, ValueError for a wrong version.
    """
    pending = list(requirements)
    seen: set[tuple[str, str]] = set()
    while pending:
        requirement = pending.pop()
        name = canonicalize_name(requirement.name)
        found = installed()[name]
        if not requirement.specifier.contains(found.version, prereleases=True):
            raise ValueError(f"{requirement} is required, and {found.version} is installed")
        for extra in ("", *requirement.extras):
            if (name, extra) not in seen:
                seen.add((name, extra))
                pending += _applicable(found.requires or [], extra)
    return {name for name, _ in seen}


class CleanEnvironment:
    """A virtual environment at `path`, with a wheel installed into it by pip.

    `names` are the distributions that it has besides: of the wheel's requirements and of `others`.
    """

    def __init__(self, path: Path, wheel: Path, others: Iterable[str]) -> None:
        self.path = path
        self.bin = path / "bin"
        self.python = self.bin / "python"
        venv.EnvBuilder(symlinks=True, with_pip=False).create(path)
        self.names = closure([*requirements_of_wheel(wheel), *map(Requirement, others)])
        variables = {"base": str(path), "platbase": str(path)}
        self.site_packages = Path(sysconfig.get_path("purelib", "venv", variables))
        for name in self.names:
            self._link(name)
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "--quiet"]
        options = ["--disable-pip-version-check", "--no-index", "--no-deps"]
        subprocess.run([*pip, "install", *options, str(wheel)], check=True)

    def _link(self, name: str) -> None:
        """Link the files of a distribution, whole folders where it owns them; make its scripts."""
        links: set[Parts] = set()
        for parts in _files(name):
            lengths = range(1, len(parts) + 1)
            links.add(
                next(parts[:n] for n in lengths if owners()[parts[:n]] == {name} or n == len(parts))
            )
        source = Path(str(installed()[name].locate_file("")))
        for parts in links:
            target = self.site_packages.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            if not target.is_symlink():  # a file that two distributions bring
                target.symlink_to(source.joinpath(*parts))
        scripts = installed()[name].entry_points.select(group="console_scripts")
        for script in scripts:
            text = _SCRIPT.format(python=self.python, module=script.module, attribute=script.attr)
            (self.bin / script.name).write_text(text)
            (self.bin / script.name).chmod(0o755)
        for program in _programs(name):
            if program.name not in scripts.names:
                (self.bin / program.name).symlink_to(program)


def _applicable(texts: Iterable[str], extra: str) -> list[Requirement]:
    """Those requirements whose markers hold here; with an extra only those that it adds."""
    parsed = [Requirement(text) for text in texts]
    return [r for r in parsed if r.marker is None or r.marker.evaluate({"extra": extra})]


def _record(name: str) -> list[PurePosixPath]:
    text = installed()[name].read_text("RECORD") or ""
    return [PurePosixPath(row[0]) for row in csv.reader(text.splitlines())]


def _files(name: str) -> list[Parts]:
    """The parts of the paths of a distribution's files in site-packages."""
    return [path.parts for path in _record(name) if ".." not in path.parts]


def _own_part(name: str, parts: Parts) -> Parts:
    """The topmost folder above a file that is the distribution's alone, else the file itself."""
    folders = (parts[:length] for length in range(1, len(parts)))
    return next((folder for folder in folders if owners()[folder] == {name}), parts)


def _programs(name: str) -> list[Path]:
    """A distribution's files in the folder of programs."""
    scripts = Path(sysconfig.get_path("scripts"))
    outside = [path for path in _record(name) if path.parts[:1] == ("..",)]
    return [scripts / path.name for path in outside if path.parent.name == scripts.name]
