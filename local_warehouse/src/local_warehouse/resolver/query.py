"""Queries: from the names of the catalog to what the engine can run.

Every relation that a query names is replaced in its syntax tree: a table by the engine's name for
it, a view by its query, information_schema by its rows, read_files by a scan. The engine therefore
never sees a name of the catalog, and two sessions cannot see each other's temporary views.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from sqlglot import exp

from local_warehouse import errors
from local_warehouse.catalog.model import Column, Function, Relation
from local_warehouse.catalog.names import full_name
from local_warehouse.engine.snapshots import Snapshot
from local_warehouse.resolver import time_travel, user_functions
from local_warehouse.resolver.ctes import _common_table_expression, _number
from local_warehouse.resolver.parameters import bind
from local_warehouse.resolver.scans import _asks_for_metadata, _file_options, _hide_metadata
from local_warehouse.resolver.time_travel import version_after_at
from local_warehouse.rewrites import arithmetic
from local_warehouse.rewrites.scopes import sources
from local_warehouse.rewrites.select import rewrite
from local_warehouse.session.context import Context
from local_warehouse.sql.dialect import parse, render
from local_warehouse.sql.parse_cache import parse_again
from local_warehouse.sql.walk import nodes, of_kind

_REFUSED_FUNCTIONS = {"ai_query", "event_log", "read_kafka", "read_kinesis", "read_pulsar",
                      "remote_query", "table_changes", "vector_search"}  # fmt: skip

_MAX_DEPTH = 50  # views in views
_SESSION_VALUES: dict[str, Callable[[Context], str]] = {
    "current_catalog": lambda context: context.session.catalog,
    "current_schema": lambda context: context.session.schema,
    "current_database": lambda context: context.session.schema,
    "current_user": lambda context: context.session.user,
    "session_user": lambda context: context.session.user,
    "user": lambda context: context.session.user,
    "current_version": lambda context: "local",
}


@dataclass(frozen=True)
class _Scope:
    """Where names stand: in the statement itself, or in the body of a view or a function that it
    reads. What is permanent does not see what is temporary."""

    namespace: tuple[str, str]
    permanent: bool = False
    depth: int = 0

    def within(self, namespace: tuple[str, str], *, permanent: bool) -> _Scope:
        return _Scope(namespace, self.permanent or permanent, self.depth + 1)


class Query:
    """A query or DML statement made ready for the engine. Close it after its result is read:
    a scan of files may hold scratch data. One that is `permanent` is to be kept in the catalog,
    and can refer to nothing that is temporary. One that only `reads` has its tables as of now,
    however late it is run or how often; but for one that its statement `writes`."""

    def __init__(
        self,
        context: Context,
        text: str | exp.Expr,
        namespace: tuple[str, str] | None = None,
        call: tuple[Function, list[exp.Expr]] | None = None,  # of which the text is the body
        *,
        permanent: bool = False,
        reads: bool = False,
        writes: Relation | None = None,
    ) -> None:
        self._context = context
        self._resources = ExitStack()
        self._expressions: list[tuple[exp.Table, exp.CTE]] = []  # tables that mean a CTE
        self._reads, self._writes = reads, writes.id if writes else None
        self._snapshots: dict[str, Snapshot] = {}  # held while the query may be run
        tree = parse(text) if isinstance(text, str) else text
        try:
            scope = _Scope(namespace or context.session.namespace, permanent)
            self.tree = self._resolve(tree, scope)
            if call is not None:
                self.tree = user_functions.with_arguments(*call, self.tree, self._columns_of)
            _number(self._expressions)
            self.tree = rewrite(self.tree, self._columns_of)
            arithmetic.check(self.tree, self._columns_of)
        except BaseException:
            self.close()
            raise

    @property
    def sql(self) -> str:
        return render(self.tree, copy=False)

    def _columns_of(self, part: exp.Expr) -> list[Column]:
        return self._context.engine.columns(render(part))

    def columns(self) -> list[Column]:
        """The columns of the query's result."""
        return self._context.engine.columns(self.sql)

    def names_of_star(self, columns: list[Column]) -> list[str]:
        """The names of the query's columns where a star, so its tables, say which they are."""
        names = [column.name for column in columns]
        distinct = len({name.lower() for name in names}) == len(names)
        return names if distinct and getattr(self.tree, "is_star", False) else []

    def close(self) -> None:
        self._resources.close()

    def __enter__(self) -> Query:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # resolving

    def _resolve(self, tree: exp.Expr, scope: _Scope) -> exp.Expr:
        if scope.depth > _MAX_DEPTH:
            raise errors.SqlError(
                "VIEW_EXCEED_MAX_NESTED_DEPTH", f"Views are nested more than {_MAX_DEPTH} deep."
            )
        found = nodes(tree)
        if scope.depth == 0:
            bind(found, self._context)
            self._context.merged.bind(tree)
        for column in of_kind(found, exp.Column):
            if column.args.get("db"):
                _leave_namespace(column)
        tree = self._session_values(tree, of_kind(found, exp.Func))
        for table in of_kind(found, exp.Table):
            replacement = self._relation(table, scope)
            if replacement is not None and table is tree:
                tree = replacement
            elif replacement is not None:
                table.replace(replacement)
        if self._context.has_functions:
            self._functions(tree, scope)
        return tree

    def _functions(self, tree: exp.Expr, scope: _Scope) -> None:
        """Put the bodies of the user's functions in place of their calls, inner calls first."""
        for call in reversed(list(tree.find_all(exp.Anonymous, bfs=False))):
            if isinstance(call.parent, exp.Table):
                continue
            whole, parts = user_functions.called(call)
            function = self._function(parts, scope)
            if function is None:
                if whole is call:
                    continue  # the engine's own
                message = f"Cannot resolve the routine {'.'.join(parts)}."
                raise errors.SqlError("UNRESOLVED_ROUTINE", message)
            shown = f"{function.full_name}({', '.join(map(render, call.expressions))})"
            body = self._body(function, scope)
            arguments = call.expressions
            if user_functions.reads_tables(body):
                arguments = user_functions.qualified(whole, arguments, self._columns_of)
            value = user_functions.scalar(function, body, arguments, self._columns_of)
            if isinstance(whole.parent, exp.Select) and whole.arg_key == "expressions":
                value = exp.alias_(value, shown, quoted=True)
            whole.replace(value)

    def _function(self, parts: list[str], scope: _Scope) -> Function | None:
        if (temporary := self._context.temporary_function(parts)) is not None:
            if not scope.permanent:
                return temporary
            _refuse_temporary("function", parts[0], scope)
        return self._context.catalog.function(full_name(parts, scope.namespace))

    def _body(self, function: Function, scope: _Scope) -> exp.Expr:
        assert function.namespace is not None
        permanent = function is self._context.catalog.function(function.name)
        inner = scope.within(function.namespace, permanent=permanent)
        return self._resolve(user_functions.body_of(function), inner)

    def _session_values(self, tree: exp.Expr, calls: list[exp.Func]) -> exp.Expr:
        for call in calls:
            name = _function_name(call)
            if name not in _SESSION_VALUES:
                continue
            value: exp.Expr = exp.Literal.string(_SESSION_VALUES[name](self._context))
            if isinstance(call.parent, exp.Select):
                value = exp.alias_(value, f"{name}()", quoted=True)
            if call is tree:
                return value
            call.replace(value)
        return tree

    def _relation(self, table: exp.Table, scope: _Scope) -> exp.Expr | None:
        """Point `table` at what the engine knows, or return what takes its place."""
        version_after_at(table)
        if isinstance(table.this, exp.Anonymous):
            return self._table_function(table, scope)
        parts = [part.name for part in table.parts]
        if len(parts) == 1 and (expression := _common_table_expression(table)) is not None:
            if table.find_ancestor(exp.CTE) is expression:
                raise errors.unsupported(
                    f"a common table expression that reads itself ({parts[0]})"
                )
            self._expressions.append((table, expression))
            return None
        if len(parts) == 2 and parts[0].lower() == "delta" and "/" in parts[1]:
            table.this.set("this", self._context.warehouse.locations.check(parts[1]))
            return None  # delta.`s3://…`, which the engine reads itself
        if len(parts) == 1 and parts[0].lower() in self._context.session.temporary_views:
            if not scope.permanent:
                view = self._context.session.temporary_views[parts[0].lower()]
                inner = scope.within(view.namespace, permanent=False)
                return _in_place_of(table, self._resolve(parse_again(view.text), inner), view.names)
            _refuse_temporary("view", parts[0], scope)
        name = full_name(parts, scope.namespace)
        if name.schema == "information_schema":
            _point_at(table, self._context.information_schema(name))
            return None
        relation = self._context.relation(name)
        if relation.is_view:
            assert relation.view_text is not None
            inner = scope.within(relation.view_namespace or scope.namespace, permanent=True)
            body = self._resolve(parse_again(relation.view_text), inner)
            if relation.query_columns:
                body = _by_name(body, relation.query_columns)
            return _in_place_of(table, body, [column.name for column in relation.columns])
        travel = table.args.get("version")
        if travel is not None:
            number = time_travel.version_of(self._context.engine, relation, travel)
            value = exp.Literal.number(number)
            table.set("version", exp.Version(this="VERSION", expression=value, kind="AS OF"))
        if travel is None and self._reads and relation.id != self._writes:
            _point_at(table, self._snapshot_of(relation).name)
        else:
            _point_at(table, self._context.engine.name_of(relation))
        return None

    def _snapshot_of(self, relation: Relation) -> Snapshot:
        if relation.id not in self._snapshots:
            self._snapshots[relation.id] = self._context.engine.snapshot_of(relation)
        return self._snapshots[relation.id]

    def _table_function(self, table: exp.Table, scope: _Scope) -> exp.Expr | None:
        function = table.this
        name = function.name.lower()
        if name in _REFUSED_FUNCTIONS:
            raise errors.unsupported(f"the function {name}")
        if name == "read_files":
            path, options = _file_options(function.expressions)
            merged = self._context.merged.by_path.get(path)
            with_metadata = _asks_for_metadata(table.root())
            if with_metadata:
                _hide_metadata(table)
            scan = self._resources.enter_context(
                self._context.scan(path, options, with_metadata)
                if merged is None
                else self._context.scan_merged(merged, options)
            )
            body = parse(f"select * from {scan}")
            return _in_place_of(table, body, [])
        parts = [part.name for part in table.parts]
        user_function = self._function(parts, scope)
        if user_function is not None:
            body = user_functions.table(
                user_function,
                self._body(user_function, scope),
                function.expressions,
                self._columns_of,
            )
            return _in_place_of(table, body, [])
        return None  # range(), explode() and the like are the engine's own


def _refuse_temporary(kind: str, name: str, scope: _Scope) -> None:
    """Refuse to keep what refers to it. A body that is kept already means something else."""
    if scope.depth == 0:
        raise errors.SqlError(
            "INVALID_TEMP_OBJ_REFERENCE",
            f"Cannot create a persistent object that refers to the temporary {kind} {name}. Make "
            f"the {kind} persistent, or the object temporary.",
        )


def _leave_namespace(column: exp.Column) -> None:
    """shop.orders.id as orders.id, which is how the engine knows the relation. What stands behind
    the column, as in orders.place.city.name, are fields."""
    parts = column.parts
    known: set[str] = set()
    select = column.parent_select
    while select is not None:
        known |= {source.alias_or_name.lower() for source in sources(select)}
        select = select.parent_select
    relations = [i for i, part in enumerate(parts[:-1]) if part.name.lower() in known]
    at = relations[-1] if relations else len(parts) - 2
    named: exp.Expr = exp.Column(this=parts[at + 1], table=parts[at])
    for field in parts[at + 2 :]:
        named = exp.Dot(this=named, expression=field)
    column.replace(named)


def _function_name(call: exp.Func) -> str | None:
    """The name of a function that is called without arguments."""
    if isinstance(call, exp.Anonymous):
        return str(call.this).lower() if not call.expressions else None
    if call.expressions or call.this or isinstance(call.parent, exp.Dot):
        return None
    return call.sql_name().lower()


def _point_at(table: exp.Table, engine_name: str) -> None:
    if not table.alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
    table.set("this", exp.to_identifier(engine_name, quoted=True))
    table.set("db", None)
    table.set("catalog", None)


def _in_place_of(table: exp.Table, body: exp.Expr, columns: list[str]) -> exp.Subquery:
    """A subquery with the alias, joins and samples of the table that it replaces."""
    alias = table.args.get("alias")
    if alias is None and not isinstance(table.this, exp.Anonymous):
        alias = exp.TableAlias(this=exp.to_identifier(table.name, quoted=True))
    if alias is not None and columns and not alias.columns:
        alias.set("columns", [exp.to_identifier(column, quoted=True) for column in columns])
    subquery = exp.Subquery(this=body, alias=alias)
    for key, value in table.args.items():
        if key not in ("this", "db", "catalog", "alias") and value:
            subquery.set(key, value)
    return subquery


def _by_name(body: exp.Expr, columns: list[str]) -> exp.Select:
    """Of a query the columns that it had when its view was made, whatever its tables have now."""
    chosen = [exp.column(exp.to_identifier(column, quoted=True)) for column in columns]
    return exp.select(*chosen).from_(exp.Subquery(this=body, alias=exp.TableAlias(this="query")))
