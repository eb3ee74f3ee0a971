"""`read_files` in a query: the arguments of its call, and its files as a relation of the engine.

https://docs.databricks.com/aws/en/sql/language-manual/functions/read_files
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from sqlglot import exp

from local_warehouse import errors, read_files
from local_warehouse.engine.engine import Engine
from local_warehouse.rewrites.merged_scans import MergedFiles
from local_warehouse.session.context import Context
from local_warehouse.sql.dialect import render
from local_warehouse.sql.walk import nodes, of_kind


def asks_for_metadata(tree: exp.Expr) -> bool:
    """Whether the query names the hidden column _metadata."""
    return any(name.name.lower() == "_metadata" for name in of_kind(nodes(tree), exp.Identifier))


def hide_metadata(table: exp.Table) -> None:
    """Except _metadata from the stars of the SELECT that reads `table`, in place."""
    select = table.parent_select
    for projection in select.expressions if select is not None else ():
        star = projection.this if isinstance(projection, exp.Column) else projection
        if isinstance(star, exp.Star):
            hidden = [*(star.args.get("except_") or ()), exp.to_identifier("_metadata")]
            star.set("except_", hidden)


def path_and_options(arguments: list[exp.Expr]) -> tuple[str, dict[str, Any]]:
    """The path and the named options of a read_files call; option names in lower case.

    Raises SqlError where the path is missing or an argument is no literal.
    """
    path: str | None = None
    options: dict[str, Any] = {}
    for argument in arguments:
        if not isinstance(argument, (exp.Kwarg, exp.PropertyEQ)):
            path = _text(argument)
            continue
        value = argument.expression
        if isinstance(value, exp.Boolean):
            options[argument.name.lower()] = bool(value.this)
        elif isinstance(value, exp.Literal):
            options[argument.name.lower()] = value.name if value.is_string else int(value.name)
        elif isinstance(value, exp.Null):
            options[argument.name.lower()] = None
        else:
            raise errors.syntax_error(f"read_files takes literals only: {render(argument)}.")
    path = path if path is not None else options.pop("path", None)
    if path is None:
        raise errors.syntax_error("read_files needs a path as its first argument.")
    return path, options


def _text(node: exp.Expr) -> str:
    if not isinstance(node, exp.Literal) or not node.is_string:
        raise errors.syntax_error(f"Expected a string literal, found {render(node)}.")
    return node.name


def scan(
    context: Context, path: str, options: dict[str, Any], *, with_metadata: bool = False
) -> AbstractContextManager[str]:
    """A read_files call as the SQL of a relation that the engine can read while the context
    manager is open. Raises SqlError for what the author of the call can mend."""
    warehouse = context.warehouse
    warehouse.locations.check(path)

    def read() -> read_files.Scan:
        return read_files.read_files(
            path,
            options,
            storage=warehouse.files,
            scratch=warehouse.scratch,
            with_metadata=with_metadata,
        )

    return _relation(context.engine, read, options)


def scan_merged(
    context: Context, merged: MergedFiles, options: dict[str, Any]
) -> AbstractContextManager[str]:
    """The read_files calls of a merged branch as the SQL of one relation, with a column for each
    of their constants."""
    warehouse = context.warehouse
    for path in merged.paths:
        warehouse.locations.check(path)

    def read() -> read_files.Scan:
        return read_files.read_many(
            merged.paths,
            options,
            merged.constants,
            merged.casts,
            storage=warehouse.files,
            scratch=warehouse.scratch,
        )

    return _relation(context.engine, read)


@contextmanager
def _relation(
    engine: Engine, read: Callable[[], read_files.Scan], options: Mapping[str, Any] | None = None
) -> Iterator[str]:
    try:
        files = read()
    except read_files.UnsupportedOption as error:
        raise errors.unsupported(str(error)) from error
    except read_files.ReadFilesError as error:
        raise errors.from_text(str(error), "FAILED_READ_FILE") from error
    try:
        for statement in files.setup:
            engine.run(statement)
        yield files.sql if options is None else _with_types(engine, files, options)
    finally:
        try:
            for statement in files.teardown:
                engine.run(statement)
        finally:
            files.cleanup()


def _with_types(engine: Engine, files: read_files.Scan, options: Mapping[str, Any]) -> str:
    """The SQL of a scan with the types of its values, where its options leave them open."""

    def ask(query: str) -> list[Any]:
        (row,) = engine.run(query).to_pylist()
        return list(row.values())

    return read_files.with_inferred_types(files, options, ask)
