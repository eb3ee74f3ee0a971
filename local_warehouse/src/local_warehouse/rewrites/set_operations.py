"""Columns of set operations whose branches have other types, as Databricks makes one of them.

A text beside a number becomes a number (the engine makes texts of both), beside a date a date, a
number beside a date is an error, a date beside a timestamp becomes a timestamp, and structs get the
names of the first branch.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatype-rules
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from local_warehouse.catalog.model import Column
from local_warehouse.errors import SqlError
from local_warehouse.rewrites import exact_doubles, nested_types
from local_warehouse.rewrites.evident_types import UNKNOWN, evident_types, evidently_agree
from local_warehouse.rewrites.operand_types import DIGITS, widest
from local_warehouse.rewrites.scopes import ColumnsOf, branches, operations, with_visible
from local_warehouse.rewrites.structs import needs_other_fields, type_of, with_fields_of
from local_warehouse.rewrites.templates import fill
from local_warehouse.sql.dialect import WarehouseDialect
from local_warehouse.sql.node_map import NodeMap
from local_warehouse.sql.walk import nodes, of_kind
from local_warehouse.types.decimals import decimal_of

_MOMENTS = ("date", "timestamp", "timestamp_ntz")
_FRACTIONS = ("float", "double")
_READ_FROM_TEXT = (*_MOMENTS, "boolean")
_MARK = "local_warehouse_end"  # the name of a column behind the columns of a branch


def count_in_intersections(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Number equal rows in the branches of INTERSECT ALL: those that have the same number in both
    are in both so often. The engine keeps all rows of the first branch."""
    for node in reversed(of_kind(nodes(tree), exp.Intersect)):
        if node.args.get("distinct") is not False:
            continue
        columns = _ask([node.this], node, columns_of)[0]
        names = [column.name for column in columns]
        keys = [exp.column(f"c{i}") for i in range(len(names))]
        values = [_one_zero(key, column) for key, column in zip(keys, columns, strict=True)]
        number = exp.Window(
            this=exp.Anonymous(this="row_number"),
            partition_by=[value.copy() for value in values],
            order=exp.Order(expressions=[exp.Ordered(this=values[0].copy())]),
        )
        shown = [exp.alias_(v, key.name) for key, v in zip(keys, values, strict=True)]
        numbered = [*shown, exp.alias_(number, "number")]
        sides = [
            exp.Select(
                expressions=[one.copy() for one in numbered],
                from_=exp.From(this=_derived(side, "branch", len(keys))),
            )
            for side in (node.this, node.expression)
        ]
        both = exp.Intersect(this=sides[0], expression=sides[1], distinct=True)
        outputs = [exp.alias_(k.copy(), n, quoted=True) for k, n in zip(keys, names, strict=True)]
        source = _derived(both, "counted", len(keys) + 1)
        outer = exp.Select(expressions=outputs, from_=exp.From(this=source))
        for key in ("with_", "order", "limit", "offset"):
            if node.args.get(key):
                outer.set(key, node.args[key])
        if node is tree:
            tree = outer
        else:
            node.replace(outer)
    return tree


def compare_zeros(tree: exp.Expr, columns_of: ColumnsOf) -> exp.Expr:
    """Make 0 of -0.0 in the branches of EXCEPT ALL, by which the engine takes them for two."""
    for node in reversed(of_kind(nodes(tree), exp.Except)):
        if node.args.get("distinct") is not False:
            continue
        sides = [node.this, node.expression]
        given = _ask(sides, node, columns_of)
        if any(column.type in _FRACTIONS for columns in given for column in columns):
            for side, columns in zip(sides, given, strict=True):
                shown = [
                    exp.alias_(_one_zero(exp.column(f"c{i}"), column), column.name, quoted=True)
                    for i, column in enumerate(columns)
                ]
                source = _derived(side, "branch", len(columns))
                side.replace(exp.Select(expressions=shown, from_=exp.From(this=source)))
    return tree


def _one_zero(value: exp.Expr, column: Column) -> exp.Expr:
    """A value of a column, where -0.0 is 0.0."""
    template = f"x + cast(0 as {column.type})"
    return fill(template, {"x": value}) if column.type in _FRACTIONS else value.copy()


def align_all(whole: exp.SetOperation, columns_of: ColumnsOf) -> None:
    """Align a set operation and those that its branches are. The engine is asked once about all
    branches whose types are not plain from their texts."""
    queries = branches(whole)
    if evidently_agree(queries) or any(o.args.get("by_name") for o in operations(whole)):
        return
    known = NodeMap[list[Column]]()
    known.update((q, columns) for i, q in enumerate(queries) if (columns := _evident(q, i == 0)))
    unclear = [query for query in queries if query not in known]
    known.update(zip(unclear, _ask(unclear, whole, columns_of), strict=True))
    for node in operations(whole):
        _align(node, known, columns_of)


def _evident(query: exp.Expr, is_first: bool) -> list[Column]:
    """The columns of a query whose text says their types, and of the first one also their names;
    else none."""
    types = evident_types(query)
    is_plain = all(t not in (UNKNOWN, "interval") and "struct<" not in t for t in types)
    if not is_plain or (is_first and not all(isinstance(p, exp.Alias) for p in query.expressions)):
        return []
    return [Column(p.alias, t) for p, t in zip(query.expressions, types, strict=True)]


def _ask(queries: Sequence[exp.Expr], place: exp.Expr, columns_of: ColumnsOf) -> list[list[Column]]:
    """The columns of each query: a question about a row of all of them, with a mark behind each."""
    shown: list[exp.Expr] = []
    joins: list[exp.Expr] = []
    for number, query in enumerate(queries):
        source = _derived(query, f"branch_{number}")
        joins.append(exp.Join(this=source, kind="CROSS") if number else exp.From(this=source))
        shown.append(exp.Column(this=exp.Star(), table=exp.to_identifier(f"branch_{number}")))
        shown.append(exp.alias_(exp.Literal.number(number), _MARK))
    if not joins:
        return []
    question = exp.Select(expressions=shown, from_=joins[0], joins=joins[1:])
    found: list[list[Column]] = [[]]
    for column in columns_of(with_visible(question, place)):
        if column.name == _MARK:
            found.append([])
        else:
            found[-1].append(column)
    return found[:-1]


def _align(node: exp.SetOperation, known: NodeMap[list[Column]], columns_of: ColumnsOf) -> None:
    sides = [node.this, node.expression]
    given = [known[side] if side in known else _ask([side], node, columns_of)[0] for side in sides]
    if len(given[0]) != len(given[1]):
        return  # the engine says what is wrong
    if not isinstance(node, exp.Union) or node.args.get("distinct"):
        _refuse_unordered(given[0])
    wanted = [_wanted(left, right) for left, right in zip(*given, strict=True)]
    for side, columns in zip(sides, given, strict=True):
        pairs = list(zip(columns, wanted, strict=True))
        is_union = isinstance(node, exp.Union)
        if any(_is_cast(c.type, to) or (not is_union and _widens(c.type, to)) for c, to in pairs):
            cast = [_cast(f"c{i}", column, to) for i, (column, to) in enumerate(pairs)]
            source = _derived(side, "branch", len(pairs))
            side.replace(exp.Select(expressions=cast, from_=exp.From(this=source)))
    if UNKNOWN not in wanted:
        names = [column.name for column in given[0]]
        known[node] = [Column(n, t) for n, t in zip(names, wanted, strict=True)]


def _refuse_unordered(columns: list[Column]) -> None:
    for column in columns:
        kind = "MAP" if "map<" in column.type else "VARIANT"
        if kind == "MAP" or "variant" in column.type:
            condition = f"UNSUPPORTED_FEATURE.SET_OPERATION_ON_{kind}_TYPE"
            raise SqlError(
                condition,
                f"The feature is not supported: Cannot have {kind} type columns in DataFrame which "
                "calls set operations (INTERSECT, EXCEPT, etc.), but the type of column "
                f"{column.name} is {column.type.upper()}.",
            )


def _wanted(left: Column, right: Column) -> str:
    """The type of a column, or UNKNOWN for one that the engine finds itself."""
    types = [left.type, right.type]
    numbers = [one for one in types if _is_number(one)]
    if len(numbers) == 1 and any(one in (*_MOMENTS, "boolean") for one in types):
        raise SqlError(
            "INCOMPATIBLE_COLUMN_TYPE",
            "UNION can only be performed on tables with compatible column types: column "
            f"{left.name} is {left.type.upper()} in one branch, {right.type.upper()} in another.",
        )
    shown = f"the column {left.name} of a set operation"
    are_arrays = not any("map<" in one or "struct<" in one for one in types)
    nested_types.check(types, shown, "INCOMPATIBLE_COLUMN_TYPE", are_cast=are_arrays)
    return _common(left.type, right.type)


def _common(left: str, right: str) -> str:
    """The type that values of both types become, or UNKNOWN."""
    types = [left, right]
    if left == right or "void" in types:
        return right if left == "void" else left
    if all(one.startswith("array<") for one in types):
        element = _common(*(_element(one) for one in types))
        return f"array<{element}>" if element else UNKNOWN
    if needs_other_fields(*types):
        return _common_struct(left, right)
    if "string" in types:
        other = left if right == "string" else right
        if other in DIGITS:
            return "bigint"
        return "double" if _is_number(other) else other if other in _READ_FROM_TEXT else UNKNOWN
    moment = next((one for one in ("timestamp", "timestamp_ntz") if one in types), None)
    if moment and all(one in _MOMENTS for one in types):
        return moment
    return widest(set(types))


def _common_struct(left: str, right: str) -> str:
    """The type of structs: the names of the first, and the type that each field becomes."""
    sides = [type_of(left), type_of(right)]
    fields = [side.expressions for side in sides]
    is_struct = all(side.this == exp.DataType.Type.STRUCT for side in sides)
    if not is_struct or len(fields[0]) != len(fields[1]):
        return left
    kinds = []
    for pair in zip(*fields, strict=True):
        texts = [str(field.args["kind"].sql(dialect=WarehouseDialect)) for field in pair]
        plain = [text.lower() for text in texts]
        nested = any("<" in text for text in texts)
        kinds.append(texts[0] if nested else _common(plain[0], plain[1]) or texts[0])
    named = zip(fields[0], kinds, strict=True)
    return f"struct<{','.join(f'`{field.name}`:{kind}' for field, kind in named)}>"


def _is_number(data_type: str) -> bool:
    return data_type in DIGITS or data_type.startswith(("decimal", "float", "double"))


def _element(array: str) -> str:
    return array.removeprefix("array<")[:-1]


def _is_cast(given: str, wanted: str) -> bool:
    """Whether a cast is written out: the others are what the engine does itself."""
    if given.startswith("array<") and wanted.startswith("array<"):
        return _is_cast(_element(given), _element(wanted))
    is_text = given == "string" and wanted in ("bigint", "double", *_READ_FROM_TEXT)
    is_exact = _is_number(given) and _is_number(wanted) and given != wanted
    is_moment = given in _MOMENTS and wanted in _MOMENTS and given != wanted
    return is_text or is_exact or is_moment or needs_other_fields(given, wanted)


def _widens(given: str, wanted: str) -> bool:
    """Whether an exact number gets more digits, as the engine gives branches of UNION only."""
    return given != wanted and bool(decimal_of(given)) and bool(decimal_of(wanted))


def _cast(name: str, column: Column, wanted: str) -> exp.Expr:
    value: exp.Expr = exp.column(name)
    if _is_cast(column.type, wanted) or _widens(column.type, wanted):
        if "struct<" in wanted:
            value = with_fields_of(value, type_of(column.type), type_of(wanted))
        else:
            exact = exact_doubles.as_double(value, column.type) if wanted == "double" else None
            value = exact or exp.cast(value, type_of(wanted))
    return exp.alias_(value, column.name, quoted=True)


def _derived(query: exp.Expr, alias: str, width: int = 0) -> exp.Subquery:
    """A query in FROM, a copy; with a width its columns are c0, c1 and so on."""
    inner = query.copy() if isinstance(query, exp.Subquery) else exp.Subquery(this=query.copy())
    names = [exp.to_identifier(f"c{i}") for i in range(width)]
    inner.set("alias", exp.TableAlias(this=exp.to_identifier(alias), columns=names))
    return inner
