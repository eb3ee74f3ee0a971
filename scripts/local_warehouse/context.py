"""What a statement works with: the warehouse's parts, its session and its parameters."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from local_warehouse import errors, files
from local_warehouse.catalog import information_schema
from local_warehouse.catalog.model import Function, Name, Relation, quoted
from local_warehouse.catalog.store import Catalog
from local_warehouse.engine import Engine
from local_warehouse.files import csv_types
from local_warehouse.locations import Locations
from local_warehouse.merged_scans import MergedFiles, MergedScans
from local_warehouse.sessions import Session, full_name

_VERSIONS = 16  # of one information_schema table that the engine knows at a time


@dataclass
class _Rows:
    """Of an information_schema table, as the engine knows them."""

    name: str  # that the engine has for them
    table: pa.Table
    version: int  # of the catalog when they were last found the same
    generation: int  # of the engine


@dataclass
class Warehouse:
    """The parts that all sessions share."""

    catalog: Catalog
    engine: Engine
    managed: str  # URL of the folder of managed tables
    scratch: Path
    locations: Locations
    files: files.Storage = field(default_factory=files.Storage)
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


@dataclass
class Context:
    warehouse: Warehouse
    session: Session
    named: Mapping[str, str] = field(default_factory=dict)  # parameter values as SQL literals
    positional: Sequence[str] = ()
    merged: MergedScans = field(default_factory=MergedScans)  # of the statement that is run

    @property
    def engine(self) -> Engine:
        return self.warehouse.engine

    @property
    def catalog(self) -> Catalog:
        return self.warehouse.catalog

    def named_parameter(self, name: str) -> str:
        for given, value in self.named.items():
            if given.lower() == name.lower():
                return value
        raise errors.unbound_parameter(name or "?")

    def relation(self, name: Name) -> Relation:
        found = self.catalog.relation(name)
        if found is None:
            self.catalog.require_schema(name.catalog, name.schema)
            raise errors.table_not_found(str(name))
        return found

    @property
    def has_functions(self) -> bool:
        """Whether there is any function but those of the engine."""
        return self.catalog.has_functions or bool(self.session.temporary_functions)

    def temporary_function(self, parts: list[str]) -> Function | None:
        return self.session.temporary_functions.get(parts[0].lower()) if len(parts) == 1 else None

    def function(self, parts: list[str]) -> Function | None:
        """The function that a statement names."""
        known = self.catalog.function
        return self.temporary_function(parts) or known(full_name(parts, self.session.namespace))

    def information_schema(self, name: Name) -> str:
        return self.warehouse.information_schema(name)

    def scan(
        self, path: str, options: dict[str, Any], with_metadata: bool = False
    ) -> AbstractContextManager[str]:
        """A read_files call as a relation that the engine can read."""
        self.warehouse.locations.check(path)

        def read() -> files.Scan:
            return files.read_files(
                path,
                options,
                storage=self.warehouse.files,
                scratch=self.warehouse.scratch,
                with_metadata=with_metadata,
            )

        return self._scanned(read, options)

    def scan_merged(
        self, merged: MergedFiles, options: dict[str, Any]
    ) -> AbstractContextManager[str]:
        """The read_files calls of a merged branch as one relation, with their constants."""
        for path in merged.paths:
            self.warehouse.locations.check(path)

        def read() -> files.Scan:
            return files.read_many(
                merged.paths,
                options,
                merged.constants,
                merged.casts,
                storage=self.warehouse.files,
                scratch=self.warehouse.scratch,
            )

        return self._scanned(read)

    @contextmanager
    def _scanned(
        self, read: Callable[[], files.Scan], options: Mapping[str, Any] | None = None
    ) -> Iterator[str]:
        try:
            scan = read()
        except files.UnsupportedOption as error:
            raise errors.unsupported(str(error)) from error
        except files.ReadFilesError as error:
            raise errors.from_text(str(error), "FAILED_READ_FILE", "KD001") from error
        try:
            for statement in scan.setup:
                self.engine.run(statement)
            yield scan.sql if options is None else self._typed(scan, options)
        finally:
            try:
                for statement in scan.teardown:
                    self.engine.run(statement)
            finally:
                scan.cleanup()

    def _typed(self, scan: files.Scan, options: Mapping[str, Any]) -> str:
        """A scan with the types of its values, where its options leave them open."""
        if not csv_types.is_open(options):
            return scan.sql
        found: dict[str, str] = {}
        columns = csv_types.columns_of(scan.schema) if csv_types.infers(options) else []
        if columns:
            (row,) = self.engine.run(csv_types.question(columns, scan.sql)).to_pylist()
            found = csv_types.types(columns, list(row.values()))
        return csv_types.typed(scan.sql, scan.schema, found, rescues=csv_types.rescues(options))
