"""What a statement works with: the warehouse's parts, its session and its parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from local_warehouse import errors, read_files
from local_warehouse.catalog.model import Function, Relation
from local_warehouse.catalog.names import Name, full_name
from local_warehouse.catalog.store import Catalog
from local_warehouse.engine.engine import Engine
from local_warehouse.rewrites.merged_scans import MergedFiles, MergedScans
from local_warehouse.session.session import Session
from local_warehouse.session.warehouse import Warehouse


def require_table(relation: Relation) -> Relation:
    if relation.is_view:
        raise errors.SqlError(
            "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE",
            f"The operation needs a table, and {relation.name} is a view.",
        )
    return relation


def target(context: Context, parts: list[str]) -> Relation:
    """The table of a statement that writes or describes one."""
    return require_table(context.relation(full_name(parts, context.session.namespace)))


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

        def read() -> read_files.Scan:
            return read_files.read_files(
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

        def read() -> read_files.Scan:
            return read_files.read_many(
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
        self, read: Callable[[], read_files.Scan], options: Mapping[str, Any] | None = None
    ) -> Iterator[str]:
        try:
            scan = read()
        except read_files.UnsupportedOption as error:
            raise errors.unsupported(str(error)) from error
        except read_files.ReadFilesError as error:
            raise errors.from_text(str(error), "FAILED_READ_FILE") from error
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

    def _typed(self, scan: read_files.Scan, options: Mapping[str, Any]) -> str:
        """A scan with the types of its values, where its options leave them open."""

        def ask(query: str) -> list[Any]:
            (row,) = self.engine.run(query).to_pylist()
            return list(row.values())

        return read_files.with_inferred_types(scan, options, ask)
