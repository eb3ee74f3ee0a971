"""The log of a Delta table: its versions, and the commit that each of them is.

Each version is one JSON file of actions in `_delta_log`, as in Delta's protocol:
https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from local_warehouse.storage import objects

_LOG = "_delta_log"

_newest: dict[str, int] = {}  # the versions seen last, by location, where a listing begins


@dataclass(frozen=True)
class Commit:
    """One entry of a table's log."""

    version: int
    actions: list[dict[str, Any]]

    @property
    def info(self) -> dict[str, Any]:
        """The commit's commitInfo; empty if its writer left none."""
        return next((action["commitInfo"] for action in self.actions if "commitInfo" in action), {})

    @property
    def operation(self) -> str:
        """The name of what the writer did, such as WRITE, MERGE or DELETE."""
        return str(self.info.get("operation", "UPDATE"))

    @property
    def metrics(self) -> dict[str, int]:
        """The whole numbers among the writer's metrics, such as numOutputRows."""
        found = self.info.get("operationMetrics") or {}
        return {name: int(value) for name, value in found.items() if str(value).isdigit()}

    def carries(self, mark: str) -> bool:
        """Whether commitInfo holds a mark, as metadata or in the text of a condition."""
        return mark in json.dumps(self.info)

    def has(self, kind: str) -> bool:
        """Whether it holds an action of this kind: add, remove, metaData, protocol."""
        return any(kind in action for action in self.actions)

    @property
    def adds_data(self) -> bool:
        """Whether it adds files that hold new rows, and not only old rows in another order."""
        return any(
            action["add"].get("dataChange", True) for action in self.actions if "add" in action
        )

    @property
    def is_blind_append(self) -> bool:
        """Whether it adds rows without having read the table."""
        blind = self.info.get("isBlindAppend", self.operation == "WRITE")
        return bool(blind) and not any(map(self.has, ("remove", "metaData", "protocol")))


def newest(location: str) -> tuple[int, str]:
    """The newest version of a table and the tag of its entry, which differs in a table that took
    its place; -1 and an empty tag where there is no table."""
    after = _newest.get(location, -1) - 1
    found = entries(location, after) or entries(location)
    version, tag = found[-1] if found else (-1, "")
    _newest[location] = version
    return version, tag


def latest_version(location: str) -> int:
    """The newest version of a table; -1 where there is none."""
    return newest(location)[0]


def known_version(location: str) -> int:
    """A version of a table, perhaps not its newest; its log is read only if none is known yet."""
    return _newest[location] if location in _newest else latest_version(location)


def find_commit(location: str, after: int, mark: str) -> Commit | None:
    """The commit after a version that carries a mark, if there is one.

    If the log is now that of another table, which has fewer versions, all of it is searched.
    """
    version = after
    while (commit := _commit(location, version + 1)) is not None:
        version += 1
        _newest[location] = max(version, _newest.get(location, -1))
        if commit.carries(mark):
            return commit
    last = latest_version(location)  # below `after` if another table has taken the place
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
    """The versions whose entries are in a table's log, in their order, behind the one `after`."""
    return [version for version, _ in entries(location, after)]


def entries(location: str, after: int = -1) -> list[tuple[int, str]]:
    """The versions in a table's log, in their order, behind `after`, and their entries' tags.

    A tag changes with the entry's content; checkpoints are left out.
    """
    folder = f"{location}/{_LOG}/"
    names = objects.names(folder, after=f"{after:020}.json" if after >= 0 else "")
    found = ((name.removesuffix(".json"), tag) for name, tag in names if name.endswith(".json"))
    return sorted((int(stem), tag) for stem, tag in found if len(stem) == 20 and stem.isdigit())


def read_commit(location: str, version: int) -> Commit:
    """The commit of a version.

    Raises FileNotFoundError if the log has no entry of it, ValueError if the entry is not whole.
    """
    lines = objects.read(entry_url(location, version)).splitlines()
    return Commit(version, [json.loads(line) for line in lines if line.strip()])


def entry_url(location: str, version: int) -> str:
    """The URL of a version's entry in a table's log."""
    return f"{location}/{_LOG}/{version:020}.json"


def forget_last_checkpoint(location: str) -> None:
    """Remove the hint that names the newest checkpoint; a reader without it lists the log."""
    objects.delete(f"{location}/{_LOG}/_last_checkpoint")
