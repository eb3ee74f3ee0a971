"""`local-warehouse doctor`: findings about what a killed process, or somebody else, left behind."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from functools import partial

from local_warehouse.catalog.model import Column, Constraint, Relation
from local_warehouse.catalog.store import Catalog
from local_warehouse.delta import log as delta_log
from local_warehouse.delta import tables as delta_tables
from local_warehouse.errors import SqlError
from local_warehouse.services import lifecycle, processes
from local_warehouse.services.certificates import Certificates
from local_warehouse.services.state import StateDirectory
from local_warehouse.sql.dialect import normal_form
from local_warehouse.storage import objects

CATALOG_FILE = "catalog.sqlite"
_PRIVATE = ("secrets.json", "s3-config.json", "certificates/server-key.pem")


@dataclass(frozen=True)
class Finding:
    """A problem, what to do about it, and the function that does it, if `--repair` can."""

    problem: str
    remedy: str
    repair: Callable[[], object] | None = None


def examine_state(directory: StateDirectory) -> Iterator[Finding]:
    """Examine the files of a state directory, before anything is started from them."""
    for name, record in directory.read().services.items():
        if not processes.is_running(record.pid, record.identity):
            yield Finding(
                f"the {name} service, process {record.pid}, has ended without a `down`",
                "forget it; `up` starts another",
                partial(lifecycle.forget, directory, name),
            )
    for name, orphan in lifecycle.orphans(directory, directory.read()).items():
        yield Finding(
            f"{name} still runs on {directory.path}",
            "stop it",
            orphan.end,
        )
    certificates = Certificates(directory.certificates)
    if certificates.certificate.exists() and not certificates.are_valid():
        yield Finding(
            f"{certificates.certificate} has expired, is about to or cannot be read",
            "issue another; `up` starts the warehouse with it",
            certificates.ensure,
        )
    for name in _PRIVATE:
        path = directory.path / name
        if path.exists() and path.stat().st_mode & 0o077:
            yield Finding(
                f"{path} can be read by others",
                "make it yours only (0600)",
                partial(path.chmod, 0o600),
            )
    yield from _examine_catalog(directory)


def _examine_catalog(directory: StateDirectory) -> Iterator[Finding]:
    path = directory.path / CATALOG_FILE
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            (answer,) = database.execute("pragma integrity_check").fetchone()
    except sqlite3.Error as error:
        answer = str(error)
    if answer != "ok":
        yield Finding(
            f"the catalog {path} cannot be read: {answer}",
            "none: move the file away and run `up`. A table is known again by CREATE TABLE … "
            "LOCATION; `doctor` then says where those are that were managed",
        )


def examine_tables(directory: StateDirectory, managed: Iterable[str]) -> Iterator[Finding]:
    """Compare the catalog with the logs of the tables.

    `managed` are the URLs of the folders in which managed tables may be. What cannot be read is a
    finding, too.
    """
    with closing(Catalog(directory.path / CATALOG_FILE)) as catalog:
        tables = [relation for relation in catalog.relations() if not relation.is_view]
        for relation in tables:
            try:
                yield from _examine_table(catalog, relation)
            except (SqlError, OSError) as error:
                yield Finding(
                    f"{relation.name} cannot be read: {error}",
                    f"none: look whether its storage answers, and into its log at {relation.path}",
                )
        known = {relation.location for relation in tables}
        unfinished = catalog.unfinished_folders()
        for url in managed:
            try:
                for folder in objects.folders(f"{url}/"):
                    if folder not in known:
                        ours = folder in unfinished
                        yield _left_behind(catalog, folder) if ours else _unknown(folder)
            except (SqlError, OSError) as error:
                yield Finding(f"{url}/ cannot be listed: {error}", "none: look into its storage")


def _left_behind(catalog: Catalog, folder: str) -> Finding:
    def delete() -> None:
        objects.delete_tree(folder)
        catalog.finish(folder)

    problem = f"{folder} is what a CREATE or DROP TABLE that was killed or failed has left behind"
    return Finding(problem, "delete it", delete)


def _unknown(folder: str) -> Finding:
    """The finding for a folder of no table of the catalog.

    A folder with a log may be a table of a catalog that was lost, or of another state directory
    with the same S3, and is not ours to delete.
    """
    if not objects.names(f"{folder}/_delta_log/"):
        return Finding(
            f"{folder} holds the files of no table",
            "delete them",
            partial(objects.delete_tree, folder),
        )
    try:
        found = _column_list(delta_tables.columns(folder)[0])
    except SqlError as error:
        found = str(error)
    return Finding(
        f"{folder} holds a table that the catalog does not know: {found}",
        f"none: CREATE TABLE … LOCATION '{folder}' takes it over. If it is nobody's: "
        + _deletion(folder),
    )


def _deletion(folder: str) -> str:
    """The command that deletes a folder."""
    if objects.is_s3(folder):
        return f"local-warehouse exec -- aws s3 rm --recursive {folder}"
    return f"rm -r {folder.removeprefix('file://')}"


def _examine_table(catalog: Catalog, relation: Relation) -> Iterator[Finding]:
    """Compare one table with its log. Raises SqlError or OSError when that cannot be read."""
    location = relation.path
    versions = delta_log.log_versions(location)
    if not versions:
        yield Finding(
            f"{relation.name} is in the catalog, but there is no table at {location}",
            "take it out of the catalog",
            lambda: catalog.drop_relation(relation.name),
        )
        return
    if versions != list(range(versions[0], versions[-1] + 1)):
        yield Finding(
            f"the log of {relation.name} at {location} has gaps",
            "none: restore the missing entries, or drop the table",
        )
        return
    try:
        delta_log.read_commit(location, versions[-1])
    except ValueError:
        entry = delta_log.entry_url(location, versions[-1])
        yield Finding(
            f"the newest entry of the log of {relation.name} cannot be read: {entry}",
            "put it aside with the ending .unreadable: the table is as it was one commit before",
            lambda: _put_aside(entry),
        )
        return
    columns, partition_by = delta_tables.columns(location)
    checks = delta_tables.constraints(location)
    known = {c.name.lower(): c.expression or "" for c in relation.constraints if c.kind == "CHECK"}
    if _normal_checks(checks) != _normal_checks(known):
        yield Finding(
            f"{relation.name} has other CHECK constraints than the catalog says: "
            f"{_check_list(checks)}; in the catalog {_check_list(known)}",
            "take the table's into the catalog",
            lambda: _take_checks(catalog, relation, checks),
        )
    if _column_shapes(columns) != _column_shapes(relation.columns):
        yield Finding(
            f"{relation.name} has other columns than the catalog says: "
            f"{_column_list(columns)}; in the catalog {_column_list(relation.columns)}",
            "take the table's into the catalog",
            lambda: _take_columns(catalog, relation, columns, partition_by),
        )


def _column_shapes(columns: list[Column]) -> list[tuple[str, str, bool]]:
    return [(column.name.lower(), column.type, column.nullable) for column in columns]


def _column_list(columns: list[Column]) -> str:
    return ", ".join(
        f"{column.name} {column.type}{'' if column.nullable else ' not null'}" for column in columns
    )


def _normal_checks(checks: dict[str, str]) -> dict[str, str]:
    return {name: normal_form(text) for name, text in checks.items()}


def _check_list(checks: dict[str, str]) -> str:
    return ", ".join(f"{name} ({text})" for name, text in checks.items()) or "none"


def _take_checks(catalog: Catalog, relation: Relation, checks: dict[str, str]) -> None:
    relation = relation.copy()
    relation.constraints = [c for c in relation.constraints if c.kind != "CHECK"] + [
        Constraint(name, "CHECK", expression=text) for name, text in checks.items()
    ]
    catalog.put_relation(relation)


def _put_aside(entry: str) -> None:
    content = objects.read(entry)
    places = (f"{entry}{'' if n == 1 else f'.{n}'}.unreadable" for n in itertools.count(1))
    next(place for place in places if objects.put_if_absent(place, content))
    objects.delete(entry)
    with suppress(FileNotFoundError):  # its checksum belongs to it
        objects.delete(entry.removesuffix(".json") + ".crc")


def _take_columns(
    catalog: Catalog, relation: Relation, columns: list[Column], partition_by: list[str]
) -> None:
    relation = relation.copy()
    for column in columns:
        known = relation.column(column.name)
        if known is not None:
            column.describe_as(known)
    relation.columns, relation.partition_by = columns, partition_by
    relation.generation += 1
    catalog.put_relation(relation)
