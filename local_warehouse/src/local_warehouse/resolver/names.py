"""Name resolution: each relation and function that a statement names is replaced in its syntax tree
by what the engine can run.

A table becomes the engine's name for it, a view its query, information_schema its rows, read_files
a scan, a function of the user its body. The engine therefore never sees a name of the catalog, and
two sessions cannot see each other's temporary views.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass

from sqlglot import exp

from local_warehouse import errors
from local_warehouse.catalog import information_schema
from local_warehouse.catalog.model import Function, Relation
from local_warehouse.catalog.names import Name, full_name
from local_warehouse.engine.snapshots import Snapshot
from local_warehouse.resolver import fractions, policies, scans, time_travel, user_functions
from local_warehouse.resolver.ctes import Reference, check_names, common_table_expression
from local_warehouse.resolver.relations import (
    columns_as,
    columns_by_name,
    drop_namespaces,
    have_other_types,
    point_at,
    subquery_for,
)
from local_warehouse.resolver.session_values import replace_session_values
from local_warehouse.rewrites.mixed_numbers import KnownColumns
from local_warehouse.rewrites.origins import note_columns
from local_warehouse.rewrites.scopes import ColumnsOf
from local_warehouse.session.context import Context
from local_warehouse.sql.dialect import parse, render
from local_warehouse.sql.parse_cache import parse_again
from local_warehouse.sql.walk import nodes, of_kind

_REFUSED_FUNCTIONS = {"ai_query", "event_log", "read_kafka", "read_kinesis", "read_pulsar",
                      "remote_query", "table_changes", "vector_search"}  # fmt: skip
_MAX_DEPTH = 50  # views in views


@dataclass(frozen=True)
class Scope:
    """Where names stand: in the statement itself, or in the body of a view or a function that it
    reads. In a `permanent` scope temporary views and functions are not visible."""

    namespace: tuple[str, str]  # catalog and schema of names that have neither
    permanent: bool = False
    depth: int = 0

    def within(self, namespace: tuple[str, str], *, permanent: bool) -> Scope:
        """The scope of a body that is read here."""
        return Scope(namespace, self.permanent or permanent, self.depth + 1)


class NameResolver:
    """Resolves the names of one statement, and collects what has to be held while it may run."""

    def __init__(
        self,
        context: Context,
        resources: ExitStack,  # gets the scans that are opened
        columns_of: ColumnsOf,
        *,
        reads: bool,
        writes: Relation | None,
    ) -> None:
        """With `reads`, tables are as of now, except the one that the statement `writes`."""
        self._context = context
        self._resources = resources
        self._columns_of = columns_of
        self._reads, self._writes = reads, writes.id if writes else None
        self.references: list[Reference] = []
        self.snapshots: dict[str, Snapshot] = {}  # by the ids of their relations
        self.views: set[Name | str] = set()  # those that are read; of a temporary one its name
        self.reads: dict[str, dict[str, str]] = {}  # types of columns, by names of relations

    def resolve(self, tree: exp.Expr, scope: Scope) -> exp.Expr:
        """Resolve the names of a tree in place. Returns the tree, or what replaces all of it.

        Raises SqlError for a name that means nothing, or nothing that may be used here.
        """
        if scope.depth > _MAX_DEPTH:
            raise errors.SqlError(
                "VIEW_EXCEED_MAX_NESTED_DEPTH", f"Views are nested more than {_MAX_DEPTH} deep."
            )
        found = nodes(tree)
        columns = [
            one for one in of_kind(found, exp.Column) if not isinstance(one.parent, exp.Star)
        ]
        drop_namespaces(columns, lambda relation: self._qualifier(relation, scope))
        for clause in of_kind(found, exp.With):
            check_names(clause)
        tree = replace_session_values(tree, of_kind(found, exp.Func), self._context)
        for table in of_kind(found, exp.Table):
            replacement = self._relation(table, scope)
            if replacement is not None and table is tree:
                tree = replacement
            elif replacement is not None:
                table.replace(replacement)
        if self._context.has_functions:
            self._replace_calls(tree, scope)
        return tree

    # relations

    def _qualifier(self, relation: exp.Expr, scope: Scope) -> list[str]:
        """What may stand before a column of a relation, in lower case: its alias, or its name,
        which has a catalog and a schema if it is one of the catalog."""
        if "qualifier" in relation.meta:
            return list(relation.meta["qualifier"])
        is_call = isinstance(relation.this, exp.Anonymous)
        if relation.alias or is_call or not isinstance(relation, exp.Table):
            return [relation.alias_or_name.lower()]
        parts = [part.name.lower() for part in relation.parts]
        is_local = parts[0] in self._context.session.temporary_views and not scope.permanent
        if len(parts) == 1 and (is_local or common_table_expression(relation) is not None):
            return parts
        name = full_name(parts, scope.namespace)
        return [name.catalog, name.schema, name.table]

    def _relation(self, table: exp.Table, scope: Scope) -> exp.Expr | None:
        """Point `table` at what the engine knows, or return what takes its place."""
        time_travel.read_version_after_at(table)
        if isinstance(table.this, exp.Anonymous):
            return self._table_function(table, scope)
        if isinstance(table.this, exp.Values):  # the first of joins in parentheses
            return None
        parts = [part.name for part in table.parts]
        if len(parts) == 1 and (expression := common_table_expression(table)) is not None:
            self._note_reference(table, expression)
            return None
        if len(parts) == 2 and parts[0].lower() == "delta" and "/" in parts[1]:
            table.this.set("this", self._context.warehouse.locations.check(parts[1]))
            return None  # delta.`s3://…`, which the engine reads itself
        if len(parts) == 1 and parts[0].lower() in self._context.session.temporary_views:
            if not scope.permanent:
                return self._temporary_view(table, scope)
            _refuse_temporary("view", parts[0], scope)
        name = full_name(parts, scope.namespace)
        if name.schema == "information_schema":
            point_at(table, self._context.information_schema(name))
            table.meta["columns"] = KnownColumns(information_schema.columns_of(name.table))
            return None
        relation = self._context.relation(name)
        self.reads[str(relation.name)] = {one.name: one.type for one in relation.columns}
        if relation.is_view:
            view = self._view(table, relation, scope)
            note_columns(view, relation.columns)
            return view
        is_of_now = table.args.get("version") is None
        point_at(table, self._engine_name(table, relation))
        if is_of_now:
            table.meta["columns"] = KnownColumns(relation.columns)
        if policies.has_policy(relation):
            return policies.seen(table, relation)
        if not fractions.are_in(relation.columns):
            return None
        found = self._with_fractions(table, relation)
        if found is not None:
            note_columns(found, relation.columns)
        return found

    def _with_fractions(self, table: exp.Table, relation: Relation) -> exp.Expr | None:
        """What takes the place of a table with FLOAT or DOUBLE columns, unless it is a snapshot."""
        change = table.parent
        if isinstance(change, (exp.Delete, exp.Update, exp.Merge)) and table.arg_key == "this":
            fractions.change_conditions(change, table, relation)
            return None
        snapshot = self.snapshots.get(relation.id)
        is_snapshot = snapshot is not None and table.name == snapshot.name
        return None if is_snapshot else fractions.subquery(table, relation)

    def _note_reference(self, table: exp.Table, expression: exp.CTE) -> None:
        if table.find_ancestor(exp.CTE) is expression:
            form = f"a common table expression that reads itself ({table.name})"
            raise errors.unsupported(form)
        self.references.append((table, expression))

    def _temporary_view(self, table: exp.Table, scope: Scope) -> exp.Expr:
        view = self._context.session.temporary_views[table.name.lower()]
        self.views.add(table.name.lower())
        inner = scope.within(view.namespace, permanent=False)
        return subquery_for(table, self.resolve(parse_again(view.text), inner), view.names)

    def _view(self, table: exp.Table, view: Relation, scope: Scope) -> exp.Expr:
        assert view.view_text is not None
        self.views.add(view.name)
        inner = scope.within(view.view_namespace or scope.namespace, permanent=True)
        around, self.reads = self.reads, {}
        body = self.resolve(parse_again(view.view_text), inner)
        if view.query_columns:
            body = columns_by_name(body, view.query_columns)
        if have_other_types(self.reads, view.reads):
            body = columns_as(body, view.columns)
        self.reads = around
        return subquery_for(table, body, [column.name for column in view.columns])

    def _engine_name(self, table: exp.Table, relation: Relation) -> str:
        """The engine's name for a table, or for its version of now where nobody asks for another
        one and the statement only reads it."""
        travel = table.args.get("version")
        if travel is not None:
            number = time_travel.version_of(self._context.engine, relation, travel)
            value = exp.Literal.number(number)
            table.set("version", exp.Version(this="VERSION", expression=value, kind="AS OF"))
        elif self._reads and relation.id != self._writes:
            if relation.id not in self.snapshots:
                self.snapshots[relation.id] = self._context.engine.snapshot_of(relation)
            return self.snapshots[relation.id].name
        return self._context.engine.name_of(relation)

    def _table_function(self, table: exp.Table, scope: Scope) -> exp.Expr | None:
        call = table.this
        name = call.name.lower()
        if name in _REFUSED_FUNCTIONS:
            raise errors.unsupported(f"the function {name}")
        if name == "read_files":
            return subquery_for(table, parse(f"select * from {self._scan(table)}"), [])
        function = self._function([part.name for part in table.parts], scope)
        if function is None:
            return None  # range(), explode() and the like are the engine's own
        body = self._body(function, scope)
        place = table.parent_select
        columns = [one for one in call.find_all(exp.Column) if one.parent_select is place]
        if not all(column.table for column in columns):
            raise errors.unsupported(
                f"{call.name}(…) in FROM with a column without its relation's name"
            )
        query = user_functions.table_query(function, body, call.expressions, self._columns_of)
        return subquery_for(table, query, [])

    def _scan(self, table: exp.Table) -> str:
        """Open the scan of a read_files call, for as long as the statement may run."""
        path, options = scans.path_and_options(table.this.expressions)
        merged = self._context.merged.by_path.get(path)
        with_metadata = scans.asks_for_metadata(table.root())
        if with_metadata:
            scans.hide_metadata(table)
        return self._resources.enter_context(
            scans.scan(self._context, path, options, with_metadata=with_metadata)
            if merged is None
            else scans.scan_merged(self._context, merged, options)
        )

    # functions of the user

    def _replace_calls(self, tree: exp.Expr, scope: Scope) -> None:
        """Put the bodies of the user's functions in place of their calls, inner calls first; those
        of LATERAL, which read the relations before them, at the end."""
        laterals: list[tuple[exp.Lateral, Function, exp.Anonymous]] = []
        for call in reversed(list(tree.find_all(exp.Anonymous, bfs=False))):
            if isinstance(call.parent, exp.Table):
                continue
            whole, parts = user_functions.call_with_qualifiers(call)
            function = self._function(parts, scope)
            if function is None:
                if whole is call:
                    continue  # the engine's own
                message = f"Cannot resolve the routine {'.'.join(parts)}."
                raise errors.SqlError("UNRESOLVED_ROUTINE", message)
            if isinstance(whole.parent, exp.Lateral):
                laterals.append((whole.parent, function, call))
                continue
            shown = f"{function.full_name}({', '.join(map(render, call.expressions))})"
            body = self._body(function, scope)
            arguments = call.expressions
            if user_functions.reads_tables(body):
                arguments = user_functions.qualify_columns(whole, arguments, self._columns_of)
            value = user_functions.scalar_value(function, body, arguments, self._columns_of)
            if any(parameter.default for parameter in function.parameters):
                value = exp.paren(value, copy=False)  # a default may call functions, too
                self._replace_calls(
                    value,
                    scope.within(function.namespace or scope.namespace, permanent=scope.permanent),
                )
            if isinstance(whole.parent, exp.Select) and whole.arg_key == "expressions":
                value = exp.alias_(value, shown, quoted=True)
            whole.replace(value)
        for lateral, function, call in reversed(laterals):
            body, given = self._body(function, scope), call.expressions
            user_functions.join_laterally(lateral, function, body, given, self._columns_of)

    def _function(self, parts: list[str], scope: Scope) -> Function | None:
        if (temporary := self._context.temporary_function(parts)) is not None:
            if not scope.permanent:
                return temporary
            _refuse_temporary("function", parts[0], scope)
        return self._context.catalog.function(full_name(parts, scope.namespace))

    def _body(self, function: Function, scope: Scope) -> exp.Expr:
        assert function.namespace is not None
        permanent = function is self._context.catalog.function(function.name)
        inner = scope.within(function.namespace, permanent=permanent)
        return self.resolve(user_functions.body_of(function), inner)


def _refuse_temporary(kind: str, name: str, scope: Scope) -> None:
    """Raise SqlError where a statement that is kept names it. In a body that is kept already the
    name means something else."""
    if scope.depth == 0:
        raise errors.SqlError(
            "INVALID_TEMP_OBJ_REFERENCE",
            f"Cannot create a persistent object that refers to the temporary {kind} {name}. Make "
            f"the {kind} persistent, or the object temporary.",
        )
