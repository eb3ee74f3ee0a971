"""The source of a MERGE, computed once.

The engine computes the query behind USING more than once, as to find the files to rewrite and then
to write them. That takes its time again, and of a query that gives other rows each time, as by
rand(), some rows would be found and others merged. Delta Lake materializes a source for the same
reasons.
https://docs.delta.io/latest/delta-update.html#performance-tuning
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlglot import exp

from local_warehouse.catalog.model import Column, Relation
from local_warehouse.delta import log as delta_log
from local_warehouse.errors import CONFLICT, SqlError
from local_warehouse.read_files.scan import parquet_relation, remove, scratch_folder
from local_warehouse.session.context import Context
from local_warehouse.sql.dialect import parse, render

# Types that a Parquet file of the engine's does not give back as they were, anywhere in a type.
_NOT_KEPT = ("void", "interval", "variant")


@contextmanager
def computed_once(context: Context, relation: Relation, statement: exp.Expr) -> Iterator[exp.Expr]:
    """A statement that reads the source's rows from a file, which is there in the block. Any other
    statement, and a MERGE of a table or of a query that no file keeps, is given back as it is.

    Raises SqlError (CONFLICT) where another writer has changed the table meanwhile.
    """
    source = statement.args.get("using") if isinstance(statement, exp.Merge) else None
    if not isinstance(source, (exp.Subquery, exp.Values)):
        yield statement
        return
    changed = statement.copy()
    changed.set("using", source := _query(source))
    if source.find(exp.Table) is None or not _are_kept(context.engine.columns(render(source.this))):
        yield changed
        return
    with scratch_folder(context.warehouse.scratch) as folder:
        try:
            version = delta_log.latest_version(relation.path)
            source.set("this", _saved(context, source.this, folder / "source"))
            if delta_log.latest_version(relation.path) != version:
                raise SqlError(CONFLICT, f"another writer has changed {relation.name}")
            yield changed
        finally:
            remove(folder)


def _saved(context: Context, query: exp.Expr, folder: Path) -> exp.Expr:
    """A query's rows, in files of a folder; of no rows the engine writes no file."""
    context.engine.save(render(query), folder)
    if any(folder.glob("*.parquet")):
        return parse(f"select * from {parquet_relation(folder)}")
    return exp.select("*").from_(exp.Subquery(this=query, alias="empty")).where(exp.false())


def _query(source: exp.Subquery | exp.Values) -> exp.Subquery:
    """A source as the engine knows it: a query whose alias gives its columns no names."""
    alias = source.args.get("alias")
    if isinstance(source, exp.Subquery) and (alias is None or not alias.columns):
        return source.copy()
    name = None if alias is None else exp.TableAlias(this=alias.this.copy())
    return exp.Subquery(this=exp.select("*").from_(source.copy()), alias=name)


def _are_kept(columns: list[Column]) -> bool:
    names = {column.name.lower() for column in columns}
    types = " ".join(column.type for column in columns)
    return len(names) == len(columns) and not any(name in types for name in _NOT_KEPT)
