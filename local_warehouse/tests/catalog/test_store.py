"""The catalog's store: a change is in the file and in memory, or in neither."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from local_warehouse.catalog.model import Column, Copy, Function, Grant, Parameter, Relation, Schema
from local_warehouse.catalog.names import Name
from local_warehouse.catalog.store import Catalog
from local_warehouse.errors import SqlError

_SALES = Name("main", "shop", "sales")
_TOTAL = Name("main", "shop", "total")
_GRANTS = [
    Grant("TABLE", "main.shop.sales", "users", "SELECT"),
    Grant("TABLE", "main.shop.sales", "admins", "MODIFY"),
    Grant("SCHEMA", "main.shop", "users", "USE SCHEMA"),
    Grant("CATALOG", "main", "users", "USE CATALOG"),
    Grant("FUNCTION", "main.shop.total", "users", "EXECUTE"),
]
_COPY = Copy("commit_1", 3, ["s3://landing/b.csv", "s3://landing/c.csv"])

Operation = Callable[[Catalog], object]
OPERATIONS: dict[str, Operation] = {
    "create_catalog": lambda catalog: catalog.create_catalog("other", "another"),
    "set_catalog_comment": lambda catalog: catalog.set_catalog_comment("main", "new"),
    "drop_catalog": lambda catalog: catalog.drop_catalog("main"),
    "put_schema, a new one": lambda catalog: catalog.put_schema(Schema("main", "new")),
    "put_schema, an altered one": lambda catalog: catalog.put_schema(
        replace(catalog.require_schema("main", "shop"), comment="new", tags={"a": "b"})
    ),
    "drop_schema": lambda catalog: catalog.drop_schema("main", "shop"),
    "put_relation, a new one": lambda catalog: catalog.put_relation(
        Relation(Name("main", "shop", "new"), "EXTERNAL", location="s3://lake/new"),
        ["s3://landing/a.csv", "s3://landing/b.csv"],
    ),
    "put_relation, whose folder was unfinished": lambda catalog: catalog.put_relation(
        Relation(Name("main", "shop", "new"), "MANAGED", location="s3://lake/unfinished")
    ),
    "put_relation, an altered one": lambda catalog: catalog.put_relation(
        replace(catalog.require_relation(_SALES), comment="new", generation=7)
    ),
    "drop_relation": lambda catalog: catalog.drop_relation(_SALES, deletes="s3://lake/sales"),
    "rename_relation": lambda catalog: catalog.rename_relation(
        _SALES, Name("main", "default", "sold")
    ),
    "begin": lambda catalog: catalog.begin("s3://lake/new"),
    "finish": lambda catalog: catalog.finish("s3://lake/unfinished"),
    "begin_copy": lambda catalog: catalog.begin_copy(
        catalog.require_relation(_SALES), replace(_COPY, id="commit_2")
    ),
    "end_copy, done": lambda catalog: catalog.end_copy(
        catalog.require_relation(_SALES), _COPY, is_done=True
    ),
    "end_copy, not done": lambda catalog: catalog.end_copy(
        catalog.require_relation(_SALES), _COPY, is_done=False
    ),
    "put_function, a new one": lambda catalog: catalog.put_function(
        Function(Name("main", "shop", "new"), [], "int", body="1")
    ),
    "put_function, an altered one": lambda catalog: catalog.put_function(
        Function(_TOTAL, [], "int", body="2")
    ),
    "drop_function": lambda catalog: catalog.drop_function(_TOTAL),
    "grant": lambda catalog: catalog.grant(replace(grant, principal="new") for grant in _GRANTS),
    "revoke": lambda catalog: catalog.revoke(_GRANTS),
    "create_group": lambda catalog: catalog.create_group("new"),
    "drop_group": lambda catalog: catalog.drop_group("analysts"),
}
_READERS = {
    "catalogs", "require_catalog", "catalog_comment", "schemas", "schema", "require_schema",
    "relations", "relation", "require_relation", "unfinished_folders", "copied_files", "copies",
    "functions", "function", "has_functions", "grants", "groups", "version", "close",
}  # fmt: skip


@dataclass
class Disk:
    """Fails the n-th next statement that SQLite is given."""

    statements: list[str] = field(default_factory=list)
    fails_at: int | None = None

    def take(self, statement: str) -> None:
        self.statements.append(statement)
        if len(self.statements) == self.fails_at:
            raise sqlite3.OperationalError("disk I/O error")

    def reset(self, fails_at: int | None = None) -> None:
        self.statements.clear()
        self.fails_at = fails_at


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    connect = sqlite3.connect

    class Connection(sqlite3.Connection):
        def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
            disk.take(sql)
            return super().execute(sql, *parameters)

    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **kw: connect(*args, **kw, factory=Connection)
    )
    return disk


@pytest.fixture
def catalog(tmp_path: Path, disk: Disk) -> Iterator[Catalog]:
    """A catalog in which each operation has something to change."""
    catalog = Catalog(tmp_path / "catalog.sqlite")
    catalog.create_catalog("main", "the only one")
    catalog.put_schema(Schema("main", "shop", "of sales"))
    columns = [Column("id", "int", nullable=False), Column("price", "decimal(10,2)")]
    sales = Relation(_SALES, "EXTERNAL", columns, "s3://lake/sales", tags={"team": "sales"})
    catalog.put_relation(sales, ["s3://landing/a.csv"])
    view = Relation(Name("main", "shop", "prices"), "VIEW", columns[1:], view_text="select 1")
    catalog.put_relation(replace(view, view_namespace=("main", "shop")))
    catalog.put_function(Function(_TOTAL, [Parameter("x", "int")], "int", body="x"))
    catalog.begin_copy(sales, _COPY)
    catalog.begin("s3://lake/unfinished")
    catalog.grant(_GRANTS)
    catalog.create_group("analysts")
    disk.reset()
    yield catalog
    catalog.close()


def shown(catalog: Catalog) -> dict[str, object]:
    """Everything that a catalog's methods tell."""
    names = catalog.catalogs()
    relations, functions = catalog.relations(), catalog.functions()
    securables = [
        *(("CATALOG", name) for name in names),
        *(("SCHEMA", f"{schema.catalog}.{schema.name}") for schema in catalog.schemas()),
        *(("TABLE", f"{r.name.catalog}.{r.name.schema}.{r.name.table}") for r in relations),
        *(("FUNCTION", function.full_name) for function in functions),
        *((grant.kind, grant.securable) for grant in _GRANTS),
    ]
    return {
        "catalogs": {name: catalog.catalog_comment(name) for name in names},
        "schemas": catalog.schemas(),
        "relations": [relation.copy() for relation in relations],
        "functions": functions,
        "groups": catalog.groups(),
        "grants": {securable: catalog.grants(*securable) for securable in securables},
        "copied files": {str(r.name): catalog.copied_files(r) for r in relations},
        "copies": {str(r.name): catalog.copies(r) for r in relations},
        "unfinished": catalog.unfinished_folders(),
    }


def in_file(path: Path) -> dict[str, object]:
    """What a catalog that is opened now tells: a restarted warehouse's."""
    catalog = Catalog(path / "catalog.sqlite")
    try:
        return shown(catalog)
    finally:
        catalog.close()


def test_every_method_that_changes_something_is_tested_here() -> None:
    methods = {name for name in vars(Catalog) if not name.startswith("_")}
    assert methods - _READERS == {name.partition(",")[0] for name in OPERATIONS}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
def test_a_change_is_in_the_file_as_it_is_in_memory(
    catalog: Catalog, tmp_path: Path, operation: Operation
) -> None:
    before = shown(catalog)
    operation(catalog)
    assert shown(catalog) != before
    assert in_file(tmp_path) == shown(catalog)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
def test_a_change_that_sqlite_refuses_changes_nothing(
    catalog: Catalog, disk: Disk, tmp_path: Path, operation: Operation
) -> None:
    """Each statement of the change fails once, the commit too; then the change goes through."""
    before, version = shown(catalog), catalog.version
    failed: list[str] = []
    while True:
        disk.reset(fails_at=len(failed) + 1)
        try:
            operation(catalog)
        except sqlite3.OperationalError:
            failed.append(disk.statements[len(failed)])
        else:
            break
        disk.reset()
        assert shown(catalog) == before
        assert catalog.version == version
        assert in_file(tmp_path) == before
    disk.reset()
    assert failed[-1] == "commit" or len(failed) == 1
    assert shown(catalog) != before
    assert in_file(tmp_path) == shown(catalog)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())
def test_a_change_is_not_visible_before_it_is_committed(
    catalog: Catalog, disk: Disk, monkeypatch: pytest.MonkeyPatch, operation: Operation
) -> None:
    def memory() -> dict[str, object]:
        names = catalog.catalogs()
        return {
            "catalogs": {name: catalog.catalog_comment(name) for name in names},
            "schemas": catalog.schemas(),
            "relations": [relation.copy() for relation in catalog.relations()],
            "functions": catalog.functions(),
            "grants": [catalog.grants(grant.kind, grant.securable) for grant in _GRANTS],
            "groups": catalog.groups(),
        }

    before = memory()
    seen: list[tuple[str, dict[str, object]]] = []
    monkeypatch.setattr(disk, "take", lambda statement: seen.append((statement, memory())))
    operation(catalog)
    assert seen
    assert [statement for statement, found in seen if found != before] == []


@pytest.mark.parametrize(
    ("operation", "condition"),
    [
        (lambda catalog: catalog.create_catalog("MAIN"), "CATALOG_ALREADY_EXISTS"),
        (lambda catalog: catalog.drop_catalog("none"), "CATALOG_NOT_FOUND"),
        (lambda catalog: catalog.set_catalog_comment("none", ""), "CATALOG_NOT_FOUND"),
        (
            lambda catalog: catalog.rename_relation(_SALES, Name("main", "shop", "prices")),
            "TABLE_OR_VIEW_ALREADY_EXISTS",
        ),
        (lambda catalog: catalog.create_group("Analysts"), "RESOURCE_ALREADY_EXISTS"),
        (lambda catalog: catalog.drop_group("none"), "PRINCIPAL_DOES_NOT_EXIST"),
    ],
    ids=[
        "create_catalog, of a name that is taken",
        "drop_catalog, of none",
        "set_catalog_comment, of none",
        "rename_relation, to a name that is taken",
        "create_group, of a name that is taken",
        "drop_group, of none",
    ],
)
def test_a_refused_change_changes_nothing(
    catalog: Catalog, tmp_path: Path, operation: Operation, condition: str
) -> None:
    before = shown(catalog)
    with pytest.raises(SqlError) as caught:
        operation(catalog)
    assert caught.value.condition == condition
    assert shown(catalog) == in_file(tmp_path) == before


def test_a_renamed_table_keeps_its_grants_and_the_files_it_has_loaded(catalog: Catalog) -> None:
    old, new = catalog.require_relation(_SALES), Name("main", "default", "sold")
    catalog.rename_relation(_SALES, new)
    renamed = catalog.require_relation(new)
    assert catalog.relation(_SALES) is None
    assert (renamed.id, renamed.columns) == (old.id, old.columns)
    assert catalog.copied_files(renamed) == {"s3://landing/a.csv"}
    assert catalog.copies(renamed) == [_COPY]
    assert [g.principal for g in catalog.grants("TABLE", "main.default.sold")] == [
        "admins",
        "users",
    ]
    assert catalog.grants("TABLE", "main.shop.sales") == []


def test_what_was_put_can_be_changed_without_changing_the_catalog(catalog: Catalog) -> None:
    relation = Relation(Name("main", "shop", "new"), "VIEW", [Column("id", "int")])
    schema = Schema("main", "new", tags={"a": "b"})
    function = Function(Name("main", "shop", "new"), [Parameter("x", "int")], "int")
    catalog.put_relation(relation)
    catalog.put_schema(schema)
    catalog.put_function(function)
    before = shown(catalog)
    relation.columns[0].name, schema.tags["a"], function.parameters[0].name = "x", "c", "y"
    assert shown(catalog) == before
