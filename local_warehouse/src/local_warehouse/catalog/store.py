"""The metastore: catalogs, schemas, relations and grants in one SQLite file.

Everything is also kept in memory; a change is committed to SQLite before it is visible, so that
the catalog survives a restart and a killed process. Rows are JSON documents of the dataclasses in
`model.py`: the file is read whole at start and never queried by content.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from local_warehouse import changes, errors
from local_warehouse.catalog.model import Copy, Function, Grant, Relation, Schema
from local_warehouse.catalog.names import Name, quoted

_TABLES = """
create table if not exists catalogs (name text primary key, comment text);
create table if not exists schemas (
    catalog text, name text, document text not null, primary key (catalog, name)
);
create table if not exists relations (
    catalog text, schema_name text, name text, document text not null,
    primary key (catalog, schema_name, name)
);
create table if not exists functions (
    catalog text, schema_name text, name text, document text not null,
    primary key (catalog, schema_name, name)
);
create table if not exists copied_files (
    relation_id text, url text, primary key (relation_id, url)
);
create table if not exists copies (
    id text primary key, relation_id text, version integer, urls text not null
);
create table if not exists grants (
    kind text, securable text, principal text, privilege text,
    primary key (kind, securable, principal, privilege)
);
create table if not exists groups (name text primary key);
create table if not exists unfinished (location text primary key);
"""


class Catalog:
    """Thread-safe access to the metastore. Names are compared, and kept, in lower case."""

    def __init__(self, path: Path) -> None:
        self._folder = f"file://{path.parent.absolute()}/"
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("pragma journal_mode = wal")
        # safe from a killed process; a power failure may take the last commits, as it may those of
        # the tables, whose files nobody has written to the disk at once either
        self._database.execute("pragma synchronous = normal")
        self._database.executescript(_TABLES)
        self._lock = threading.RLock()
        self.version = 0  # grows with every change, so that derived data can be cached
        rows = self._database.execute
        self._catalogs: dict[str, str | None] = dict(rows("select name, comment from catalogs"))
        self._schemas: dict[tuple[str, str], Schema] = {
            (catalog, name): Schema(**json.loads(document))
            for catalog, name, document in rows("select catalog, name, document from schemas")
        }
        relations = (
            self._relation_from(json.loads(document))
            for (document,) in rows("select document from relations")
        )
        self._relations: dict[Name, Relation] = {r.name: r for r in relations}
        found = (
            Function.from_document(json.loads(document))
            for (document,) in rows("select document from functions")
        )
        self._functions: dict[Name, Function] = {f.name: f for f in found}
        self._grants: set[Grant] = {
            Grant(*row) for row in rows("select kind, securable, principal, privilege from grants")
        }
        self._groups: set[str] = {name for (name,) in rows("select name from groups")}

    @contextmanager
    def _together(self) -> Iterator[None]:
        """Around several writes: a killed process leaves all of them in the file, or none."""
        with self._lock:
            if self._database.in_transaction:  # of another method, which this one is a part of
                yield
                return
            self._database.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._database.execute("rollback")
                raise
            self._database.execute("commit")

    def _write(self, statement: str, *values: object) -> None:
        self._database.execute(statement, values)
        self.version += 1
        changes.note_change()

    # catalogs

    def catalogs(self) -> list[str]:
        return sorted(self._catalogs)

    def require_catalog(self, name: str) -> str:
        if name.lower() not in self._catalogs:
            raise errors.catalog_not_found(name)
        return name.lower()

    def create_catalog(self, name: str, comment: str | None = None) -> None:
        with self._together():
            if name.lower() in self._catalogs:
                raise errors.already_exists("CATALOG", quoted(name))
            self._write("insert into catalogs values (?, ?)", name.lower(), comment)
            self._catalogs[name.lower()] = comment
            self.put_schema(Schema(name.lower(), "default"))

    def catalog_comment(self, name: str) -> str | None:
        return self._catalogs[self.require_catalog(name)]

    def set_catalog_comment(self, name: str, comment: str | None) -> None:
        with self._lock:
            found = self.require_catalog(name)
            self._write("update catalogs set comment = ? where name = ?", comment, found)
            self._catalogs[found] = comment

    def drop_catalog(self, name: str) -> None:
        with self._together():
            for schema in self.schemas(name):
                self.drop_schema(name, schema.name)
            self._write("delete from catalogs where name = ?", self.require_catalog(name))
            del self._catalogs[name.lower()]
            self._revoke_all("CATALOG", name.lower())

    # schemas

    def schemas(self, catalog: str | None = None) -> list[Schema]:
        found = [s for s in list(self._schemas.values()) if catalog is None or s.catalog == catalog]
        return sorted(found, key=lambda s: (s.catalog, s.name))

    def schema(self, catalog: str, name: str) -> Schema | None:
        return self._schemas.get((catalog.lower(), name.lower()))

    def require_schema(self, catalog: str, name: str) -> Schema:
        self.require_catalog(catalog)
        found = self.schema(catalog, name)
        if found is None:
            raise errors.schema_not_found(quoted(catalog, name))
        return found

    def put_schema(self, schema: Schema) -> None:
        with self._lock:
            document = json.dumps(asdict(schema))
            self._write(
                "insert or replace into schemas values (?, ?, ?)",
                schema.catalog, schema.name, document,
            )  # fmt: skip
            self._schemas[schema.catalog, schema.name] = schema

    def drop_schema(self, catalog: str, name: str) -> None:
        with self._together():
            key = (catalog.lower(), name.lower())
            self._write("delete from schemas where catalog = ? and name = ?", *key)
            self._schemas.pop(key, None)
            self._revoke_all("SCHEMA", ".".join(key))

    # relations

    def relations(self, catalog: str | None = None, schema: str | None = None) -> list[Relation]:
        return sorted(
            (
                r
                for r in list(self._relations.values())
                if (catalog is None or r.name.catalog == catalog.lower())
                and (schema is None or r.name.schema == schema.lower())
            ),
            key=lambda r: r.name,
        )

    def relation(self, name: Name) -> Relation | None:
        return self._relations.get(name)

    def require_relation(self, name: Name) -> Relation:
        found = self.relation(name)
        if found is None:
            raise errors.table_not_found(str(name))
        return found

    def put_relation(self, relation: Relation) -> None:
        with self._together():
            relation.altered_at = time.time()
            if relation.location is not None:
                self.finish(relation.location)
            self._write(
                "insert or replace into relations values (?, ?, ?, ?)",
                relation.name.catalog, relation.name.schema, relation.name.table,
                json.dumps(self._document_of(relation)),
            )  # fmt: skip
            self._relations[relation.name] = relation

    # a location in the catalog's own folder is kept relative to it: the folder can be moved

    def _document_of(self, relation: Relation) -> dict[str, Any]:
        document = relation.document()
        if relation.location is not None:
            document["location"] = self._kept(relation.location)
        return document

    def _relation_from(self, document: dict[str, Any]) -> Relation:
        relation = Relation.from_document(document)
        if relation.location is not None:
            relation.location = self._found(relation.location)
        return relation

    def _kept(self, location: str) -> str:
        return location.removeprefix(self._folder)

    def _found(self, kept: str) -> str:
        return kept if "://" in kept else f"{self._folder}{kept}"

    def drop_relation(self, name: Name, *, deletes: str | None = None) -> None:
        """Forget a relation; `deletes` is its folder if that is deleted next."""
        with self._together():
            if deletes is not None:
                self.begin(deletes)
            self._write(
                "delete from relations where catalog = ? and schema_name = ? and name = ?",
                name.catalog, name.schema, name.table,
            )  # fmt: skip
            dropped = self._relations.pop(name, None)
            if dropped is not None:
                self._write("delete from copied_files where relation_id = ?", dropped.id)
            self._revoke_all("TABLE", _dotted(name))

    def rename_relation(self, relation: Relation, name: Name) -> None:
        with self._together():
            if name in self._relations:
                raise errors.already_exists("TABLE", str(name))
            copied = self.copied_files(relation)
            granted = self.grants("TABLE", _dotted(relation.name))
            self.drop_relation(relation.name)
            relation.name = name
            self.put_relation(relation)
            self.add_copied_files(relation, copied)
            self.grant(replace(grant, securable=_dotted(name)) for grant in granted)

    # folders of tables that are being created or deleted

    def begin(self, location: str) -> None:
        """Say that there will be files of no table in a folder for a while: until a table of it is
        put into the catalog, or until `finish`. No change that a statement must not make twice."""
        with self._lock:
            kept = self._kept(location)
            self._database.execute("insert or ignore into unfinished values (?)", [kept])

    def finish(self, location: str) -> None:
        with self._lock:
            kept = self._kept(location)
            self._database.execute("delete from unfinished where location = ?", [kept])

    def unfinished(self) -> set[str]:
        """The folders of CREATE and DROP TABLE that are at work, failed or were killed."""
        with self._lock:
            rows = self._database.execute("select * from unfinished")
            return {self._found(kept) for (kept,) in rows}

    # files that COPY INTO has loaded

    def copied_files(self, relation: Relation) -> set[str]:
        with self._lock:
            statement = "select url from copied_files where relation_id = ?"
            return {url for (url,) in self._database.execute(statement, [relation.id])}

    def add_copied_files(self, relation: Relation, urls: Iterable[str]) -> None:
        with self._together():
            for url in urls:
                self._write("insert or ignore into copied_files values (?, ?)", relation.id, url)

    def copies(self, relation: Relation) -> list[Copy]:
        """Those that have begun and not ended."""
        with self._lock:
            statement = "select id, version, urls from copies where relation_id = ?"
            found = self._database.execute(statement, [relation.id])
            return [Copy(note, version, json.loads(urls)) for note, version, urls in found]

    def begin_copy(self, relation: Relation, copy: Copy) -> None:
        with self._lock:
            values = (copy.id, relation.id, copy.version, json.dumps(copy.urls))
            self._write("insert into copies values (?, ?, ?, ?)", *values)

    def end_copy(self, relation: Relation, copy: Copy, *, is_done: bool) -> None:
        """Forget a copy, whose files count as loaded if it is done."""
        with self._together():
            self.add_copied_files(relation, copy.urls if is_done else ())
            self._write("delete from copies where id = ?", copy.id)

    # functions

    def functions(self, catalog: str | None = None, schema: str | None = None) -> list[Function]:
        return sorted(
            (
                f
                for f in list(self._functions.values())
                if catalog in (None, f.name.catalog) and schema in (None, f.name.schema)
            ),
            key=lambda f: f.name,
        )

    def function(self, name: Name) -> Function | None:
        return self._functions.get(name)

    @property
    def has_functions(self) -> bool:
        return bool(self._functions)

    def put_function(self, function: Function) -> None:
        with self._lock:
            name = function.name
            self._write(
                "insert or replace into functions values (?, ?, ?, ?)",
                name.catalog, name.schema, name.table, json.dumps(asdict(function)),
            )  # fmt: skip
            self._functions[name] = function

    def drop_function(self, name: Name) -> bool:
        """Whether there was such a function."""
        with self._together():
            if self._functions.pop(name, None) is None:
                return False
            self._write(
                "delete from functions where catalog = ? and schema_name = ? and name = ?",
                name.catalog, name.schema, name.table,
            )  # fmt: skip
            self._revoke_all("FUNCTION", _dotted(name))
            return True

    # grants

    def grants(self, kind: str, securable: str) -> list[Grant]:
        found = (g for g in list(self._grants) if (g.kind, g.securable) == (kind, securable))
        return sorted(found, key=lambda g: (g.principal, g.privilege))

    def grant(self, grants: Iterable[Grant]) -> None:
        with self._together():
            for grant in grants:
                self._write(
                    "insert or replace into grants values (?, ?, ?, ?)",
                    grant.kind, grant.securable, grant.principal, grant.privilege,
                )  # fmt: skip
                self._grants.add(grant)

    def revoke(self, grant: Grant) -> None:
        with self._lock:
            self._write(
                "delete from grants where kind = ? and securable = ? and principal = ?"
                " and privilege = ?",
                grant.kind, grant.securable, grant.principal, grant.privilege,
            )  # fmt: skip
            self._grants.discard(grant)

    def _revoke_all(self, kind: str, securable: str) -> None:
        """What is dropped takes its grants with it."""
        for grant in self.grants(kind, securable):
            self.revoke(grant)

    # groups, which are there to be granted privileges

    def groups(self) -> list[str]:
        return sorted(self._groups)

    def create_group(self, name: str) -> None:
        with self._lock:
            if name.lower() in self._groups:
                message = f"The group {name} exists already."
                raise errors.SqlError("RESOURCE_ALREADY_EXISTS", message)
            self._write("insert into groups values (?)", name.lower())
            self._groups.add(name.lower())

    def drop_group(self, name: str) -> None:
        with self._lock:
            if name.lower() not in self._groups:
                message = f"Could not find principal with name {name}."
                raise errors.SqlError("PRINCIPAL_DOES_NOT_EXIST", message)
            self._write("delete from groups where name = ?", name.lower())
            self._groups.remove(name.lower())

    def close(self) -> None:
        self._database.close()


def _dotted(name: Name) -> str:
    return f"{name.catalog}.{name.schema}.{name.table}"
