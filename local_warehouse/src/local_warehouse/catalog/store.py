"""The metastore: catalogs, schemas, relations and grants in one SQLite file.

Everything is also kept in memory, as what a restart would read. A change is committed to SQLite
first; then the memory's contents are replaced by new ones, as a whole. A change that fails leaves
both as they were, and a reader sees all of a change or nothing. Rows are JSON documents of the
dataclasses in `model`: the file is read whole at start and never queried by content.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
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


@dataclass
class _Contents:
    """What the file holds, in memory. Once readers can see it, nothing in it changes."""

    catalogs: dict[str, str | None] = field(default_factory=dict)  # names and comments
    schemas: dict[tuple[str, str], Schema] = field(default_factory=dict)
    relations: dict[Name, Relation] = field(default_factory=dict)
    functions: dict[Name, Function] = field(default_factory=dict)
    grants: set[Grant] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)
    version: int = 0

    def draft(self) -> _Contents:
        return _Contents(
            dict(self.catalogs), dict(self.schemas), dict(self.relations), dict(self.functions),
            set(self.grants), set(self.groups), self.version,
        )  # fmt: skip


class Catalog:
    """Thread-safe access to the metastore. Names are compared, and kept, in lower case.

    What its methods return is shared by all threads: who wants to change a relation or a schema
    changes a `copy()` of it and puts that. Methods that change something raise sqlite3.Error when
    the file cannot be written, and have changed nothing then.
    """

    def __init__(self, path: Path) -> None:
        self._folder = f"file://{path.parent.absolute()}/"
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("pragma journal_mode = wal")
        # safe from a killed process; a power failure may take the last commits, as it may those of
        # the tables, whose files nobody has written to the disk at once either
        self._database.execute("pragma synchronous = normal")
        self._database.executescript(_TABLES)
        self._lock = threading.RLock()
        self._draft: _Contents | None = None  # of the change that is being made
        self._contents = self._read()

    def _read(self) -> _Contents:
        rows = self._database.execute
        contents = _Contents(catalogs=dict(rows("select name, comment from catalogs")))
        for catalog, name, document in rows("select catalog, name, document from schemas"):
            contents.schemas[catalog, name] = Schema(**json.loads(document))
        for (document,) in rows("select document from relations"):
            relation = self._relation_from(document)
            contents.relations[relation.name] = relation
        for (document,) in rows("select document from functions"):
            function = Function.from_document(json.loads(document))
            contents.functions[function.name] = function
        for row in rows("select kind, securable, principal, privilege from grants"):
            contents.grants.add(Grant(*row))
        contents.groups.update(name for (name,) in rows("select name from groups"))
        return contents

    @contextmanager
    def _change(self) -> Iterator[_Contents]:
        """Around the writes of one change, or of a part of another method's change.

        Yields the contents as they will be; readers see them once the file has been committed.
        """
        with self._lock:
            if self._draft is not None:
                yield self._draft
                return
            self._draft = self._contents.draft()
            try:
                self._database.execute("begin immediate")
                yield self._draft
                self._database.execute("commit")
                self._contents = self._draft
            finally:
                self._draft = None
                if self._database.in_transaction:  # the change has failed
                    self._database.execute("rollback")

    def _write(self, statement: str, *values: object) -> None:
        """Write to the file, as a part of a change."""
        assert self._draft is not None
        self._database.execute(statement, values)
        self._draft.version += 1
        changes.note_change()

    @property
    def version(self) -> int:
        """A number that grows with every change, so that derived data can be cached."""
        return self._contents.version

    # catalogs

    def catalogs(self) -> list[str]:
        """The names of all catalogs, sorted."""
        return sorted(self._contents.catalogs)

    def require_catalog(self, name: str) -> str:
        """The name in lower case. Raises SqlError (CATALOG_NOT_FOUND) if there is none."""
        if name.lower() not in self._contents.catalogs:
            raise errors.catalog_not_found(name)
        return name.lower()

    def create_catalog(self, name: str, comment: str | None = None) -> None:
        """Make a catalog with its schema `default`. Raises SqlError (CATALOG_ALREADY_EXISTS)."""
        with self._change() as draft:
            if name.lower() in draft.catalogs:
                raise errors.already_exists("CATALOG", quoted(name))
            self._write("insert into catalogs values (?, ?)", name.lower(), comment)
            draft.catalogs[name.lower()] = comment
            self.put_schema(Schema(name.lower(), "default"))

    def catalog_comment(self, name: str) -> str | None:
        """The comment of a catalog. Raises SqlError (CATALOG_NOT_FOUND) if there is none."""
        return self._contents.catalogs[self.require_catalog(name)]

    def set_catalog_comment(self, name: str, comment: str | None) -> None:
        """Replace a catalog's comment. Raises SqlError (CATALOG_NOT_FOUND) if there is none."""
        with self._change() as draft:
            found = self.require_catalog(name)
            self._write("update catalogs set comment = ? where name = ?", comment, found)
            draft.catalogs[found] = comment

    def drop_catalog(self, name: str) -> None:
        """Forget a catalog, its schemas and its grants; its relations must be gone already.

        Raises SqlError (CATALOG_NOT_FOUND) if there is none.
        """
        with self._change() as draft:
            found = self.require_catalog(name)
            for schema in self.schemas(found):
                self.drop_schema(found, schema.name)
            self._write("delete from catalogs where name = ?", found)
            del draft.catalogs[found]
            self._revoke_all("CATALOG", found)

    # schemas

    def schemas(self, catalog: str | None = None) -> list[Schema]:
        """The schemas of one catalog, or of all, sorted by their names."""
        schemas = self._contents.schemas.values()
        found = [schema for schema in schemas if catalog in (None, schema.catalog)]
        return sorted(found, key=lambda schema: (schema.catalog, schema.name))

    def schema(self, catalog: str, name: str) -> Schema | None:
        """The schema of a name, if there is one."""
        return self._contents.schemas.get((catalog.lower(), name.lower()))

    def require_schema(self, catalog: str, name: str) -> Schema:
        """The schema of a name. Raises SqlError (CATALOG_NOT_FOUND, SCHEMA_NOT_FOUND)."""
        self.require_catalog(catalog)
        found = self.schema(catalog, name)
        if found is None:
            raise errors.schema_not_found(quoted(catalog, name))
        return found

    def put_schema(self, schema: Schema) -> None:
        """Keep a copy of a schema, in place of one of the same name."""
        with self._change() as draft:
            document = json.dumps(asdict(schema))
            self._write(
                "insert or replace into schemas values (?, ?, ?)",
                schema.catalog, schema.name, document,
            )  # fmt: skip
            draft.schemas[schema.catalog, schema.name] = Schema(**json.loads(document))

    def drop_schema(self, catalog: str, name: str) -> None:
        """Forget a schema and its grants, if it is there; its relations must be gone already."""
        with self._change() as draft:
            key = (catalog.lower(), name.lower())
            self._write("delete from schemas where catalog = ? and name = ?", *key)
            draft.schemas.pop(key, None)
            self._revoke_all("SCHEMA", ".".join(key))

    # relations

    def relations(self, catalog: str | None = None, schema: str | None = None) -> list[Relation]:
        """The tables and views of a catalog, of a schema in it, or of all, sorted by name."""
        return sorted(
            (
                r
                for r in self._contents.relations.values()
                if (catalog is None or r.name.catalog == catalog.lower())
                and (schema is None or r.name.schema == schema.lower())
            ),
            key=lambda r: r.name,
        )

    def relation(self, name: Name) -> Relation | None:
        """The table or view of a name, if there is one."""
        return self._contents.relations.get(name)

    def require_relation(self, name: Name) -> Relation:
        """The table or view of a name. Raises SqlError (TABLE_OR_VIEW_NOT_FOUND)."""
        found = self.relation(name)
        if found is None:
            raise errors.table_not_found(str(name))
        return found

    def put_relation(self, relation: Relation, copied_files: Iterable[str] = ()) -> None:
        """Keep a copy of a relation, altered now, in place of one of the same name.

        `copied_files` are the URLs of files that COPY INTO need not load into it.
        """
        with self._change() as draft:
            if relation.location is not None:
                self.finish(relation.location)
            document = json.dumps(self._document_of(replace(relation, altered_at=time.time())))
            self._write(
                "insert or replace into relations values (?, ?, ?, ?)",
                relation.name.catalog, relation.name.schema, relation.name.table, document,
            )  # fmt: skip
            draft.relations[relation.name] = self._relation_from(document)
            self._add_copied_files(relation, copied_files)

    # a location in the catalog's own folder is kept relative to it: the folder can be moved

    def _document_of(self, relation: Relation) -> dict[str, Any]:
        document = relation.document()
        if relation.location is not None:
            document["location"] = self._relative(relation.location)
        return document

    def _relation_from(self, document: str) -> Relation:
        relation = Relation.from_document(json.loads(document))
        if relation.location is not None:
            relation.location = self._absolute(relation.location)
        return relation

    def _relative(self, location: str) -> str:
        return location.removeprefix(self._folder)

    def _absolute(self, kept: str) -> str:
        return kept if "://" in kept else f"{self._folder}{kept}"

    def drop_relation(self, name: Name, *, deletes: str | None = None) -> None:
        """Forget a relation with its grants and the files that COPY INTO has loaded.

        `deletes` is its folder if that is deleted next.
        """
        with self._change() as draft:
            if deletes is not None:
                self.begin(deletes)
            self._remove(name)
            dropped = draft.relations.pop(name, None)
            if dropped is not None:
                self._write("delete from copied_files where relation_id = ?", dropped.id)
            self._revoke_all("TABLE", _dotted(name))

    def _remove(self, name: Name) -> None:
        self._write(
            "delete from relations where catalog = ? and schema_name = ? and name = ?",
            name.catalog, name.schema, name.table,
        )  # fmt: skip

    def rename_relation(self, old: Name, new: Name) -> None:
        """Give a relation another name; its grants go with it.

        Raises SqlError (TABLE_OR_VIEW_NOT_FOUND, TABLE_OR_VIEW_ALREADY_EXISTS).
        """
        with self._change() as draft:
            relation = self.require_relation(old)
            if new in draft.relations:
                raise errors.already_exists("TABLE", str(new))
            granted = self.grants("TABLE", _dotted(old))
            self._remove(old)
            del draft.relations[old]
            self.put_relation(replace(relation, name=new))
            self.revoke(granted)
            self.grant(replace(grant, securable=_dotted(new)) for grant in granted)

    # folders of tables that are being created or deleted

    def begin(self, location: str) -> None:
        """Say that there will be files of no table in a folder for a while.

        That is until a table of the folder is put, or until `finish`. It is no change that a
        statement must not make twice.
        """
        with self._lock:
            kept = self._relative(location)
            self._database.execute("insert or ignore into unfinished values (?)", [kept])

    def finish(self, location: str) -> None:
        """Say that a folder holds no files of no table any more."""
        with self._lock:
            kept = self._relative(location)
            self._database.execute("delete from unfinished where location = ?", [kept])

    def unfinished_folders(self) -> set[str]:
        """The folders of CREATE and DROP TABLE that are at work, failed or were killed."""
        with self._lock:
            rows = self._database.execute("select * from unfinished")
            return {self._absolute(kept) for (kept,) in rows}

    # files that COPY INTO has loaded

    def copied_files(self, relation: Relation) -> set[str]:
        """The URLs of the files that COPY INTO has loaded into a table."""
        with self._lock:
            statement = "select url from copied_files where relation_id = ?"
            return {url for (url,) in self._database.execute(statement, [relation.id])}

    def _add_copied_files(self, relation: Relation, urls: Iterable[str]) -> None:
        for url in urls:
            self._write("insert or ignore into copied_files values (?, ?)", relation.id, url)

    def copies(self, relation: Relation) -> list[Copy]:
        """The copies into a table that have begun and not ended."""
        with self._lock:
            statement = "select id, version, urls from copies where relation_id = ?"
            found = self._database.execute(statement, [relation.id])
            return [Copy(note, version, json.loads(urls)) for note, version, urls in found]

    def begin_copy(self, relation: Relation, copy: Copy) -> None:
        """Note that a copy is about to commit."""
        with self._change():
            values = (copy.id, relation.id, copy.version, json.dumps(copy.urls))
            self._write("insert into copies values (?, ?, ?, ?)", *values)

    def end_copy(self, relation: Relation, copy: Copy, *, is_done: bool) -> None:
        """Forget a copy, whose files count as loaded if it is done."""
        with self._change():
            self._add_copied_files(relation, copy.urls if is_done else ())
            self._write("delete from copies where id = ?", copy.id)

    # functions

    def functions(self, catalog: str | None = None, schema: str | None = None) -> list[Function]:
        """The functions of a catalog, of a schema in it, or of all, sorted by name."""
        return sorted(
            (
                f
                for f in self._contents.functions.values()
                if catalog in (None, f.name.catalog) and schema in (None, f.name.schema)
            ),
            key=lambda f: f.name,
        )

    def function(self, name: Name) -> Function | None:
        """The function of a name, if there is one."""
        return self._contents.functions.get(name)

    @property
    def has_functions(self) -> bool:
        """Whether there is any function."""
        return bool(self._contents.functions)

    def put_function(self, function: Function) -> None:
        """Keep a copy of a function, in place of one of the same name."""
        with self._change() as draft:
            name = function.name
            document = json.dumps(asdict(function))
            self._write(
                "insert or replace into functions values (?, ?, ?, ?)",
                name.catalog, name.schema, name.table, document,
            )  # fmt: skip
            draft.functions[name] = Function.from_document(json.loads(document))

    def drop_function(self, name: Name) -> bool:
        """Forget a function and its grants; returns whether there was one."""
        with self._change() as draft:
            if draft.functions.pop(name, None) is None:
                return False
            self._write(
                "delete from functions where catalog = ? and schema_name = ? and name = ?",
                name.catalog, name.schema, name.table,
            )  # fmt: skip
            self._revoke_all("FUNCTION", _dotted(name))
            return True

    # grants

    def grants(self, kind: str, securable: str) -> list[Grant]:
        """The grants on a securable, by its dotted full name, sorted by principal."""
        found = (g for g in self._contents.grants if (g.kind, g.securable) == (kind, securable))
        return sorted(found, key=lambda g: (g.principal, g.privilege))

    def grant(self, grants: Iterable[Grant]) -> None:
        """Add grants, all or none."""
        with self._change() as draft:
            for grant in grants:
                self._write(
                    "insert or replace into grants values (?, ?, ?, ?)",
                    grant.kind, grant.securable, grant.principal, grant.privilege,
                )  # fmt: skip
                draft.grants.add(grant)

    def revoke(self, grants: Iterable[Grant]) -> None:
        """Take grants back, all or none; those that there are not do not matter."""
        with self._change() as draft:
            for grant in grants:
                self._write(
                    "delete from grants where kind = ? and securable = ? and principal = ?"
                    " and privilege = ?",
                    grant.kind, grant.securable, grant.principal, grant.privilege,
                )  # fmt: skip
                draft.grants.discard(grant)

    def _revoke_all(self, kind: str, securable: str) -> None:
        """What is dropped takes its grants with it."""
        self.revoke(self.grants(kind, securable))

    # groups, which are there to be granted privileges

    def groups(self) -> list[str]:
        """The names of all groups, sorted."""
        return sorted(self._contents.groups)

    def create_group(self, name: str) -> None:
        """Make a group known. Raises SqlError (RESOURCE_ALREADY_EXISTS)."""
        with self._change() as draft:
            if name.lower() in draft.groups:
                message = f"The group {name} exists already."
                raise errors.SqlError("RESOURCE_ALREADY_EXISTS", message)
            self._write("insert into groups values (?)", name.lower())
            draft.groups.add(name.lower())

    def drop_group(self, name: str) -> None:
        """Forget a group. Raises SqlError (PRINCIPAL_DOES_NOT_EXIST) if there is none."""
        with self._change() as draft:
            if name.lower() not in draft.groups:
                message = f"Could not find principal with name {name}."
                raise errors.SqlError("PRINCIPAL_DOES_NOT_EXIST", message)
            self._write("delete from groups where name = ?", name.lower())
            draft.groups.remove(name.lower())

    def close(self) -> None:
        """Close the file; the catalog cannot be used afterwards."""
        self._database.close()


def _dotted(name: Name) -> str:
    return f"{name.catalog}.{name.schema}.{name.table}"
