"""What a statement works with: the warehouse's parts, its session and its parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from local_warehouse import errors
from local_warehouse.catalog import information_schema
from local_warehouse.catalog.model import Function, Relation
from local_warehouse.catalog.names import Name, full_name
from local_warehouse.catalog.store import Catalog
from local_warehouse.engine.engine import Engine
from local_warehouse.rewrites.merged_scans import MergedScans
from local_warehouse.session.session import Session
from local_warehouse.session.warehouse import Warehouse


def require_table(relation: Relation) -> Relation:
    """The relation, which has to be a table. Raises SqlError where it is a view."""
    if relation.is_view:
        raise errors.SqlError(
            "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE",
            f"The operation needs a table, and {relation.name} is a view.",
        )
    return relation


def target(context: Context, parts: list[str]) -> Relation:
    """The table of a statement that writes or describes one."""
    return require_table(context.relation(full_name(parts, context.session.namespace)))


def check_changeable(relation: Relation) -> None:
    """Raise SqlError (DELTA_CANNOT_MODIFY_APPEND_ONLY) for a table to which rows are only added."""
    for name, value in relation.properties.items():
        if name.lower() == "delta.appendonly" and value.lower() == "true":
            raise errors.SqlError(
                "DELTA_CANNOT_MODIFY_APPEND_ONLY",
                "This table is configured to only allow appends. If you would like to permit "
                f"updates or deletes, use 'ALTER TABLE {relation.name} SET TBLPROPERTIES "
                f"({name}=false)'.",
            )


def described(context: Context, parts: list[str]) -> Relation:
    """The relation of a statement that only describes it, which information_schema may hold."""
    name = full_name(parts, context.session.namespace)
    if name.schema != "information_schema":
        return context.relation(name)
    for relation in information_schema.relations(context.catalog.require_catalog(name.catalog)):
        if relation.name == name:
            return relation
    raise errors.table_not_found(str(name))


@dataclass
class Context:
    """One statement's surroundings. A handler of statements gets what it needs from here."""

    warehouse: Warehouse
    session: Session
    named: Mapping[str, str] = field(default_factory=dict)  # parameter values as SQL literals
    positional: Sequence[str] = ()
    merged: MergedScans = field(default_factory=MergedScans)  # those of this statement

    @property
    def engine(self) -> Engine:
        """The warehouse's engine, which all sessions share."""
        return self.warehouse.engine

    @property
    def catalog(self) -> Catalog:
        """The warehouse's catalog, which all sessions share."""
        return self.warehouse.catalog

    def named_parameter(self, name: str) -> str:
        """The value of a parameter marker as a SQL literal. Case does not count in its name.

        Raises SqlError (UNBOUND_SQL_PARAMETER) where the client has sent no value.
        """
        for given, value in self.named.items():
            if given.lower() == name.lower():
                return value
        raise errors.unbound_parameter(name or "?")

    def relation(self, name: Name) -> Relation:
        """The table or view of this name in the catalog. Raises SqlError where there is none, or
        no such catalog."""
        relation = self.catalog.relation(name)
        if relation is None:
            self.catalog.require_catalog(name.catalog)
            raise errors.table_not_found(str(name))
        return relation

    @property
    def has_functions(self) -> bool:
        """Whether anybody has made a function, so that calls have to be looked up."""
        return self.catalog.has_functions or bool(self.session.temporary_functions)

    def temporary_function(self, parts: list[str]) -> Function | None:
        """The session's own function of a name without namespace, or None."""
        return self.session.temporary_functions.get(parts[0].lower()) if len(parts) == 1 else None

    def function(self, parts: list[str]) -> Function | None:
        """The function that a statement names, a temporary one before a permanent one, or None."""
        known = self.catalog.function
        return self.temporary_function(parts) or known(full_name(parts, self.session.namespace))

    def information_schema(self, name: Name) -> str:
        """The engine's name for the rows of a table of information_schema."""
        return self.warehouse.information_schema(name)
