"""INSERT … SELECT from `read_files` without the engine, where the SELECT only names, renames, fills
and marks columns: blocks are parsed and written to the table's data files while they are read.

Whatever this does not cover goes to the engine, and so does whatever fails here: the engine's
errors are the statement's. Covered are CSV with a schema, tables without CHECK constraints or
partitions, and a REPLACE WHERE that names by a column's values rows of which the table has none.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from obstore.exceptions import BaseError
from sqlglot import exp

from local_warehouse.catalog.locks import writing
from local_warehouse.catalog.model import Relation
from local_warehouse.catalog.names import quoted
from local_warehouse.delta import tables as delta_tables
from local_warehouse.delta import transactions
from local_warehouse.errors import SqlError
from local_warehouse.read_files import ReadFilesError
from local_warehouse.read_files.csv.csv_options import CsvOptions
from local_warehouse.read_files.csv.relation import csv_options
from local_warehouse.read_files.csv.row_stream import stream_rows
from local_warehouse.resolver import scans
from local_warehouse.rewrites.columnwise import (
    TYPES,
    Compiler,
    Computed,
    Constant,
    NotCovered,
)
from local_warehouse.rewrites.merged_scans import MergedFiles
from local_warehouse.session.context import Context
from local_warehouse.sql.dialect import parse, render
from local_warehouse.statements.row_writers import Projection, RowWriters, TableColumn

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Branch:
    """One SELECT: its files, how they are read, and the table's columns in their order."""

    paths: Sequence[str]
    options: CsvOptions
    outputs: Sequence[Constant | Computed]


@dataclass(frozen=True)
class Replaced:
    """The rows that REPLACE WHERE removes: those with one of the values in the column."""

    column: int
    values: frozenset[str]
    condition: exp.Expr


def load(
    context: Context, relation: Relation, source: str, condition: exp.Expr | None
) -> int | None:
    """Insert the rows of a query, instead of those that meet a condition if one is given; returns
    their number. None where only the engine can do it; nothing has been written then."""
    if "read_files" not in source.lower():
        return None
    try:
        branches = _branches(context, relation, source)
        replaced = None if condition is None else _replaced(relation, condition, branches)
        with writing(relation.path, rewrites=False):
            return _load(context, relation, branches, replaced)
    except NotCovered as reason:
        _log.debug("by the engine: %s", reason)
    except (ReadFilesError, pa.ArrowException, OSError, BaseError) as error:
        _log.info("the engine reads again what failed: %s", error)
    except SqlError as error:
        if error.condition != "CLOUD_STORAGE_ERROR":
            raise
    return None


# what the statement says


def _branches(context: Context, relation: Relation, source: str) -> list[_Branch]:
    if any(column.declared or column.type not in TYPES for column in relation.columns):
        raise NotCovered("the table's types")
    if relation.partition_by:
        raise NotCovered("the table's partitions")
    selects: list[exp.Expr] = []
    trees = [parse(source)]
    while trees:
        tree = trees.pop()
        if isinstance(tree, exp.Union) and _given(tree) <= {"this", "expression", "distinct"}:
            if tree.args.get("distinct"):
                raise NotCovered("UNION")
            trees += [tree.expression, tree.this]
        else:
            selects.append(tree)
    return [_branch(context, relation, select) for select in selects]


def _branch(context: Context, relation: Relation, select: exp.Expr) -> _Branch:
    table = select.args["from_"].this if _given(select) == {"expressions", "from_"} else None
    if not isinstance(select, exp.Select) or not isinstance(table, exp.Table):
        raise NotCovered("the query")
    call = table.this
    if _given(table) != {"this"} or not isinstance(call, exp.Anonymous):
        raise NotCovered("the relation")
    if call.name.lower() != "read_files" or context.has_functions:
        raise NotCovered("a function")
    path, given = scans.path_and_options(call.expressions)
    files = context.merged.by_path.get(path)
    paths = [path] if files is None else files.paths
    for one in paths:
        context.warehouse.locations.check(one)
    options = csv_options(given)
    outputs = _outputs(relation, select, options, files)
    return _Branch(paths, options, outputs)


def _outputs(
    relation: Relation, select: exp.Select, options: CsvOptions, files: MergedFiles | None
) -> list[Constant | Computed]:
    names = [column.name.lower() for column in options.schema or ()]
    if not names or len(select.expressions) != len(relation.columns):
        raise NotCovered("the columns")
    compiler = Compiler(names, files)
    outputs = [compiler.output(expression) for expression in select.expressions]
    for output, column in zip(outputs, relation.columns, strict=True):
        kind = output.type if isinstance(output, Constant) else "string"
        if kind not in (None, column.type):
            raise NotCovered(f"the type of {column.name}")
    return outputs


def _replaced(relation: Relation, condition: exp.Expr, branches: Sequence[_Branch]) -> Replaced:
    """The rows to replace, where every new row meets the condition. Raises NotCovered."""
    node = condition.unnest()
    column = node.this
    if isinstance(node, exp.EQ):
        values = [node.expression]
    elif isinstance(node, exp.In) and _given(node) == {"this", "expressions"}:
        values = node.expressions
    else:
        raise NotCovered("the condition")
    names = [c.name.lower() for c in relation.columns]
    literals = all(isinstance(v, exp.Literal) and v.is_string for v in values)
    if not isinstance(column, exp.Column) or column.table or not literals:
        raise NotCovered("the condition")
    if column.name.lower() not in names:
        raise NotCovered(column.name)
    place = names.index(column.name.lower())
    wanted = frozenset(value.name for value in values)
    for branch in branches:
        output = branch.outputs[place]
        if not isinstance(output, Constant) or not wanted.issuperset(output.values):
            raise NotCovered("rows that may not meet the condition")
    return Replaced(place, wanted, condition)


def _given(node: exp.Expr) -> set[str]:
    return {name for name, value in node.args.items() if value}


# what is done


def _load(
    context: Context,
    relation: Relation,
    branches: Sequence[_Branch],
    replaced: Replaced | None,
) -> int:
    version = _check_table(context, relation, replaced)
    check = context.engine.canceled_check()
    columns = _columns(relation, branches)
    with RowWriters(relation.path, columns, check) as writers:
        for branch in branches:
            projection = Projection(branch.outputs)
            stream_rows(
                branch.paths,
                branch.options,
                storage=context.warehouse.files,
                take=lambda work, p=projection: writers.put(p, work),  # type: ignore[misc]
                together=not projection.varies,
            )
        adds = writers.finish()
        check()
        if not adds:
            return 0
        parameters = {"mode": "Append"}
        if replaced is not None:
            parameters = {"mode": "Overwrite", "predicate": render(replaced.condition)}
        committed = transactions.add_files(
            relation,
            version,
            adds,
            parameters,
            lambda newest: _has_none(context, relation, replaced, newest),
            append=replaced is None,
        )
        if not committed:
            raise NotCovered("another writer was faster")
        writers.keep()
    return writers.rows


def _columns(relation: Relation, branches: Sequence[_Branch]) -> list[TableColumn]:
    columns = []
    for place, column in enumerate(relation.columns):
        outputs = [branch.outputs[place] for branch in branches]
        constants = [output for output in outputs if isinstance(output, Constant)]
        values = {value for output in constants for value in output.values}
        columns.append(
            TableColumn(
                column.name,
                TYPES[column.type],
                column.nullable,
                values if len(constants) == len(outputs) else None,
            )
        )
    return columns


def _check_table(context: Context, relation: Relation, replaced: Replaced | None) -> int:
    """The table's newest version, to which rows may be added as they are. Raises NotCovered."""
    with delta_tables.newest_table(relation.path) as table:
        columns, _ = delta_tables.columns_of(table)
        found = [(column.name, column.type, column.nullable) for column in columns]
        wanted = [(column.name, column.type, column.nullable) for column in relation.columns]
        if found != wanted or not delta_tables.takes_plain_files(table):
            raise NotCovered("the table's features")
        version = table.version()
        name = None if replaced is None else relation.columns[replaced.column].name
        may_hold = replaced is not None and delta_tables.files_between(
            table, str(name), replaced.values
        )
    if may_hold and not _has_none(context, relation, replaced, version):
        raise NotCovered("rows to be replaced")
    return version


def _has_none(
    context: Context, relation: Relation, replaced: Replaced | None, version: int
) -> bool:
    """Whether a version of the table has no row that is to be replaced."""
    if replaced is None:
        return True
    name = quoted(context.engine.name_of(relation))
    query = f"select count(*) from {name} version as of {version}"
    return context.engine.count(f"{query} where {render(replaced.condition)}") == 0
