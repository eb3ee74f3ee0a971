"""What silver, gold and dashboard were last built from, all of it well: `green.json`.

A build comes from a state of bronze and from the project's code. Its id is a digest of both. The
job's last task marks the id that its first task has worked out; as long as that is the id of the
next run too, there is nothing to build. A run that is going to build takes the mark back first, so
that what fails, an audit too, or is killed, is done again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from bronze_loader.lease.conditional_object import ConditionalObject

BUILT_FROM = (
    "models", "macros", "seeds", "data-tests", "snapshots", "analyses", "dashboards",
    "dbt_profiles", "resources", "dbt_project.yml", "selectors.yml", "databricks.yml",
)  # fmt: skip
"""The files and folders of a project that decide what is built of bronze."""


class GreenBuild:
    """The id of the last build that was well, in an object beside the lease. Its methods raise
    LoaderError when the store does not answer or denies access."""

    def __init__(self, place: ConditionalObject) -> None:
        self._place = place

    def read(self) -> str | None:
        """The id, or None when there is none that can be read."""
        version = self._place.read()
        try:
            said = json.loads(version.body) if version else None
        except ValueError:
            return None
        return said.get("build") if isinstance(said, dict) else None

    def mark(self, build: str) -> None:
        """Write the id in place of the last one."""
        self._write({"build": build})

    def take_back(self) -> None:
        """Forget the last build that was well, if there is one."""
        if self.read() is not None:
            self._write({})

    def _write(self, content: dict[str, str]) -> None:
        body = json.dumps(content).encode() + b"\n"
        etag = None
        while etag is None:  # another may write in between
            version = self._place.read()
            etag = self._place.replace(body, version.etag) if version else self._place.create(body)


def build_id(bronze: str | None, project: Path) -> str:
    """The id of a build of this state of bronze by the code in the folder `project`; empty when
    the state has no id, as a build of it is to be done in any case."""
    if bronze is None:
        return ""
    digest = hashlib.sha256(bronze.encode())
    for path in _files(project):
        content = path.read_bytes()
        digest.update(f"\n{path.relative_to(project)} {len(content)}\n".encode() + content)
    return digest.hexdigest()


def _files(project: Path) -> Iterator[Path]:
    for name in BUILT_FROM:
        path = project / name
        if path.is_file():
            yield path
        yield from sorted(file for file in path.rglob("*") if file.is_file())
