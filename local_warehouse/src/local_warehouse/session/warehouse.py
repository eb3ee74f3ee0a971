"""The warehouse: the parts that its sessions share."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from local_warehouse import read_files
from local_warehouse.catalog import information_schema
from local_warehouse.catalog.names import Name, quoted
from local_warehouse.catalog.store import Catalog
from local_warehouse.engine.engine import Engine
from local_warehouse.storage.locations import Locations

_VERSIONS = 16  # versions of one information_schema table that the engine knows at a time


@dataclass
class _Rows:
    """Rows of an information_schema table that the engine knows as a temporary view."""

    name: str  # the view's
    table: pa.Table
    version: int  # the catalog's, when its rows were last these
    generation: int  # the number of the engine that has the view


@dataclass
class Warehouse:
    """The catalog, the engine and the places of files, shared by all sessions and threads."""

    catalog: Catalog
    engine: Engine
    managed: str  # URL of the folder of managed tables
    scratch: Path  # folder of what read_files writes while a query runs
    locations: Locations  # where statements may read and write
    files: read_files.FileStorage = field(default_factory=read_files.FileStorage)
    lock: threading.RLock = field(default_factory=threading.RLock)  # around changes of the catalog
    _registered: dict[str, deque[_Rows]] = field(default_factory=dict)

    def information_schema(self, name: Name) -> str:
        """The engine's name for the current rows of an information_schema table. The last few
        versions stay known there, for statements that have been resolved but not yet run."""
        only = None if name.catalog == "system" else self.catalog.require_catalog(name.catalog)
        key = f"information_schema_{name.table}_{only or 'all'}"
        with self.lock:
            version, generation = self.catalog.version, self.engine.generation
            versions = self._registered.setdefault(key, deque())
            if versions and versions[-1].generation != generation:
                versions.clear()
            if not versions or versions[-1].version != version:
                table = information_schema.table(self.catalog, name.table, only)
                if versions and versions[-1].table.equals(table):
                    versions[-1].version = version
                else:
                    rows = _Rows(f"{key}_{version}", table, version, generation)
                    self.engine.register(rows.name, table)
                    versions.append(rows)
            if len(versions) > _VERSIONS:
                self.engine.run(f"drop view if exists {quoted(versions.popleft().name)}")
            return versions[-1].name
