"""`erase-person`: removes a person from the landing files, and so from every layer; proves it.

The files come without the person's lines, under their names. The loader then replaces their rows as
those of any changed file, silver and gold follow, and the log keeps what happened.

Exit codes: 0 nothing is left of the person, 1 something is, 2 wrong use or configuration.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml
import zstandard
from botocore.exceptions import BotoCoreError, ClientError

import local_session
from bronze_loader.datasets.declaration import Dataset, find_sources, read_datasets
from bronze_loader.errors import ConfigurationError, LoaderError, Refused
from bronze_loader.landing.bucket import Landing, LandingFile, s3_client
from bronze_loader.sniffing.header import sniff
from bronze_loader.warehouse.connection import (
    ON_A_LAPTOP,
    connect,
    host_is_known,
    is_loopback,
)
from erase_person.layers import ID, TAG, Held, held_of
from erase_person.records import without_person
from local_session.command_end import ending_with_its_reader
from local_session.names import default_schemas, layer_schemas

UNREADABLE = (Refused, csv.Error, OSError, EOFError, zstandard.ZstdError)


@dataclass(frozen=True)
class Found:
    """A landing file with lines of the person, and what it holds without them."""

    file: LandingFile
    lines: int
    rest: bytes


@ending_with_its_reader
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = _parser().parse_args(given)
    try:
        if not host_is_known():
            local_session.enter("erase-person", given, "DATABRICKS_HOST")
        if not os.environ.get("LANDING_URL"):
            raise ConfigurationError(f"LANDING_URL is not set; {ON_A_LAPTOP}")
        return _run(options)
    except (ConfigurationError, local_session.SessionError) as error:
        print(f"erase-person: {error}", file=sys.stderr)
        return 2
    except (LoaderError, ClientError, BotoCoreError) as error:
        print(f"erase-person: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("erase-person: stopped; run it again, it goes on from here", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="erase-person",
        description="Remove the lines of a person from the landing files, load and build, and "
        "prove that no layer holds their personal data. Needs the right to write the landing.",
        epilog="Exit codes: 0 nothing is left, 1 something is, 2 wrong use.",
    )
    parser.add_argument("id", help="the person's id, as customer files have it")
    parser.add_argument(
        "--dry-run", action="store_true", help="name the files and tables, change nothing"
    )
    parser.add_argument(
        "--files-only", action="store_true",
        help="leave loading and building to the job, and the proof to another call",
    )  # fmt: skip
    return parser


def _run(options: argparse.Namespace) -> int:
    person = options.id.strip()
    if not person:
        raise ConfigurationError("the id is blank")
    catalog = os.environ.get("DATABRICKS_CATALOG")
    if not catalog:
        raise ConfigurationError("DATABRICKS_CATALOG is not set")
    client = s3_client()
    landing = Landing(os.environ["LANDING_URL"], client)
    found, unread = _look(landing, person)
    for one in found:
        print(f"  {one.file.url}: {one.lines} lines")
    for url, reason in unread:
        print(f"  {url}: could not be looked into, look yourself ({reason})")
    if options.dry_run:
        return int(_print_held(catalog, person))
    for one in found:
        _replace(client, landing.bucket, one)
    print(f"{len(found)} files are replaced by themselves without the lines of {person!r}")
    if options.files_only:
        print("Now run the job, then `erase-person` again, which proves it")
        return 0
    for command in (
        ["load-bronze", "--refused-ok"],
        ["dbt", "--quiet", "build", "--exclude-resource-type", "unit_test"],
    ):
        code = subprocess.run([str(local_session.bin_dir() / command[0]), *command[1:]],
                              cwd=local_session.project_root(), check=False).returncode  # fmt: skip
        if code:
            raise LoaderError(f"{' '.join(command)} ended with {code}; mend it and run this again")
    left, unread = _look(landing, person)
    return int(_print_held(catalog, person) or bool(left) or bool(unread))


def _look(landing: Landing, person: str) -> tuple[list[Found], list[tuple[str, str]]]:
    """The landing files with lines of the person, and those that cannot be read, with why."""
    found, unread = [], []
    for dataset, column in _datasets_of_persons():
        for file in landing.list(dataset.prefix).files:
            if not dataset.matches(file.relative_key):
                continue
            try:
                options = dataset.options_of(file.relative_key)
                own = replace(dataset, options=options)
                header = sniff(file.key, file.size, own, landing.reader(file))
                with landing.stream(file) as body:
                    rest, lines = without_person(
                        body.read(), file.key, header, options.multi_line, column, person
                    )
            except UNREADABLE as reason:
                unread.append((file.url, str(reason)))
                continue
            if lines:
                found.append(Found(file, lines, rest))
    return found, unread


def _datasets_of_persons() -> list[tuple[Dataset, str]]:
    """The declared datasets with a column that is tagged as a person's id, and that column."""
    path = find_sources(None)
    tagged = {
        table["name"]: column["name"]
        for source in yaml.safe_load(Path(path).read_text())["sources"]
        for table in source["tables"]
        for column in table.get("columns", ())
        if column.get("databricks_tags", {}).get(TAG) == ID
    }
    return [(each, tagged[each.name]) for each in read_datasets(path) if each.name in tagged]


def _replace(client: Any, bucket: str, one: Found) -> None:
    """Write the file without the lines, unless it was replaced since it was read."""
    place = {"Bucket": bucket, "Key": one.file.key}
    kept = client.head_object(**place)
    try:
        client.put_object(
            **place, Body=one.rest, IfMatch=f'"{one.file.etag}"',
            Metadata=kept.get("Metadata", {}),
        )  # fmt: skip
    except ClientError as error:
        raise LoaderError(
            f"{one.file.url} cannot be replaced ({error}): have its owner send it without these "
            "lines, or run this with keys that may write it"
        ) from error


def _print_held(catalog: str, person: str) -> bool:
    """Print what each table holds of the person, and how to end its history; whether any does."""
    schemas = list(_schemas())
    with connect() as warehouse:
        held = held_of(warehouse, catalog, schemas, person)
    if not held:
        raise LoaderError(
            f"no table of {', '.join(schemas)} has a column with the tag {TAG}: build first"
        )
    for one in held:
        print(f"  {one.table}: {one.rows} rows")
    if any(one.rows for one in held):
        return True
    print(f"No table holds personal data of {person!r}. {_history(held)}")
    return False


def _history(held: Iterable[Held]) -> str:
    tables = ", ".join(one.table for one in held if not one.is_view)
    return (
        f"Old versions do, until `vacuum` has been run a week from now on {tables}; so do old "
        "versions of the files named above, until the bucket's lifecycle deletes them"
    )


def _schemas() -> Iterable[str]:
    """The layers' schemas: those beside BRONZE_SCHEMA, else those that loader and dbt use where
    none is named."""
    alone = layer_schemas()
    bronze = os.environ.get("BRONZE_SCHEMA", "").lower()
    if bronze.endswith(alone["bronze"]):
        prefix = bronze.removesuffix(alone["bronze"]).removesuffix("_")
        return layer_schemas(prefix).values()
    is_local = is_loopback(os.environ.get("DATABRICKS_HOST", ""))
    return default_schemas(is_local=is_local).values()


if __name__ == "__main__":
    sys.exit(main())
