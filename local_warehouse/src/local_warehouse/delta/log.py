"""NEW local_warehouse/src/local_warehouse/delta/log.py"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from local_warehouse.storage import objects

_LOG = "_delta_log"

_newest: dict[str, int] = {}  # versions seen last, by location: where a listing begins


@dataclass(frozen=True)
class Commit:
    """One entry of a table's log."""

    version: int
    actions: list[dict[str, Any]]

    @property
    def info(self) -> dict[str, Any]:
        return next((action["commitInfo"] for action in self.actions if "commitInfo" in action), {})

    @property
    def operation(self) -> str:
        return str(self.info.get("operation", "UPDATE"))

    @property
    def metrics(self) -> dict[str, int]:
        found = self.info.get("operationMetrics") or {}
        return {name: int(value) for name, value in found.items() if str(value).isdigit()}

    def carries(self, mark: str) -> bool:
        return mark in json.dumps(self.info)

    def has(self, kind: str) -> bool:
        """Whether it holds an action of this kind: add, remove, metaData, protocol."""
        return any(kind in action for action in self.actions)

    @property
    def adds_data(self) -> bool:
        return any(
            action["add"].get("dataChange", True) for action in self.actions if "add" in action
        )

    @property
    def is_blind_append(self) -> bool:
        """Whether it adds rows without a look at those that were there."""
        blind = self.info.get("isBlindAppend", self.operation == "WRITE")
        return bool(blind) and not any(map(self.has, ("remove", "metaData", "protocol")))


def newest(location: str) -> tuple[int, str]:
    """The newest version of a table, and a tag of its entry, which a table that took its place
    does not have; -1 and none where there is no table."""
    after = _newest.get(location, -1) - 1
    found = _entries(location, after) or _entries(location)
    version, tag = found[-1] if found else (-1, "")
    _newest[location] = version
    return version, tag


def latest_version(location: str) -> int:
    """The newest version of a table; -1 where there is none."""
    return newest(location)[0]


def known_version(location: str) -> int:
    """A version of a table, perhaps not its newest one, mostly without a look at its log."""
    return _newest[location] if location in _newest else latest_version(location)


def find_commit(location: str, after: int, mark: str) -> Commit | None:
    """The commit after a version that carries a mark."""
    version = after
    while (commit := _commit(location, version + 1)) is not None:
        version += 1
        _newest[location] = max(version, _newest.get(location, -1))
        if commit.carries(mark):
            return commit
    last = latest_version(location)  # lower than `after` in the log of another table of the place
    for found in range(last, -1 if last < after else version, -1):
        commit = _commit(location, found)
        if commit is not None and commit.carries(mark):
            return commit
    return None


def _commit(location: str, version: int) -> Commit | None:
    try:
        return read_commit(location, version)
    except FileNotFoundError:
        return None


def commits_after(location: str, version: int) -> list[Commit]:
    """The commits after a version, oldest first."""
    return [read_commit(location, found) for found in log_versions(location, version)]


def log_versions(location: str, after: int = -1) -> list[int]:
    """The versions whose entries are in a table's log, in their order, from one after another."""
    return [version for version, _ in _entries(location, after)]


def _entries(location: str, after: int = -1) -> list[tuple[int, str]]:
    """The versions in a table's log, in their order, and the tags of their entries."""
    folder = f"{location}/{_LOG}/"
    names = objects.names(folder, after=f"{after:020}.json" if after >= 0 else "")
    found = ((name.removesuffix(".json"), tag) for name, tag in names if name.endswith(".json"))
    return sorted((int(stem), tag) for stem, tag in found if len(stem) == 20 and stem.isdigit())


def read_commit(location: str, version: int) -> Commit:
    """One entry of a log. Raises ValueError when it is not whole."""
    lines = objects.read(entry(location, version)).splitlines()
    return Commit(version, [json.loads(line) for line in lines if line.strip()])


def entry(location: str, version: int) -> str:
    return f"{location}/{_LOG}/{version:020}.json"


def forget_last_checkpoint(location: str) -> None:
    """Remove the hint that names the newest checkpoint; a reader without it lists the log."""
    objects.delete(f"{location}/{_LOG}/_last_checkpoint")
