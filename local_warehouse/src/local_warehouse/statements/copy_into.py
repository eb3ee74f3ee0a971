"""COPY INTO: loads each file of a folder into a table, once.

A file that has been loaded is skipped from then on by its name, even if its content has changed.
The catalog keeps the names with the table. They are noted there before the commit, which carries
the note's id; the next COPY INTO the table finds out by it what became of the note of a killed one.

https://docs.databricks.com/aws/en/sql/language-manual/delta-copy-into
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from sqlglot import exp

from local_warehouse import errors, read_files
from local_warehouse.catalog.locks import turn
from local_warehouse.catalog.model import Column, Copy, Relation
from local_warehouse.catalog.names import quoted
from local_warehouse.delta import log as delta_log
from local_warehouse.delta import transactions
from local_warehouse.resolver.query import Query
from local_warehouse.session.context import Context, target
from local_warehouse.sql.dialect import literal, parse, render
from local_warehouse.statements.insert import Insert, body_of
from local_warehouse.statements.reader import StatementReader
from local_warehouse.types.results import Result, counts

_FORMATS = ("AVRO", "BINARYFILE", "CSV", "JSON", "ORC", "PARQUET", "TEXT")
_COPY_OPTIONS = ("force", "mergeschema")
_MAX_FILES = 1000  # names in FILES
_WIDER = {  # the types that a value may be written to besides its own
    "tinyint": ("smallint", "int", "bigint", "float", "double"),
    "smallint": ("int", "bigint", "float", "double"),
    "int": ("bigint", "double"),
    "float": ("double",),
    "date": ("timestamp_ntz",),
    "void": (),
}


@dataclass
class _Copy:
    """The clauses of one statement."""

    relation: Relation
    listed: list[str] | None = None
    by_position: bool = False
    url: str = ""
    select: str | None = None  # the text between the parentheses after FROM
    file_format: str = ""
    names: list[str] | None = None
    pattern: str | None = None
    format_options: dict[str, str] = field(default_factory=dict)
    copy_options: dict[str, str] = field(default_factory=dict)

    def is_on(self, option: str) -> bool:
        return self.copy_options.get(option, "false").lower() == "true"


def copy_into(context: Context, reader: StatementReader) -> Result:
    """COPY INTO table [BY POSITION | (column, …)] FROM {url | (SELECT …)} FILEFORMAT = format ….

    Returns the numbers of rows that were inserted.
    """
    copy = _read(context, reader)
    found = _files(context, copy)
    with turn(f"COPY INTO {copy.relation.id}"):  # so that no file is loaded by two
        for left in context.catalog.copies(copy.relation):
            _settle(context, copy.relation, left)
        loaded = set() if copy.is_on("force") else context.catalog.copied_files(copy.relation)
        new = [file for file in found if file not in loaded]
        inserted = _load(context, copy, new) if new else 0
    return counts(
        num_affected_rows=inserted, num_inserted_rows=inserted, num_skipped_corrupt_files=0
    )


def _read(context: Context, reader: StatementReader) -> _Copy:
    copy = _Copy(target(context, reader.name()))
    copy.by_position = reader.accept("BY", "POSITION")
    if reader.sees("("):
        copy.listed = reader.names_in_parentheses()
    reader.expect("FROM")
    if reader.sees("("):
        copy.select = reader.parenthesised()
        source = parse(copy.select).find(exp.From)
        copy.url = source.this.name if source is not None else ""
    else:
        copy.url = reader.string()
    if reader.sees("WITH"):
        raise errors.unsupported("COPY INTO … WITH credentials")
    reader.expect("FILEFORMAT", "=")
    copy.file_format = reader.take().text.upper()
    if copy.file_format not in _FORMATS:
        raise reader.error(f"expected one of {', '.join(_FORMATS)}")
    if reader.sees("VALIDATE"):
        raise errors.unsupported("COPY INTO … VALIDATE")
    if reader.accept("FILES", "="):
        copy.names = _strings(reader)
    elif reader.accept("PATTERN", "="):
        copy.pattern = reader.string()
    if reader.accept("FORMAT_OPTIONS"):
        copy.format_options = reader.pairs()
    if reader.accept("COPY_OPTIONS"):
        copy.copy_options = {name.lower(): text for name, text in reader.pairs().items()}
    reader.end()
    for option in copy.copy_options:
        if option not in _COPY_OPTIONS:
            message = f"COPY INTO has the options {' and '.join(_COPY_OPTIONS)}, and no {option}."
            raise errors.SqlError("COPY_INTO_SYNTAX_ERROR", message)
    return copy


def _strings(reader: StatementReader) -> list[str]:
    reader.expect("(")
    found = [reader.string()]
    while reader.accept(","):
        found.append(reader.string())
    reader.expect(")")
    if len(found) > _MAX_FILES:
        message = f"FILES names {len(found)} files; {_MAX_FILES} is the most."
        raise errors.SqlError("COPY_INTO_SYNTAX_ERROR", message)
    return found


def _files(context: Context, copy: _Copy) -> list[str]:
    """The URLs of the files that the statement names, loaded or not."""
    folder = context.warehouse.locations.check(copy.url) + "/"
    if copy.names is not None:
        return [folder + name.lstrip("/") for name in copy.names]
    storage = context.warehouse.files
    try:
        if copy.pattern is not None:
            context.warehouse.locations.check(folder + copy.pattern)
            return [file.url for file in storage.find(_glob_of(folder) + copy.pattern)]
        try:
            inside = storage.find(folder)
        except read_files.PathNotFound:
            return [storage.describe(file).url for file in storage.find(copy.url)]
    except read_files.PathNotFound as error:
        raise errors.SqlError(
            "COPY_INTO_SOURCE_SCHEMA_INFERENCE_FAILED",
            "The source directory did not contain any parsable files of type "
            f"{copy.file_format}. Please check the contents of '{copy.url}'.",
        ) from error
    except read_files.ReadFilesError as error:
        raise errors.from_text(str(error), "FAILED_READ_FILE") from error
    return [file.url for file in inside if "/" not in file.url.removeprefix(folder)]


def _glob_of(path: str) -> str:
    """A path as the glob that means it alone."""
    return "".join(f"\\{char}" if char in "*?[]{}\\," else char for char in path)


def _together(urls: list[str]) -> str:
    """The glob of exactly these files."""
    shared = os.path.commonprefix(urls)  # noqa: RUF071 - cut at its last slash
    folder = shared.rpartition("/")[0] + "/"
    below = [_glob_of(url.removeprefix(folder)) for url in urls]
    return _glob_of(folder) + (below[0] if len(below) == 1 else f"{{{','.join(below)}}}")


def _load(context: Context, copy: _Copy, urls: list[str]) -> int:
    positional = copy.by_position or copy.listed is not None
    if positional and (copy.file_format != "CSV" or _is_true(copy.format_options, "header")):
        raise errors.SqlError(
            "COPY_INTO_SYNTAX_ERROR",
            "A column list and BY POSITION are for CSV files without a header.",
        )
    relation = copy.relation
    clauses = Insert(False, relation, listed=copy.listed, by_name=not positional)
    with Query(context, _source(context, copy, urls)) as query:
        if not positional:
            _check(copy, query.columns())
        body = body_of(context, clauses, query, evolves=copy.is_on("mergeschema"))
        note = Copy(transactions.new_mark(), delta_log.latest_version(relation.path), urls)
        context.catalog.begin_copy(relation, note)
        made = transactions.commit(
            relation,
            lambda mark: context.engine.append(body, relation.path, mark),
            append=True,
            mark=note.id,
        )
    context.catalog.end_copy(relation, note, is_done=True)
    return made.metrics.get("numOutputRows", 0)


def _settle(context: Context, relation: Relation, note: Copy) -> None:
    """Find out whether a copy that did not end has been committed."""
    found = delta_log.find_commit(relation.path, note.version, note.id)
    context.catalog.end_copy(relation, note, is_done=found is not None)


def _is_true(options: dict[str, str], name: str) -> bool:
    return any(k.lower() == name and v.lower() == "true" for k, v in options.items())


def _source(context: Context, copy: _Copy, urls: list[str]) -> str:
    """The query of the statement's rows."""
    options = dict(copy.format_options)
    merges = [name for name in options if name.lower() == "mergeschema"]
    is_merged = any(options.pop(name).lower() == "true" for name in merges)
    by_file = is_merged and len(urls) > 1 and copy.file_format.lower() == "csv"
    shown = "*, _metadata" if copy.select and "_metadata" in copy.select.lower() else "*"
    if by_file:
        relation = _by_name(context, copy, options, urls, shown)
    else:
        relation = f"select {shown} from {_call(copy, options, _together(urls))}"
    if copy.select is None:
        return relation
    tree = parse(copy.select)
    source = tree.find(exp.From)
    assert source is not None
    alias = source.this.args.get("alias") or exp.TableAlias(this=exp.to_identifier("files"))
    source.this.replace(exp.Subquery(this=parse(relation), alias=alias.copy()))
    return render(tree)


def _by_name(
    context: Context, copy: _Copy, options: dict[str, str], urls: list[str], shown: str
) -> str:
    """The files' rows with the columns of all of them, each column found by its name."""
    branches: list[tuple[str, list[str]]] = []
    names: dict[str, None] = {}
    for url in urls:
        call = f"select {shown} from {_call(copy, options, _glob_of(url))}"
        with Query(context, call) as query:
            columns = [column.name for column in query.columns()]
        branches.append((call, columns))
        names |= dict.fromkeys(columns)
    parts = []
    for call, columns in branches:
        cells = (
            quoted(name) if name in columns else f"cast(null as string) as {quoted(name)}"
            for name in names
        )
        parts.append(f"select {', '.join(cells)} from ({call})")
    return " union all ".join(parts)


def _call(copy: _Copy, options: dict[str, str], path: str) -> str:
    arguments = [literal(path), f"format => {literal(copy.file_format.lower())}"]
    arguments += [f"{name} => {literal(text)}" for name, text in options.items()]
    if copy.file_format.lower() in ("csv", "json", "parquet"):
        arguments.append("schemaEvolutionMode => 'none'")  # that is, without _rescued_data
    if copy.file_format.lower() == "csv" and not _is_true(options, "inferschema"):
        arguments.append("inferColumnTypes => false")
    return f"read_files({', '.join(arguments)})"


def _check(copy: _Copy, given: list[Column]) -> None:
    """Check the columns of the files against the table's of the same names.

    Their types must be the same or narrower; a new column needs the option mergeSchema.
    """
    for column in given:
        wanted = copy.relation.column(column.name)
        if wanted is None and not copy.is_on("mergeschema"):
            raise errors.SqlError(
                "COPY_INTO_SCHEMA_MISMATCH_WITH_TARGET_TABLE",
                f"A schema mismatch was detected while copying into the Delta table "
                f"{copy.relation.name}: it has no column {column.name}. The table's schema "
                "evolves with COPY_OPTIONS ('mergeSchema' = 'true').",
            )
        if wanted is not None and not _fits(column.type, wanted.type):
            raise errors.SqlError(
                "DELTA_FAILED_TO_MERGE_FIELDS",
                f"Failed to merge fields '{wanted.name}' and '{column.name}': the table's is "
                f"{wanted.type.upper()} and the files' {column.type.upper()}. Cast it in COPY "
                f"INTO … FROM (SELECT {column.name}::{wanted.type.upper()}, … FROM '{copy.url}').",
            )


def _fits(found: str, wanted: str) -> bool:
    if found == wanted or found == "void" or wanted in _WIDER.get(found, ()):
        return True
    return found.startswith("decimal") and wanted.startswith("decimal")
