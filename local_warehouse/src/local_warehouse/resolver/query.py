"""Queries and DML statements, from their text to what the engine can run."""

from __future__ import annotations

import functools
from contextlib import ExitStack
from dataclasses import replace

from sqlglot import exp

from local_warehouse.catalog.model import Column, Function, Relation
from local_warehouse.catalog.names import Name
from local_warehouse.errors import SqlError
from local_warehouse.resolver.ctes import check_random, number_ctes
from local_warehouse.resolver.names import NameResolver, Scope
from local_warehouse.resolver.parameters import bind
from local_warehouse.resolver.rewritten import rewritten
from local_warehouse.resolver.user_functions import with_arguments
from local_warehouse.rewrites.casts_by_name import cast_by_name
from local_warehouse.rewrites.origins import NotKnownError, outputs
from local_warehouse.rewrites.without_ansi import read_without_ansi
from local_warehouse.session.context import Context
from local_warehouse.sql.dialect import parse, render
from local_warehouse.sql.walk import nodes


class Query:
    """A query or DML statement made ready for the engine. Close it after its result is read: a
    scan of files may hold scratch data."""

    def __init__(
        self,
        context: Context,
        text: str | exp.Expr,
        namespace: tuple[str, str] | None = None,
        call: tuple[Function, list[exp.Expr]] | None = None,
        *,
        permanent: bool = False,
        reads: bool = False,
        writes: Relation | None = None,
        describes: bool = False,
    ) -> None:
        """Make it ready in five steps: bind values, resolve names, substitute arguments, number
        CTEs, rewrite.

        `namespace` is the catalog and schema of names that have neither, the session's by default.
        `call` is a function, of which `text` is the body, and its arguments. A query that is
        `permanent` is to be kept in the catalog and can refer to nothing that is temporary. One
        that only `reads` has its tables as of now, however late it is run or how often; except
        the one that its statement `writes`. One that `describes` can say what the catalog says of
        its columns. Raises SqlError for what its author can mend.
        """
        self._engine = context.engine
        tree = parse(text) if isinstance(text, str) else text
        with ExitStack() as resources:
            names = NameResolver(context, resources, self._columns_of, reads=reads, writes=writes)
            bind(nodes(tree), context)
            context.merged.bind(tree)
            written = [] if context.session.is_ansi else nodes(cast_by_name(tree, self._columns_of))
            tree = names.resolve(tree, Scope(namespace or context.session.namespace, permanent))
            if written:
                read_without_ansi(tree, written)
            if call is not None:
                tree = with_arguments(*call, tree, self._columns_of)
            check_random(names.references)
            number_ctes(names.references)
            self._origins = _origins(tree) if describes else []
            self._rewritten = rewritten(tree, self._engine.columns)
            self._snapshots = names.snapshots  # held while the query may be run
            self._views = names.views
            self.reads = names.reads  # the types of columns, by the names of relations
            self._resources = resources.pop_all()

    @functools.cached_property
    def tree(self) -> exp.Expr:
        """The syntax tree that the engine runs; the caller may change it."""
        return self._rewritten.tree.copy()

    @property
    def sql(self) -> str:
        """The text that the engine runs."""
        is_changed = "tree" in self.__dict__
        return render(self.tree, copy=False) if is_changed else self._rewritten.sql

    def _columns_of(self, part: exp.Expr) -> list[Column]:
        return self._engine.columns(render(part))

    def check_acyclic(self, view: Name | str) -> None:
        """Raise SqlError where the query reads the view that it is to be, be it by another one."""
        if view in self._views:
            raise SqlError("RECURSIVE_VIEW", f"The view {view} would read itself.")

    def columns(self) -> list[Column]:
        """The columns of the query's result."""
        return self._engine.columns(self.sql)

    def described_columns(self) -> list[Column]:
        """The columns of the query's result, with the comments and the declared types of the
        tables' columns that they are."""
        columns = self.columns()
        if [column.name.lower() for column in columns] != [name for name, _ in self._origins]:
            return columns
        return [
            replace(column, comment=origin.comment, declared=origin.declared)
            if origin is not None and origin.type == column.type
            else column
            for column, (_, origin) in zip(columns, self._origins, strict=True)
        ]

    def names_of_star(self, columns: list[Column]) -> list[str]:
        """The names of the query's columns where it has a star, so that its tables say which they
        are; empty where it has none, or two columns have one name."""
        names = [column.name for column in columns]
        distinct = len({name.lower() for name in names}) == len(names)
        return names if distinct and getattr(self._rewritten.tree, "is_star", False) else []

    def close(self) -> None:
        """Release the scans of the query; its text cannot be run any more."""
        self._resources.close()

    def __enter__(self) -> Query:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _origins(tree: exp.Expr) -> list[tuple[str, Column | None]]:
    try:
        return outputs(tree)
    except NotKnownError:
        return []
