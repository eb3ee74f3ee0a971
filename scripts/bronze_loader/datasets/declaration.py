"""The declaration of the datasets: dbt's source YAML as dataclasses, with errors that say where."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import ConstructorError

from bronze_loader.datasets.column_names import normalise, plain_name
from bronze_loader.datasets.csv_options import CsvOptions, read_options
from bronze_loader.datasets.globs import CSV_SUFFIX, compile_glob, literal_prefix
from bronze_loader.errors import ConfigurationError

SOURCE_NAME = "bronze"
DEFAULT_SOURCES = Path("models/bronze/_bronze__sources.yml")


# The load log's table, and the folder among the tables in which the lease is.
_RESERVED = ("load_log", "_load_bronze")


class _Yaml(yaml.SafeLoader):
    """A loader whose error for a value that only looks like a date or a number says where it is."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:
            reason = f"{error}; put a text that looks like a date or a number in quotes"
            raise ConstructorError(problem=reason, problem_mark=node.start_mark) from error


@dataclass(frozen=True)
class DeclaredColumn:
    """One declared column, by its normalised header name; `aliases` are other names for it in
    headers, normalised too."""

    name: str
    required: bool = False
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Part:
    """The files of a dataset that are written in another way: a glob as a location is, and the
    options of the files that match it."""

    location: str
    options: CsvOptions


@dataclass(frozen=True)
class Dataset:
    """One table of the source `bronze` that is filled from files."""

    name: str
    location: str
    columns: tuple[DeclaredColumn, ...]
    options: CsvOptions = field(default_factory=CsvOptions)
    loads_duplicates: bool = False  # whether a second file of the same content is loaded too
    parts: tuple[Part, ...] = ()

    def matches(self, relative_key: str) -> bool:
        """Whether an object belongs to the dataset; the key is relative to the landing URL."""
        return bool(
            CSV_SUFFIX.search(relative_key) and compile_glob(self.location).match(relative_key)
        )

    def options_of(self, relative_key: str) -> CsvOptions:
        """The options of one file: those of the first part that it matches, else the dataset's."""
        matching = (p.options for p in self.parts if compile_glob(p.location).match(relative_key))
        return next(matching, self.options)

    @property
    def aliases(self) -> dict[str, str]:
        """The declared column for each other name that one has in headers."""
        return {alias: column.name for column in self.columns for alias in column.aliases}

    @property
    def prefix(self) -> str:
        """What the relative key of every file of this dataset begins with."""
        return literal_prefix(self.location)

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of all declared columns, in their order."""
        return tuple(column.name for column in self.columns)

    @property
    def required_names(self) -> tuple[str, ...]:
        """The names of the columns without which a file is refused."""
        return tuple(column.name for column in self.columns if column.required)


def common_prefix(datasets: Sequence[Dataset]) -> str:
    """What the relative keys of all the datasets' files begin with, often nothing."""
    first, last = min(d.prefix for d in datasets), max(d.prefix for d in datasets)
    same = (a == b for a, b in zip(first, last, strict=False))
    return first[: sum(1 for _ in takewhile(bool, same))]


def find_sources(asked: str | None) -> Path:
    """The path of the source YAML: the one asked for, or the project's, looked for in the working
    folder, in those above it and above this code. Raises ConfigurationError when there is none."""
    if asked:
        path = Path(asked)
        if not path.is_file():
            raise ConfigurationError(f"--sources {asked}: there is no such file")
        return path
    here = Path.cwd()
    code = Path(__file__).resolve()
    for folder in (here, *here.parents, *code.parents):
        if (folder / DEFAULT_SOURCES).is_file():
            return folder / DEFAULT_SOURCES
    raise ConfigurationError(
        f"{DEFAULT_SOURCES} is neither here nor in a folder above; "
        "start from the project's folder or name the file with --sources"
    )


def read_datasets(path: Path) -> tuple[Dataset, ...]:
    """The datasets declared in the YAML at `path`.

    Raises ConfigurationError, with the place in the file, for whatever the loader cannot take.
    """
    datasets: dict[str, Dataset] = {}
    for table in _tables(path):
        if not table.get("external"):
            continue
        dataset = _dataset(table, f"{path}: table {table.get('name')!r}")
        if dataset.name in datasets:
            raise ConfigurationError(f"{path}: table {dataset.name!r} is declared twice")
        datasets[dataset.name] = dataset
    if not datasets:
        raise ConfigurationError(
            f"{path}: source {SOURCE_NAME!r} has no table with an `external:` block"
        )
    return tuple(datasets.values())


def choose(declared: Sequence[Dataset], names: Collection[str], path: Path) -> tuple[Dataset, ...]:
    """The declared datasets of these names, in their order; all when no name is given.

    Raises ConfigurationError for a name that is not declared at `path`.
    """
    known = [dataset.name for dataset in declared]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ConfigurationError(
            f"--dataset {', '.join(unknown)}: not declared in {path}; "
            f"it declares {', '.join(known)}"
        )
    return tuple(d for d in declared if not names or d.name in names)


def tables_without_files(path: Path) -> list[str]:
    """The names of the tables of the YAML at `path` that no file is loaded into, but for the
    loader's own. Raises ConfigurationError as `read_datasets` does."""
    names = [str(table.get("name")) for table in _tables(path) if not table.get("external")]
    return [name for name in names if name not in _RESERVED]


def _tables(path: Path) -> Iterator[Mapping[str, Any]]:
    """The tables of the source `bronze`."""
    try:
        text = path.read_text(encoding="utf-8")
        document = yaml.load(text, _Yaml)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"cannot read {path}: {error}") from error
    sources = document.get("sources") if isinstance(document, Mapping) else None
    for source in sources if isinstance(sources, list) else []:
        if isinstance(source, Mapping) and source.get("name") == SOURCE_NAME:
            tables = source.get("tables") or []
            if not isinstance(tables, list):
                raise ConfigurationError(f"{path}: source {SOURCE_NAME!r}: `tables` must be a list")
            yield from (table for table in tables if isinstance(table, Mapping))
            return
    raise ConfigurationError(f"{path}: it declares no source named {SOURCE_NAME!r}")


def _dataset(table: Mapping[str, Any], where: str) -> Dataset:
    name = table.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9_]+", name):
        raise ConfigurationError(f"{where}: a table's name is lower-case letters, digits and _")
    if name in _RESERVED:
        raise ConfigurationError(
            f"{where}: the loader keeps {name} for itself; give the table of files another name"
        )
    external = table["external"]
    if not isinstance(external, Mapping):
        raise ConfigurationError(f"{where}: `external` must be a block with a `location`")
    location = _location(external.get("location"), where)
    if str(external.get("file_format", "csv")).lower() != "csv":
        raise ConfigurationError(
            f"{where}: file_format {external['file_format']!r} is not supported, only csv"
        )
    duplicates = external.get("duplicate_content", "skip")
    if duplicates not in ("skip", "load"):
        raise ConfigurationError(f"{where}: `external.duplicate_content` is skip or load")
    options = external.get("options") or {}
    return Dataset(
        name=name,
        location=location,
        columns=_columns(table.get("columns") or [], where),
        options=read_options(options, where),
        loads_duplicates=duplicates == "load",
        parts=tuple(_parts(external.get("parts") or [], options, where)),
    )


def _parts(declared: object, options: Mapping[str, Any], where: str) -> Iterator[Part]:
    for number, part in enumerate(declared if isinstance(declared, list) else [declared], start=1):
        here = f"{where}: `external.parts`, entry {number}"
        if not isinstance(part, Mapping) or set(part) != {"location", "options"}:
            raise ConfigurationError(f"{here}: it must be a block of `location` and `options`")
        own = part["options"]
        if not isinstance(own, Mapping) or not own:
            raise ConfigurationError(f"{here}: `options` must be a block of options")
        yield Part(_location(part["location"], here), read_options({**options, **own}, here))


def _location(location: object, where: str) -> str:
    if not isinstance(location, str) or not location or "{{" in location:
        raise ConfigurationError(
            f"{where}: `external.location` must be a plain glob under the landing URL, "
            "such as '**/data_sales_*'"
        )
    try:
        compile_glob(location)
    except (ValueError, re.error) as error:
        raise ConfigurationError(f"{where}: location {location!r}: {error}") from error
    return location.removeprefix("/")


def _columns(declared: object, where: str) -> tuple[DeclaredColumn, ...]:
    columns: list[DeclaredColumn] = []
    for entry in declared if isinstance(declared, list) else [declared]:
        name = entry.get("name") if isinstance(entry, Mapping) else None
        if not isinstance(entry, Mapping) or not isinstance(name, str):
            raise ConfigurationError(f"{where}: each of `columns` needs a `name`")
        if name.startswith("_"):
            continue  # a metadata column, declared for its documentation only
        if normalise([name]) != [name]:
            raise ConfigurationError(
                f"{where}: column {name!r} must be written as the loader normalises headers: "
                f"{normalise([name])[0]!r}"
            )
        if name in (column.name for column in columns):
            raise ConfigurationError(f"{where}: column {name!r} is declared twice")
        data_type = str(entry.get("data_type", "string")).lower()
        if data_type != "string":
            raise ConfigurationError(
                f"{where}: column {name!r} has data_type {data_type}; bronze keeps every CSV "
                "column as string, types are given in silver"
            )
        meta = _meta(entry, f"{where}: column {name!r}")
        required = meta.get("required", False)
        if not isinstance(required, bool):
            raise ConfigurationError(
                f"{where}: column {name!r}: `meta.required` must be true or false"
            )
        aliases = _aliases(meta.get("aliases") or [], f"{where}: column {name!r}")
        columns.append(DeclaredColumn(name, required, aliases))
    names = [name for column in columns for name in (column.name, *column.aliases)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigurationError(
            f"{where}: {', '.join(twice)}: a name or alias of one column is that of another too"
        )
    return tuple(columns)


def _aliases(declared: object, where: str) -> tuple[str, ...]:
    given = declared if isinstance(declared, list) else [declared]
    if not all(isinstance(alias, str) and plain_name(alias) for alias in given):
        raise ConfigurationError(f"{where}: `meta.aliases` must be a list of names")
    return tuple(dict.fromkeys(plain_name(alias) for alias in given))


def _meta(entry: Mapping[str, Any], where: str) -> dict[str, Any]:
    """A column's meta, both where dbt had it before 1.10 and under `config`."""
    config = _block(entry, "config", where)
    return {**_block(entry, "meta", where), **_block(config, "meta", where)}


def _block(entry: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    block = entry.get(key) or {}
    if not isinstance(block, Mapping):
        raise ConfigurationError(f"{where}: `{key}` must be a block")
    return block
